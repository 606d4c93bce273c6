/* Runs in the head, before the first paint: no flash of the wrong theme. Also the switch: every `data-theme-choice` button. */
(function () {
  "use strict";
  const KEY = "botv2-theme";
  const THEMES = ["dark", "light", "auto", "terminal"];
  const systemIsLight = window.matchMedia("(prefers-color-scheme: light)");

  function stored() {
    try {
      return window.localStorage.getItem(KEY);
    } catch (refused) {
      return null; // storage is switched off: the choice lasts as long as the page
    }
  }

  function show() {
    const root = document.documentElement;
    root.dataset.theme = current;
    root.dataset.bsTheme = current === "light" || (current === "auto" && systemIsLight.matches) ? "light" : "dark";
    mark();
    document.dispatchEvent(new CustomEvent("botv2:theme"));
  }

  function mark() {
    for (const button of document.querySelectorAll("[data-theme-choice]")) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === current));
  }

  const known = stored();
  let current = THEMES.includes(known) ? known : "dark";
  show();
  systemIsLight.addEventListener("change", show);
  document.addEventListener("botv2:page", mark);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    current = button.dataset.themeChoice;
    show();
    try {
      window.localStorage.setItem(KEY, current);
    } catch (refused) {
      // as above
    }
  });
})();
