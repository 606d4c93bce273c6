/* Makes the elements that no callback touches: a component's `data-plain` holds them as JSON (components/plain.py), a list of texts and of
   `[tag, attributes, …]`. They stand before anything is drawn into them, in the same task in which Dash has put the component into the page. */
(function () {
  "use strict";
  const MARK = "data-plain";
  const root = document.getElementById("react-entry-point");
  const made = (part) => (typeof part === "string" ? part : window.botv2Make(part[0], part[1], ...part.slice(2).map(made)));

  function fill() {
    for (const host of root.querySelectorAll(`[${MARK}]`)) {
      host.replaceChildren(...JSON.parse(host.getAttribute(MARK)).map(made));
      host.removeAttribute(MARK);
    }
  }

  /* The frame comes once; after it whole pages come, each as the one child of its place. */
  const frame = new MutationObserver(() => {
    fill();
    const page = document.getElementById("frame-page");
    if (!page) return;
    frame.disconnect();
    new MutationObserver(fill).observe(page, { childList: true });
  });
  frame.observe(root, { childList: true, subtree: true });
})();
