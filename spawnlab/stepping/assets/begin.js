// All is read, and the page begins.

$("stepper").hidden = false;
showLegend();
showGraphLegend();
fromHash();
root.dataset.ready = performance.now();
release();
