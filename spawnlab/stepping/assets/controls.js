// Going from turn to turn, and showing all of one.

const FAST = 4; // turns a second from which on nothing is said aloud

function showTurn() {
  const frame = frames[here], what = turnName(here);
  const lines = (frame.lines || []).map((text) => texts[text]);
  $("slider").value = here;
  $("step").textContent = `${what}: ${number(frame.cycles)} cycles`;
  $("h-log").textContent = frame.vm == null ? (here === 0 ? "Before the first turn" : "After the last turn") : `In turn ${number(frame.turn)}`;
  $("log").replaceChildren(...(lines.length ? lines : ["nothing that can be seen from outside"]).map((line) => make("li", {}, line)));
  $("over").hidden = here !== LAST;
  say(what, lines);
  const off = { first: here === 0, back: here === 0, forward: here === LAST, last: here === LAST, "next-turn": nextTurn() < 0, "next-transfer": nextTransfer() < 0 };
  for (const [id, is] of Object.entries(off)) $(id).setAttribute("aria-disabled", String(is));
  $("next-turn").textContent = `next turn of VM ${shownVm()}`;
}

// One announcement a turn: by the slider where that is in focus, which reads its text itself, else by the live region.
function say(what, lines) {
  const all = `${what}. ${lines.join(". ")}`;
  $("slider").setAttribute("aria-valuetext", all);
  if (playing && Number($("speed").value) >= FAST) return;
  $("said").textContent = document.activeElement === $("slider") ? "" : all;
}

function show() {
  showTurn();
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

function step(index) {
  here = Math.min(Math.max(0, index), LAST);
  goTo(here);
  show();
}

function choose(vm) {
  chosen = vm;
  show();
}

const nextTurn = () => frames.findIndex((frame, index) => index > here && frame.vm === shownVm());
const nextTransfer = () => frames.findIndex((frame, index) => index > here && moves(frame));
const stepTo = (index) => index >= 0 && step(index);

function showPlaying() {
  const is = playing != null;
  $("play").classList.toggle("playing", is);
  $("play").title = is ? "pause (space)" : "play (space)";
  $("play-name").textContent = is ? "pause" : "play";
}

function stop() {
  clearInterval(playing);
  playing = null;
  showPlaying();
}

function play() {
  if (playing != null) return stop(), show();
  if (here === LAST) step(0);
  const rate = Number($("speed").value), each = Math.max(1, Math.round(rate / 30));
  playing = setInterval(() => {
    if (here + each >= LAST) stop();
    step(here + each);
  }, 1000 / Math.min(rate, 30));
  showPlaying();
}

function fromHash() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const vm = Number(wanted.get("vm")), index = Number(wanted.get("step"));
  chosen = wanted.has("vm") && born.has(vm) ? vm : null;
  step(Number.isInteger(index) ? index : 0);
}

$("slider").max = LAST;
$("slider").addEventListener("input", () => step(Number($("slider").value)));
$("first").addEventListener("click", () => step(0));
$("back").addEventListener("click", () => step(here - 1));
$("forward").addEventListener("click", () => step(here + 1));
$("last").addEventListener("click", () => step(LAST));
$("play").addEventListener("click", play);
$("next-turn").addEventListener("click", () => stepTo(nextTurn()));
$("next-transfer").addEventListener("click", () => stepTo(nextTransfer()));
$("to-end").addEventListener("click", () => $("h-end").scrollIntoView());
$("speed").addEventListener("change", () => playing != null && (stop(), play()));
$("strip").addEventListener("click", (event) => step(turnAt(event.offsetX)));
$("address").addEventListener("input", showMemory);
$("registers-details").addEventListener("toggle", showRegisters);
$("memory-details").addEventListener("toggle", showMemory);
addEventListener("hashchange", fromHash);
addEventListener("resize", () => {
  laid = null;
  showGraph();
  showStrip();
  showLegend();
});
