/* AG Grid, more than a megabyte of script, is fetched when the first table is shown and not before; what stands here in its place waits
   for it. Dash looks a component up by its name each time it draws: so the place is kept when the library has come, and only filled. */
(function () {
  "use strict";
  const RETRY_MS = 3000;
  const { createElement, lazy, Suspense } = window.React;
  const kept = window.dash_ag_grid = {};

  function fetched(done) {
    const script = document.createElement("script");
    script.src = document.documentElement.dataset.grids;
    script.onload = done;
    script.onerror = () => {
      script.remove(); // the network may be back the next time
      setTimeout(fetched, RETRY_MS, done);
    };
    document.head.append(script);
  }

  const Grid = lazy(() => new Promise(fetched).then(() => {
    const library = window.dash_ag_grid;
    window.dash_ag_grid = Object.assign(kept, library, { AgGrid: kept.AgGrid });
    return { default: library.AgGrid };
  }));

  kept.AgGrid = (properties) => createElement(Suspense, { fallback: null }, createElement(Grid, properties));
  kept.AgGrid.dashRenderType = true; // as the library's own says: it is told why it is drawn
})();
