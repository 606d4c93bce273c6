/* A tag on an axis tells the last value; a label of the axis that it would half cover is not shown. */
(function () {
  "use strict";
  const watched = new WeakSet();
  const LABELS = "g.ytick text, g.y2tick text, g.y3tick text";

  function clear(plot) {
    const tags = [...plot.querySelectorAll(".annotation .bg")].map((tag) => tag.getBoundingClientRect());
    for (const label of plot.querySelectorAll(LABELS)) {
      const box = label.getBoundingClientRect();
      const covered = tags.some((tag) => box.left < tag.right && tag.left < box.right && box.top + 2 < tag.bottom && tag.top < box.bottom - 2);
      label.style.visibility = covered ? "hidden" : "";
    }
  }

  /* The graph is mounted by Dash, at the earliest when its page is. */
  function watch() {
    for (const plot of document.querySelectorAll(".js-plotly-plot")) {
      if (watched.has(plot) || !plot.on) continue;
      watched.add(plot);
      plot.on("plotly_afterplot", () => clear(plot));
      clear(plot);
    }
  }

  document.addEventListener("botv2:painted", () => setTimeout(watch, 300));
})();
