/* Two questions of the top bar: from when to when, and which strategies to compare. */
(function () {
  "use strict";
  const RANGE = "frame-range";
  const COMPARE = "frame-compare";
  const [LEAST, MOST] = [2, 5];
  const make = window.botv2Make;
  const words = window.botv2Words;
  const address = () => window.botv2Address;
  const time = () => window.botv2Chart.time;
  const dialog = (id) => document.getElementById(id);

  /* ---- a range of one's own, in the time zone in which all times are shown ---- */
  function momentField(name, label) {
    const known = Date.parse(address().get("range") === "custom" ? address().get(name) : "");
    const value = Number.isNaN(known) ? "" : time().wall(known).slice(0, 16);
    const input = make("input", { type: "datetime-local", name: name, className: "form-control", value: value, max: "9999-12-31T23:59" });
    input.onkeydown = (event) => event.key === "Enter" && applyRange();
    return make("label", {}, make("span", { className: "form-label" }, label), input);
  }

  function prepareRange() {
    const zone = window.botv2Format.zone;
    const fields = [momentField("start", words("From ({zone})", { zone: zone })), momentField("end", words("To ({zone})", { zone: zone }))];
    dialog(RANGE).querySelector(".moments").replaceChildren(...fields);
    complain("");
  }

  function complain(message) {
    const place = dialog(RANGE).querySelector(".fault");
    place.textContent = message;
    place.hidden = !message;
  }

  function applyRange() {
    const fields = [...dialog(RANGE).querySelectorAll("input")];
    if (fields.some((field) => field.validity.badInput)) return complain(words("A date with its time is needed, or nothing."));
    const [start, end] = fields.map((field) => field.value && time().iso(time().atWall(field.value)));
    if (!start && !end) return complain(words("Say from when, until when, or both."));
    if (start && end && start >= end) return complain(words("The range must begin before it ends."));
    dialog(RANGE).close();
    address().set({ range: "custom", start: start || null, end: end || null, brush: null });
  }

  /* ---- strategies side by side ---- */
  let picked = [];

  function prepareCompare() {
    const known = window.botv2Choices().strategies;
    picked = address().several("compare").filter((name) => known.includes(name));
    const buttons = known.map((name) => make("button", { type: "button", className: "btn-line", "data-pick": name, onclick: () => pick(name) }, name));
    dialog(COMPARE).querySelector(".choices").replaceChildren(...buttons);
    showPicked();
  }

  function pick(name) {
    picked = picked.includes(name) ? picked.filter((one) => one !== name) : picked.concat(name);
    showPicked();
  }

  /* Why it cannot be compared yet, or how many are chosen. */
  function advice(known) {
    if (known < LEAST) return words("A comparison needs two strategies that have traded; there are fewer yet.");
    return words("Choose two to five; {n} are chosen.", { n: picked.length });
  }

  function showPicked() {
    const buttons = [...dialog(COMPARE).querySelectorAll("[data-pick]")];
    for (const button of buttons) {
      const on = picked.includes(button.dataset.pick);
      button.setAttribute("aria-pressed", String(on));
      button.disabled = !on && picked.length >= MOST;
    }
    dialog(COMPARE).querySelector("[role=status]").textContent = advice(buttons.length);
    dialog(COMPARE).querySelector("[data-ask]").disabled = picked.length < LEAST;
  }

  function applyCompare() {
    const params = address().all();
    params.set("compare", address().listed(picked));
    dialog(COMPARE).close();
    address().go(window.botv2At("/strategies"), params);
  }

  const PREPARE = { [RANGE]: prepareRange, [COMPARE]: prepareCompare };
  const APPLY = { range: applyRange, compare: applyCompare };
  document.addEventListener("botv2:opening", (event) => event.detail in PREPARE && PREPARE[event.detail]());
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-ask]");
    if (button) APPLY[button.dataset.ask]();
  });
})();
