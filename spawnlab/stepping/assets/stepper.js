"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  $("whole").open = false;

  async function read() {
    const packed = Uint8Array.from(atob($("data").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  const data = await read();
  const { frames, texts, sources, registers: names } = data;
  const LAST = frames.length - 1;
  const CODES = { "can run": 1, runs: 2, reads: 3, writes: 4, waits: 5, ended: 6 };
  const KINDS = ["", "ready", "runs", "reads", "writes", "waits", "ended"];
  const WORDS = ["", "can run", "runs", "reads", "writes", "waits for a VM", "ended"];
  const inRing = new Set((data.rings || []).flat());
  const number = (n) => n.toLocaleString("en-US");
  const source = new Map(sources.map((one) => [one.name, one]));

  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  // What is: the state after a frame is the one before it and the frame's changes; some are kept, to go back from.

  const EVERY = 200;
  const kept = [];
  let state = { at: -1, vms: {}, pipes: {}, kinds: {} };

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

  // One pass over all frames: each VM's state in each, for the strip.

  const strip = [];
  for (let index = 0; index <= LAST; index++) {
    goTo(index);
    for (const [vm, fields] of Object.entries(state.vms)) {
      (strip[vm] ??= new Uint8Array(frames.length))[index] = CODES[fields.state] + (fields.swapped ? 16 : 0);
    }
    if (frames[index].vm != null && strip[frames[index].vm]) strip[frames[index].vm][index] = 2;
  }

  const touching = (what) => {
    const found = new Map();
    frames.forEach((frame, index) => {
      for (const vm of Object.keys(frame[what] || {})) found.get(vm)?.push(index) ?? found.set(vm, [index]);
    });
    return found;
  };
  const withRegisters = touching("registers"), withMemory = touching("memory");

  function registersOf(vm, until) {
    const values = new Array(33).fill("0");
    for (const index of withRegisters.get(String(vm)) || []) {
      if (index > until) break;
      for (const [name, value] of Object.entries(frames[index].registers[vm])) values[name] = value;
    }
    return values;
  }

  const memories = new Map();
  function memoryOf(vm, until) {
    let memory = memories.get(vm);
    if (!memory || memory.at > until) memories.set(vm, (memory = { at: -1, next: 0, pages: new Map() }));
    const having = withMemory.get(String(vm)) || [];
    while (memory.next < having.length && having[memory.next] <= until) {
      for (const [address, digits] of frames[having[memory.next++]].memory[vm]) {
        for (let i = 0; i < digits.length / 2; i++) {
          const page = (address + i) >>> 12;
          let bytes = memory.pages.get(page);
          if (!bytes) memory.pages.set(page, (bytes = new Uint8Array(4096)));
          bytes[(address + i) & 4095] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
        }
      }
    }
    memory.at = until;
    return memory.pages;
  }

  // What is shown

  let here = 0, chosen = null, playing = null;

  const shownVm = () => chosen ?? frames[here].vm ?? Math.max(0, ...Object.keys(state.vms).map(Number).filter((vm) => state.vms[vm].state !== "ended"));
  const holder = (fd) => {
    const pipe = state.pipes[fd & ~1] || {};
    return fd & 1 ? pipe.writer : pipe.reader;
  };
  const named = (vm) => (vm == null ? "closed" : `VM ${vm}`);

  function inWords(fields) {
    const [kind, target, bytes] = fields.waits || [];
    const swapped = fields.swapped ? ", swapped out" : "";
    if (kind === "read") return `reads up to ${number(bytes)} bytes from fd ${target}; write end: ${named(holder(target ^ 1))}${swapped}`;
    if (kind === "write") return `writes ${number(bytes)} bytes to fd ${target}; read end: ${named(holder(target ^ 1))}${swapped}`;
    if (kind === "wait") return `waits for the end of VM ${target}${swapped}`;
    if (fields.fault) return `failed: ${fields.fault}`;
    if (fields.state === "ended") return fields.exit == null ? "the run ended before it did" : `ended with ${fields.exit}`;
    return fields.state + swapped;
  }

  function wakes(fields) {
    const [kind, target] = fields.waits || [];
    if (kind === "wait") return target;
    return kind ? holder(target ^ 1) : null;
  }

  function rows(table, made) {
    $(table).tBodies[0].replaceChildren(...made);
  }

  function cell(text, kind) {
    return make("td", kind ? { class: kind } : {}, text);
  }

  function showVms() {
    const now = frames[here].vm;
    rows("vms", Object.entries(state.vms).map(([vm, fields]) => {
      const css = Number(vm) === now ? "runs" : fields.fault ? "fault" : KINDS[CODES[fields.state]];
      const words = make("span", { class: `state ${css}` }, (Number(vm) === now ? "had the turn; " : "") + inWords(fields));
      const row = make("tr", {}, make("th", { scope: "row" }, vm), cell(fields.program), cell(words), cell((fields.fds || []).join(" ")), cell(number(fields.turns), "number"), cell(number(fields.cycles), "number"));
      if (fields.place) row.cells[1].append(make("br"), fields.place);
      row.classList.toggle("turn", Number(vm) === now);
      row.classList.toggle("ended", fields.state === "ended");
      row.classList.toggle("ring", here === LAST && inRing.has(Number(vm)));
      return row;
    }));
  }

  function showPipes() {
    const flights = {};
    for (const fields of Object.values(state.vms)) if (fields.waits?.[0] === "write") flights[fields.waits[1] & ~1] = fields.waits[2];
    rows("pipes", Object.entries(state.pipes).map(([fd, pipe]) => {
      const moved = pipe.moved ? `${number(pipe.moved[2])} bytes went over` : "";
      const waiting = flights[fd] ? `${number(flights[fd])} bytes wait` : "";
      const row = make("tr", {}, make("th", { scope: "row" }, `${fd}, ${pipe.write_fd}`), cell(named(pipe.writer)), cell([moved, waiting].filter(Boolean).join("; ") || "-"), cell(named(pipe.reader)), cell(number(pipe.bytes), "number"));
      row.classList.toggle("turn", Boolean(pipe.moved));
      row.classList.toggle("ended", pipe.writer == null && pipe.reader == null);
      return row;
    }));
  }

  function showKinds() {
    const all = [...new Set(Object.values(state.kinds).flatMap(Object.keys))];
    const head = make("tr", {}, make("th", { scope: "col" }, "VM"), ...all.map((kind) => make("th", { scope: "col" }, kind)), make("th", { scope: "col" }, "all"));
    $("kinds").tHead.replaceChildren(head);
    const sum = (book) => Object.values(book).reduce((a, b) => a + b, 0);
    const line = (name, book) => make("tr", {}, make("th", { scope: "row" }, name), ...all.map((kind) => cell(book[kind] ? number(book[kind]) : "", "number")), cell(number(sum(book)), "number"));
    const total = {};
    for (const book of Object.values(state.kinds)) for (const [kind, cycles] of Object.entries(book)) total[kind] = (total[kind] || 0) + cycles;
    rows("kinds", [...Object.entries(state.kinds).map(([vm, book]) => line(vm, book)), line("all", total)]);
  }

  let sourceOf = null;
  function showSource() {
    const vm = shownVm(), fields = state.vms[vm] || {}, one = source.get(fields.program);
    $("source-section").hidden = sources.length === 0;
    $("tabs").replaceChildren(...Object.keys(state.vms).map((id) => {
      const tab = make("button", { type: "button", "aria-pressed": String(Number(id) === vm), "data-vm": id }, `VM ${id}`);
      tab.addEventListener("click", () => choose(Number(id)));
      return tab;
    }));
    if (sourceOf !== fields.program) {
      sourceOf = fields.program;
      $("source").replaceChildren(make("ol", {}, ...(one ? one.lines : []).map((line) => make("li", {}, line || " "))));
    }
    $("h-source").textContent = one ? `Program of VM ${vm}: ${one.name} (${one.language})` : `Program of VM ${vm}`;
    const list = $("source").firstElementChild;
    for (const marked of list.querySelectorAll(".here")) {
      marked.removeAttribute("class");
      marked.removeAttribute("aria-current");
    }
    let line = fields.line;
    if (line == null && fields.place && one) line = one.at[fields.place];
    const marked = line == null ? null : list.children[line];
    if (marked) {
      marked.classList.add("here");
      marked.setAttribute("aria-current", "step");
      const box = $("source"), top = marked.offsetTop - box.offsetTop;
      if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - 40) box.scrollTop = top - box.clientHeight / 3;
    }
  }

  function showRegisters() {
    $("registers-section").hidden = data.looked_into === false;
    if (!$("registers-details").open) return;
    const vm = shownVm(), values = registersOf(vm, here), changed = frames[here].registers?.[vm] || {};
    $("registers").replaceChildren(...values.map((value, index) => {
      const row = make("div", {}, make("span", {}, names[index]), make("span", {}, `0x${value.padStart(16, "0")}`));
      if (index in changed) row.classList.add("changed");
      return row;
    }));
  }

  function address(text, vm) {
    const index = names.indexOf(text.trim().toLowerCase());
    const value = index >= 0 ? parseInt(registersOf(vm, here)[index], 16) : Number(text.trim());
    return Number.isFinite(value) ? Math.min(Math.max(0, value), 0x3fff00) & ~15 : null;
  }

  function showMemory() {
    $("memory-section").hidden = data.looked_into === false;
    if (!$("memory-details").open) return;
    const vm = shownVm(), from = address($("address").value, vm);
    $("address").setAttribute("aria-invalid", String(from == null));
    if (from == null) return $("memory").replaceChildren("neither a number nor a register");
    const until = data.memory_until;
    if (until != null && frames[here].turn > until) return $("memory").replaceChildren(`kept up to turn ${number(until)} only: this run writes too much`);
    const pages = memoryOf(vm, here), changed = new Set();
    for (const [start, digits] of frames[here].memory?.[vm] || []) for (let i = 0; i < digits.length / 2; i += 16) changed.add(start + i);
    $("memory").replaceChildren(...Array.from({ length: 16 }, (_, line) => {
      const at = from + 16 * line, bytes = Array.from({ length: 16 }, (_, i) => pages.get((at + i) >>> 12)?.[(at + i) & 4095] ?? 0);
      const hex = bytes.map((b) => b.toString(16).padStart(2, "0")).join(" ");
      const text = bytes.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : ".")).join("");
      const row = make("div", {}, `${at.toString(16).padStart(8, " ")}  ${hex}  ${text}`);
      row.classList.toggle("changed", changed.has(at));
      return row;
    }));
  }

  // The tree of spawns, pipes and waits

  const SVG = "http://www.w3.org/2000/svg", W = 132, H = 46, GAP_X = 28, GAP_Y = 62;

  function draw(tag, attributes, ...children) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function placesOf(vms) {
    const places = {}, children = {};
    for (const vm of vms) (children[state.vms[vm].parent ?? -1] ??= []).push(vm);
    let leaf = 0;
    const place = (vm, depth) => {
      const below = (children[vm] || []).map((child) => place(child, depth + 1));
      const x = below.length ? (below[0] + below[below.length - 1]) / 2 : leaf++ * (W + GAP_X);
      places[vm] = { x: x + 20, y: depth * (H + GAP_Y) + 20 };
      return x;
    };
    for (const vm of children[-1] || []) place(vm, 0);
    return places;
  }

  function curve(from, to, bend) {
    const x1 = from.x + W / 2, y1 = from.y + H / 2, x2 = to.x + W / 2, y2 = to.y + H / 2;
    if (from === to) return { d: `M${x1 + 30},${from.y} c10,-34 40,-34 46,12`, x: x1 + 60, y: from.y - 16 };
    const length = Math.hypot(x2 - x1, y2 - y1), nx = -(y2 - y1) / length, ny = (x2 - x1) / length;
    const cx = (x1 + x2) / 2 + nx * bend, cy = (y1 + y2) / 2 + ny * bend;
    const edge = (x, y) => {
      const dx = cx - x, dy = cy - y, scale = Math.min(Math.abs((W / 2 + 3) / (dx || 1e-9)), Math.abs((H / 2 + 3) / (dy || 1e-9)));
      return [x + dx * Math.min(1, scale), y + dy * Math.min(1, scale)];
    };
    const [sx, sy] = edge(x1, y1), [ex, ey] = edge(x2, y2);
    return { d: `M${sx},${sy} Q${cx},${cy} ${ex},${ey}`, x: (sx + 2 * cx + ex) / 4, y: (sy + 2 * cy + ey) / 4 };
  }

  function showGraph() {
    const vms = Object.keys(state.vms).map(Number), places = placesOf(vms), parts = [], words = [];
    const edge = (css, from, to, bend, label) => {
      if (!places[from] || !places[to]) return;
      const { d, x, y } = curve(places[from], places[to], bend);
      parts.push(draw("path", { class: css, d, "marker-end": `url(#arrow-${css})` }));
      if (label) parts.push(draw("text", { class: "small", x, y, "text-anchor": "middle" }, label));
    };
    for (const vm of vms) if (state.vms[vm].parent != null) edge("spawned", state.vms[vm].parent, vm, 0, "");
    let bend = 26;
    for (const [fd, pipe] of Object.entries(state.pipes)) {
      if (pipe.writer == null || pipe.reader == null || (pipe.writer === pipe.reader && !pipe.moved)) continue;
      const [from, to] = pipe.moved || [pipe.writer, pipe.reader];
      edge(pipe.moved ? "moved" : "pipe", from, to, bend, pipe.moved ? `${number(pipe.moved[2])} bytes` : `${pipe.write_fd}→${fd}`);
      bend = bend > 70 ? 26 : bend + 14;
    }
    for (const vm of vms) {
      const other = wakes(state.vms[vm]);
      if (other == null) continue;
      const ring = here === LAST && inRing.has(vm) && inRing.has(other);
      edge(ring ? "ring" : "waits", vm, other, -64, "");
      words.push(`VM ${vm} ${inWords(state.vms[vm])}`);
    }
    for (const vm of vms) {
      const { x, y } = places[vm], fields = state.vms[vm], now = frames[here].vm === vm;
      parts.push(draw("rect", { class: now ? "vm now" : "vm", x, y, width: W, height: H, rx: 6, opacity: fields.state === "ended" ? 0.45 : 1 }));
      parts.push(draw("text", { x: x + W / 2, y: y + 19, "text-anchor": "middle" }, `VM ${vm} (${fields.program.slice(0, 12)})`));
      parts.push(draw("text", { class: "small", x: x + W / 2, y: y + 36, "text-anchor": "middle" }, now ? "had the turn" : fields.swapped ? `${fields.state}, swapped` : fields.state));
    }
    const width = Math.max(W, ...Object.values(places).map((p) => p.x + W)) + 60, height = Math.max(H, ...Object.values(places).map((p) => p.y + H)) + 20;
    const style = getComputedStyle(root);
    const arrows = [["spawned", "--line"], ["pipe", "--soft"], ["moved", "--runs"], ["waits", "--waits"], ["ring", "--bad"]].map(([css, colour]) =>
      draw("marker", { id: `arrow-${css}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" }, draw("path", { d: "M0,0 L8,4 L0,8 z", style: `fill:${style.getPropertyValue(colour)};stroke:none` })));
    const label = words.length ? `Who waits for whom: ${words.join("; ")}` : "No VM waits for another";
    $("graph").replaceChildren(draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, style: `max-width:${width * 1.3}px` }, draw("defs", {}, ...arrows), ...parts));
  }

  // The strip of all turns

  function showStrip() {
    const canvas = $("strip"), width = canvas.clientWidth, row = strip.length > 8 ? 9 : 14, height = strip.length * row + 2;
    canvas.style.height = `${height}px`;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    const pen = canvas.getContext("2d"), style = getComputedStyle(root);
    const colours = ["", "--ready", "--runs", "--reads", "--writes", "--waits", "--panel"].map((name) => name && style.getPropertyValue(name).trim());
    pen.scale(devicePixelRatio, devicePixelRatio);
    const columns = Math.min(frames.length, Math.max(1, Math.floor(width))), step = width / columns;
    strip.forEach((codes, vm) => {
      for (let column = 0; column < columns; column++) {
        const from = Math.floor((column * frames.length) / columns), to = Math.max(from + 1, Math.floor(((column + 1) * frames.length) / columns));
        let code = codes[from];
        for (let index = from; index < to; index++) if ((codes[index] & 15) === 2) code = codes[index];
        if (!code) continue;
        pen.globalAlpha = code & 16 ? 0.4 : 1;
        pen.fillStyle = colours[code & 15];
        pen.fillRect(column * step, vm * row + 1, Math.max(step - (step > 5 ? 1 : 0), 0.7), row - 2);
      }
    });
    pen.globalAlpha = 1;
    pen.strokeStyle = style.getPropertyValue("--front");
    pen.lineWidth = 2;
    pen.strokeRect((here * width) / frames.length, 1, Math.max(width / frames.length, 3), height - 2);
  }

  function showLegend() {
    const swatch = (name) => make("span", { class: "swatch", style: `background:var(${name})` });
    $("legend").replaceChildren(...[["--runs", "has the turn"], ["--ready", "can run"], ["--reads", "reads"], ["--writes", "writes"], ["--waits", "waits for a VM"]].map(([name, text]) => make("span", {}, swatch(name), text)), "pale: swapped out; a row a VM, a column a turn" + (frames.length > $("strip").clientWidth ? " (several turns to a column)" : ""));
  }

  function show() {
    const frame = frames[here], first = here === 0;
    $("slider").value = here;
    const what = first ? "before the first turn" : frame.vm == null ? "after the last turn" : `turn ${number(frame.turn)}: VM ${frame.vm}`;
    $("step").textContent = `${what} · ${number(frame.cycles)} cycles · step ${number(here)} of ${number(LAST)}`;
    $("slider").setAttribute("aria-valuetext", what);
    const lines = (frame.lines || []).map((text) => texts[text]);
    $("log").replaceChildren(...(lines.length ? lines : ["nothing that can be seen from outside"]).map((line) => make("li", {}, line)));
    $("over").hidden = here !== LAST;
    if (!playing) $("said").textContent = `${what}. ${lines.join(". ")}`;
    for (const [id, off] of [["first", here === 0], ["back", here === 0], ["forward", here === LAST], ["last", here === LAST]]) $(id).setAttribute("aria-disabled", String(off));
    showVms();
    showPipes();
    showKinds();
    showSource();
    showRegisters();
    showMemory();
    showGraph();
    showStrip();
    const hash = `#step=${here}` + (chosen == null ? "" : `&vm=${chosen}`);
    $("link").href = hash;
    if (location.hash !== hash && !playing && location.protocol !== "about:") history.replaceState(null, "", hash);
  }

  // Going

  function step(index) {
    const next = Math.min(Math.max(0, index), LAST);
    goTo(next);
    here = next;
    show();
  }

  function choose(vm) {
    chosen = vm;
    show();
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    $("play").setAttribute("aria-pressed", "false");
  }

  function play() {
    if (playing) return stop(), show();
    if (here === LAST) step(0);
    const rate = Number($("speed").value), each = Math.max(1, Math.round(rate / 30));
    playing = setInterval(() => {
      step(here + each);
      if (here === LAST) stop(), show();
    }, 1000 / Math.min(rate, 30));
    $("play").setAttribute("aria-pressed", "true");
  }

  function fromHash() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const vm = Number(wanted.get("vm")), index = Number(wanted.get("step"));
    chosen = wanted.has("vm") && Number.isInteger(vm) && strip[vm] ? vm : null;
    step(Number.isInteger(index) ? index : 0);
  }

  $("slider").max = LAST;
  $("slider").addEventListener("input", () => step(Number($("slider").value)));
  $("first").addEventListener("click", () => step(0));
  $("back").addEventListener("click", () => step(here - 1));
  $("forward").addEventListener("click", () => step(here + 1));
  $("last").addEventListener("click", () => step(LAST));
  $("play").addEventListener("click", play);
  $("to-end").addEventListener("click", () => $("h-end").scrollIntoView());
  $("speed").addEventListener("change", () => playing && (stop(), play()));
  $("strip").addEventListener("click", (event) => step(Math.floor((event.offsetX * frames.length) / $("strip").clientWidth)));
  $("address").addEventListener("input", showMemory);
  $("registers-details").addEventListener("toggle", showRegisters);
  $("memory-details").addEventListener("toggle", showMemory);
  addEventListener("hashchange", fromHash);
  addEventListener("resize", () => (showStrip(), showLegend()));
  let opened = [];
  addEventListener("beforeprint", () => (opened = [...document.querySelectorAll("details:not([open])")].filter((one) => one.id !== "help" && (one.open = true))));
  addEventListener("afterprint", () => opened.forEach((one) => (one.open = false)));

  const KEYS = {
    ArrowRight: (event) => step(here + (event.shiftKey ? 10 : 1)),
    ArrowLeft: (event) => step(here - (event.shiftKey ? 10 : 1)),
    Home: () => step(0),
    End: () => step(LAST),
    " ": play,
    f: () => choose(null),
    d: () => ((root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"), show()),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const on = event.target.tagName, slider = event.target.id === "slider";
    if (on === "SELECT" || (on === "INPUT" && !slider)) return;
    if (event.key === " " && (on === "BUTTON" || on === "SUMMARY")) return;
    if (slider && event.key !== " " && !/^[0-9fd]$/.test(event.key)) return;
    if (/^[0-9]$/.test(event.key) && strip[event.key]) choose(Number(event.key));
    else if (KEYS[event.key]) KEYS[event.key](event);
    else return;
    event.preventDefault();
  });

  $("stepper").hidden = false;
  showLegend();
  fromHash();
  root.dataset.ready = performance.now();
})();
