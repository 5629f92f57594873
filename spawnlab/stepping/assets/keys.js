// The keyboard. A panel that is in focus and can scroll keeps its keys.

const KEYS = {
  ArrowRight: (event) => step(here + (event.shiftKey ? 10 : 1)),
  ArrowLeft: (event) => step(here - (event.shiftKey ? 10 : 1)),
  Home: () => step(0),
  End: () => step(LAST),
  " ": play,
  n: () => stepTo(nextTurn()),
  t: () => stepTo(nextTransfer()),
  f: () => choose(null),
  d: () => ((root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"), show()),
};

function scrolls(panel, key) {
  if (!panel.classList.contains("scroll")) return false;
  const sideways = panel.scrollWidth > panel.clientWidth, down = panel.scrollHeight > panel.clientHeight;
  return key.startsWith("Arrow") ? sideways : [" ", "Home", "End"].includes(key) && (down || sideways);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || scrolls(event.target, event.key)) return;
  const on = event.target.tagName, slider = event.target.id === "slider";
  if (on === "SELECT" || (on === "INPUT" && !slider)) return;
  if (event.key === " " && (on === "BUTTON" || on === "SUMMARY")) return;
  if (slider && event.key !== " " && !/^[0-9fdnt]$/.test(event.key)) return;
  if (/^[0-9]$/.test(event.key) && born.has(Number(event.key))) choose(Number(event.key));
  else if (KEYS[event.key]) KEYS[event.key](event);
  else return;
  event.preventDefault();
});
