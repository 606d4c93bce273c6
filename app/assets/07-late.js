/* Libraries of components that are fetched when the first of their components is shown and not before; what stands here in their places
   waits for them. Dash looks a component up by its name each time it draws: so a place is kept when its library has come, and only filled. */
(function () {
  "use strict";
  const RETRY_MS = 3000;
  const { createElement, lazy, Suspense } = window.React;
  const addresses = JSON.parse(document.documentElement.dataset.late);

  function fetched(address, done) {
    const script = document.createElement("script");
    script.src = address;
    script.onload = done;
    script.onerror = () => {
      script.remove(); // the network may be back the next time
      setTimeout(fetched, RETRY_MS, address, done);
    };
    document.head.append(script);
  }

  function late(name, kinds, marks) {
    const kept = window[name] = {};
    const standIns = {};
    let library;

    function come() {
      library ??= new Promise((done) => fetched(addresses[name], done)).then(() => {
        const brought = window[name];
        window[name] = Object.assign(kept, brought, standIns);
        return brought;
      });
      return library;
    }

    for (const kind of kinds.split(" ")) {
      const Component = lazy(async () => ({ default: (await come())[kind] }));
      standIns[kind] = Object.assign((properties) => createElement(Suspense, { fallback: null }, createElement(Component, properties)), marks);
    }
    Object.assign(kept, standIns);
  }

  late("dash_ag_grid", "AgGrid", { dashRenderType: true }); // as the library's own says: it is told why it is drawn
  late("dash_bootstrap_components", "Checklist Input Label Select");
})();
