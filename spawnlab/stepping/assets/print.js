// On paper everything is open, and filled before it is laid out.

let opened = [];

addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")].filter((one) => one.id !== "help");
  for (const one of opened) one.open = true;
  showRegisters();
  showMemory();
});

addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
  opened = [];
  showStrip();
});
