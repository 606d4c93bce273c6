/* Where the program stands: a proxy may serve all of it under a sub-path, which the document's `data-base` holds (empty: none).
   `botv2At("/trades")` is the address of one of the program's paths, `botv2Here()` the path that is shown, or that a link leads to. */
(function () {
  "use strict";
  const base = document.documentElement.dataset.base || "";

  window.botv2At = (path) => base + path;
  window.botv2Here = ({ pathname } = window.location) => (pathname === base || pathname.startsWith(base + "/") ? pathname.slice(base.length) || "/" : pathname);
})();
