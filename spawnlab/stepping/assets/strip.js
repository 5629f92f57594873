// The strip of all turns: a row for each VM, a column for each turn, or, in long runs, for several.

const GUTTER = 46;
const rowHeight = () => (strip.length > 20 ? 8 : strip.length > 8 ? 11 : 16);

// Ways to fill: each way of waiting has a pattern of its own, as in the timeline.
function fillings(pen, colour) {
  const hatched = (name, lines) => {
    const tile = document.createElement("canvas"), side = 8 * devicePixelRatio;
    tile.width = tile.height = side;
    const one = tile.getContext("2d");
    one.scale(devicePixelRatio, devicePixelRatio);
    one.fillStyle = colour(`--${name}-ground`);
    one.fillRect(0, 0, 8, 8);
    one.strokeStyle = colour(`--${name}`);
    one.lineWidth = 2;
    one.stroke(new Path2D(lines));
    const pattern = pen.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / devicePixelRatio));
    return pattern;
  };
  return {
    runs: colour("--runs"), ready: colour("--ready"), unknown: colour("--ready"), ended: null,
    reads: hatched("reads", "M-2,10 l12,-12 M-2,2 l4,-4 M6,10 l4,-4"),
    writes: hatched("writes", "M-2,-2 l12,12 M-2,6 l4,4 M6,-2 l4,4"),
    waits: hatched("waits", "M2,0 v8 M6,0 v8"),
  };
}

// What most of these turns are for a VM that does not run in them, and how large a part of them it runs in.
function shared(codes, from, to) {
  const counts = new Map();
  let runs = 0;
  for (let index = from; index < to; index++) {
    if ((codes[index] & 15) === 2) runs++;
    else counts.set(codes[index], (counts.get(codes[index]) || 0) + 1);
  }
  const most = [...counts].sort((one, other) => other[1] - one[1])[0];
  return { code: most ? most[0] : codes[from], part: runs / (to - from) };
}

function showStrip() {
  const canvas = $("strip"), row = rowHeight(), height = strip.length * row + 4;
  canvas.style.height = `${height}px`; // first: a scroll bar that goes makes it wider
  const wide = canvas.clientWidth, width = wide - GUTTER;
  canvas.width = wide * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const pen = canvas.getContext("2d"), style = getComputedStyle(root), colour = (name) => style.getPropertyValue(name).trim();
  pen.scale(devicePixelRatio, devicePixelRatio);
  pen.fillStyle = colour("--back");
  pen.fillRect(0, 0, wide, height);
  const fill = fillings(pen, colour), columns = Math.min(frames.length, Math.max(1, Math.floor(width / 2))), each = width / columns, gap = each > 5 ? 1 : 0;
  pen.font = `${Math.min(12, Math.max(9, row - 2))}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  strip.forEach((codes, vm) => {
    const top = 2 + vm * row, bar = row - 3;
    pen.fillStyle = colour("--front");
    if (row > 8 || vm % 2 === 0) pen.fillText(`VM ${vm}`, 2, top + row / 2);
    for (let column = 0; column < columns; column++) {
      const from = Math.floor((column * frames.length) / columns), to = Math.max(from + 1, Math.floor(((column + 1) * frames.length) / columns));
      const { code, part } = shared(codes, from, to), kind = KINDS[code & 15];
      const x = Math.round(GUTTER + column * each), w = Math.round(GUTTER + (column + 1) * each) - x - gap; // whole pixels: no seams
      if (kind === "ready" || kind === "unknown") {
        pen.fillStyle = fill[kind];
        pen.fillRect(x, top + Math.floor(bar / 2) - 1, w, 3);
      } else if (kind && fill[kind] && kind !== "runs") {
        pen.fillStyle = fill[kind];
        pen.fillRect(x, top, w, bar);
      }
      if (code & SWAPPED && kind !== "ended") {
        pen.fillStyle = colour("--soft");
        pen.fillRect(x, top + bar - 2, w, 2);
        pen.clearRect(x, top, w, bar / 3);
      }
      if (part) {
        pen.fillStyle = fill.runs;
        const high = Math.max(1, Math.round(bar * part));
        pen.fillRect(x, top + bar - high, w, high);
      }
    }
  });
  const spot = GUTTER + (here * width) / frames.length, one = Math.max(width / frames.length, 4);
  if (data.deadlock) {
    pen.strokeStyle = colour("--stuck");
    pen.lineWidth = 3;
    pen.strokeRect(Math.min(wide - 5, GUTTER + (LAST * width) / frames.length + 1.5), 1.5, Math.max(one - 3, 3), height - 3);
  }
  pen.strokeStyle = colour("--front");
  pen.lineWidth = 2;
  pen.strokeRect(Math.min(spot, wide - 4) + 1, 1, one - 2, height - 2);
}

function turnAt(x) {
  return Math.floor(((x - GUTTER) * frames.length) / ($("strip").clientWidth - GUTTER));
}

function showLegend() {
  const seen = new Set(strip.flatMap((codes) => [...new Set(codes)]));
  const shown = (code) => seen.has(code) || seen.has(code + SWAPPED);
  const swatch = (name, text) => make("span", {}, make("span", { class: `swatch ${name}` }), text);
  const words = { ready: "can run", reads: "reads", writes: "writes", waits: "waits for a VM" };
  const many = frames.length > ($("strip").clientWidth - GUTTER) / 2;
  $("legend").replaceChildren(
    swatch("runs", "has the turn"),
    ...Object.entries(words).filter(([name]) => shown(KINDS.indexOf(name))).map(([name, text]) => swatch(name, text)),
    ...([...seen].some((code) => code & SWAPPED) ? [swatch("away", "swapped out (a line under it)")] : []),
    ...(data.deadlock ? [swatch("stuck", "nobody can run")] : []),
    many ? "several turns to a column: a bar is as high as the part of them that the VM had" : "a column a turn",
  );
}
