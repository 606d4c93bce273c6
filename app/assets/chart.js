/* Gives a figure the colours of the theme and hands it to its graph; again at once when the theme changes, without the server.

   A figure names its colours by token (`--bv-accent`, with an alpha `--bv-accent/0.2`); the tokens are read from the
   page's own stylesheet, so that they are written in one place. */
(function () {
  "use strict";
  const figures = {}; // panel -> the figure as the server sent it
  const shown = {}; // panel -> what its graph shows, as text

  function token(style, name) {
    const [property, alpha] = name.split("/");
    const value = style.getPropertyValue(property).trim();
    if (alpha === undefined) return value;
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16));
    return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
  }

  function themed(part, style) {
    if (typeof part === "string") return part.startsWith("--bv-") ? token(style, part) : part;
    if (Array.isArray(part)) return part.map((item) => themed(item, style));
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, themed(value, style)]));
  }

  /* The titles stand in the card's head already: here they name the picture for screen readers. */
  function untitled(layout) {
    const { title, ...rest } = layout;
    return Object.assign(rest, { xaxis: { ...layout.xaxis, title: undefined }, yaxis: { ...layout.yaxis, title: undefined } });
  }

  /* A person's zoom outlives the next figure. `uirevision` alone does not see to that: dcc.Graph draws once more after a
     zoom, with the zoomed range in its own figure, and plotly.js then takes it for the page's. */
  function zoomed(panel, layout) {
    const graph = document.querySelector(`#${panel}-graph .js-plotly-plot`);
    for (const name of ["xaxis", "yaxis"]) {
      const axis = graph && graph._fullLayout && graph._fullLayout[name];
      if (axis && axis.autorange === false) Object.assign(layout[name], { range: axis.range.slice(), autorange: false });
    }
    return layout;
  }

  function draw(panel) {
    const figure = themed(figures[panel], getComputedStyle(document.documentElement));
    const text = JSON.stringify(figure);
    if (shown[panel] === text) return;
    shown[panel] = text;
    window.dash_clientside.set_props(panel + "-graph", { figure: { data: figure.data, layout: zoomed(panel, untitled(figure.layout)) } });
  }

  function name(frame, figure) {
    const { title, xaxis, yaxis } = figure.layout;
    const last = figure.layout.annotations ? ", now " + figure.layout.annotations[0].text : "";
    frame.setAttribute("aria-label", `${title.text}: ${yaxis.title.text} by ${xaxis.title.text}${last}`);
  }

  window.botv2Chart = {
    show(panel, figure) {
      const frame = document.querySelector(`#${panel} .chart`);
      if (!frame) return;
      frame.hidden = !figure;
      document.getElementById(panel + "-body").hidden = Boolean(figure);
      if (!figure) {
        delete figures[panel];
        return;
      }
      figures[panel] = figure;
      name(frame, figure);
      draw(panel);
    },
  };

  document.addEventListener("botv2:theme", () => Object.keys(figures).forEach(draw));
  document.addEventListener("botv2:page", () => {
    for (const panel of Object.keys(figures)) {
      delete shown[panel];
      if (!document.getElementById(panel)) delete figures[panel];
    }
  });
})();
