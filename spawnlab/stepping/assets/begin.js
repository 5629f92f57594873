// All is read, and the page begins.

$("stepper").hidden = false;
showLegend();
showGraphLegend();
fromHash();
release();
root.dataset.ready = performance.now();
