/* Runs in the head, before the first paint: no flash of the wrong theme, no amount that was to be hidden. Also the switches for them.

   A button with `data-theme-choice` or `data-pair-choice` chooses its value; one with `data-amounts-choice` turns the hiding
   on and off. The theme is kept in this browser; the pair and the amounts, too, and also with the person, for
   a browser that she has not used yet. Whoever shows colours or amounts listens to the document's event `botv2:theme`. */
(function () {
  "use strict";
  const CHOICES = {
    theme: { key: "botv2-theme", values: ["dark", "light", "auto", "terminal"] },
    pair: { key: "botv2-pair", values: ["teal-coral", "blue-orange", "red-green"], preference: "pair", sent: (value) => value },
    amounts: { key: "botv2-amounts", values: ["shown", "hidden"], preference: "hide_amounts", sent: (value) => value === "hidden" },
  };
  const BUTTONS = Object.keys(CHOICES).map((look) => `[data-${look}-choice]`).join(",");
  const root = document.documentElement;
  const systemIsLight = window.matchMedia("(prefers-color-scheme: light)");

  const lookOf = (button) => Object.keys(CHOICES).find((look) => look + "Choice" in button.dataset);
  const choiceOf = (button) => button.dataset[lookOf(button) + "Choice"];

  function stored(key) {
    try {
      return window.localStorage.getItem(key);
    } catch (refused) {
      return null; // storage is switched off: the choice lasts as long as the page
    }
  }

  function show() {
    const theme = root.dataset.theme;
    root.dataset.bsTheme = theme === "light" || (theme === "auto" && systemIsLight.matches) ? "light" : "dark";
    mark();
    document.dispatchEvent(new CustomEvent("botv2:theme"));
  }

  function mark() {
    for (const button of document.querySelectorAll(BUTTONS)) button.setAttribute("aria-pressed", String(root.dataset[lookOf(button)] === choiceOf(button)));
  }

  function choose(look, value) {
    const { key, preference, sent } = CHOICES[look];
    root.dataset[look] = value;
    show();
    try {
      window.localStorage.setItem(key, value);
    } catch (refused) {
      // as above
    }
    if (!preference) return;
    const body = JSON.stringify({ value: sent(value) });
    // Whether it arrives does not matter here: this browser has kept it.
    fetch(root.dataset.base + "/api/preferences/" + preference, { method: "PUT", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: body }).catch(() => {});
  }

  for (const [look, { key, values }] of Object.entries(CHOICES)) {
    const known = stored(key);
    if (values.includes(known)) root.dataset[look] = known;
  }
  show();
  systemIsLight.addEventListener("change", show);
  document.addEventListener("botv2:page", mark);
  document.addEventListener("DOMContentLoaded", mark);
  window.addEventListener("storage", (event) => {
    for (const [look, { key, values }] of Object.entries(CHOICES)) if (event.key === key && values.includes(event.newValue)) root.dataset[look] = event.newValue;
    show();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(BUTTONS);
    if (!button) return;
    const look = lookOf(button);
    choose(look, look === "amounts" && root.dataset.amounts === "hidden" ? "shown" : choiceOf(button));
  });
})();
