/* The filters of one chart: a dialog writes them as `<chart>.<field>` into the address, pills under the card's head show them and
   take them away, and a set of them can be kept under a name and used on any chart that knows its fields. */
(function () {
  "use strict";
  const ID = "frame-chart-filters";
  const PRESETS = "presets";
  const PERIOD = ["range", "start", "end"]; // one filter in three fields
  const AMOUNTS = ["min_pnl", "max_pnl", "min_return", "max_return"];
  const SEVERAL = new Set(["strategy", "asset_class", "risk"]); // fields that hold several values
  const BESIDE = { max_pnl: "min_pnl", max_return: "min_return" }; // what stands in the fieldset of another
  const make = window.botv2Make;
  const words = (text, values) => window.botv2Words(text, values);
  const sheets = () => window.botv2Sheets;
  const chart = () => window.botv2Chart;
  const dialogOf = () => document.getElementById(ID);
  const allowed = (panel) => chart().place(panel).dataset.filters.split(",").filter(Boolean).flatMap((name) => (name === "range" ? PERIOD : [name]));

  /* The filters of one chart in the address, without its name. */
  function own(panel) {
    const prefix = chart().key(panel) + ".";
    const found = {};
    for (const [name, value] of window.botv2Address.all()) if (name.startsWith(prefix) && value) found[name.slice(prefix.length)] = value;
    return found;
  }

  function write(panel, filters) {
    const prefix = chart().key(panel) + ".";
    const changes = Object.fromEntries([...Object.keys(own(panel)), ...allowed(panel)].map((name) => [prefix + name, null]));
    for (const [name, value] of Object.entries(filters)) if (value) changes[prefix + name] = value;
    window.botv2Address.set(changes);
  }

  /* ---- in words ---- */
  const optionOf = (name, value) => {
    const found = dialogOf().querySelector(`[name="${name}"] option[value="${CSS.escape(value)}"], [data-choices="${name}"] [data-choice="${CSS.escape(value)}"]`);
    return found ? found.textContent : value;
  };
  const legendOf = (name) => dialogOf().querySelector(`[data-field="${BESIDE[name] || name}"] legend`).textContent;
  const when = (iso) => (iso && !Number.isNaN(Date.parse(iso)) ? chart().time.wall(iso).replace("T", " ") : "…");

  /* The range of a query (URLSearchParams), in words. */
  function range(query) {
    const [first, last] = (query.get("brush") || "").split("..");
    if (last) return words("{start} to {end}", { start: when(first), end: when(last) });
    const preset = query.get("range") || "30d";
    return preset === "custom" ? words("{start} to {end}", { start: when(query.get("start")), end: when(query.get("end")) }) : optionOf("range", preset);
  }

  function pillText(name, value, filters) {
    const { level } = window.botv2Format;
    const number = () => level(Number(value), Number.isInteger(Number(value)) ? 0 : 2);
    if (name === "range") return range(new URLSearchParams(filters));
    if (name.startsWith("min_")) return words("{field} at least {value}", { field: legendOf(name), value: number() });
    if (name.startsWith("max_")) return words("{field} at most {value}", { field: legendOf(name), value: number() });
    const values = (SEVERAL.has(name) ? window.botv2Address.parted(value) : [value]).map((one) => optionOf(name, one)).join(", ");
    return words("{field}: {value}", { field: legendOf(name), value: values });
  }

  /* ---- pills ---- */
  function pill(panel, name, filters) {
    const text = pillText(name, filters[name], filters);
    const gone = name === "range" ? PERIOD : [name];
    const onclick = () => {
      write(panel, Object.fromEntries(Object.entries(filters).filter(([one]) => !gone.includes(one))));
      document.querySelector(`#${panel} .chart-menu summary`).focus();
    };
    const label = words("Remove the filter {filter}", { filter: text });
    return make("button", { type: "button", className: "chart-pill", "aria-label": label, onclick: onclick }, text, make("i", { className: "i i-close" }));
  }

  function drawPills() {
    for (const place of document.querySelectorAll(".chart-place")) {
      const panel = place.closest("section").id;
      const filters = own(panel);
      const text = JSON.stringify(filters);
      const host = place.querySelector(".chart-pills");
      if (host.dataset.shows === text) continue;
      host.dataset.shows = text;
      const names = allowed(panel).filter((name) => filters[name] && !["start", "end"].includes(name));
      const pills = names.map((name) => pill(panel, name, filters));
      if (pills.length) pills.push(clearing(panel));
      host.replaceChildren(...pills);
      host.hidden = !pills.length;
    }
  }

  function clearing(panel) {
    const onclick = () => {
      write(panel, {});
      document.querySelector(`#${panel} .chart-menu summary`).focus();
    };
    return make("button", { type: "button", className: "chart-pill clear", onclick: onclick }, words("Clear"));
  }

  /* ---- the dialog ---- */
  function open(panel) {
    const dialog = sheets().open(ID, panel);
    const names = chart().place(panel).dataset.filters.split(",");
    for (const part of dialog.querySelectorAll("[data-field]")) part.hidden = !names.includes(part.dataset.field);
    fill(own(panel));
    loadPresets();
  }

  function fill(filters) {
    const dialog = dialogOf();
    strategies(dialog.querySelector("[data-choices=strategy]"), filters.strategy);
    symbols(dialog.querySelector("select[name=benchmark]"), filters.benchmark);
    for (const select of dialog.querySelectorAll("select")) select.value = filters[select.name] || "";
    for (const name of AMOUNTS) sheets().field(dialog, name).value = filters[name] || "";
    for (const name of ["start", "end"]) {
      sheets().field(dialog, name).value = filters[name] && !Number.isNaN(Date.parse(filters[name])) ? chart().time.wall(filters[name]) : "";
    }
    for (const chip of dialog.querySelectorAll("[data-choice]")) {
      const chosen = window.botv2Address.parted(filters[chip.closest("[data-choices]").dataset.choices] || "");
      chip.setAttribute("aria-pressed", String(chosen.includes(chip.dataset.choice)));
    }
    sheets().field(dialog, "preset").value = "";
    showPeriod();
  }

  const showPeriod = () => {
    const own = sheets().field(dialogOf(), "range").value === "custom";
    for (const name of ["start", "end"]) sheets().field(dialogOf(), name).closest("label").hidden = !own;
  };

  function strategies(host, chosen) {
    const picked = window.botv2Address.parted(chosen || "");
    const all = [...new Set([...window.botv2Choices().strategies, ...picked])];
    host.replaceChildren(...all.map((name) => {
      const box = make("input", { type: "checkbox", value: name, checked: picked.includes(name), className: "form-check-input" });
      return make("label", { className: "choice" }, box, make("span", {}, name));
    }));
    if (!all.length) host.append(make("span", { className: "mut" }, words("No strategies yet")));
  }

  function symbols(select, chosen) {
    const all = [...new Set([...window.botv2Choices().symbols, ...(chosen ? [chosen] : [])])];
    select.replaceChildren(select.options[0], ...all.map((name) => make("option", { value: name }, name)));
  }

  /* What the dialog says, as fields of the address; throws what is wrong, with the field's name. */
  function read(dialog, panel) {
    const found = {};
    const known = allowed(panel);
    for (const select of dialog.querySelectorAll("select")) found[select.name] = select.value;
    for (const host of dialog.querySelectorAll(".filter-chips[data-choices]")) found[host.dataset.choices] = [...host.querySelectorAll("[aria-pressed=true]")].map((chip) => chip.dataset.choice).join(",");
    found.strategy = window.botv2Address.listed([...dialog.querySelectorAll("[data-choices=strategy] :checked")].map((box) => box.value));
    for (const name of AMOUNTS) found[name] = amount(dialog, name);
    for (const [least, most] of [["min_pnl", "max_pnl"], ["min_return", "max_return"]]) {
      if (found[least] && found[most] && Number(found[least]) > Number(found[most])) throw new Error(words("{field}: the least is more than the most", { field: legendOf(least) }));
    }
    if (found.range === "custom") Object.assign(found, period(dialog));
    return Object.fromEntries(Object.entries(found).filter(([name, value]) => value && known.includes(name)));
  }

  function amount(dialog, name) {
    const given = sheets().field(dialog, name).value.trim().replace("\u2212", "-");
    const text = given.includes(".") ? given.replaceAll(",", "") : given.replace(",", ".");
    if (text !== "" && !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) throw new Error(words("{field}: “{value}” is no number", { field: legendOf(name), value: given }));
    return text.replace(/^\+/, "");
  }

  function period(dialog) {
    const [first, last] = [sheets().moment(dialog, "start"), sheets().moment(dialog, "end")];
    if (first === null && last === null) throw new Error(words("{field}: a beginning or an end is needed", { field: legendOf("range") }));
    if (first !== null && last !== null && first >= last) throw new Error(words("{field}: the beginning lies behind the end", { field: legendOf("range") }));
    const iso = (moment) => (moment === null ? "" : new Date(moment).toISOString());
    return { start: iso(first), end: iso(last) };
  }

  function apply(dialog) {
    const panel = dialog.dataset.panel;
    const found = read(dialog, panel);
    dialog.close();
    write(panel, found);
  }

  /* ---- presets: of the person, not of this browser ---- */
  let presets = [];

  async function loadPresets() {
    drawPresets(); // what was known stays where nothing can be read
    try {
      presets = (await window.botv2Preference.read(PRESETS)) || [];
      drawPresets();
    } catch (problem) {
      sheets().complain(dialogOf(), problem.message);
    }
  }

  function drawPresets() {
    const dialog = dialogOf();
    const known = allowed(dialog.dataset.panel);
    const usable = presets.filter((one) => [...new URLSearchParams(one.search).keys()].every((name) => known.includes(name)));
    dialog.querySelector(".preset-list").replaceChildren(...usable.map((one) => {
      const use = () => fill(Object.fromEntries(new URLSearchParams(one.search)));
      const remove = () => keep((known) => known.filter((other) => other.name !== one.name));
      const label = words("Delete the saved filters {name}", { name: one.name });
      const gone = make("button", { type: "button", className: "btn-flat", "aria-label": label, onclick: remove }, make("i", { className: "i i-close" }));
      return make("span", { className: "preset" }, make("button", { type: "button", className: "btn-line", onclick: use }, one.name), gone);
    }));
  }

  /* Whether it was done. */
  async function keep(changed) {
    try {
      presets = await window.botv2Preference.change(PRESETS, (known) => changed(known || []));
      sheets().complain(dialogOf(), "");
      drawPresets();
      return true;
    } catch (problem) {
      sheets().complain(dialogOf(), problem.message);
      return false;
    }
  }

  async function save(dialog) {
    try {
      const name = sheets().field(dialog, "preset").value.trim();
      if (!name) throw new Error(words("A name is needed"));
      const found = read(dialog, dialog.dataset.panel);
      if (!Object.keys(found).length) throw new Error(words("There is no filter to save"));
      const made = { name: name, panel: dialog.dataset.panel, search: new URLSearchParams(found).toString() };
      if (await keep((known) => [...known.filter((one) => one.name !== name), made])) sheets().field(dialog, "preset").value = "";
    } catch (problem) {
      sheets().complain(dialog, problem.message);
    }
  }

  /* ---- events ---- */
  document.addEventListener("botv2:sheet", (event) => {
    if (event.target.id !== ID) return;
    if (event.detail === "save") save(event.target);
    if (event.detail === "clear") {
      event.target.close();
      write(event.target.dataset.panel, {});
    }
  });
  document.addEventListener("click", (event) => {
    const chip = event.target.closest(`#${ID} [data-choice]`);
    if (chip) chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
  });
  document.addEventListener("change", (event) => event.target.matches(`#${ID} [name=range]`) && showPeriod());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches(`#${ID} [name=preset]`)) return;
    event.preventDefault(); // it names what is kept and applies nothing
    save(dialogOf());
  });
  document.addEventListener("botv2:address", drawPills);
  document.addEventListener("botv2:drawn", drawPills);

  window.botv2Filters = { open: open, range: range };
  document.addEventListener("DOMContentLoaded", () => window.botv2Sheets.onSubmit(ID, apply));
})();
