/* The words, numbers and moments of the person who looks, for the scripts: what components/words.py and components/format.py
   are on the server, and with the same results. The document carries what they need (app/pages/index.py). */
(function () {
  "use strict";
  const known = JSON.parse(document.getElementById("words").textContent);
  const MINUS = "\u2212";
  const THIN = "\u202f";
  const UNKNOWN = "\u2013";
  const DAY_MS = 86400000;
  const parts = new Intl.DateTimeFormat("en", { timeZone: known.zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const showsSomething = (text) => /[1-9]/.test(text);

  /* The text in the person's language, `{name}` replaced by `values.name`. */
  function words(text, values) {
    const said = Object.hasOwn(known.words, text) ? known.words[text] : text;
    if (!values) return said;
    return said.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
  }

  /* The signs for thousands and decimals. */
  const signs = {};
  for (const { type, value } of new Intl.NumberFormat(known.numbers, { useGrouping: "always" }).formatToParts(12345.6)) signs[type] = value;

  /* Rounded as Python does it: by the exact value, a tie to the even digit. Intl rounds the shortest text of the value, toFixed a tie up. */
  function rounded(value, decimals) {
    const scaled = value * 10 ** decimals;
    const isTie = scaled % 1 === 0.5 && Number.isInteger(value * 2 ** (decimals + 1));
    return (isTie && Math.floor(scaled) % 2 === 0 ? Math.floor(scaled) / 10 ** decimals : value).toFixed(decimals);
  }

  function level(value, decimals = 0) {
    if (value === null || value === undefined) return UNKNOWN;
    const [whole, fraction] = rounded(Math.abs(value), decimals).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, signs.group);
    const text = fraction ? grouped + signs.decimal + fraction : grouped;
    return value < 0 && showsSomething(text) ? MINUS + text : text;
  }

  function change(value, decimals = 2) {
    const text = level(value, decimals);
    return value > 0 && showsSomething(text) ? "+" + text : text;
  }

  const inPercent = (text) => (text === UNKNOWN ? text : text + THIN + "%");

  /* Year, month, day, hour, minute and second of a moment (ISO text or milliseconds) in the shown time zone. */
  function fields(when) {
    const found = {};
    for (const { type, value } of parts.formatToParts(new Date(when))) found[type] = value;
    return found;
  }

  const dated = (month, day) => known.date.replace("{day}", day).replace("{month}", known.months[month - 1]);

  /* HH:MM:SS within a day of `now`, else the date, with the time in the same year. */
  function moment(when, now = Date.now()) {
    if (when === null || when === undefined) return UNKNOWN;
    const at = fields(when);
    if (Math.abs(now - new Date(when)) < DAY_MS) return `${at.hour}:${at.minute}:${at.second}`;
    const date = dated(at.month, at.day);
    return at.year === fields(now).year ? `${date} ${at.hour}:${at.minute}` : `${date} ${at.year}`;
  }

  /* HH:MM:SS in the shown time zone, however long ago. */
  function clock(when) {
    const at = fields(when);
    return `${at.hour}:${at.minute}:${at.second}`;
  }

  /* A day such as "2026-01-22". */
  function day(iso) {
    if (iso === null || iso === undefined) return UNKNOWN;
    const [year, month, number] = iso.split("-");
    return `${dated(Number(month), number)} ${year}`;
  }

  window.botv2Words = words;
  window.botv2Format = {
    zone: known.zone,
    language: known.language,
    level: level,
    change: change,
    percent: (value, decimals = 0) => inPercent(level(value, decimals)),
    changePercent: (value, decimals = 2) => inPercent(change(value, decimals)),
    moment: moment,
    clock: clock,
    day: day,
  };
})();
