/* The drill-down dialog: whatever carries `data-detail="kind:id"` opens the details of that thing (click, Enter, Space).

   What is shown stands in the address's hash, so that it can be shared and gone back from. The dialog opens at once, the
   server fills it (callbacks/details.py), draw.js draws it; it is filled again when the data behind it changes. Forms are
   built here, because draw.js knows no fields, and keep what a person is writing while all around them is drawn again. */
(function () {
  "use strict";
  const IDS = { dialog: "frame-detail", title: "detail-title", wanted: "detail-wanted", version: "version-detail", chart: "detail" };
  const HOSTS = { note: ".sheet-note", lead: ".sheet-lead", body: ".sheet-content", actions: ".sheet-actions" };
  const LISTS = "section, dialog, table, ol, ul, .ag-root";
  const PRESSABLE = "a, button, input, select, textarea, summary, label";
  const REDRAW_MS = 1000;
  const PATIENCE_MS = 5000;
  const DASH_CHANGE = "_dashprivate_pushstate"; // what dcc.Link tells dcc.Location
  const make = window.botv2Make;
  const words = (text, values) => window.botv2Words(text, values);
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  const dialog = () => document.getElementById(IDS.dialog);
  const part = (selector) => dialog().querySelector(selector);
  const opening = (ref) => `[data-detail="${CSS.escape(ref)}"]`;

  let shown = null; // the reference that the dialog shows or waits for
  let drawing = null; // what the server said of it
  let first = null; // the reference with which the dialog was opened: where the focus returns to
  let left = null; // the one that was shown before, when a person went back
  let list = []; // the references among which a person can step
  let pushing = false;
  let leaving = false; // the address is on its way back

  /* ---- the address ---- */
  function inAddress() {
    let ref = "";
    try {
      ref = decodeURIComponent(window.location.hash.slice(1));
    } catch (broken) {
      return null; // typed by hand
    }
    const kind = ref.slice(0, ref.indexOf(":"));
    return kind && dialog().dataset.kinds.split(" ").includes(kind) ? ref : null;
  }

  const hashOf = (ref) => "#" + encodeURIComponent(ref).replace(/%(3A|2F)/g, decodeURIComponent);
  const depth = () => (window.history.state && window.history.state.detail) || 0;

  function setHash(hash, method, deep) {
    window.history[method]({ detail: deep }, "", window.location.pathname + window.location.search + hash);
    window.dispatchEvent(new CustomEvent(DASH_CHANGE)); // address.js hears it, too, and tells
    sync();
  }

  function open(ref, among) {
    if (leaving) return;
    pushing = true;
    if (shown === null || among) list = among || [];
    setHash(hashOf(ref), "pushState", depth() + 1);
    pushing = false;
  }

  function step(by) {
    const next = list[list.indexOf(shown) + by];
    if (next) setHash(hashOf(next), "replaceState", depth());
  }

  /* Show what the address names; called after every change of it. */
  function sync() {
    if (!dialog()) return;
    const ref = inAddress();
    if (ref === null) leaving = false;
    if (ref === shown || leaving) return;
    left = pushing ? null : shown;
    shown = ref;
    if (ref === null) return dialog().close();
    if (!dialog().open) {
      first = ref;
      dialog().showModal();
    }
    clear();
    const active = document.activeElement;
    if (!active.closest(".sheet-steps") || active.disabled) document.getElementById(IDS.title).focus();
    ask(IDS.wanted);
  }

  /* What opens a reference may have been drawn again since; of a row and the button in it the button can have the focus. */
  function focusOn(ref, within) {
    const place = [...within.querySelectorAll(opening(ref))].find((one) => one.tabIndex >= 0 && one.checkVisibility());
    if (place) place.focus();
  }

  /* ---- asking ---- */
  let versions = {};
  let askedWith = {};
  let askedAt = 0;
  let asked = 0;
  let timer = null;

  function ask(id) {
    asked += 1;
    askedAt = Date.now();
    askedWith = versions;
    setProps(id, { data: id === IDS.wanted ? { ref: shown, n: asked } : String(asked) });
  }

  function look() {
    timer = null;
    if (shown === null) return;
    if (drawing === null) {
      if (Date.now() - askedAt < PATIENCE_MS) return;
      say(words("The server does not answer; it is asked again."));
      return ask(IDS.wanted);
    }
    if (drawing.follows.every((kind) => versions[kind] === askedWith[kind])) return;
    const wait = askedAt + REDRAW_MS - Date.now();
    if (wait <= 0) ask(IDS.version);
    else timer = setTimeout(look, wait);
  }

  /* ---- drawing ---- */
  function clear() {
    drawing = null;
    const title = document.getElementById(IDS.title);
    title.textContent = words("Loading…");
    dialog().classList.add("waiting");
    delete dialog().dataset.shown;
    for (const host of Object.values(HOSTS)) window.botv2Draw(part(host), []);
    part(".sheet-body").scrollTop = 0;
    part(".sheet-form").replaceChildren();
    showChart(null);
    window.botv2Chart.reset(IDS.chart); // the next one may be the same picture again
    setProps(IDS.chart + "-graph", { figure: { data: [], layout: {} } }); // and gets nobody's zoom
    say("");
    steps();
  }

  function draw(answer) {
    if (!answer || answer.ref !== shown) return;
    const isFirst = drawing === null;
    drawing = answer;
    document.getElementById(IDS.title).textContent = answer.title;
    for (const [name, host] of Object.entries(HOSTS)) window.botv2Draw(part(host), answer[name] || []);
    showChart(answer.figure || null, answer.caption);
    showForm(answer.form || null);
    for (const link of dialog().querySelectorAll("a[data-format]")) {
      if (answer.export) link.href = window.botv2At(answer.export) + (answer.export.includes("?") ? "&" : "?") + "format=" + link.dataset.format;
    }
    part(".menu-button").hidden = !answer.export;
    dialog().classList.remove("waiting");
    dialog().dataset.shown = answer.ref;
    if (!isFirst) return;
    say("");
    if (left !== null) focusOn(left, dialog());
    look(); // something may have changed on the way
  }

  function showChart(figure, caption) {
    const chart = document.getElementById(IDS.chart);
    chart.hidden = !figure;
    part(".sheet-chart > .sheet-heading").textContent = caption || "";
    window.botv2Chart.show(IDS.chart, figure);
  }

  function say(text, isFault = false) {
    const place = part(".sheet-said");
    place.textContent = text;
    place.classList.toggle("fault-words", isFault);
  }

  function steps() {
    const place = list.indexOf(shown);
    part(".sheet-steps").hidden = place === -1 || list.length < 2;
    part("[data-step='-1']").disabled = place < 1;
    part("[data-step='1']").disabled = place === list.length - 1;
  }

  /* ---- changing ---- */
  let form = null; // the description of the form that stands there
  const fields = new Map(); // field -> its element

  function showForm(wanted) {
    const host = part(".sheet-form");
    if (!wanted) return host.replaceChildren();
    if (!host.firstChild || form.path !== wanted.path) host.replaceChildren(makeForm(wanted));
    for (const field of wanted.fields) {
      const place = fields.get(field.name);
      const value = field.value === null ? "" : String(field.value);
      if (place.value === place.dataset.known) place.value = value; // else somebody is writing
      place.dataset.known = value;
    }
    form = wanted;
  }

  function makeForm(wanted) {
    const made = make("form", {}, make("p", { className: "sheet-heading" }, wanted.legend));
    fields.clear();
    for (const field of wanted.fields) {
      const kind = field.kind === "number" ? { type: "number", step: "any", min: "0" } : {};
      const properties = { className: "form-control", maxlength: field.longest || null, autocomplete: "off", "data-known": "", ...kind };
      const place = make(field.kind === "lines" ? "textarea" : "input", properties);
      fields.set(field.name, place);
      made.append(make("label", { className: "form-label" }, field.label, place));
    }
    const save = make("button", { type: "submit", className: "btn-main" }, wanted.submit);
    made.append(save);
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      submit(save);
    });
    return made;
  }

  const changedFields = () => (form && part(".sheet-form form") ? form.fields.filter((field) => fields.get(field.name).value !== fields.get(field.name).dataset.known) : []);

  function valueOf(field) {
    const text = fields.get(field.name).value.trim();
    if (field.kind === "names") return text.split(",").map((name) => name.trim()).filter(Boolean);
    if (text === "") return null;
    return field.kind === "number" ? Number(text) : text;
  }

  function submit(button) {
    const changed = changedFields();
    if (!changed.length) return say(words("Nothing was changed."));
    const body = Object.assign({}, form.fixed, Object.fromEntries(changed.map((field) => [field.name, valueOf(field)])));
    const written = changed.map((field) => [fields.get(field.name), fields.get(field.name).value]);
    perform(button, form.method, form.path, body, form.done, () => written.forEach(([place, value]) => (place.dataset.known = value)));
  }

  async function perform(button, method, path, body, done, kept) {
    button.disabled = true;
    say("");
    try {
      const { waiting } = await window.botv2Send(method, path, body);
      if (kept) kept();
      if (!waiting) window.botv2Toast({ severity: "SUCCESS", title: done, message: "" });
      say(waiting ? words("It waits for the network, and is then sent by itself.") : done);
      if (shown !== null && !waiting) ask(IDS.wanted); // what waits is not in any answer yet
    } catch (problem) {
      say(problem.message, true);
      window.botv2Toast({ severity: "ERROR", title: words("That was refused"), message: problem.message });
    }
    button.disabled = false;
  }

  async function copyLink() {
    try {
      await navigator.clipboard.writeText(window.location.href);
      say(words("The link is copied"));
    } catch (refused) {
      say(words("This browser does not let the page copy; the link stands in the address bar."), true);
    }
  }

  /* ---- closing ---- */
  let warned = false;

  /* What a person has written and not saved is not thrown away at the first try. */
  function mayClose() {
    if (warned || !changedFields().length) return true;
    warned = true;
    say(words("What you have written is not saved. Close again to throw it away."), true);
    return false;
  }

  function closed() {
    const ref = first;
    warned = false;
    shown = first = drawing = null;
    list = [];
    clear();
    if (inAddress() !== null) {
      if (depth()) {
        leaving = true;
        window.history.go(-depth());
      } else setHash("", "replaceState", 0);
    }
    const active = document.activeElement;
    if (ref !== null && (!active || active === document.body || dialog().contains(active) || active.matches(".card-scroll"))) focusOn(ref, document);
  }

  function isOutside(event) {
    const box = dialog().getBoundingClientRect();
    return event.target === dialog() && !(event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom);
  }

  let pressedOutside = false;

  /* ---- what a person presses ---- */
  function opener(event) {
    const found = event.target.closest("[data-detail]");
    const pressed = found && event.target.closest(PRESSABLE);
    return pressed && pressed !== found && found.contains(pressed) ? null : found;
  }

  function openFrom(element) {
    const ref = element.dataset.detail;
    const kind = ref.slice(0, ref.indexOf(":") + 1);
    const around = element.closest(LISTS);
    open(ref, around ? [...new Set([...around.querySelectorAll(`[data-detail^="${CSS.escape(kind)}"]`)].map((one) => one.dataset.detail))] : []);
  }

  document.addEventListener("click", (event) => {
    const found = opener(event);
    const inside = dialog() && dialog().contains(event.target);
    if (found && !event.defaultPrevented && window.getSelection().isCollapsed) return openFrom(found);
    if (!inside) return;
    const pressed = event.target.closest("button");
    const { close, step: by, copyLink: copies, act, done } = pressed ? pressed.dataset : {};
    if (close || event.target === dialog()) {
      event.stopImmediatePropagation(); // frame.js would close it as it closes every sheet, whatever is written in it
      if ((close || (pressedOutside && isOutside(event))) && mayClose()) dialog().close();
    }
    if (by) step(Number(by));
    if (copies) copyLink();
    if (act) perform(pressed, ...act.split(" "), undefined, done);
  });
  document.addEventListener("pointerdown", (event) => {
    pressedOutside = Boolean(dialog()) && isOutside(event);
  });
  document.addEventListener("keydown", (event) => {
    const found = event.target.closest && event.target.closest("[data-detail]");
    if (found !== event.target || event.target.matches(PRESSABLE) || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    openFrom(found);
  });
  document.addEventListener("cancel", (event) => {
    if (event.target === dialog() && !mayClose()) event.preventDefault();
  }, true);
  document.addEventListener("close", (event) => {
    if (event.target === dialog()) closed();
  }, true);
  document.addEventListener("input", (event) => {
    if (dialog() && dialog().contains(event.target)) warned = false;
  });
  document.addEventListener("botv2:address", sync);
  document.addEventListener("botv2:pulse", (event) => {
    versions = event.detail;
    if (timer === null) look();
  });

  window.botv2Detail = { open: open, close: () => dialog().close() };
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    botv2Dialog: { draw: draw },
  });
})();
