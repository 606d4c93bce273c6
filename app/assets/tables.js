/* The tables (components/grids): what a person does to one goes into the page's address (sort, filters) or her preferences
   (columns), and from there back into the table; so a shared link, back and forward show the same.

   A long table asks for the rows that are looked at: the question goes into the store `<panel>-wanted`, the answer comes
   through `<panel>-rows`. dash-ag-grid's own way knows one question at a time and never hears of one that failed; then its
   table would wait for ever. */
(function () {
  "use strict";
  const PATIENCE_MS = 30000;
  const SAVE_MS = 500;
  const LOOK_MS = 20;
  const PREFERENCE = "columns";
  const PHONE = window.matchMedia("(max-width: 640px)");
  const CHOICE = "ag-Grid-SelectionColumn";
  const LOOKED_AT = new Set(["compare", "benchmark", "timeframe"]); // what is shown beside the rows, and picks none of them
  const MOST_FITTED = 14; // rows
  const [COMPARED_LEAST, COMPARED_MOST] = [2, 5];

  const tables = {}; // panel -> its table, while its page is shown
  const make = window.botv2Make;
  const words = (text, values) => window.botv2Words(text, values);
  const address = () => window.botv2Address;
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);

  function tableOf(panel) {
    const table = tables[panel];
    return table && table.api && !table.api.isDestroyed() ? table : null;
  }

  const columnsOf = (table) => table.api.getColumns().filter((column) => column.getColId() !== CHOICE);
  const settingOf = (column) => column.getColDef().context || {};

  /* ---- rows of a long table: one question at a time, the newest first, because that is what is looked at now ---- */
  let asked = 0;

  function source(table) {
    return {
      getRows(params) {
        table.questions.push(params);
        ask(table);
      },
    };
  }

  function ask(table) {
    if (table.asking || !table.questions.length) return;
    asked += 1;
    const [number, params] = [asked, table.questions.pop()];
    table.asking = { number: number, params: params, timer: setTimeout(() => answer(table, { number: number, failed: true }), PATIENCE_MS) };
    // a stretch that is read again by itself does not count as something that the person did
    const store = table.again.delete(params.startRow) ? `version-${table.panel}-again` : table.panel + "-wanted";
    setProps(store, { data: { number: number, start: params.startRow, stop: params.endRow, sort: sortText(params.sortModel), search: window.location.search } });
  }

  function answer(table, given) {
    if (!table.asking || table.asking.number !== given.number) return;
    const { params, timer } = table.asking;
    clearTimeout(timer);
    table.asking = null;
    if (given.failed) {
      table.failed = true;
      params.failCallback();
    } else {
      table.version = given.version;
      params.successCallback(given.rows, given.total === null ? undefined : given.total);
    }
    ask(table);
    freshen(table);
  }

  /* ---- the address: sort and filters ---- */
  const sortText = (model) => (model.length ? (model[0].sort === "desc" ? "-" : "") + model[0].colId : "");
  const fieldOf = (table, name) => `${table.key}.${name}`;

  function sortOf(table) {
    const sorted = table.api.getColumnState().find((state) => state.sort);
    return sorted ? sortText([sorted]) : "";
  }

  function showSort(table) {
    const wanted = address().get(fieldOf(table, "sort")) || table.sort;
    if (wanted === sortOf(table)) return;
    const state = [{ colId: wanted.replace(/^-/, ""), sort: wanted.startsWith("-") ? "desc" : "asc" }];
    table.api.applyColumnState({ state: state, defaultState: { sort: null } });
  }

  /* The filter of a column as AG Grid has it, from the values of its fields in the address. */
  const MODELS = {
    text: ([part]) => part && { filterType: "text", type: "contains", filter: part },
    choice: ([value]) => value && { filterType: "text", type: value.toLowerCase() },
    range: ([least, most]) => {
      const [from, to] = [least, most].map((end) => (end && Number.isFinite(Number(end)) ? Number(end) : null));
      if (from !== null && to !== null) return { filterType: "number", type: "inRange", filter: from, filterTo: to };
      if (from !== null) return { filterType: "number", type: "greaterThanOrEqual", filter: from };
      return to === null ? null : { filterType: "number", type: "lessThanOrEqual", filter: to };
    },
  };
  /* And the other way about. */
  const VALUES = {
    text: (model) => [model.filter],
    choice: (model) => [model.type],
    range: (model) => [model.type === "lessThanOrEqual" ? null : model.filter, model.type === "inRange" ? model.filterTo : model.type === "lessThanOrEqual" ? model.filter : null],
  };

  function filtersOf(table) {
    return columnsOf(table)
      .map((column) => ({ id: column.getColId(), ...(settingOf(column).filter || {}) }))
      .filter((filter) => filter.kind);
  }

  function showFilters(table) {
    const model = {};
    for (const { id, kind, fields } of filtersOf(table)) {
      const own = MODELS[kind](fields.map((name) => address().get(fieldOf(table, name))));
      if (own) model[id] = own;
    }
    if (asText(model) === asText(table.api.getFilterModel())) return false;
    table.api.setFilterModel(model);
    return true;
  }

  const asText = (model) => JSON.stringify(Object.entries(model).map(([id, { type, filter, filterTo }]) => [id, type, filter, filterTo]).sort());

  function filtered(table) {
    const model = table.api.getFilterModel();
    const changes = {};
    for (const { id, kind, fields } of filtersOf(table)) {
      const values = model[id] ? VALUES[kind](model[id]) : fields.map(() => null);
      fields.forEach((name, at) => (changes[fieldOf(table, name)] = values[at] === undefined ? null : values[at]));
    }
    write(changes);
  }

  function sorted(table) {
    const sort = sortOf(table);
    write({ [fieldOf(table, "sort")]: sort === table.sort ? null : sort });
  }

  function write(changes) {
    const isNews = Object.entries(changes).some(([name, value]) => (address().get(name) || "") !== String(value === null ? "" : value));
    if (isNews) address().set(changes);
  }

  /* What of the address picks this table's rows. */
  function picked(table) {
    const names = [...address().all()].filter(([name]) => (name.includes(".") ? name.startsWith(table.key + ".") && name !== fieldOf(table, "sort") : !LOOKED_AT.has(name)));
    return JSON.stringify(names);
  }

  function readdressed(table) {
    showSort(table);
    const now = picked(table);
    const isOther = now !== table.picked;
    table.picked = now;
    if (!showFilters(table) && isOther && table.isLong) table.api.purgeInfiniteCache();
    if (isOther && table.isLong && table.api.getDisplayedRowCount()) table.api.ensureIndexVisible(0);
  }

  /* ---- columns, a choice of the person ---- */
  let chosen = null; // a promise of table -> columns

  function choices() {
    chosen = chosen || window.botv2Preference.read(PREFERENCE).then((known) => known || {});
    return chosen;
  }

  /* The person's columns; null where they could not be read: the next pulse tries again. */
  async function choiceOf(table) {
    try {
      const all = await choices();
      table.isUnread = false;
      return all[table.key];
    } catch (unreachable) {
      chosen = null;
      table.isUnread = true;
      return null;
    }
  }

  async function arrange(table) {
    const own = await choiceOf(table);
    if (!tableOf(table.panel)) return;
    if (PHONE.matches) {
      table.api.applyColumnState({ state: columnsOf(table).map((column) => ({ colId: column.getColId(), hide: !settingOf(column).phone, flex: column.getColDef().flex || column.getColDef().width })) });
    } else if (own) {
      const known = new Map(columnsOf(table).map((column) => [column.getColId(), column]));
      const order = own.order.filter((id) => known.has(id));
      const state = [...order, ...[...known.keys()].filter((id) => !order.includes(id))].map((id) => ({
        colId: id,
        hide: order.includes(id) ? own.hidden.includes(id) : !known.get(id).isVisible(), // a column that is newer than the choice
        ...(own.widths[id] ? { width: own.widths[id], flex: null } : {}),
      }));
      table.widths = { ...own.widths };
      table.api.applyColumnState({ state: state, applyOrder: true });
    }
    showMenu(table);
  }

  function rearranged(table) {
    if (PHONE.matches) return;
    table.isUnread = false; // what she does now counts
    clearTimeout(table.saving);
    table.saving = setTimeout(() => save(table), SAVE_MS);
  }

  async function save(table, forget = false) {
    const state = table.api.getColumnState().filter((column) => column.colId !== CHOICE);
    const own = { hidden: state.filter((column) => column.hide).map((column) => column.colId), order: state.map((column) => column.colId), widths: table.widths };
    chosen = window.botv2Preference.change(PREFERENCE, (known) => ({ ...known, [table.key]: forget ? undefined : own })); // JSON leaves out what is undefined
    try {
      await chosen;
    } catch (problem) {
      chosen = null;
      window.botv2Toast({ severity: "WARNING", title: words("The columns could not be kept"), message: problem.message });
    }
  }

  function reset(table) {
    clearTimeout(table.saving);
    table.widths = {};
    table.api.resetColumnState();
    showSort(table);
    showMenu(table);
    save(table, true);
  }

  function showMenu(table) {
    const host = document.querySelector(`[data-columns="${table.key}"]`);
    if (!host) return;
    const items = columnsOf(table).map((column) => {
      const onchange = ({ target }) => {
        table.api.setColumnsVisible([column.getColId()], target.checked);
        rearranged(table);
      };
      const box = make("input", { type: "checkbox", checked: column.isVisible(), onchange: onchange });
      return make("label", { className: "column-choice" }, box, make("span", {}, column.getColDef().headerName));
    });
    host.replaceChildren(...items, make("button", { type: "button", className: "menu-item", onclick: () => reset(table) }, words("Reset")));
  }

  /* ---- what a person does in a table ---- */
  function open(row) {
    if (row && row.detail && window.botv2Detail) window.botv2Detail.open(row.detail);
  }

  function listen(table) {
    const on = (event, act) => table.api.addEventListener(event, act);
    on("rowClicked", ({ data, event }) => event.target.closest("button, a, input, .ag-selection-checkbox") || open(data));
    on("cellKeyDown", ({ data, event }) => event.key === "Enter" && !event.target.closest("button, a, input") && open(data));
    on("sortChanged", ({ source: by }) => by === "uiColumnSorted" && sorted(table)); // not what came from the address
    on("filterChanged", ({ source: by }) => by === "columnFilter" && filtered(table));
    on("columnMoved", ({ finished, source: by }) => finished && by === "uiColumnMoved" && moved(table));
    on("columnResized", ({ finished, source: by, column }) => {
      if (!finished || by !== "uiColumnResized" || !column) return;
      table.widths[column.getColId()] = Math.round(column.getActualWidth());
      rearranged(table);
    });
    on("selectionChanged", () => showCompare(table));
    on("modelUpdated", () => fit(table));
  }

  /* A table that is `fitted` is as high as its rows, up to a dozen or so; another keeps its height, whatever is filtered. */
  function fit(table) {
    if (!table.frame.closest(".fitted")) return;
    const sizes = table.api.getSizesForCurrentTheme();
    const bar = table.frame.querySelector(".ag-body-horizontal-scroll").offsetHeight;
    table.frame.style.height = `${sizes.headerHeight + Math.min(Math.max(table.api.getDisplayedRowCount(), 1), MOST_FITTED) * sizes.rowHeight + bar + 2}px`;
  }

  function moved(table) {
    showMenu(table);
    rearranged(table);
  }

  function showCompare(table) {
    const button = document.querySelector(`#${table.panel} [data-compare]`);
    if (!button) return;
    const count = table.api.getSelectedRows().length;
    button.disabled = count < COMPARED_LEAST || count > COMPARED_MOST;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-compare]");
    const table = button && tableOf(button.closest(".card").id);
    if (table) address().set({ compare: address().listed(table.api.getSelectedRows().map((row) => row.name)) });
  });

  /* ---- beginning, and new data ---- */
  const isLong = (api) => api.getGridOption("rowModelType") === "infinite";
  const isReady = (api) => !isLong(api) || Boolean(api.getGridOption("datasource")); // dash-ag-grid's own has been set, else it would replace ours

  /* Resolves to the grid in `frame` when it is there, to null when the page is left before. For a while after a page has
     come back dash-ag-grid still gives the grid that the page had before. */
  async function gridIn(frame, id) {
    while (frame.isConnected) {
      let api = null;
      try {
        api = window.dash_ag_grid.getApi(id);
      } catch (notYet) {
        api = null;
      }
      if (api && !api.isDestroyed() && frame.querySelector(`[grid-id="${api.getGridId()}"]`) && isReady(api)) return api;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    return null;
  }

  async function begin(frame) {
    const panel = "panel-" + frame.dataset.grid;
    const table = { panel: panel, key: frame.dataset.grid, frame: frame, questions: [], asking: null, again: new Set(), widths: {}, version: null, sought: null, failed: false, isUnread: false, api: null };
    tables[panel] = table;
    table.api = await gridIn(frame, panel + "-grid");
    if (tables[panel] !== table || !table.api) return;
    table.isLong = isLong(table.api);
    const first = columnsOf(table).find((column) => column.getColDef().initialSort);
    table.sort = first ? sortText([{ colId: first.getColId(), sort: first.getColDef().initialSort }]) : "";
    await arrange(table);
    if (!tableOf(panel)) return;
    showSort(table);
    showFilters(table);
    table.picked = picked(table);
    listen(table);
    if (table.isLong) table.api.setGridOption("datasource", source(table));
    fit(table);
  }

  const noteOf = (panel) => document.querySelector(`#${panel}-note [data-version]`);
  const isOlder = (version, other) => version.split(".").some((part, at) => Number(part) < Number(other.split(".")[at]));

  /* The rows are those of an older version of the data than the head knows of. */
  function freshen(table) {
    const known = noteOf(table.panel);
    if (!known || table.version === null || table.asking || table.sought === known.dataset.version) return;
    if (!isOlder(table.version, known.dataset.version)) return;
    table.sought = known.dataset.version;
    refresh(table);
  }

  /* What is looked at is read again, in its place. */
  function refresh(table) {
    table.again = new Set(Object.values(table.api.getCacheBlockState()).map((block) => block.startRow));
    table.api.refreshInfiniteCache();
  }

  /* The panel is drawn: its body says why there are no rows, or is empty. */
  function drawn(panel) {
    const frame = document.querySelector(`#${panel} > .grid-below > .grid-frame`);
    if (!frame) return;
    const body = document.getElementById(panel + "-body");
    const isEmpty = body.hasChildNodes();
    frame.classList.toggle("waiting", isEmpty);
    body.hidden = !isEmpty;
    const known = noteOf(panel);
    if (!known) return;
    for (const link of document.querySelectorAll(`#${panel} [data-export]`)) {
      const format = new URL(link.href).searchParams.get("format");
      link.href = window.botv2At(`${link.dataset.export}?format=${format}${known.dataset.query ? "&" + known.dataset.query : ""}`);
    }
    if (tableOf(panel)) freshen(tableOf(panel));
  }

  /* Tables that have come with a page, or gone with one. */
  function look() {
    for (const panel of Object.keys(tables)) if (!tables[panel].frame.isConnected) delete tables[panel];
    for (const frame of document.querySelectorAll("[data-grid]")) if (!tables["panel-" + frame.dataset.grid]) begin(frame);
  }

  document.addEventListener("botv2:page", look);
  document.addEventListener("botv2:drawn", (event) => {
    look(); // the news of another page can be earlier than the page
    drawn(event.detail);
  });
  document.addEventListener("botv2:address", () => {
    for (const panel of Object.keys(tables)) if (tableOf(panel)) readdressed(tables[panel]);
  });
  document.addEventListener("botv2:pulse", () => {
    for (const panel of Object.keys(tables)) {
      if (!tableOf(panel)) continue;
      if (tables[panel].isUnread) arrange(tables[panel]);
      if (!tables[panel].failed) continue;
      tables[panel].failed = false;
      refresh(tables[panel]);
    }
  });
  PHONE.addEventListener("change", () => {
    for (const panel of Object.keys(tables)) {
      const table = tableOf(panel);
      if (!table) continue;
      table.api.resetColumnState();
      showSort(table);
      arrange(table);
    }
  });

  /* ---- what columns name ---- */
  window.dashAgGridFunctions = Object.assign(window.dashAgGridFunctions || {}, {
    botv2Shown: (params) => (params.data ? params.data.shown[params.colDef.field] : ""),
    botv2Tooltip: (params) => params.valueFormatted || params.value,
    botv2Leave: () => false, // Tab leaves the table; the arrows move within it
    botv2Passes: () => true,
  });
  /* A cell of Dash components, drawn as a panel is: draw.js knows which elements may be. */
  function Drawn({ data, colDef }) {
    const host = window.React.useRef(null);
    window.React.useLayoutEffect(() => {
      if (data) window.botv2Draw(host.current, data.shown[colDef.field]);
    });
    return window.React.createElement("span", { ref: host, className: "drawn" });
  }
  window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, { Botv2Drawn: Drawn });

  Object.assign(window.dash_clientside.botv2, {
    rows(given, id) {
      const table = given && tableOf(id.slice(0, -"-rows".length));
      if (table) answer(table, given);
    },
  });
})();
