/* Runs in the head, before the first paint: no flash of the wrong theme. Also what the switch calls. */
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

  function show(theme) {
    const root = document.documentElement;
    root.dataset.theme = theme;
    root.dataset.bsTheme = theme === "light" || (theme === "auto" && systemIsLight.matches) ? "light" : "dark";
  }

  const known = stored();
  let current = THEMES.includes(known) ? known : "dark";
  show(current);
  systemIsLight.addEventListener("change", () => show(current));

  window.botv2Theme = {
    current: () => current,
    choose(theme) {
      current = theme;
      show(theme);
      try {
        window.localStorage.setItem(KEY, theme);
      } catch (refused) {
        // as above
      }
    },
  };
})();
