/* What a person does in a picture: a click on a point opens its details; a range that is dragged in a chart of time is applied
   to the whole page, in another chart it is a zoom of it alone. By touch a finger that moves across drags, one that moves up
   or down scrolls the page, as everywhere. live.js hands on what Dash tells of a graph. */
(function () {
  "use strict";
  const REFERENCE = /^(trade|strategy|symbol|day|month|risk|position|signal|annotation|hour|bot|alert|event):./;
  const LEAST_SHARE = 0.01; // of the axis: less is a trembling hand
  const LEAST_PX = 12;
  const DAY_MS = 86400000;
  const TWICE_MS = 350; // from the first to the second of a double click
  const chart = () => window.botv2Chart;
  const panelOf = (id) => id.slice(0, -"-graph".length);
  const brushes = (panel) => Boolean((chart().place(panel) || { dataset: {} }).dataset.brushes);

  /* ---- a point's details ---- */
  const referenceOf = (told) => [told].flat()[0];

  let opening = 0; // the timer of details that are about to open
  let secondClick = -TWICE_MS;

  let pressed = 0; // where on the screen, from its top

  /* Of the points of one moment the one that lies nearest to the pointer; where they lie over each other, those drawn last are seen. */
  function nearest(points, plot) {
    const at = pressed - plot.getBoundingClientRect().top;
    const away = (one) => (one.bbox ? Math.round(Math.abs((one.bbox.y0 + one.bbox.y1) / 2 - at) / 8) : 0);
    return points.reduce((best, one) => (away(one) <= away(best) ? one : best));
  }

  function point(clicked, id) {
    if (!clicked || !window.botv2Detail || performance.now() - secondClick < TWICE_MS) return;
    const found = clicked.points.filter((one) => REFERENCE.test(referenceOf(one.customdata) || ""));
    if (!found.length) return;
    clearTimeout(opening);
    const open = () => window.botv2Detail.open(referenceOf(nearest(found, document.getElementById(id)).customdata));
    if (isNarrowed(panelOf(id))) opening = setTimeout(open, TWICE_MS);
    else open();
  }

  /* Then a click may be the first of the two that show all of it again. */
  function isNarrowed(panel) {
    const full = (chart().plot(panel) || {})._fullLayout || {};
    const zoomed = Object.keys(full).some((name) => /^[xy]axis\d*$/.test(name) && full[name].autorange === false);
    return zoomed || (brushes(panel) && window.botv2Address.get("brush") !== null);
  }

  document.addEventListener("mousedown", (event) => {
    if (event.detail !== 2) return;
    clearTimeout(opening);
    secondClick = performance.now();
  }, true);

  /* ---- a range ---- */
  /* Both ends (as text) of what lies between two places of a time axis; of an axis of days whole days, null for none. */
  function between(panel, first, last) {
    const { plain, momentAt, inDays, ends, iso } = chart().time;
    const [low, high] = [plain(first), plain(last)].sort((one, other) => one - other);
    const whole = ends(panel);
    if (!whole || high - low < LEAST_SHARE * (whole[1] - whole[0])) return null;
    if (!inDays(panel)) return [momentAt(panel, first), momentAt(panel, last)].sort((one, other) => one - other).map(iso);
    const [from, to] = [Math.ceil(low / DAY_MS), Math.floor(high / DAY_MS)].map((day) => iso(day * DAY_MS));
    return from <= to ? [from, to.replace("00:00:00", "23:59:59.999999")] : null; // the day's last moment: the store counts microseconds
  }

  function brush(panel, first, last) {
    const found = between(panel, String(first), String(last));
    if (found === null) return chart().reset(panel);
    window.botv2Address.set({ brush: found.join("..") });
  }

  function moved(change, id) {
    if (!change) return;
    const panel = panelOf(id);
    window.dash_clientside.set_props(id, { relayoutData: null }); // else the same range, dragged again, would be no change
    if (!brushes(panel) || !chart().figure(panel)) return;
    const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (range[0] !== undefined) brush(panel, range[0], range[1]);
    else if (change["xaxis.autorange"] && window.botv2Address.get("brush")) window.botv2Address.set({ brush: null });
  }

  /* ---- by touch: plotly.js would hold the page, wherever the finger goes ---- */
  let drag = null; // {panel, axis, left, begun, at, band}

  function begin(event) {
    const area = event.target.closest(".chart .nsewdrag");
    if (event.pointerType !== "touch") return;
    drop(); // two fingers choose nothing: they make the page larger or smaller
    if (!event.isPrimary || !area) return;
    const panel = area.closest("section").id;
    const plot = chart().plot(panel);
    const axis = plot._fullLayout.xaxis;
    const scale = plot.getBoundingClientRect().left + axis._offset;
    if (axis.type !== "category") drag = { panel: panel, plot: plot, axis: axis, left: scale, begun: event.clientX - scale, at: event.clientX - scale, band: null };
  }

  function go(event) {
    if (!drag || event.pointerType !== "touch") return;
    drag.at = Math.max(0, Math.min(drag.axis._length, event.clientX - drag.left));
    if (drag.band === null && Math.abs(drag.at - drag.begun) < LEAST_PX) return;
    if (drag.band === null) {
      drag.band = document.createElement("div");
      drag.band.className = "chart-band";
      drag.plot.closest(".chart").append(drag.band);
    }
    drag.band.style.left = `${drag.axis._offset + Math.min(drag.begun, drag.at)}px`;
    drag.band.style.width = `${Math.abs(drag.at - drag.begun)}px`;
  }

  function drop() {
    if (drag && drag.band) drag.band.remove();
    drag = null;
  }

  function end(event) {
    if (!drag || event.pointerType !== "touch") return;
    const { panel, plot, axis, begun, at, band } = drag;
    drop();
    if (band === null || event.type === "pointercancel") return;
    const [first, last] = [begun, at].sort((one, other) => one - other).map((px) => axis.p2d(px));
    if (brushes(panel)) brush(panel, first, last);
    else window.Plotly.relayout(plot, { "xaxis.range[0]": first, "xaxis.range[1]": last });
  }

  document.addEventListener("pointerdown", (event) => (pressed = event.clientY), true);
  document.addEventListener("pointerdown", begin);
  document.addEventListener("pointermove", go);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  /* A tap goes on as the mouse events that browsers make of it; of the touch itself plotly.js must not know, also where an axis has its names. */
  for (const kind of ["touchstart", "touchmove", "touchend"]) {
    document.addEventListener(kind, (event) => event.target.closest(".chart .drag") && event.stopPropagation(), { capture: true, passive: true });
  }

  window.botv2Chart.point = point;
  window.botv2Chart.moved = moved;
  window.botv2Chart.brush = (first, last) => window.botv2Address.set({ brush: [first, last].map(chart().time.iso).join("..") });
})();
