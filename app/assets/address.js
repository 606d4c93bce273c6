/* The address: what a page shows (range, filters, comparison) stands in its query, so that it can be gone back to, reloaded and shared.

   Changes go through `window.botv2Address`; whoever shows something of the address listens to the document's event
   `botv2:address`, which follows every change: these, back and forward, and another page.

   In the page, `data-range` sets the range, `data-set` with `data-value` a field, `data-toggle` with `data-value` one of several
   values of a field, `data-address="clear"` takes all filters and the range away; those among them with `aria-pressed` show what is set,
   where the address says nothing of it what `data-default` says; `data-own-range` shows whether the range is one of the person's own.
   Links of the navigation (`data-page`) keep what all pages share, and any link to a page is followed without loading the document again. */
(function () {
  "use strict";
  const SHARED = ["range", "start", "end", "brush", "bot", "strategy", "currency"];
  const KEPT_WHEN_CLEARED = ["compare", "timeframe", "benchmark"]; // what is looked at, not what is left out
  const RANGE = "30d"; // the one that stands for none in the query: Selection.range
  const HOME = "dashboard";
  const DASH_CHANGE = "_dashprivate_pushstate"; // what dcc.Link tells dcc.Location
  const BUTTONS = "[data-range], [data-set], [data-toggle], [data-address=clear]";

  const all = () => new URLSearchParams(window.location.search);
  const severalOf = (name) => parted(all().get(name) || "");

  /* Several values in one field, and back, as `data.scope.base` has it: a backslash before what belongs to a value, a comma between two. */
  const listed = (values) => values.map((value) => value.replace(/[\\,]/g, "\\$&")).join(",");
  function parted(text) {
    const parts = [""];
    for (const token of text.match(/\\[\\,]|,|[^,\\]+|\\/g) || []) {
      if (token === ",") parts.push("");
      else parts[parts.length - 1] += token.length === 2 && token[0] === "\\" ? token[1] : token;
    }
    return parts.filter(Boolean);
  }

  /* Readable: commas and colons may stand in a query as they are. */
  function asSearch(params) {
    const text = params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text && "?" + text;
  }

  function show(address, replace) {
    if (address === window.location.pathname + window.location.search + window.location.hash) return;
    window.history[replace ? "replaceState" : "pushState"](null, "", address);
    window.dispatchEvent(new CustomEvent(DASH_CHANGE));
  }

  function set(changes, { replace = false } = {}) {
    const params = all();
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === "" || (name === "range" && value === RANGE)) params.delete(name);
      else params.set(name, String(value));
    }
    show(window.location.pathname + asSearch(params) + window.location.hash, replace);
  }

  /* Another page, with the query that stands in `path` or is given; it begins at its top. */
  function go(path, params) {
    show(params ? path + asSearch(params) : path, false);
    window.scrollTo(0, 0);
  }

  function only(names) {
    const params = all();
    for (const name of [...params.keys()]) if (!names.includes(name)) params.delete(name);
    return asSearch(params);
  }

  /* ---- what a person presses ---- */
  function press({ range, set: field, toggle, value }) {
    if (range !== undefined) return set({ range: range, start: null, end: null, brush: null });
    if (field !== undefined) return set({ [field]: value });
    if (toggle === undefined) return show(window.location.pathname + only(KEPT_WHEN_CLEARED), false);
    const values = severalOf(toggle);
    set({ [toggle]: listed(values.includes(value) ? values.filter((one) => one !== value) : values.concat(value)) });
  }

  const paths = () => new Set([...document.querySelectorAll("a[data-page]")].map((link) => link.pathname));

  /* A link to a page, unless it is to be opened elsewhere or is dealt with already. */
  function followed(event, link) {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return false;
    if (link.origin !== window.location.origin || link.target || link.hasAttribute("download")) return false;
    const here = link.pathname === window.location.pathname && link.search === window.location.search;
    return paths().has(link.pathname) && !(here && link.hash);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(BUTTONS);
    if (button) return press(button.dataset);
    const link = event.target.closest("a[href]");
    if (!link || !followed(event, link)) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });

  /* ---- what the page shows of it ---- */
  function isOn({ range, ownRange, set: field, toggle, value, default: shown }) {
    if (ownRange !== undefined) return all().get("range") === "custom" || all().has("brush");
    if (range !== undefined) return (all().get("range") || RANGE) === range && !all().has("brush");
    return field !== undefined ? (all().get(field) || shown || "") === value : severalOf(toggle).includes(value);
  }

  function mark() {
    for (const button of document.querySelectorAll(":is([data-range], [data-own-range], [data-set], [data-toggle])[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(isOn(button.dataset)));
    }
    const search = only(SHARED);
    for (const link of document.querySelectorAll("a[data-page]")) {
      link.setAttribute("href", link.pathname + search);
      if (window.botv2Here(link) === window.botv2Here()) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.documentElement.dataset.page = window.botv2Here().slice(1) || HOME; // the styles hide what a page has no use for
  }

  function changed() {
    mark();
    document.dispatchEvent(new CustomEvent("botv2:address"));
  }

  window.addEventListener("popstate", changed);
  window.addEventListener(DASH_CHANGE, changed);
  document.addEventListener("botv2:page", changed); // the first page, and whatever Dash has drawn since
  document.addEventListener("botv2:drawn", mark);

  window.botv2Address = { get: (name) => all().get(name), several: severalOf, listed: listed, parted: parted, all: all, set: set, go: go };
})();
