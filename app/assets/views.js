/* Saved views: a page with its range and filters under a name, kept with the person (`/api/preferences/views`). */
(function () {
  "use strict";
  const MENU = "frame-views";
  const MOST_CHARACTERS = 80;
  const UNDO_MS = 8000;
  const make = window.botv2Make;
  const words = window.botv2Words;
  const menu = () => document.getElementById(MENU);
  const icon = (name) => make("i", { className: "i i-" + name, "aria-hidden": "true" });
  let views = []; // {name, path, search}

  /* Another tab may have changed them: they are read before they are shown. */
  async function load() {
    views = (await window.botv2Preference.read("views")) || [];
    return views;
  }

  async function change(changed) {
    try {
      views = await window.botv2Preference.change("views", (known) => changed(known || []));
      show();
      return true;
    } catch (problem) {
      window.botv2Toast({ severity: "ERROR", title: words("That was not saved"), message: problem.message });
      return false;
    }
  }

  function here() {
    return { path: window.botv2Here(), search: window.location.search };
  }

  async function save(event) {
    event.preventDefault();
    const name = event.target.elements.name.value.trim();
    if (!name) return;
    const done = await change((known) => known.filter((view) => view.name !== name).concat({ name: name, ...here() }));
    if (done) menu().querySelector("[role=status]").textContent = words("Saved as “{name}”.", { name: name });
  }

  async function remove(view) {
    if (await change((known) => known.filter((one) => one.name !== view.name))) offerUndo(view);
    menu().querySelector("input").focus();
  }

  /* Stays while it is looked at. */
  function offerUndo(view) {
    const card = make("div", { className: "toast-card t-info" });
    const undo = make("button", { type: "button", className: "btn-line" }, words("Undo"));
    undo.onclick = () => {
      card.remove();
      change((known) => known.filter((one) => one.name !== view.name).concat(view));
    };
    card.append(icon("views"), make("b", {}, words("The view “{name}” is deleted", { name: view.name })), make("p", {}, undo));
    document.getElementById("frame-toasts").append(card);
    const leave = () => (card.matches(":hover, :focus-within") ? setTimeout(leave, UNDO_MS) : card.remove());
    setTimeout(leave, UNDO_MS);
  }

  function row(view) {
    const label = words("Delete the view “{name}”", { name: view.name });
    const gone = make("button", { type: "button", className: "btn-flat", title: label, "aria-label": label, onclick: () => remove(view) }, icon("close"));
    return make("li", {}, make("a", { href: window.botv2At(view.path + view.search) }, view.name), gone);
  }

  function form() {
    const input = make("input", { name: "name", className: "form-control", maxlength: String(MOST_CHARACTERS), required: true, "aria-label": words("Name of the view"), placeholder: words("Name of the view") });
    const button = make("button", { className: "btn-main" }, words("Save this view"));
    return make("form", { onsubmit: save }, input, button, make("p", { role: "status", className: "sec" }));
  }

  function show() {
    const pop = menu().querySelector(".pop");
    if (!pop.querySelector("form")) pop.append(make("ul", {}), form());
    if (pop.dataset.shows === JSON.stringify(views)) return; // else what has the focus would be lost
    pop.dataset.shows = JSON.stringify(views);
    const none = make("li", { className: "sec" }, words("Nothing is saved yet: choose range and filters, then give them a name."));
    pop.querySelector("ul").replaceChildren(...(views.length ? views.map(row) : [none]));
  }

  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.id !== MENU || !event.target.open) return;
      show();
      load().then(show, () => {}); // what was known stays
    },
    true,
  );

  window.botv2Views = { load: load };
})();
