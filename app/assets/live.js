/* The pulse: learns which kinds of data have changed, and tells their version stores; Dash then asks the server for
   the panels that hang on them, and draw.js shows the answers.

   A beat of the interval, a pushed message, a new connection or a page that is looked at again leads to one
   GET of the pulse. While a socket is connected the interval is a heartbeat; without one it polls.

   The other scripts listen to the document's events `botv2:pulse` (an answer came; `detail` are the versions),
   `botv2:heard` (records were pushed), `botv2:resync`, `botv2:drawn` and `botv2:page` (another page is shown), `botv2:lost` (no answer came). */
(function () {
  "use strict";
  const PULSE_URL = window.botv2At("/api/monitoring/pulse");
  const IDS = { interval: "pulse-interval", word: "connection-word", lag: "connection-lag", dot: "connection-dot", version: "version-", drawing: "-drawing", note: "-note", body: "-body", bar: "-bar" };
  const MESSAGES = ["activity", "signal", "position", "position_closed", "alert", "stats", "portfolio_update", "trade_executed", "annotation_created", "annotation_deleted", "resync"];
  const KINDS = ["events", "signals", "positions", "alerts", "feeds"]; // those that a panel hangs on at once
  const HEARTBEAT_MS = 15000;
  const COALESCE_MS = 100;
  const DELAYED_MS = 2000;
  const TIMEOUT_MS = 10000;
  const REDRAW_PATIENCE_MS = 5000;
  const RETRY_MS = 1000;
  const REST = 2; // times as long as its redraw took a kind rests before the next one: a stream of records must not take the whole page
  const REST_MS = 500; // at most
  /* Charts and counters: they get the versions of what they are made of, and rarely. `health` is made of nothing that has a version. */
  const FOLLOWERS = {
    stats: { of: ["stats"], ms: 1000 },
    pnl: { of: ["positions"], ms: 1000 },
    minutes: { of: ["events"], ms: 1000 },
    book: { of: ["trades", "portfolio", "strategies"], ms: 2000 },
    measured: { of: ["trades", "portfolio", "strategies", "market"], ms: 2000 }, // the book, beside a benchmark
    account: { of: ["positions", "portfolio", "trades"], ms: 2000 },
    market: { of: ["market", "trades", "signals"], ms: 2000 },
    rules: { of: ["rules", "alerts"], ms: 1000 },
    health: { of: [], ms: 5000 },
  };
  const KEPT_KINDS = new Set([...KINDS, ...Object.values(FOLLOWERS).flatMap(({ of }) => of)]);
  const tell = (event, detail) => document.dispatchEvent(new CustomEvent("botv2:" + event, { detail: detail }));
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);

  let refreshMs = null; // from the interval itself, at the first beat
  let socket = null;

  /* ---- asking ---- */
  let etag = null;
  let askedAt = null; // while a request is on its way
  let askAgain = false;
  let roundTrip = null;
  let lastAnswer = Date.now();
  let failing = false;
  let clockOffset = 0; // the server's clock less this one's

  function request() {
    return fetch(PULSE_URL, {
      headers: etag ? { Accept: "application/json", "If-None-Match": etag } : { Accept: "application/json" },
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  /* Sent before Dash has begun: the versions are there when the first page comes, and none of its panels is asked for in vain. */
  let early = request();
  early.catch(() => {}); // `ask` deals with it

  async function ask() {
    if (askedAt !== null) {
      askAgain = true;
      return;
    }
    askedAt = Date.now();
    const start = performance.now();
    try {
      const first = early;
      early = null;
      const answer = await (first || request());
      if (answer.status === 401) {
        window.location.assign(window.botv2At("/login?next=" + encodeURIComponent(window.botv2Here() + window.location.search)));
        return;
      }
      if (answer.status !== 304 && !answer.ok) throw new Error("pulse answered " + answer.status);
      if (answer.status === 200) {
        const seen = answer.headers.get("ETag");
        const body = await answer.json();
        versions = body.versions;
        clockOffset = Date.parse(body.server_time) - Date.now();
        etag = seen;
      }
      roundTrip = Math.max(1, Math.round(performance.now() - start));
      lastAnswer = Date.now();
      failing = false;
    } catch (unreachable) {
      failing = true;
      if (etag === null && navigator.serviceWorker?.controller) for (const kind of KEPT_KINDS) versions[kind] = 0; // so the panels ask, and get what this browser has kept
    }
    askedAt = null;
    spread();
    showConnection();
    tell(failing ? "lost" : "pulse", versions);
    if (askAgain) {
      askAgain = false;
      soon();
    }
  }

  let timer = null;
  let lastAsk = 0;

  /* At once, or at the end of the interval in which one was sent already. */
  function soon() {
    if (timer !== null) return;
    const wait = Math.max(0, lastAsk + COALESCE_MS - Date.now());
    const go = () => {
      timer = null;
      lastAsk = Date.now();
      ask();
    };
    if (wait === 0) go();
    else timer = setTimeout(go, wait);
  }

  /* ---- spreading: a kind gets its next version only when its panel has shown the one before ---- */
  let versions = {};
  const given = {};
  const awaited = {}; // kind -> since when
  const rests = {}; // kind -> until when
  const followed = {}; // kind of a chart -> when it last got a version

  function spread() {
    for (const kind of KINDS) give(kind, versions[kind]);
    for (const [kind, { of, ms }] of Object.entries(FOLLOWERS)) {
      if (Date.now() - (followed[kind] || 0) < ms || of.some((part) => versions[part] === undefined)) continue;
      const version = of.length ? of.map((part) => versions[part]).join(".") : String(Math.floor(Date.now() / ms));
      if (give(kind, version)) followed[kind] = Date.now();
    }
  }

  function give(kind, version) {
    if (version === undefined || version === given[kind] || kind in awaited || Date.now() < rests[kind]) return false;
    given[kind] = version;
    awaited[kind] = Date.now();
    setProps(IDS.version + kind, { data: version });
    return true;
  }

  function arrived(kind) {
    const took = kind in awaited ? Date.now() - awaited[kind] : 0; // 0: drawn for another address, not for a new version
    const rest = Math.min(REST_MS, REST * took);
    rests[kind] = Date.now() + rest;
    delete awaited[kind];
    spread();
    setTimeout(spread, rest);
  }

  /* A redraw that never came (the server went away in between) is asked for again. */
  function retryLost() {
    for (const kind of Object.keys(awaited)) {
      if (Date.now() - awaited[kind] < REDRAW_PATIENCE_MS) continue;
      delete awaited[kind];
      if (!failing) delete given[kind];
      else given[kind] = null;
    }
    if (!failing) spread();
  }

  /* ---- the connection's state in the top bar ---- */
  let shown = "";

  function connectionState() {
    const silent = Date.now() - lastAnswer;
    if (failing) return ["offline", window.botv2Words("Offline"), clock(silent)];
    const waiting = askedAt === null ? 0 : Date.now() - askedAt;
    if (waiting > DELAYED_MS) return ["delayed", window.botv2Words("Delayed"), seconds(waiting)];
    if (roundTrip === null) return ["waiting", window.botv2Words("Connecting"), ""];
    if (roundTrip > DELAYED_MS) return ["delayed", window.botv2Words("Delayed"), seconds(roundTrip)];
    return ["live", window.botv2Words("Live"), roundTrip + "\u202fms"];
  }

  function seconds(ms) {
    return window.botv2Format.level(ms / 1000, 1) + "\u202fs";
  }

  function clock(ms) {
    const two = (number) => String(number).padStart(2, "0");
    const total = Math.floor(ms / 1000);
    const hours = Math.floor(total / 3600);
    return (hours ? two(hours) + ":" : "") + two(Math.floor((total % 3600) / 60)) + ":" + two(total % 60);
  }

  /* Straight into the page: as properties they would go through Dash's store each time, for nothing. */
  function showConnection() {
    const state = connectionState();
    if (state.join() === shown) return;
    shown = state.join();
    const [dot, word, lag] = state;
    const put = (id, text) => {
      const element = document.getElementById(id);
      if (element.textContent !== text) element.textContent = text;
    };
    document.getElementById(IDS.dot).className = "dot " + dot;
    put(IDS.word, word);
    put(IDS.lag, lag);
  }

  /* ---- the socket ---- */
  function beatEvery(ms) {
    setProps(IDS.interval, { interval: ms });
  }

  function connect() {
    socket = window.io({ path: window.botv2At("/socket.io"), transports: ["websocket", "polling"], tryAllTransports: true, reconnectionDelay: 500, reconnectionDelayMax: 5000 });
    socket.on("connect", () => {
      socket.emit("subscribe", {});
      beatEvery(HEARTBEAT_MS);
      soon();
    });
    socket.on("disconnect", (reason) => {
      beatEvery(refreshMs);
      soon();
      if (reason === "io server disconnect") setTimeout(() => socket.connect(), RETRY_MS); // the client does not do this by itself
    });
    for (const message of MESSAGES) {
      socket.on(message, (records) => {
        tell(message === "resync" ? "resync" : "heard", { message: message, records: [records].flat() });
        soon();
      });
    }
  }

  function start(interval) {
    refreshMs = interval;
    soon();
    connect();
    setInterval(() => {
      showConnection();
      retryLost();
    }, 500);
    document.addEventListener("visibilitychange", () => document.hidden || soon());
    window.addEventListener("online", soon);
  }

  /* ---- what Dash and the other scripts call ---- */
  const drawings = {}; // panel -> what it last got; the bot menu is drawn from that when its page comes back

  function show(panel) {
    const [note, body, bar, figure] = drawings[panel];
    for (const [suffix, content] of [[IDS.note, note], [IDS.body, body], [IDS.bar, bar]]) {
      const host = document.getElementById(panel + suffix);
      if (host && !(suffix === IDS.body && window.botv2Feed.takes(panel, drawings[panel]))) window.botv2Draw(host, content);
    }
    window.botv2Chart.show(panel, figure);
    tell("drawn", panel);
  }

  /* The document has brought its page's key figures: they go when their panel is drawn, when another page comes, and when they may be old. */
  const brought = document.querySelector(".early");
  const relieves = {
    "botv2:drawn": (panel) => panel === brought.dataset.panel,
    "botv2:page": () => !document.getElementById(brought.dataset.panel),
    "botv2:lost": () => true,
  };
  if (brought) for (const [event, is] of Object.entries(relieves)) document.addEventListener(event, ({ detail }) => is(detail) && brought.remove());

  /* "Try again" in a panel whose question failed: its version comes anew. */
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-again]")) return;
    for (const kind of Object.keys(given)) delete given[kind];
    for (const kind of Object.keys(followed)) delete followed[kind];
    soon();
  });

  /* Something older than the last answer is shown: what was kept before the page was opened. */
  document.addEventListener("botv2:kept", (event) => {
    if (failing || etag === null) lastAnswer = Math.min(lastAnswer, event.detail);
  });

  window.botv2Live = {
    now: () => Date.now() + clockOffset,
    soon: soon,
    lostSince: () => (failing ? lastAnswer + clockOffset : null),
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    botv2: {
      beat(beats, interval) {
        if (refreshMs === null) start(interval);
        else soon();
      },
      draw(drawing, id, store) {
        if (!drawing) return;
        const panel = id.slice(0, -IDS.drawing.length);
        drawings[panel] = JSON.parse(drawing);
        show(panel);
        arrived(store.slice(IDS.version.length));
      },
      page() {
        if ("panel-feeds" in drawings) show("panel-feeds");
        tell("page");
      },
      point: (data, graph) => window.botv2Chart.point && window.botv2Chart.point(data, graph),
      moved: (data, graph) => window.botv2Chart.moved && window.botv2Chart.moved(data, graph),
      older: (drawing) => window.botv2Feed.older(drawing),
      text: (value) => window.botv2Feed.text(value),
    },
  });
})();
