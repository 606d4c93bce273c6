/* The menu of a chart: its data as a table or a file, a range of time by keyboard, a picture of it. Also what its dialogs share. */
(function () {
  "use strict";
  const MOST_ROWS = 500;
  const PICTURE = { width: 800, height: 450, scale: 1.5 }; // 1200 x 675 pixels
  const MOMENT = /^\d{4}-\d\d-\d\dT.*Z$/;
  const LEGEND_NAMES = 6; // in a line of it
  const make = window.botv2Make;
  const words = (text, values) => window.botv2Words(text, values);
  const chart = () => window.botv2Chart;

  /* ---- dialogs: one of each kind, for the panel in its `data-panel` ---- */

  /* Opened from the menu, which closes: its button gets the focus first, so that the focus comes back there. */
  function open(id, panel) {
    const dialog = document.getElementById(id);
    dialog.dataset.panel = panel;
    const title = chart().place(panel).dataset.title;
    dialog.querySelector("h2").textContent = `${dialog.getAttribute("aria-label")}: ${title}`;
    for (const line of dialog.querySelectorAll(".zone-line")) line.textContent = words("Times are {zone}", { zone: window.botv2Format.zone });
    complain(dialog, "");
    const menu = document.querySelector(`#${panel} .chart-menu[open]`);
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (!dialog.open) dialog.showModal();
    const first = dialog.querySelector(".sheet-body :is(input, select)");
    if (first) first.focus();
    return dialog;
  }

  function complain(dialog, message) {
    const place = dialog.querySelector(".fault");
    place.hidden = !message;
    place.textContent = message;
    if (message) place.scrollIntoView({ block: "nearest" });
  }

  const field = (dialog, name) => dialog.querySelector(`[name="${name}"]`);

  /* The moment (milliseconds) in a field, null where it is empty; throws what a person can read. */
  function moment(dialog, name) {
    const input = field(dialog, name);
    if (!input.value && !input.validity.badInput) return null;
    const found = input.value ? chart().time.atWall(input.value) : NaN;
    if (Number.isNaN(found)) throw new Error(words("{field}: this is no date and time", { field: input.closest("label").querySelector("span").textContent }));
    return found;
  }

  /* ---- files ---- */
  function address(panel, format) {
    const query = chart().query(panel);
    query.set("format", format);
    return window.botv2At(`/api/charts/${chart().key(panel)}?${query}`);
  }

  function refresh() {
    for (const link of document.querySelectorAll(".chart-menu a[data-export]")) {
      link.setAttribute("href", address(link.closest("section").id, link.textContent.toLowerCase()));
    }
  }

  /* ---- the table ---- */
  async function table(panel) {
    const dialog = open("frame-chart-table", panel);
    for (const link of dialog.querySelectorAll("a[data-export]")) link.setAttribute("href", address(panel, link.textContent.toLowerCase()));
    const [count, place] = [dialog.querySelector(".table-count"), dialog.querySelector(".chart-rows")];
    count.textContent = words("Loading…");
    place.replaceChildren();
    window.botv2Annotations.list(dialog.querySelector(".chart-notes"), panel);
    try {
      const answer = await fetch(address(panel, "").replace(/[?&]format=/, ""), { headers: { Accept: "application/json" }, credentials: "same-origin" });
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.error.message);
      if (dialog.dataset.panel === panel) fill(count, place, body.data, amountColumns(body.data));
    } catch (problem) {
      count.textContent = "";
      complain(dialog, words("The rows could not be read: {why}", { why: problem.message }));
    }
  }

  /* Those of its columns that hold money: they are named after the axis, with its unit behind their last comma. */
  function amountColumns({ columns, figure }) {
    const amounts = figure ? chart().amountsOf(figure) : [];
    if (amounts.includes("traces")) return columns;
    const unit = (title) => title.slice(title.lastIndexOf(",") + 1).trim();
    const units = amounts.map((axis) => unit(chart().wordsOf(figure.layout[axis].title)));
    return columns.filter((name) => units.includes(unit(name)));
  }

  function fill(count, place, { columns, rows }, amounts) {
    const { level } = window.botv2Format;
    const some = rows.slice(0, MOST_ROWS);
    count.textContent = some.length < rows.length
      ? words("{shown} of {n} rows; CSV and JSON have all", { shown: level(some.length), n: level(rows.length) })
      : words("{n} rows", { n: level(rows.length) });
    if (!rows.length) return place.replaceChildren();
    const named = columns.filter((name) => name !== "detail");
    const places = Object.fromEntries(named.map((name) => [name, decimals(some.map((row) => row[name]))]));
    const [made, head, body] = [make("table", { className: "rows-table" }), make("thead", {}), make("tbody", {})];
    const inZone = (name) => (some.some((row) => MOMENT.test(row[name])) ? name.replace("UTC", window.botv2Format.zone) : name);
    head.append(line("th", named.map((name) => [inZone(name), places[name] !== null])));
    for (const row of some) {
      const cells = line("td", named.map((name) => [cellText(row[name], places[name]), places[name] !== null, amounts.includes(name) && places[name] !== null]));
      if (row.detail) link(cells.firstChild, row.detail);
      body.append(cells);
    }
    for (const cell of head.querySelectorAll("th")) cell.scope = "col";
    made.append(head, body);
    place.replaceChildren(made);
  }

  function line(tag, cells) {
    return make("tr", {}, ...cells.map(([text, isNumber, isAmount]) => make(tag, { className: isNumber ? "num" : null }, isAmount ? make("span", { className: "amount" }, text) : text)));
  }

  function link(cell, reference) {
    cell.replaceChildren(make("button", { type: "button", className: "link", "data-detail": reference }, cell.textContent));
  }

  /* How many decimals show a column's numbers alike, null for a column that holds something else. */
  function decimals(values) {
    const numbers = values.filter((value) => value !== null);
    if (!numbers.length || !numbers.every((value) => typeof value === "number")) return null;
    if (numbers.every(Number.isInteger)) return 0;
    const exact = [2, 3, 4, 5, 6, 7].find((places) => numbers.every((number) => Math.abs(number - Number(number.toFixed(places))) < 1e-9)) || 8;
    const smallest = Math.min(...numbers.filter(Boolean).map(Math.abs));
    return smallest >= 0.1 ? 2 : Math.min(exact, 1 + Math.ceil(-Math.log10(smallest)));
  }

  function cellText(value, places) {
    if (typeof value === "number") return window.botv2Format.level(value, places);
    if (value === null || value === undefined) return "–";
    if (MOMENT.test(value)) return chart().time.wall(value).replace("T", " ");
    return value;
  }

  /* ---- a range by keyboard ---- */
  function range(panel) {
    const dialog = open("frame-chart-range", panel);
    const { wall, momentAt, ends } = chart().time;
    const brush = (window.botv2Address.get("brush") || "").split("..");
    const data = chart().figure(panel) ? ends(panel) : null;
    const shown = brush.length === 2 ? brush : (data || []).map((x) => momentAt(panel, new Date(x).toISOString().slice(0, 19)));
    field(dialog, "start").value = shown.length ? wall(shown[0]) : "";
    field(dialog, "end").value = shown.length ? wall(shown[1]) : "";
  }

  function applyRange(dialog) {
    const [first, last] = [moment(dialog, "start"), moment(dialog, "end")];
    if (first === null || last === null) throw new Error(words("Both moments are needed"));
    if (first >= last) throw new Error(words("“From” must lie before “To”"));
    dialog.close();
    chart().brush(first, last);
  }

  /* ---- pictures ---- */
  function style(theme) {
    const page = document.documentElement.dataset;
    if (theme === page.theme) return [getComputedStyle(document.documentElement), () => {}];
    const host = make("div", { "data-theme": theme, "data-bs-theme": theme, "data-pair": page.pair });
    document.body.append(host);
    return [getComputedStyle(host), () => host.remove()];
  }

  /* What the picture is of: the range, and how old it is. */
  function subtitle(panel) {
    const query = chart().query(panel);
    const follows = chart().place(panel).dataset.filters.split(",").includes("range");
    const at = `${chart().time.wall(chart().at(panel)).replace("T", " ")} ${window.botv2Format.zone}`;
    const said = words("as of {moment}", { moment: at });
    return follows ? words("{range}, {age}", { range: window.botv2Filters.range(query), age: said }) : said;
  }

  function framed(panel, colours) {
    const { data, layout } = chart().picture(panel, colours);
    const colour = (name) => colours.getPropertyValue(name).trim();
    const named = data.filter((trace) => trace.name && trace.hoverinfo !== "skip" && trace.type !== "box");
    const made = { ...chart().zoomed(panel, layout), autosize: false, paper_bgcolor: colour("--bv-bg-2"), plot_bgcolor: "rgba(0,0,0,0)" };
    const { l = 0, r = 0, b = 0 } = layout.margin || {};
    const lines = Math.ceil(named.length / LEGEND_NAMES);
    const below = (layout.annotations || []).some((one) => one.yref === "paper" && one.y <= 0) ? 18 : 0; // words under the axis
    made.margin = { l: Math.max(l, 24) + 16, r: Math.max(r, 24) + 30, t: 92 + 20 * Math.max(0, lines - 1), b: Math.max(b, 24) + 34 + below };
    for (const name of Object.keys(made).filter((one) => /^[xy]axis\d*$/.test(one))) made[name] = roomy(made[name], name.startsWith("x") ? below : 0);
    made.title = {
      text: chart().wordsOf(layout.title), font: { size: 16, color: colour("--bv-text-1") }, x: 0.02, xanchor: "left", y: 0.965, yanchor: "top",
      subtitle: { text: subtitle(panel), font: { size: 11, color: colour("--bv-text-3") } },
    };
    made.showlegend = named.length > 1;
    made.legend = { orientation: "h", traceorder: "normal", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom", font: { size: 11, color: colour("--bv-text-2") }, bgcolor: "rgba(0,0,0,0)" };
    made.annotations = [...(layout.annotations || []), ...demo(colour)];
    return { data: data.map((trace) => ({ ...trace, showlegend: named.includes(trace) })), layout: made };
  }

  /* An axis with its title beside its labels, wherever they end. */
  const roomy = (axis, more) => ({ ...axis, automargin: true, title: axis.title && { ...axis.title, standoff: 8 + more } });

  function demo(colour) {
    const badge = document.getElementById("frame-demo");
    if (!badge || badge.hidden) return [];
    const place = { xref: "paper", x: 1, xanchor: "right", yref: "paper", y: 1, yanchor: "bottom", yshift: 58, showarrow: false };
    return [{ ...place, text: words("DEMO: simulated data"), font: { size: 11, color: colour("--bv-warn") }, bordercolor: colour("--bv-warn"), borderwidth: 1, borderpad: 4 }];
  }

  async function picture(panel, format) {
    const theme = format === "png" || document.documentElement.dataset.theme === "terminal" ? document.documentElement.dataset.theme : "light";
    const [colours, done] = style(theme);
    const plot = chart().plot(panel);
    try {
      const address = await window.Plotly.toImage({ ...framed(panel, colours), config: plot._context }, { format: format, ...PICTURE });
      const blob = format === "svg" ? new Blob([decodeURIComponent(address.slice(address.indexOf(",") + 1))], { type: "image/svg+xml" }) : bytes(address);
      save(blob, `botv2-${chart().key(panel)}-${chart().time.wall(chart().at(panel)).slice(0, 10)}.${format}`);
    } catch (problem) {
      window.botv2Toast({ severity: "ERROR", title: words("No picture could be made"), message: String(problem.message || problem) });
    }
    done();
  }

  function bytes(address) {
    const text = atob(address.slice(address.indexOf(",") + 1));
    return new Blob([Uint8Array.from(text, (sign) => sign.charCodeAt(0))], { type: "image/png" });
  }

  function save(blob, name) {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  /* ---- what is pressed ---- */
  const ACTIONS = {
    table: table,
    range: range,
    png: (panel) => picture(panel, "png"),
    svg: (panel) => picture(panel, "svg"),
    filter: (panel) => window.botv2Filters.open(panel),
    annotate: (panel, event) => window.botv2Annotations.add(panel, event.detail === 0), // no click: a key
  };

  document.addEventListener("click", (event) => {
    const item = event.target.closest(".chart-menu [data-chart]");
    const sheet = event.target.closest(".chart-sheet [data-sheet]");
    if (item) {
      const panel = item.closest("section").id;
      const drawn = chart().figure(panel) !== null;
      if (!drawn && ["png", "svg", "annotate"].includes(item.dataset.chart)) return window.botv2Toast({ severity: "INFO", title: words("There is nothing to draw yet"), message: "" });
      ACTIONS[item.dataset.chart](panel, event);
      const menu = item.closest("details");
      if (menu.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    if (!sheet) return;
    const dialog = sheet.closest("dialog");
    if (sheet.dataset.sheet === "close") dialog.close();
    else if (sheet.dataset.sheet === "reset") {
      dialog.close();
      window.botv2Address.set({ brush: null });
    } else dialog.dispatchEvent(new CustomEvent("botv2:sheet", { bubbles: true, detail: sheet.dataset.sheet }));
  });

  /* What a dialog's main button does; a fault that is thrown is told in it. */
  const SUBMITS = { "frame-chart-range": applyRange };
  document.addEventListener("submit", async (event) => {
    const dialog = event.target.closest(".chart-sheet");
    if (!dialog) return;
    event.preventDefault();
    if (!SUBMITS[dialog.id]) return;
    complain(dialog, "");
    try {
      await SUBMITS[dialog.id](dialog);
    } catch (problem) {
      complain(dialog, problem.message);
    }
  });

  window.botv2Sheets = { open: open, complain: complain, field: field, moment: moment, onSubmit: (id, act) => (SUBMITS[id] = act) };
  document.addEventListener("botv2:address", refresh);
  document.addEventListener("toggle", (event) => event.target.matches(".chart-menu") && refresh(), true); // does not bubble
})();
