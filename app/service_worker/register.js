/* On the pages before the sign-in: so the first page after it has its worker, and what was kept of who is signed out no more is gone. */
(function () {
  "use strict";
  const worker = new URL("service-worker.js", document.currentScript.src);
  if ("serviceWorker" in navigator) window.addEventListener("load", () => navigator.serviceWorker.register(worker, { updateViaCache: "none" }).catch(() => {}));
})();
