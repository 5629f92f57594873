// The page and what is in it: the data of the run, and small helpers.

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const SVG = "http://www.w3.org/2000/svg";
root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
$("whole").open = false;

async function unpacked() {
  const packed = Uint8Array.from(atob($("data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// The page has not loaded before the data are read: who prints it as soon as it has loaded gets all of it. What holds it
// is a frame that is being written; where the page itself is in a sandbox there is no writing in it, and no holding.
function holdLoading() {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.title = "loading";
  document.body.append(frame);
  frame.contentDocument?.open();
  return () => {
    frame.contentDocument?.close();
    frame.remove();
  };
}

const release = holdLoading();
const data = await unpacked().catch((error) => {
  release();
  throw error;
});
const { frames, texts, sources, registers: names } = data;
const LAST = frames.length - 1;
const TURNS = Math.max(0, ...frames.slice(-2).map((frame) => (frame.vm == null ? 0 : frame.turn)));
const number = (n) => n.toLocaleString("en-US");
const counted = (n, what) => `${number(n)} ${what}${n === 1 ? "" : "s"}`;

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function draw(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
