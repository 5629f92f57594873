// On paper everything is open, and filled before it is laid out.

let opened = [];

function lay(paper) {
  printing = paper;
  laid = null;
  showGraph();
}

addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")].filter((one) => one.id !== "help");
  for (const one of opened) one.open = true;
  showRegisters();
  showMemory();
  lay(true);
});

addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
  opened = [];
  lay(false);
  showStrip();
});
