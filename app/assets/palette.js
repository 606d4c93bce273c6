/* The command palette (Ctrl+K), and the keys that lead to a page (g, then a letter) or to the list of all keys (?).

   A combobox: the focus stays in its field, the arrows move through what is found, Enter does it. */
(function () {
  "use strict";
  const PALETTE = "frame-palette";
  const OPTIONS = "palette-options";
  const HELP = "frame-help";
  const SHOWN = 40;
  const SEQUENCE_MS = 1500;
  const make = window.botv2Make;
  const words = window.botv2Words;
  const address = () => window.botv2Address;
  const dialog = () => document.getElementById(PALETTE);
  const press = (selector) => () => document.querySelector(selector).click();

  /* ---- what there is: most of it stands in the page already, in the person's language ---- */
  function inPage(selector, group, label) {
    return [...document.querySelectorAll(selector)].map((element) => ({ label: label(element), group: group, run: () => element.click() }));
  }

  const textOf = (element) => element.textContent.trim();

  function chosen() {
    const { bots, strategies, symbols } = window.botv2Choices();
    const filter = (field) => (name) => () => address().set({ [field]: address().listed([name]) });
    const listed = (names, group, act) => names.map((name) => ({ label: name, group: group, run: act(name) }));
    const chart = (name) => () => {
      const params = address().all();
      params.set("symbol", address().listed([name]));
      address().go(window.botv2At("/market"), params);
    };
    return [
      ...listed(strategies, words("Strategy"), (name) => () => window.botv2Detail.open("strategy:" + name)),
      ...listed(strategies, words("Show this strategy alone"), filter("strategy")),
      ...listed(bots, words("Show this bot alone"), filter("bot")),
      ...listed(symbols, words("Symbol"), chart),
    ];
  }

  function actions() {
    return [
      { label: words("Compare strategies"), run: () => window.botv2Open("frame-compare") },
      { label: words("Clear filters"), run: () => document.querySelector("[data-address=clear]").click() },
      { label: words("Hide amounts"), run: press("[data-amounts-choice]") },
      { label: words("Icons only"), run: press("#frame-collapse") },
      { label: words("Keyboard shortcuts"), run: () => window.botv2Open(HELP) },
      { label: words("Logout"), run: () => window.location.assign(window.botv2At("/logout")) },
    ].map((action) => ({ ...action, group: words("Action") }));
  }

  let saved = []; // views, read when the palette opens

  function everything() {
    return [
      ...inPage(".side a[data-letter]", words("Page"), (link) => link.title),
      ...inPage(".ranges button", words("Time range"), textOf),
      ...saved.map((view) => ({ label: view.name, group: words("Saved view"), run: () => address().go(view.path + view.search) })),
      ...chosen(),
      ...inPage(".tools .themes button", words("Theme"), (button) => button.title),
      ...actions(),
    ];
  }

  /* All words contained; best where the whole stands at the beginning, then at the beginning of a word. */
  function rank({ label, group }, query) {
    const name = label.toLowerCase();
    const all = name + " " + group.toLowerCase();
    if (!query.split(/\s+/).every((part) => all.includes(part))) return null;
    if (name.startsWith(query)) return 0;
    return name.split(/[\s_-]+/).some((word) => word.startsWith(query)) ? 1 : name.includes(query) ? 2 : 3;
  }

  function found(query) {
    const ranked = everything().map((item) => [rank(item, query), item]).filter(([place]) => place !== null);
    return ranked.sort(([one], [other]) => one - other).map(([, item]) => item).slice(0, SHOWN);
  }

  /* ---- the field and the list ---- */
  let items = [];
  let active = 0;
  const field = () => dialog().querySelector("input");
  const optionId = (at) => `palette-option-${at}`;

  function option(item, at) {
    const made = make("li", { id: optionId(at), role: "option" }, make("span", {}, item.label), make("span", { className: "mut" }, item.group));
    made.onclick = () => run(item);
    return made;
  }

  function search() {
    items = found(field().value.trim().toLowerCase());
    document.getElementById(OPTIONS).replaceChildren(...items.map(option));
    dialog().querySelector("[role=status]").textContent = items.length ? "" : words("Nothing is called so.");
    mark(0);
  }

  function mark(at) {
    active = at;
    document.querySelectorAll(`#${OPTIONS} li`).forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    const current = document.getElementById(optionId(at));
    if (current) field().setAttribute("aria-activedescendant", current.id);
    else field().removeAttribute("aria-activedescendant");
    if (current) current.scrollIntoView({ block: "nearest" });
  }

  function run(item) {
    dialog().close();
    item.run();
  }

  function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length) mark((active + step + items.length) % items.length);
    else if (event.key === "Enter" && items.length) run(items[active]);
    else return;
    event.preventDefault();
  }

  function build() {
    const label = dialog().getAttribute("aria-label");
    const input = make("input", {
      type: "text", role: "combobox", className: "form-control", autocomplete: "off", spellcheck: "false", placeholder: label,
      "aria-label": label, "aria-expanded": "true", "aria-controls": OPTIONS, "aria-autocomplete": "list", oninput: search, onkeydown: onKey,
    }); // prettier-ignore
    const find = make("div", { className: "find" }, make("i", { className: "i i-find", "aria-hidden": "true" }), input);
    const list = make("ul", { id: OPTIONS, role: "listbox", "aria-label": words("Found") });
    dialog().append(find, list, make("p", { role: "status", className: "sec" }));
  }

  document.addEventListener("botv2:opening", (event) => {
    if (event.detail !== PALETTE) return;
    if (!dialog().firstChild) build();
    field().value = "";
    search();
    window.botv2Views.load().then(
      (views) => {
        const changed = JSON.stringify(saved) !== JSON.stringify(views);
        saved = views;
        if (changed && !active) search();
      },
      () => {}, // those known before stay
    );
  });

  /* ---- keys ---- */
  let began = -Infinity; // when g was pressed

  function onShortcut(event) {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      return window.botv2Open(PALETTE);
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    if (event.key === "?") return window.botv2Open(HELP);
    const link = performance.now() - began < SEQUENCE_MS && /^[a-z]$/.test(event.key) && document.querySelector(`.side a[data-letter="${event.key}"]`);
    began = event.key === "g" ? performance.now() : -Infinity;
    if (link) link.click();
  }

  document.addEventListener("keydown", onShortcut);
})();
