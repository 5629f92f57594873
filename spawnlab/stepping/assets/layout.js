// Where each VM stands in the graph: from the tree of all spawns of the run, so that none moves while it is stepped.

const WIDE = 108, HIGH = 46, MARGIN = 16, ABOVE = 36;
const SCALE_MIN = 0.8; // below that small print is no longer read: 11 pixels; the panel scrolls instead

function treeOf() {
  const children = new Map(), spots = new Map();
  for (const vm of VMS) {
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

// Down the page, or to the right, whichever is larger in a panel of this size: a chain goes to the right.
function layoutFor(width, height) {
  const { spots, leaves, depths } = treeOf();
  const ways = [
    { dx: WIDE + 14, dy: HIGH + 64, columns: leaves, rows: depths, turned: false },
    { dx: WIDE + 42, dy: HIGH + 56, columns: depths, rows: leaves, turned: true },
  ].map((way) => {
    const w = (way.columns - 1) * way.dx + WIDE + 2 * MARGIN, h = (way.rows - 1) * way.dy + HIGH + 2 * ABOVE;
    return { ...way, w, h, fits: Math.min(width / w, height / h) };
  });
  const way = ways[1].fits > ways[0].fits ? ways[1] : ways[0];
  const places = new Map();
  for (const [vm, [across, depth]] of spots) {
    const [column, row] = way.turned ? [depth, across] : [across, depth];
    places.set(vm, { x: MARGIN + column * way.dx, y: ABOVE + row * way.dy });
  }
  return { places, width: way.w, height: way.h, scale: Math.min(1.15, Math.max(SCALE_MIN, way.fits)) };
}

// A curve from box to box, and where its label goes.
function curve(from, to, bend) {
  const x1 = from.x + WIDE / 2, y1 = from.y + HIGH / 2, x2 = to.x + WIDE / 2, y2 = to.y + HIGH / 2;
  if (from === to) return { d: `M${x1 + 26},${from.y} c8,-28 34,-28 40,${HIGH / 2}`, x: x1 + 54, y: from.y - 12 };
  const length = Math.hypot(x2 - x1, y2 - y1), nx = -(y2 - y1) / length, ny = (x2 - x1) / length;
  const more = bend && Math.sign(bend) * Math.max(0, length - 240) * 0.12; // round the boxes between them
  const cx = (x1 + x2) / 2 + nx * (bend + more), cy = (y1 + y2) / 2 + ny * (bend + more);
  const edge = (x, y) => {
    const dx = cx - x, dy = cy - y, scale = Math.min(Math.abs((WIDE / 2 + 3) / (dx || 1e-9)), Math.abs((HIGH / 2 + 3) / (dy || 1e-9)));
    return [x + dx * Math.min(1, scale), y + dy * Math.min(1, scale)];
  };
  const [sx, sy] = edge(x1, y1), [ex, ey] = edge(x2, y2);
  const beside = bend ? Math.sign(bend) * 11 : 0; // the label stands outside of the curve
  return { d: `M${sx},${sy} Q${cx},${cy} ${ex},${ey}`, x: (sx + 2 * cx + ex) / 4 + 2.2 * nx * beside, y: (sy + 2 * cy + ey) / 4 + ny * beside };
}
