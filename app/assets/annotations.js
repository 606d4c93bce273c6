/* Notes on charts of time: a line and a numbered flag at their moment, for everybody who looks, as soon as they are made.

   "Add annotation" by mouse or finger asks for the moment in the picture, by keyboard in the dialog. A button with
   `data-annotation="edit|delete"` and `data-id` (and `data-chart`, the chart's name) works anywhere, in a note's details too. */
(function () {
  "use strict";
  const ID = "frame-chart-note";
  const API = "/api/annotations";
  const BACKGROUND = { Accept: "application/json", "X-Botv2-Background": "1" }; // does not prolong the session
  const MOST = 200;
  const UNDO_MS = 6000;
  const OWN = "annotation:";
  const notes = {}; // name of a chart -> its annotations in order of time
  const make = window.botv2Make;
  const words = (text, values) => window.botv2Words(text, values);
  const chart = () => window.botv2Chart;
  const sheets = () => window.botv2Sheets;
  const panelOf = (name) => "panel-" + name;
  const isTimeline = (panel) => Boolean((chart().place(panel) || { dataset: {} }).dataset.timeline);
  const mayChange = () => document.querySelector(".app.may-control") !== null;

  /* ---- knowing them ---- */
  let version = null; // of all annotations, as the pulse says

  async function fetchOf(name) {
    const answer = await fetch(window.botv2At(`${API}/${encodeURIComponent(name)}?limit=${MOST}`), { headers: BACKGROUND, credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error("annotations answered " + answer.status);
    put(name, (await answer.json()).data.annotations);
  }

  function put(name, found) {
    const before = JSON.stringify(notes[name] || []);
    notes[name] = found.sort((one, other) => Date.parse(one.date) - Date.parse(other.date) || one.id - other.id);
    if (JSON.stringify(notes[name]) === before) return;
    chart().redraw(panelOf(name));
    const table = document.querySelector("#frame-chart-table[open]");
    if (table && table.dataset.panel === panelOf(name)) list(table.querySelector(".chart-notes"), panelOf(name));
  }

  const refresh = (name) => fetchOf(name).catch(() => (version = null)); // the next pulse tries again

  function drawn(panel) {
    const name = chart().key(panel);
    if (!isTimeline(panel) || notes[name]) return;
    notes[name] = [];
    refresh(name);
  }

  /* Those of charts that are not shown are forgotten: they are fetched when their chart is shown again. */
  function pulse(versions) {
    if (versions.annotations === undefined || versions.annotations === version) return;
    version = versions.annotations;
    const shown = chart().panels().filter(isTimeline).map(chart().key);
    for (const name of Object.keys(notes)) if (!shown.includes(name)) delete notes[name];
    shown.forEach(refresh);
  }

  function heard({ message, records }) {
    if (message !== "annotation_created" && message !== "annotation_deleted") return;
    for (const record of records) {
      const rest = (notes[record.chart_id] || []).filter((one) => one.id !== record.id);
      if (notes[record.chart_id]) put(record.chart_id, message === "annotation_created" ? [...rest, record] : rest);
    }
  }

  /* ---- drawing them: numbers in order of time among those that the picture's range holds ---- */
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const tokenNames = new Set(["warn-fill", "crit", "ok", "series-6"]);
  const colourOf = (note) => (note.color && tokenNames.has(note.color) ? "--bv-" + note.color : note.color && CSS.supports("color", note.color) ? note.color : "--bv-accent");

  function seen(panel) {
    const ends = chart().time.ends(panel);
    if (ends === null) return [];
    const day = chart().time.inDays(panel) ? 86399999 : 0; // a day holds its hours
    return (notes[chart().key(panel)] || []).filter((note) => {
      const at = chart().time.plain(chart().time.placeAt(panel, note.date));
      return at >= ends[0] && at <= ends[1] + day;
    });
  }

  function layer(panel, figure) {
    if (!isTimeline(panel)) return figure;
    const found = seen(panel);
    if (!found.length) return figure;
    const lines = found.map((note) => ({
      type: "line", xref: "x", yref: "paper", x0: chart().time.placeAt(panel, note.date), x1: chart().time.placeAt(panel, note.date), y0: 0, y1: 1,
      line: { color: colourOf(note), width: 1.2, dash: "2px,2px" },
    }));
    const flags = found.map((note, place) => ({
      name: OWN + note.id, x: chart().time.placeAt(panel, note.date), xref: "x", y: 1, yref: "paper", yanchor: "top", showarrow: false, captureevents: true,
      text: String(place + 1), font: { size: 10, color: colourOf(note) }, bgcolor: "--bv-bg-2", bordercolor: colourOf(note), borderwidth: 1, borderpad: 2,
      hovertext: `<b>${escaped(window.botv2Format.moment(note.date))}</b><br>${escaped(wrapped(note.text))}<br>${escaped(note.user)}`,
    }));
    const { layout } = figure;
    return { ...figure, layout: { ...layout, shapes: [...(layout.shapes || []), ...lines], annotations: [...(layout.annotations || []), ...flags] } };
  }

  const wrapped = (text) => (text.length > 160 ? text.slice(0, 159) + "…" : text);

  /* A flag is clicked: the picture knows which. */
  function clicked(event) {
    const flag = event.target.closest(".chart .annotation");
    if (!flag) return;
    const plot = flag.closest(".js-plotly-plot");
    const drawnAs = plot._fullLayout.annotations[Number(flag.dataset.index)];
    if (drawnAs && String(drawnAs.name).startsWith(OWN)) show(drawnAs.name);
  }

  function show(reference) {
    const known = find(reference.slice(OWN.length));
    if (window.botv2Detail) window.botv2Detail.open(reference);
    else if (known) edit(known);
  }

  const find = (id) => Object.values(notes).flat().find((note) => note.id === Number(id));

  /* ---- choosing a moment in the picture ---- */
  function add(panel, byKeyboard) {
    if (byKeyboard) return create(panel, chart().time.ends(panel)[1]);
    const host = document.querySelector(`#${panel} .chart`);
    leave();
    const byHand = () => {
      leave();
      create(panel, chart().time.ends(panel)[1]);
    };
    const type = make("button", { type: "button", className: "btn-line", onclick: byHand }, words("Enter it"));
    const stop = make("button", { type: "button", className: "btn-line", onclick: leave }, words("Cancel"));
    const bar = make("div", { className: "chart-pick-bar", role: "status" }, make("span", {}, words("Choose the moment in the chart")), type, stop);
    const line = make("div", { className: "chart-pick-line" });
    const cover = make("div", { className: "chart-pick" }, line, bar);
    host.append(cover);
    const axis = chart().plot(panel)._fullLayout.xaxis;
    const at = (event) => Math.max(0, Math.min(axis._length, event.clientX - host.getBoundingClientRect().left - axis._offset));
    cover.onpointermove = (event) => (line.style.left = `${at(event) + axis._offset}px`);
    cover.onclick = (event) => {
      if (event.target.closest(".chart-pick-bar")) return;
      const place = axis.p2d(at(event));
      leave();
      create(panel, chart().time.plain(String(place)));
    };
    stop.focus({ preventScroll: true });
  }

  function leave() {
    const cover = document.querySelector(".chart-pick");
    if (!cover) return;
    cover.closest("section").querySelector(".chart-menu summary").focus({ preventScroll: true });
    cover.remove();
  }

  /* ---- the dialog: a new one at a place of the axis, or one that is known ---- */
  function create(panel, place) {
    const moment = chart().time.momentAt(panel, new Date(place).toISOString().slice(0, 19));
    write(panel, { date: moment, text: "", type: "custom", color: "" }, "");
  }

  let edited = null; // the note that stands in the dialog

  function edit(note) {
    edited = note;
    write(panelOf(note.chart_id), note, note.id);
  }

  function write(panel, note, id) {
    const dialog = document.getElementById(ID);
    if (chart().place(panel)) sheets().open(ID, panel);
    else {
      dialog.dataset.panel = panel;
      dialog.showModal(); // of a chart on another page
    }
    dialog.dataset.id = id;
    sheets().field(dialog, "date").value = chart().time.wall(note.date);
    sheets().field(dialog, "text").value = note.text;
    sheets().field(dialog, "type").value = note.type;
    const colour = sheets().field(dialog, "color");
    for (const option of [...colour.options].filter((one) => one.dataset.given)) option.remove();
    if (note.color && ![...colour.options].some((one) => one.value === note.color)) {
      const given = new Option(note.color, note.color); // as a program chose it
      given.dataset.given = "true";
      colour.add(given);
    }
    colour.value = note.color || "";
    dialog.querySelector("[data-sheet=delete]").hidden = !id;
    sheets().field(dialog, "text").focus();
  }

  async function save(dialog) {
    const date = sheets().moment(dialog, "date");
    const text = sheets().field(dialog, "text").value.trim();
    if (date === null) throw new Error(words("A moment is needed"));
    if (!text) throw new Error(words("A text is needed"));
    const color = sheets().field(dialog, "color").value;
    const body = { date: new Date(date).toISOString(), text: text, type: sheets().field(dialog, "type").value, color: color || null };
    const name = chart().key(dialog.dataset.panel);
    if (dialog.dataset.id) await window.botv2Send("PATCH", `${API}/${dialog.dataset.id}`, body);
    else await window.botv2Send("POST", API, { ...body, chart_id: name });
    dialog.close();
    await refresh(name);
  }

  /* ---- deleting, which can be undone for a while ---- */
  async function remove(note) {
    try {
      const { data: gone, waiting } = await window.botv2Send("DELETE", `${API}/${note.id}`);
      if (waiting) return;
      undoable(gone);
      await refresh(gone.chart_id);
    } catch (problem) {
      window.botv2Toast({ severity: "ERROR", title: words("It was not deleted"), message: problem.message });
    }
  }

  function undoable(gone) {
    const card = make("div", { className: "toast-card t-info download undo" });
    const back = make("button", { type: "button", className: "btn-line" }, words("Undo"));
    const close = make("button", { type: "button", className: "btn-flat", "aria-label": words("Dismiss"), onclick: () => card.remove() }, make("i", { className: "i i-close" }));
    card.append(make("i", { className: "i i-info s-info" }), make("b", {}, words("Annotation deleted")), close, make("p", {}, wrapped(gone.text)), back);
    let timer = 0;
    const leaveSoon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => card.remove(), UNDO_MS);
    };
    for (const kind of ["mouseenter", "focusin"]) card.addEventListener(kind, () => clearTimeout(timer));
    for (const kind of ["mouseleave", "focusout"]) card.addEventListener(kind, leaveSoon);
    back.onclick = async () => {
      card.remove();
      const { chart_id, date, text, type, color, icon } = gone;
      try {
        await window.botv2Send("POST", API, { chart_id: chart_id, date: date, text: text, type: type, color: color, icon: icon });
      } catch (problem) {
        window.botv2Toast({ severity: "ERROR", title: words("It could not be brought back"), message: problem.message });
      }
      await refresh(chart_id);
    };
    const open = [...document.querySelectorAll("dialog[open] .sheet-body")].pop(); // what lies behind an open dialog cannot be pressed
    (open || document.getElementById("frame-toasts")).append(card);
    leaveSoon();
  }

  /* ---- the list under a chart's table ---- */
  function list(host, panel) {
    const found = isTimeline(panel) ? notes[chart().key(panel)] || [] : [];
    host.replaceChildren();
    if (!found.length) return;
    host.append(make("h3", {}, words("Annotations")), make("ul", {}, ...found.map(item)));
  }

  function item(note) {
    const when = make("span", { className: "sec" }, chart().time.wall(note.date).replace("T", " "));
    const text = make("button", { type: "button", className: "link", "data-detail": OWN + note.id }, note.text);
    return make("li", {}, when, text, ...(mayChange() ? [acting("edit", words("Edit"), note), acting("delete", words("Delete"), note)] : []));
  }

  function acting(act, label, note) {
    const named = words("{act}: {text}", { act: label, text: note.text });
    return make("button", { type: "button", className: "btn-line", "data-annotation": act, "data-id": note.id, "aria-label": named }, label);
  }

  async function act({ annotation, id, chart: name }) {
    if (!find(id) && name) await fetchOf(name).catch(() => {});
    const note = find(id);
    if (!note) return;
    if (annotation === "edit") edit(note);
    else remove(note);
  }

  document.addEventListener("click", (event) => {
    clicked(event);
    const button = event.target.closest("[data-annotation]");
    if (button) act(button.dataset);
  });
  document.addEventListener("botv2:sheet", (event) => {
    if (event.target.id !== ID || event.detail !== "delete") return;
    event.target.close();
    remove(edited);
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  document.addEventListener("botv2:drawn", (event) => drawn(event.detail));
  document.addEventListener("botv2:pulse", (event) => pulse(event.detail));
  document.addEventListener("botv2:heard", (event) => heard(event.detail));
  document.addEventListener("botv2:page", leave);

  window.botv2Annotations = { add: add, edit: edit, remove: remove, list: list };
  document.addEventListener("DOMContentLoaded", () => {
    window.botv2Chart.layer(layer);
    window.botv2Sheets.onSubmit(ID, save);
  });
})();
