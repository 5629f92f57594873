// The tree of spawns, pipes and waits.

const EDGES = [
  ["spawned", "spawned"],
  ["pipe", "pipe; 5→4: from write end fd 5 to read end fd 4"],
  ["moved", "bytes went over in this turn"],
  ["waits", "waits for"],
  ["ring", "waits for ever, in a ring"],
];
const HEIGHT_MAX = 280, SCROLL_BAR = 20;
const ROOM = 14; // characters in a box
const PAPER = { width: 660, height: 800 };
let laid = null, printing = false;

function arrows() {
  const head = { viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" };
  return draw("defs", {}, ...EDGES.map(([css]) => draw("marker", { id: `arrow-${css}`, ...head }, draw("path", { class: `head ${css}`, d: "M0,0 L8,4 L0,8 z" }))));
}

function edges() {
  const lines = [], labels = [], said = [];
  const edge = (css, from, to, bend, label) => {
    const [one, other] = [laid.places.get(from), laid.places.get(to)];
    if (!one || !other || !state.vms[from] || !state.vms[to]) return;
    const { d, x, y, anchor } = curve(one, other, bend);
    lines.push(draw("path", { class: css, d, ...(css === "spawned" ? {} : { "marker-end": `url(#arrow-${css})` }) }));
    if (label) labels.push(draw("text", { class: "label", x, y: y + 4, "text-anchor": anchor }, label));
  };
  for (const vm of VMS) if (state.vms[vm]?.parent != null) edge("spawned", state.vms[vm].parent, vm, 0, "");
  const between = new Map();
  for (const [fd, pipe] of Object.entries(state.pipes)) {
    if (pipe.writer == null || pipe.reader == null || (pipe.writer === pipe.reader && !pipe.moved)) continue;
    const [from, to] = pipe.moved || [pipe.writer, pipe.reader], key = `${from} ${to}`;
    const bend = 40 + 24 * (between.get(key) || 0);
    between.set(key, (between.get(key) || 0) + 1);
    edge(pipe.moved ? "moved" : "pipe", from, to, bend, pipe.moved ? counted(pipe.moved[2], "byte") : `${fd ^ 1}→${fd}`);
  }
  for (const vm of VMS) {
    const other = state.vms[vm] ? wakes(state.vms[vm]) : null;
    if (other == null) continue;
    edge(stuck() && inRing.has(vm) && inRing.has(other) ? "ring" : "waits", vm, other, -92, "");
    said.push(`VM ${vm} ${inWords(vm)}`);
  }
  return { lines, labels, said };
}

function box(vm) {
  const { x, y } = laid.places.get(vm), fields = state.vms[vm];
  const css = ["vm", frames[here].vm === vm && "now", stuck() && "stuck", fields.state === "ended" && "ended", fields.swapped && "swapped"].filter(Boolean).join(" ");
  const text = (dy, words) => draw("text", { x: x + WIDE / 2, y: y + dy, "text-anchor": "middle" }, words.length > ROOM ? `${words.slice(0, ROOM - 1)}…` : words);
  const title = draw("title", {}, `VM ${vm} (${fields.program}) ${inWords(vm)}`);
  return draw("g", { class: css }, title, draw("rect", { x, y, width: WIDE, height: HIGH, rx: 6 }), text(19, `VM ${vm} ${fields.program}`), text(37, inShort(vm)));
}

function showGraph() {
  const panel = $("graph");
  if (!laid) {
    laid = printing ? layoutFor(PAPER.width, PAPER.height, true) : layoutFor(panel.clientWidth - 4, HEIGHT_MAX - SCROLL_BAR, false);
    panel.style.height = `${Math.min(HEIGHT_MAX, Math.ceil(laid.height * laid.scale) + SCROLL_BAR)}px`;
  }
  const { lines, labels, said } = edges();
  const boxes = VMS.filter((vm) => state.vms[vm]).map(box);
  const label = (stuck() ? "No VM can run. " : "") + (said.length ? `Who waits for whom: ${said.join("; ")}` : "No VM waits for another");
  const size = { width: Math.round(laid.width * laid.scale), height: Math.round(laid.height * laid.scale) };
  panel.replaceChildren(draw("svg", { viewBox: `0 0 ${laid.width} ${laid.height}`, ...size, role: "img", "aria-label": label }, arrows(), ...lines, ...boxes, ...labels));
  const seen = laid.places.get(frames[here].vm);
  if (seen) {
    const show = (at, length, room, from) => (at * laid.scale < from || (at + length) * laid.scale > from + room ? (at + length / 2) * laid.scale - room / 2 : from);
    panel.scrollLeft = show(seen.x, WIDE, panel.clientWidth, panel.scrollLeft);
    panel.scrollTop = show(seen.y, HIGH, panel.clientHeight, panel.scrollTop);
  }
}

function showGraphLegend() {
  const sample = (css) => draw("svg", { class: "sample", width: 34, height: 12, "aria-hidden": "true" }, draw("path", { class: css, d: "M2,6 H30", ...(css === "spawned" ? {} : { "marker-end": `url(#arrow-${css})` }) }));
  const framed = (css, text) => make("span", {}, make("span", { class: `frame ${css}` }), text);
  const used = EDGES.filter(([css]) => css !== "ring" || inRing.size);
  $("graph-legend").replaceChildren(framed("now", "had the turn"), ...(data.deadlock ? [framed("stuck", "can never run again")] : []), ...used.map(([css, text]) => make("span", {}, sample(css), text)));
}
