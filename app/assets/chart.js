/* Gives a figure the colours of the theme and hands it to its graph; again at once when the theme changes, without the server.

   A figure names its colours by token (`--bv-accent`, with an alpha `--bv-accent/0.2`); the tokens are read from the
   page's own stylesheet, so that they are written in one place. Other scripts add to figures with `botv2Chart.layer`. */
(function () {
  "use strict";
  const known = {}; // panel -> {figure: as the server sent it, at: when it came}
  const shown = {}; // panel -> what its graph shows, as text
  const asked = {}; // panel -> the query of what its graph shows
  const waiting = new Set(); // panels in whose picture somebody drags: a new one would take the drag away
  const layers = []; // functions (panel, figure) that return the figure with something of their own
  const AXIS = /^[xy]axis\d*$/;
  const HIDDEN = "•••";
  const MONEY = /%\{(?:text|value|y|x|r|z|customdata)[^}]*\}/g; // of a texttemplate: not a name, nor a share
  const ALL_TRACES = "traces"; // in `meta.amounts`, beside names of axes: what has no axis of money, and tells of it all the same
  const NARROW = 12; // px of a margin in which nothing stands
  const NEAR = "50% 0px"; // half a window above and below what is seen of the page
  const keyOf = (panel) => panel.replace(/^panel-/, "");
  const placeOf = (panel) => document.querySelector(`#${panel} .chart-place`);
  const frameOf = (panel) => document.querySelector(`#${panel} .chart`);
  const plotOf = (panel) => document.querySelector(`#${panel}-graph .js-plotly-plot`);
  const amountsAreHidden = () => document.documentElement.dataset.amounts === "hidden";
  const amountsOf = (figure) => (figure.layout.meta || {}).amounts || [];

  /* ---- colours ---- */
  function token(style, name) {
    const [property, alpha] = name.split("/");
    const value = style.getPropertyValue(property).trim();
    if (alpha === undefined) return value;
    const channels = value.startsWith("#") ? [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16)) : value.match(/[\d.]+/g).slice(0, 3);
    return `rgba(${channels.join(", ")}, ${alpha})`;
  }

  function themed(part, style) {
    if (typeof part === "string") return part.startsWith("--bv-") ? token(style, part) : part;
    if (Array.isArray(part)) return part.map((item) => themed(item, style));
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, themed(value, style)]));
  }

  /* ---- amounts that others are not to see: the shape stays, what it is worth goes, and percentages beside it stay ---- */
  function masked(figure) {
    const amounts = amountsOf(figure);
    const layout = { ...figure.layout };
    if (amounts.length) layout.annotations = (layout.annotations || []).filter((one) => isPlain(one, amounts));
    for (const name of amounts.filter((one) => AXIS.test(one))) layout[name] = { ...layout[name], showticklabels: false, showspikes: false };
    const right = Object.keys(layout).filter((one) => AXIS.test(one) && layout[one].side === "right");
    if (right.length && right.every((name) => amounts.includes(name))) {
      const beside = Math.max(...right.map((name) => layout[name].ticklabelstandoff || 0)); // of names at the ends of lines
      layout.margin = { ...layout.margin, r: Math.min(layout.margin.r, NARROW + beside) };
    }
    return { data: figure.data.map((trace) => shownOf(trace, amounts)), layout: layout };
  }

  const axisOf = (reference, letter) => letter + "axis" + (reference || letter).slice(1);

  /* What stands on an axis that is not of money, or in a corner of one, tells of none. */
  function isPlain({ xref = "paper", yref = "paper" }, amounts) {
    const on = [[xref, "x"], [yref, "y"]].filter(([reference]) => reference !== "paper");
    return on.length > 0 && on.every(([reference, letter]) => reference.endsWith(" domain") || !amounts.includes(axisOf(reference, letter)));
  }

  /* A trace says itself what is different of it meanwhile, in `meta.masked`. */
  function shownOf(trace, amounts) {
    if (trace.meta && trace.meta.masked) return { ...trace, ...trace.meta.masked };
    const tells = amounts.includes(ALL_TRACES) || ["x", "y"].some((letter) => letter in trace && amounts.includes(axisOf(trace[letter + "axis"], letter)));
    return tells ? silenced(trace) : trace;
  }

  function silenced(trace) {
    const quiet = { ...trace, hoverinfo: trace.hoverinfo === "skip" ? "skip" : "none" }; // it can still be clicked
    delete quiet.hovertemplate;
    for (const part of ["node", "link"]) if (quiet[part]) quiet[part] = { ...quiet[part], hoverinfo: "none", hovertemplate: undefined };
    if (typeof trace.texttemplate === "string") quiet.texttemplate = trace.texttemplate.replace(MONEY, HIDDEN);
    else if (trace.text !== undefined && /text/.test(trace.mode || "text")) quiet.text = [];
    return quiet;
  }

  /* ---- titles: they stand in the card's head already; here they name the picture for screen readers ---- */
  function untitled(layout) {
    const rest = { ...layout, title: undefined };
    for (const name of Object.keys(rest).filter((one) => AXIS.test(one))) rest[name] = { ...rest[name], title: undefined };
    return rest;
  }

  const wordsOf = (title) => (title && title.text !== undefined ? title.text : title) || "";

  function titles(layout, letter) {
    const names = Object.keys(layout).filter((one) => AXIS.test(one) && one.startsWith(letter)).sort();
    return [...new Set(names.map((name) => wordsOf(layout[name].title)).filter(Boolean))].join("; ");
  }

  function describe(figure) {
    const { layout } = figure;
    const [title, x, y] = [wordsOf(layout.title), titles(layout, "x"), titles(layout, "y")];
    const words = x && y ? window.botv2Words("{title}: {y} by {x}", { title: title, y: y, x: x }) : title;
    const now = (layout.meta || {}).now;
    return now && !amountsAreHidden() ? window.botv2Words("{chart}, now {value}", { chart: words, value: now }) : words;
  }

  /* ---- what the page selects for a panel, as the API takes it ---- */
  function queryOf(panel) {
    const dialog = document.getElementById("frame-chart-filters");
    const fields = new Set(dialog ? dialog.dataset.fields.split(",") : []);
    const own = keyOf(panel) + ".";
    const found = new URLSearchParams();
    const given = [...new URLSearchParams(window.location.search)].filter(([, value]) => value);
    for (const [name, value] of given) if (fields.has(name)) found.set(name, value);
    for (const [name, value] of given) if (name.startsWith(own) && fields.has(name.slice(own.length))) found.set(name.slice(own.length), value);
    found.sort();
    return found;
  }

  /* ---- the picture ---- */

  /* What is shown of a panel, in the colours of `style`: titles included, as pictures of it need them. */
  function picture(panel, style) {
    const { figure } = known[panel];
    const plain = amountsAreHidden() ? masked(figure) : figure;
    return themed(layers.reduce((made, layer) => layer(panel, made), plain), style);
  }

  /* A person's zoom outlives the next figure. `uirevision` alone does not see to that: dcc.Graph draws once more after a
     zoom, with the zoomed range in its own figure, and plotly.js then takes it for the page's. */
  function zoomed(panel, layout) {
    const plot = plotOf(panel);
    const full = (plot && plot._fullLayout) || {};
    for (const name of Object.keys(layout).filter((one) => AXIS.test(one))) {
      if (full[name] && full[name].autorange === false) layout[name] = { ...layout[name], range: full[name].range.slice(), autorange: false };
    }
    return layout;
  }

  /* Where a drag across chooses a range of time for the whole page, it must not change the height. */
  function brushing(panel, layout) {
    const place = placeOf(panel);
    if (!place || !place.dataset.brushes) return layout;
    for (const name of Object.keys(layout).filter((one) => /^yaxis/.test(one))) layout[name] = { ...layout[name], fixedrange: true };
    return layout;
  }

  /* Dash asks for plotly.js when its first graph stands: as each page has one, it comes while Dash starts. */
  if (window._dashPlotlyJSURL) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "script", href: window._dashPlotlyJSURL, fetchPriority: "low" }));
  }

  /* Pictures take plotly.js most of a page's load. They are drawn where a person looks or is about to, each in a task of its own, so that
     the page can answer in between; what lies further away waits until it comes near. */
  const undrawn = new Set();
  const near = new WeakSet(); // frames
  let isDrawing = false; // the next one follows by itself

  const approach = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) near[isIntersecting ? "add" : "delete"](target);
    if (!isDrawing) drawNext();
  }, { rootMargin: NEAR });

  function isInSight(panel) {
    const box = frameOf(panel).getBoundingClientRect();
    return box.top < window.innerHeight && box.bottom > 0;
  }

  function draw(panel) {
    const frame = frameOf(panel);
    if (!known[panel] || !frame) return;
    if (panel in shown && near.has(frame)) return paint(panel);
    undrawn.add(panel);
    approach.observe(frame); // tells at once whether it is near
    if (!isDrawing) drawNext();
  }

  function drawNext() {
    const left = [...undrawn].filter((panel) => known[panel] && near.has(frameOf(panel)));
    const next = left.find(isInSight) || left[0];
    isDrawing = Boolean(next);
    if (!next) return;
    undrawn.delete(next);
    paint(next);
    setTimeout(drawNext);
  }

  function paint(panel) {
    const made = picture(panel, getComputedStyle(document.documentElement));
    const query = queryOf(panel).toString();
    const text = JSON.stringify([made, query]);
    if (shown[panel] === text) return;
    const plot = plotOf(panel);
    if (plot && plot._dragging) return waiting.add(panel);
    shown[panel] = text;
    const layout = brushing(panel, untitled(made.layout));
    layout.uirevision = "?" + query; // another question is another picture: what was zoomed in the last one means nothing in it
    if (asked[panel] === query) zoomed(panel, layout);
    asked[panel] = query;
    window.dash_clientside.set_props(panel + "-graph", { figure: { data: made.data, layout: layout } });
    document.dispatchEvent(new CustomEvent("botv2:painted"));
  }

  function show(panel, figure) {
    const frame = frameOf(panel);
    if (!frame) return;
    frame.hidden = !figure;
    document.getElementById(panel + "-body").hidden = Boolean(figure);
    if (!figure) {
      delete known[panel];
      return;
    }
    known[panel] = { figure: figure, at: window.botv2Live ? window.botv2Live.now() : Date.now() };
    frame.setAttribute("aria-label", describe(figure));
    draw(panel);
  }

  function drawAll() {
    for (const panel of Object.keys(known)) {
      const frame = frameOf(panel);
      if (!frame) continue;
      frame.setAttribute("aria-label", describe(known[panel].figure));
      draw(panel);
    }
  }

  /* The zoom ends, all of the data is seen again. */
  function reset(panel) {
    delete shown[panel];
    delete asked[panel];
    draw(panel);
  }

  /* ---- moments: an axis shows the wall clock of the shown time zone, or days of UTC; the API speaks UTC ---- */
  const zoneFormat = new Intl.DateTimeFormat("en-CA", {
    timeZone: window.botv2Format.zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });

  /* "2026-01-22T20:35:12": what a clock on the wall shows at a moment (milliseconds or ISO text). */
  function wall(moment) {
    const part = Object.fromEntries(zoneFormat.formatToParts(new Date(moment)).map(({ type, value }) => [type, value]));
    return `${part.year.padStart(4, "0")}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}`;
  }

  /* The moment (milliseconds) at which a clock on the wall shows `text`; twice, as the first guess may lie beyond a change of the clocks. */
  function atWall(text) {
    const wanted = Date.parse(text.replace(" ", "T").replace(/Z?$/, "Z"));
    let moment = wanted;
    for (let time = 0; time < 2; time += 1) moment -= Date.parse(wall(moment) + "Z") + (((moment % 1000) + 1000) % 1000) - wanted;
    return moment;
  }

  const iso = (moment) => new Date(moment).toISOString().replace(".000Z", "Z"); // as the address has it

  const xs = (panel) => known[panel].figure.data.flatMap((trace) => (Array.isArray(trace.x) ? trace.x : [])).filter((x) => typeof x === "string");
  const inDays = (panel) => xs(panel).every((x) => x.length === 10);
  const plain = (x) => Date.parse((x.length === 10 ? x : x.replace(" ", "T").replace(/Z$/, "")) + (x.length === 10 ? "" : "Z"));

  /* Of a time axis the moment of a place, the place of a moment, and both ends of the data as they stand there. */
  const momentAt = (panel, x) => (inDays(panel) ? plain(x) : atWall(x));
  const placeAt = (panel, moment) => (inDays(panel) ? new Date(moment).toISOString().slice(0, 19) : wall(moment));
  function ends(panel) {
    const all = xs(panel).map(plain);
    return all.length ? [all.reduce((one, other) => Math.min(one, other)), all.reduce((one, other) => Math.max(one, other))] : null;
  }

  window.botv2Chart = {
    show: show,
    redraw: draw,
    reset: reset,
    layer: (add) => layers.push(add),
    figure: (panel) => (known[panel] ? known[panel].figure : null),
    at: (panel) => known[panel].at,
    panels: () => Object.keys(known).filter(frameOf),
    picture: picture,
    zoomed: zoomed,
    describe: describe,
    wordsOf: wordsOf,
    amountsOf: amountsOf,
    query: queryOf,
    key: keyOf,
    place: placeOf,
    plot: plotOf,
    time: { wall: wall, atWall: atWall, momentAt: momentAt, placeAt: placeAt, ends: ends, plain: plain, inDays: inDays, iso: iso },
  };

  /* plotly.js is told of the button first */
  document.addEventListener("mouseup", () => setTimeout(() => {
    const late = [...waiting];
    waiting.clear();
    late.forEach(draw);
  }));
  document.addEventListener("botv2:theme", drawAll);
  document.addEventListener("botv2:page", () => {
    for (const panel of Object.keys(known)) {
      delete shown[panel];
      delete asked[panel];
      if (!document.getElementById(panel)) delete known[panel];
    }
  });
})();
