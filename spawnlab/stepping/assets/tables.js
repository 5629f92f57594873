// VMs, pipes and cycles as tables.

const cell = (text, kind) => make("td", kind ? { class: kind } : {}, text);

function rows(table, made) {
  $(table).tBodies[0].replaceChildren(...made);
}

function showVms() {
  const now = frames[here].vm;
  rows("vms", Object.keys(state.vms).map(Number).map((vm) => {
    const fields = state.vms[vm], had = vm === now;
    const words = make("span", { class: `state ${had && kindOf(vm) === "ready" ? "runs" : kindOf(vm)}` }, (had ? "had the turn; " : "") + inWords(vm));
    const fds = (fields.fds || []).map((fd) => fdOf(vm, fd)).join(", ");
    const row = make("tr", {}, make("th", { scope: "row" }, String(vm)), cell(fields.program), cell(words, "states"), cell(fds, "fds"), cell(number(fields.turns), "number"), cell(number(spentBy(vm)), "number"));
    if (fields.place) row.cells[1].append(make("br"), make("small", {}, fields.place));
    row.classList.toggle("turn", had);
    row.classList.toggle("ended", fields.state === "ended");
    row.classList.toggle("ring", stuck() && inRing.has(vm));
    return row;
  }));
}

function showPipes() {
  const flights = {};
  for (const fields of Object.values(state.vms)) if (fields.waits?.[0] === "write") flights[fields.waits[1] & ~1] = fields.waits[2];
  const end = (vm, fd) => (vm == null ? named(vm) : `VM ${vm}: fd ${fdOf(vm, fd)}`);
  rows("pipes", Object.entries(state.pipes).map(([fd, pipe]) => {
    const moved = pipe.moved ? `${counted(pipe.moved[2], "byte")} went over` : "";
    const waiting = flights[fd] ? `${counted(flights[fd], "byte")} to be written` : "";
    const row = make("tr", {}, make("th", { scope: "row" }, `${fd ^ 1}→${fd}`), cell(end(pipe.writer, fd ^ 1)), cell([moved, waiting].filter(Boolean).join("; ") || "-"), cell(end(pipe.reader, Number(fd))), cell(number(pipe.bytes || 0), "number"));
    row.classList.toggle("turn", Boolean(pipe.moved));
    row.classList.toggle("ended", pipe.writer === null && pipe.reader === null);
    return row;
  }));
}

const meanings = new Map([...document.querySelectorAll("#kinds-help dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]));

function showKinds() {
  const all = [...meanings.keys()].filter((kind) => Object.values(state.kinds).some((book) => kind in book));
  const head = make("tr", {}, make("th", { scope: "col" }, "VM"), ...all.map((kind) => make("th", { scope: "col", class: "number", title: meanings.get(kind) }, kind)), make("th", { scope: "col", class: "number" }, "all"));
  $("kinds").tHead.replaceChildren(head);
  const sum = (book) => Object.values(book).reduce((a, b) => a + b, 0);
  const line = (name, book) => make("tr", {}, make("th", { scope: "row" }, name), ...all.map((kind) => cell(book[kind] ? number(book[kind]) : "", "number")), cell(number(sum(book)), "number"));
  const total = {};
  for (const book of Object.values(state.kinds)) for (const [kind, cycles] of Object.entries(book)) total[kind] = (total[kind] || 0) + cycles;
  rows("kinds", [...Object.entries(state.kinds).map(([vm, book]) => line(vm, book)), line("all", total)]);
}
