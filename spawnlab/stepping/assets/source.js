// The program of a VM, and the line at which it is.

const source = new Map(sources.map((one) => [one.name, one]));
let sourceOf = null;

const tabs = new Map(VMS.map((vm) => {
  const tab = make("button", { type: "button" }, `VM ${vm}`);
  tab.addEventListener("click", () => choose(vm));
  return [vm, tab];
}));
$("tabs").append(...tabs.values());

function showTabs(vm) {
  for (const [id, tab] of tabs) {
    tab.setAttribute("aria-pressed", String(id === vm));
    tab.classList.toggle("unborn", !state.vms[id]);
  }
}

// What the mark says of a VM: where it is, or, where that is not known of one that has ended, its last call.
function markWords(vm, fields, marked) {
  if (!marked) return fields.turns ? "where it is in its program is not known" : "it has not had a turn yet";
  if (fields.fault) return "marked: where it failed";
  if (fields.state === "ended" && fields.exit != null) return fields.ended_here ? "marked: where it ended" : "marked: its last call; it has ended";
  if (fields.waits) return "marked: the call in which it waits";
  return `marked: ${frames[here].vm === vm ? "its call in this turn" : "its last call"}`;
}

function unborn(vm) {
  const index = born.get(vm), go = make("button", { type: "button" }, "go there");
  go.addEventListener("click", () => step(index));
  return make("p", { class: "note" }, `VM ${vm} is not there yet: it is made in turn ${number(frames[index].turn)}. `, go);
}

function showSource() {
  const vm = shownVm(), fields = state.vms[vm], one = source.get(fields?.program);
  $("source-section").hidden = sources.length === 0;
  showTabs(vm);
  $("h-source").textContent = one ? `Program of VM ${vm}: ${one.name} (${one.language})` : `Program of VM ${vm}`;
  $("unborn").replaceChildren(...(fields ? [] : [unborn(vm)]));
  const name = fields ? fields.program : "";
  if (sourceOf !== name) {
    sourceOf = name;
    const wide = Math.max(0, ...(one?.labels || []).map((label) => label.length));
    const line = (text, index) => make("li", {}, ...(wide ? [make("span", { class: "label" }, one.labels[index])] : []), make("code", {}, text || " "));
    $("source").replaceChildren(make("ol", { style: `--label:${wide}ch` }, ...(one ? one.lines : []).map(line)));
  }
  $("source").hidden = !fields;
  const list = $("source").firstElementChild;
  for (const marked of list.querySelectorAll(".here")) {
    marked.removeAttribute("class");
    marked.removeAttribute("aria-current");
  }
  const marked = fields?.line == null ? null : list.children[fields.line];
  $("where").textContent = fields ? markWords(vm, fields, marked) : "";
  if (marked) {
    marked.classList.add("here");
    marked.setAttribute("aria-current", "step");
    const box = $("source"), top = marked.offsetTop - box.offsetTop;
    if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - 40) box.scrollTop = top - box.clientHeight / 3;
  }
}
