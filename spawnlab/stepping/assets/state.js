// What is: the state after a frame is the one before it and the frame's changes; some are kept, to go back from.

const EVERY = 200;
const kept = [];
let state = { at: -1, vms: {}, pipes: {}, kinds: {} };
let here = 0, chosen = null, playing = null;

function apply(frame) {
  for (const one of Object.values(state.pipes)) delete one.moved;
  for (const [vm, fields] of Object.entries(frame.vms || {})) Object.assign((state.vms[vm] ??= {}), fields);
  for (const [fd, fields] of Object.entries(frame.pipes || {})) Object.assign((state.pipes[fd] ??= {}), fields);
  for (const [vm, kinds] of Object.entries(frame.kinds || {})) {
    const book = (state.kinds[vm] ??= {});
    for (const [kind, cycles] of Object.entries(kinds)) book[kind] = (book[kind] || 0) + cycles;
  }
}

function goTo(index) {
  if (index < state.at) state = structuredClone(kept[Math.floor(index / EVERY)]);
  while (state.at < index) {
    apply(frames[++state.at]);
    if (state.at % EVERY === 0) kept[state.at / EVERY] = structuredClone(state);
  }
}

// One pass over all frames: each VM's state in each, for the strip; when each VM was made, and by whom.

const KINDS = ["", "ready", "runs", "reads", "writes", "waits", "ended", "unknown"];
const CODES = { "can run": 1, runs: 2, reads: 3, writes: 4, waits: 5, ended: 6 };
const SWAPPED = 16;
const strip = [];
const born = new Map(), parents = new Map();
for (let index = 0; index <= LAST; index++) {
  goTo(index);
  for (const [vm, fields] of Object.entries(state.vms)) {
    if (!born.has(Number(vm))) {
      born.set(Number(vm), index);
      parents.set(Number(vm), fields.parent);
    }
    (strip[vm] ??= new Uint8Array(frames.length))[index] = (CODES[fields.state] || 7) + (fields.swapped ? SWAPPED : 0);
  }
  const now = strip[frames[index].vm];
  if (now) now[index] = 2;
}
const VMS = [...born.keys()].sort((a, b) => a - b);
const inRing = new Set((data.rings || []).flat());
const stuck = () => Boolean(data.deadlock) && here === LAST;

const spentBy = (vm) => Object.values(state.kinds[vm] || {}).reduce((a, b) => a + b, 0);
const shownVm = () => chosen ?? frames[here].vm ?? frames[here - 1]?.vm ?? 0; // after the last turn, who had it
const moves = (frame) => Object.values(frame.pipes || {}).some((pipe) => pipe.moved);
