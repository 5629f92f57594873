// Where each VM stands in the graph: from the tree of all spawns of the run, so that none moves while it is stepped. On
// paper, where nothing is stepped, only those that are there count.

const WIDE = 108, HIGH = 46;
const SCALE_MIN = 0.8; // below that small print is no longer read: 11 pixels; the panel scrolls instead

function treeOf(vms) {
  const children = new Map(), spots = new Map();
  for (const vm of vms) {
    const parent = parents.get(vm) ?? -1;
    children.get(parent)?.push(vm) ?? children.set(parent, [vm]);
  }
  let leaves = 0, depths = 0;
  const place = (vm, depth) => {
    const below = (children.get(vm) || []).map((child) => place(child, depth + 1));
    const across = below.length ? (below[0] + below[below.length - 1]) / 2 : leaves++;
    spots.set(vm, [across, depth]);
    depths = Math.max(depths, depth + 1);
    return across;
  };
  for (const vm of children.get(-1) || []) place(vm, 0);
  return { spots, leaves, depths };
}

// A chain goes to the right, any other tree down the page; on paper, which doesn't scroll, whatever is larger.
function layoutFor(width, height, paper) {
  const { spots, leaves, depths } = treeOf(paper ? VMS.filter((vm) => state.vms[vm]) : VMS), few = leaves <= 5;
  const down = { dx: WIDE + (few ? 44 : 14), dy: HIGH + 64, mx: few ? 76 : 16, above: 20, below: few ? 50 : 20, columns: leaves, rows: depths, turned: false };
  const right = { dx: WIDE + 42, dy: HIGH + (few ? 56 : 14), mx: 16, above: 44, below: 44, columns: depths, rows: leaves, turned: true };
  for (const way of [down, right]) {
    way.w = (way.columns - 1) * way.dx + WIDE + 2 * way.mx;
    way.h = (way.rows - 1) * way.dy + HIGH + way.above + way.below;
    way.fits = Math.min(width / way.w, height / way.h);
  }
  const way = right.fits > down.fits && (paper || leaves < depths) ? right : down;
  const places = new Map();
  for (const [vm, [across, depth]] of spots) {
    const [column, row] = way.turned ? [depth, across] : [across, depth];
    places.set(vm, { x: way.mx + column * way.dx, y: way.above + row * way.dy });
  }
  return { places, width: way.w, height: way.h, scale: Math.min(1.15, Math.max(SCALE_MIN, way.fits)) };
}

// A curve from box to box, and where its label goes.
function curve(from, to, bend) {
  const x1 = from.x + WIDE / 2, y1 = from.y + HIGH / 2, x2 = to.x + WIDE / 2, y2 = to.y + HIGH / 2;
  if (from === to) return { d: `M${x1 + 26},${from.y} c8,-28 34,-28 40,${HIGH / 2}`, x: x1 + 54, y: from.y - 12, anchor: "middle" };
  const length = Math.hypot(x2 - x1, y2 - y1), nx = -(y2 - y1) / length, ny = (x2 - x1) / length;
  const inLine = Math.abs(x2 - x1) < 1 || Math.abs(y2 - y1) < 1;
  if (!inLine) bend *= length > 260 ? 0.35 : 0.7; // there is nothing between them
  else bend += Math.sign(bend) * Math.max(0, length - 240) * 0.12; // round the boxes between them
  const cx = (x1 + x2) / 2 + nx * bend, cy = (y1 + y2) / 2 + ny * bend;
  const edge = (x, y) => {
    const dx = cx - x, dy = cy - y, scale = Math.min(Math.abs((WIDE / 2 + 3) / (dx || 1e-9)), Math.abs((HIGH / 2 + 3) / (dy || 1e-9)));
    return [x + dx * Math.min(1, scale), y + dy * Math.min(1, scale)];
  };
  const [sx, sy] = edge(x1, y1), [ex, ey] = edge(x2, y2);
  const side = Math.sign(bend), upright = Math.abs(nx) > Math.abs(ny); // the label stands outside of the curve
  return { d: `M${sx},${sy} Q${cx},${cy} ${ex},${ey}`, x: (sx + 2 * cx + ex) / 4 + (upright ? 6 : 11) * nx * side, y: (sy + 2 * cy + ey) / 4 + 11 * ny * side, anchor: upright ? (nx * side > 0 ? "start" : "end") : "middle" };
}
