// Registers and memory of the VM whose program is shown, as its last turn left them.

const touching = (what) => {
  const found = new Map();
  frames.forEach((frame, index) => {
    for (const vm of Object.keys(frame[what] || {})) found.get(vm)?.push(index) ?? found.set(vm, [index]);
  });
  return found;
};
const withRegisters = touching("registers"), withMemory = touching("memory");

function registersOf(vm, until) {
  const values = new Array(names.length).fill("0");
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

function showRegisters() {
  $("registers-section").hidden = data.looked_into === false;
  if (!$("registers-details").open) return;
  const vm = shownVm(), changed = frames[here].registers?.[vm] || {};
  $("registers").replaceChildren(...registersOf(vm, here).map((value, index) => {
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
