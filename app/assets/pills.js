/* The line under the top bar: what of the address narrows the page, each with a button that takes it away. */
(function () {
  "use strict";
  const make = window.botv2Make;
  const words = window.botv2Words;
  const address = () => window.botv2Address;
  const DAY_MS = 86400000;

  /* How a filter is told. Those of one panel alone (`equity.min_pnl`) stand at that panel, those of the feed in the feed. */
  const LABELS = {
    bot: (value) => words("Bot: {value}", { value: value }),
    strategy: (value) => words("Strategy: {value}", { value: value }),
    symbol: (value) => words("Symbol: {value}", { value: value }),
    currency: (value) => words("Currency: {value}", { value: value }),
    benchmark: (value) => words("Benchmark: {value}", { value: value }),
    status: (value) => words("Status: {value}", { value: word(value) }),
    direction: (value) => words("Side: {value}", { value: word(value) }),
    outcome: (value) => words("Outcome: {value}", { value: word(value) }),
    asset_class: (value) => words("Asset class: {value}", { value: word(value) }),
    risk: (value) => words("Planned risk: {value}", { value: word(value) }),
    min_pnl: (value) => words("P&L from {value}", { value: value }),
    max_pnl: (value) => words("P&L up to {value}", { value: value }),
    min_return: (value) => words("Return from {value} %", { value: value }),
    max_return: (value) => words("Return up to {value} %", { value: value }),
    q: (value) => words("Text: {value}", { value: value }),
  };
  const SEVERAL = new Set(["bot", "strategy", "symbol", "asset_class", "risk"]);
  const VALUES = {
    open: words("Open"), closed: words("Closed"), cancelled: words("Cancelled"), long: words("Long"), short: words("Short"),
    winner: words("Winners"), loser: words("Losers"), breakeven: words("Break-even"),
    low: words("Low"), medium: words("Medium"), high: words("High"), unknown: words("Unknown"),
    crypto: words("Crypto"), forex: words("Forex"), commodity: words("Commodity"), equity: words("Shares"), other: words("Other"),
  }; // prettier-ignore
  const word = (value) => VALUES[value.toLowerCase()] || value;
  const OF_THE_FEED = new Set(["q"]); // on the Live Monitor

  /* A few days with their hours, longer ones by date; an end that is open, or no moment, as it is. */
  function span(from, to) {
    const short = Date.parse(to) - Date.parse(from) <= 7 * DAY_MS;
    const told = (value) => (Number.isNaN(Date.parse(value)) ? value || "…" : window.botv2Format.moment(value, short ? Date.parse(value) + 2 * DAY_MS : 0));
    return words("{from} to {to}", { from: told(from), to: told(to) });
  }

  /* [text, the change of the address that takes it away] */
  function set() {
    const found = [];
    const brush = address().get("brush");
    if (brush) found.push([span(...brush.split("..")), { brush: null }]);
    else if (address().get("range") === "custom") found.push([span(address().get("start"), address().get("end")), { range: null, start: null, end: null }]);
    for (const name of Object.keys(LABELS)) {
      if (document.documentElement.dataset.page === "monitoring" && OF_THE_FEED.has(name)) continue;
      const values = SEVERAL.has(name) ? address().several(name) : [address().get(name)].filter(Boolean);
      for (const value of values) found.push([LABELS[name](value), { [name]: address().listed(values.filter((one) => one !== value)) }]);
    }
    return found;
  }

  function pill([text, change]) {
    const cross = make("i", { className: "i i-close", "aria-hidden": "true" });
    return make("button", { type: "button", className: "pill", title: words("Remove this filter"), onclick: () => address().set(change) }, text, cross);
  }

  function show() {
    const line = document.getElementById("frame-pills");
    const found = set();
    const held = line.contains(document.activeElement);
    line.hidden = !found.length;
    const clear = make("button", { type: "button", className: "btn-line", "data-address": "clear" }, words("Clear filters"));
    line.replaceChildren(...found.map(pill), clear);
    if (held) (found.length ? line.firstChild : document.getElementById("frame-page")).focus(); // the one that was pressed is gone
  }

  document.addEventListener("botv2:address", show);
})();
