/* Tells how old things are, by the browser's own clock, so that a panel turns stale without a word from the server:
   each bot's lag in the sidebar, "stale" at the rows and panels of bots that have fallen silent, and at all when the connection is lost. */
(function () {
  "use strict";
  const SILENT_BEATS = 3; // as the server's rule has it
  const LOST_MS = 10000;
  const BY_RULE = new Set(["alert", "stats"]); // what the server itself may send in a bot's name
  const heard = {}; // bot -> when a record of it was pushed last
  const put = (element, text) => element.textContent !== text && (element.textContent = text);
  const botv2Words = window.botv2Words;
  const two = (number) => String(number).padStart(2, "0");

  function minutes(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const hours = Math.floor(seconds / 3600);
    return (hours ? hours + ":" + two(Math.floor((seconds % 3600) / 60)) : String(Math.floor(seconds / 60))) + ":" + two(seconds % 60);
  }

  function lagText(ms) {
    if (ms < 10000) return window.botv2Format.level(Math.max(0, ms / 1000), 1) + "\u202fs";
    return ms < 60000 ? Math.floor(ms / 1000) + "\u202fs" : minutes(ms);
  }

  function words(ms) {
    const seconds = Math.floor(ms / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }

  /* bot -> {last, allowed (ms, Infinity for a bot that declared no heartbeat), silent} */
  function look() {
    const now = window.botv2Live.now();
    const bots = new Map();
    for (const row of document.querySelectorAll("[data-feed-bot]")) {
      const bot = row.dataset.feedBot;
      const last = Math.max(Date.parse(row.dataset.lastSeen), heard[bot] || 0);
      const allowed = row.dataset.heartbeat ? SILENT_BEATS * 1000 * Number(row.dataset.heartbeat) : Infinity;
      const silent = now - last > allowed;
      bots.set(bot, { last: last, allowed: allowed, silent: silent });
      row.classList.toggle("silent", silent);
      put(row.querySelector(".lag"), silent ? botv2Words("silent {time}", { time: minutes(now - last) }) : lagText(now - last));
    }
    return bots;
  }

  function rowsOf(panel) {
    return [...document.querySelectorAll(`#${panel}-body [data-bot]`)];
  }

  function markRows(bots) {
    for (const panel of document.querySelectorAll('[data-bots="rows"]')) {
      for (const row of rowsOf(panel.id)) {
        const feed = bots.get(row.dataset.bot);
        row.classList.toggle("silent", Boolean(feed && feed.silent));
      }
    }
  }

  /* Why a panel is stale: since when, and the sentence; null when it is not. A panel of several bots is stale when all are silent. */
  function staleness(panel, bots) {
    const lost = window.botv2Live.lostSince();
    const now = window.botv2Live.now();
    if (lost !== null && now - lost > LOST_MS) return { since: lost, why: botv2Words("No connection for {time}. The last values received are shown.", { time: words(now - lost) }) };
    const whose = panel.dataset.bots;
    const named = whose === "all" ? [...bots.keys()] : rowsOf(whose === "rows" ? panel.id : whose).map((row) => row.dataset.bot);
    const feeds = [...new Set(named)].map((bot) => bots.get(bot)).filter(Boolean);
    if (!feeds.length || !feeds.every((feed) => feed.silent)) return null;
    const latest = feeds.reduce((one, other) => (other.last > one.last ? other : one));
    const times = { time: words(now - latest.last), allowed: words(latest.allowed) };
    const why = botv2Words("Silent for {time}; {allowed} are allowed (three heartbeats). The last values received are shown.", times);
    return { since: latest.last, why: why };
  }

  function markPanel(panel, stale) {
    panel.classList.toggle("stale", stale !== null);
    const chip = panel.querySelector(".stale-chip");
    const line = panel.querySelector(".stale-line");
    chip.hidden = line.hidden = stale === null;
    if (stale === null) return;
    put(chip.querySelector(".stale-at"), botv2Words("Stale since {time}", { time: window.botv2Format.clock(stale.since) }));
    put(line.querySelector(".stale-why"), stale.why);
    chip.title = stale.why;
  }

  function check() {
    const bots = look();
    markRows(bots);
    for (const panel of document.querySelectorAll("[data-bots]")) markPanel(panel, staleness(panel, bots));
    const badge = document.getElementById("frame-demo");
    if (badge) badge.hidden = !document.querySelector("[data-demo]");
  }

  document.documentElement.style.setProperty("--bv-word-stale", JSON.stringify(botv2Words("stale"))); // what the stylesheet writes beside a silent row
  document.addEventListener("botv2:heard", (event) => {
    if (BY_RULE.has(event.detail.message)) return;
    for (const record of event.detail.records) heard[record.bot] = window.botv2Live.now();
  });
  document.addEventListener("botv2:drawn", check);
  setInterval(check, 1000);
})();
