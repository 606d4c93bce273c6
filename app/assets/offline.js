/* The page's side of the service worker (app/service_worker): registers it, offers its update, tells since when the data is that is
   shown without the network, and how many changes wait. Without a worker (plain http beyond this machine) the page works as ever. */
(function () {
  "use strict";
  if (!("serviceWorker" in navigator)) return;
  const UPDATE_MS = 3600000;
  const SETTLED_MS = 3000;
  const LOST_MS = 10000; // as stale.js has it
  const make = window.botv2Make;
  const words = window.botv2Words;
  const container = navigator.serviceWorker;
  const host = () => document.getElementById("frame-toasts");
  const say = (message) => container.controller && container.controller.postMessage(message);

  /* ---- cards that stay: one of each kind ---- */
  const cards = {};

  function card(kind, title, text, ...more) {
    if (!cards[kind]) cards[kind] = make("div", { className: "toast-card t-warning download undo", "data-offline": kind });
    const face = [make("i", { className: "i i-warning s-warning" }), make("b", {}, title), ...more.slice(0, 1), make("p", {}, text), ...more.slice(1)];
    if (cards[kind].textContent !== title + text + more.map((one) => one.textContent).join("")) cards[kind].replaceChildren(...face);
    if (host() && !cards[kind].isConnected) host().prepend(cards[kind]);
  }

  function uncard(kind) {
    if (cards[kind]) cards[kind].remove();
    delete cards[kind];
  }

  /* ---- without the network ---- */
  let keptAt = null; // something was shown that was kept then
  let isHushed = false; // the card was dismissed, until the connection is lost again

  function dismiss(kind) {
    const press = () => {
      isHushed ||= kind === "age";
      uncard(kind);
    };
    return make("button", { type: "button", className: "btn-flat", "aria-label": words("Dismiss"), onclick: press }, make("i", { className: "i i-close" }));
  }

  function showAge() {
    const since = window.botv2Live.lostSince();
    if (isHushed || since === null || (keptAt === null && window.botv2Live.now() - since < LOST_MS)) return uncard("age");
    card("age", words("Offline"), words("Stale since {time}", { time: window.botv2Format.moment(since) }), dismiss("age"));
  }

  const MESSAGES = {
    KEPT({ at }) {
      keptAt = Math.min(at, keptAt ?? at);
      document.dispatchEvent(new CustomEvent("botv2:kept", { detail: at }));
      showAge();
    },
    WAITING({ n, sent, refused }) {
      if (sent) window.botv2Toast({ severity: "SUCCESS", title: words("What waited was sent: {n}", { n: sent }), message: "" });
      for (const one of refused) window.botv2Toast({ severity: "CRITICAL", title: words("A change that waited was refused"), message: one.body ? `${one.why}: ${one.body}` : one.why });
      if (refused.length) say({ type: "TOLD", numbers: refused.map((one) => one.n) });
      if (sent || refused.length) window.botv2Live.soon();
      if (n) card("waiting", words("Changes that wait to be sent: {n}", { n: n }), words("It waits for the network, and is then sent by itself."), dismiss("waiting"));
      else uncard("waiting");
    },
  };

  /* ---- its life ---- */
  let accepted = false;

  function offer(registration) {
    if (!registration.waiting || !container.controller) return;
    const accept = () => {
      accepted = true;
      registration.waiting.postMessage({ type: "SKIP_WAITING" });
    };
    const button = make("button", { type: "button", className: "btn-line", "data-update": true, onclick: accept }, words("Reload"));
    card("update", words("A new version is ready"), "", dismiss("update"), button);
  }

  async function start() {
    const registration = await container.register(window.botv2At("/service-worker.js"), { updateViaCache: "none" });
    const look = () => registration.waiting && offer(registration);
    look();
    registration.addEventListener("updatefound", () => registration.installing && registration.installing.addEventListener("statechange", look));
    setInterval(() => registration.update().catch(() => {}), UPDATE_MS);
    await container.ready;
    setTimeout(() => {
      say({ type: "KEEP_FILES", urls: performance.getEntriesByType("resource").map((one) => one.name) }); // those from before there was a worker
      say({ type: "SEND" });
    }, SETTLED_MS);
  }

  let wasLost = false;
  document.addEventListener("botv2:lost", () => {
    wasLost = true;
    showAge();
  });
  document.addEventListener("botv2:pulse", () => {
    if (!wasLost) return;
    wasLost = isHushed = false;
    keptAt = null;
    uncard("age");
    say({ type: "SEND" });
  });
  container.addEventListener("message", ({ data }) => Object.hasOwn(MESSAGES, data.type) && MESSAGES[data.type](data));
  container.addEventListener("controllerchange", () => accepted && window.location.reload());
  window.addEventListener("load", () => start().catch(() => {})); // a browser may not allow it
})();
