// The same words wherever a VM or a turn is spoken of.

function holder(fd) {
  const pipe = state.pipes[fd & ~1] || {};
  return fd & 1 ? pipe.writer : pipe.reader;
}

const named = (vm) => (vm === undefined ? "not told by the journal" : vm === null ? "closed" : `VM ${vm}`);

// An fd, with the name that the VM's program gives it, where that is known.
function fdOf(vm, fd) {
  const name = state.vms[vm]?.names?.[fd];
  return name ? `${fd} ${name}` : String(fd);
}

function fdNamed(vm, fd) {
  const name = state.vms[vm]?.names?.[fd];
  return name ? `${fd} (${name})` : String(fd);
}

function otherEnd(fd) {
  const owner = holder(fd ^ 1);
  const name = state.vms[owner]?.names?.[fd ^ 1];
  return `${fd & 1 ? "read" : "write"} end ${fd ^ 1}: ${named(owner)}${name ? ` (${name})` : ""}`;
}

function inWords(vm) {
  const fields = state.vms[vm], [kind, target, bytes] = fields.waits || [];
  const swapped = fields.swapped ? ", swapped out" : "";
  if (fields.fault) return `failed: ${fields.fault}`;
  if (kind === "read") return `reads up to ${counted(bytes, "byte")} from fd ${fdNamed(vm, target)}; ${otherEnd(target)}${swapped}`;
  if (kind === "write") return `writes ${counted(bytes, "byte")} to fd ${fdNamed(vm, target)}; ${otherEnd(target)}${swapped}`;
  if (kind === "wait") return `waits for the end of ${target === vm ? "itself" : `VM ${target}`}${swapped}`;
  if (fields.state === "ended") return fields.exit == null ? "the run ended before it did" : `ended with exit code ${fields.exit}`;
  return fields.state + swapped;
}

function inShort(vm) {
  const fields = state.vms[vm], [kind, target] = fields.waits || [];
  if (fields.fault) return "failed";
  if (kind === "wait") return `waits: VM ${target}`;
  if (kind) return `${kind}s fd ${target}`;
  if (fields.state === "ended") return fields.exit == null ? "cut off" : `ended: ${fields.exit}`;
  return fields.state;
}

// Who could wake a VM that waits.
function wakes(fields) {
  const [kind, target] = fields.waits || [];
  if (kind === "wait") return target;
  return kind ? holder(target ^ 1) : null;
}

function kindOf(vm) {
  const fields = state.vms[vm];
  return fields.fault ? "fault" : KINDS[CODES[fields.state] || 7];
}

// Which turn is shown: what is on the page is as it was after it.
function turnName(index) {
  const frame = frames[index];
  if (frame.vm != null) return `after turn ${number(frame.turn)} of ${number(TURNS)} (VM ${frame.vm})`;
  if (index === 0) return "before the first turn";
  return data.deadlock && index === LAST ? "the end, nobody can run" : "the end, after the last turn";
}
