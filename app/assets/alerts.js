/* New alerts: the count at the bell, toasts, and, where they are switched on, browser notifications and a sound.

   Each tab has its own cursor, so that none takes an alert from another; of several tabs of a browser one notifies.
   The permission is asked for when the switch is pressed, never by itself. */
(function () {
  "use strict";
  const botv2Words = window.botv2Words;
  const make = window.botv2Make;
  const ALERTS = window.botv2At("/api/monitoring/alerts?clear=false");
  const BACKGROUND = { Accept: "application/json", "X-Botv2-Background": "1" }; // does not prolong the session
  const CURSOR = "botv2-alert-cursor"; // of this tab
  const SEEN = "botv2-alerts-seen"; // of this browser
  const NOTIFIED = "botv2-alerts-notified";
  const SWITCHES = { notifications: "botv2-notifications", sound: "botv2-sound" };
  const TOASTS = 3;
  const TOAST_MS = 6000;
  const MOST = 100;

  const SEVERITIES = {
    INFO: botv2Words("Info"),
    SUCCESS: botv2Words("Success"),
    WARNING: botv2Words("Warning"),
    ERROR: botv2Words("Error"),
    CRITICAL: botv2Words("Critical"),
  };

  /* Storage may be switched off: then things last as long as the page. */
  const memory = {};
  function kept(storage, key, value) {
    try {
      if (value === undefined) return window[storage].getItem(key);
      window[storage].setItem(key, value);
    } catch (refused) {
      if (value === undefined) return memory[key] ?? null;
      memory[key] = value;
    }
    return value;
  }

  /* ---- fetching ---- */
  let known = null; // the version of the alerts that was fetched last
  let unseen = new Set();
  let busy = false;

  async function fetchAlerts(after) {
    const answer = await fetch(after === null ? ALERTS : `${ALERTS}&after_id=${after}`, { headers: BACKGROUND, credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error("alerts answered " + answer.status);
    return (await answer.json()).alerts;
  }

  async function follow(version) {
    if (busy || version === known || version === undefined) return;
    busy = true;
    try {
      if (known === null) for (const alert of await fetchAlerts(kept("localStorage", SEEN))) unseen.add(alert.id);
      const cursor = kept("sessionStorage", CURSOR);
      const fresh = cursor === null ? [] : (await fetchAlerts(cursor)).reverse();
      const all = fresh.length < MOST; // else there are more: the next pulse goes on from here
      kept("sessionStorage", CURSOR, String(Math.max(all ? version : 0, Number(cursor), ...fresh.map((alert) => alert.id))));
      known = all ? version : -1;
      for (const alert of fresh) unseen.add(alert.id);
      fresh.forEach(toast);
      if (fresh.length) announce(fresh);
    } catch (unreachable) {
      // the next pulse tries again
    }
    busy = false;
    count();
  }

  /* ---- the bell ---- */
  function count() {
    const seen = Number(kept("localStorage", SEEN));
    unseen = new Set([...unseen].filter((id) => id > seen));
    const badge = document.querySelector("#frame-bell .badge-count");
    if (!badge) return;
    badge.hidden = unseen.size === 0;
    badge.querySelector(".count").textContent = unseen.size >= MOST ? MOST - 1 + "+" : unseen.size;
  }

  function look() {
    if (unseen.size) kept("localStorage", SEEN, String(Math.max(...unseen)));
    count();
    setTimeout(() => {
      const panel = document.getElementById("panel-alerts");
      if (!panel) return;
      panel.scrollIntoView({ block: "nearest" });
      document.getElementById("panel-alerts-body").focus();
    }, 100);
  }

  /* ---- notifications and sound: once per alert and browser ---- */
  async function announce(fresh) {
    const once = () => {
      const last = Number(kept("localStorage", NOTIFIED));
      const mine = fresh.filter((alert) => alert.id > last);
      if (!mine.length) return;
      kept("localStorage", NOTIFIED, String(Math.max(...mine.map((alert) => alert.id))));
      if (isOn("notifications")) mine.forEach(notify);
      if (isOn("sound")) beep();
    };
    if (navigator.locks) await navigator.locks.request(NOTIFIED, once);
    else once();
  }

  function notify(alert) {
    const shown = new window.Notification(`${SEVERITIES[alert.severity] || alert.severity}: ${alert.title}`, { body: `${alert.message}\n${alert.bot}`, tag: "botv2-alert-" + alert.id });
    shown.onclick = () => window.focus();
  }

  function beep() {
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = 880;
    volume.gain.setValueAtTime(0.15, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.4);
    tone.onended = () => audio.close();
  }

  const possible = () => "Notification" in window && window.isSecureContext;

  function isOn(name) {
    if (name === "notifications" && !(possible() && window.Notification.permission === "granted")) return false;
    return kept("localStorage", SWITCHES[name]) === "on";
  }

  async function flip(name) {
    let on = !isOn(name);
    if (on && name === "notifications") {
      if (!possible()) return say(botv2Words("This browser shows no notifications here; they need https or localhost."));
      on = (await window.Notification.requestPermission()) === "granted";
      say(on ? "" : botv2Words("The browser does not allow notifications for this address; its site settings can change that."));
    }
    kept("localStorage", SWITCHES[name], on ? "on" : "off");
    if (on && name === "sound") beep();
    markSwitches();
  }

  function say(words) {
    const place = document.querySelector('[data-said="notifications"]');
    if (place) place.textContent = words;
    else if (words) window.botv2Toast({ severity: "WARNING", title: botv2Words("No notifications"), message: words });
  }

  function markSwitches() {
    for (const button of document.querySelectorAll("[data-switch]")) button.setAttribute("aria-pressed", String(isOn(button.dataset.switch)));
  }

  /* ---- toasts: three at once, the rest are counted ---- */
  const queue = [];

  function toast(alert) {
    queue.push(alert);
    showToasts();
  }

  function showToasts() {
    const host = document.getElementById("frame-toasts");
    while (queue.length && host.querySelectorAll(".toast-card:not(.download)").length < TOASTS) host.append(toastCard(queue.shift()));
    const rest = host.querySelector(".toast-rest");
    if (rest) rest.remove();
    if (queue.length) host.append(make("p", { className: "toast-rest" }, botv2Words("and {n} more", { n: queue.length })));
  }

  function toastCard(alert) {
    const severity = alert.severity.toLowerCase();
    const leave = () => {
      card.remove();
      showToasts();
    };
    const label = botv2Words("Dismiss: {title}", { title: alert.title });
    const close = make("button", { type: "button", className: "btn-flat", "aria-label": label, onclick: leave }, make("i", { className: "i i-close" }));
    const said = [make("i", { className: `i i-${severity} s-${severity}` }), make("b", {}, alert.title), close, make("p", {}, alert.message)];
    const card = make("div", { className: "toast-card t-" + severity }, ...said);
    if (alert.severity !== "CRITICAL") leaveLater(card, leave);
    return card;
  }

  /* Hover and focus hold it. */
  function leaveLater(card, leave) {
    let timer = setTimeout(leave, TOAST_MS);
    const hold = () => clearTimeout(timer);
    const release = () => {
      clearTimeout(timer);
      timer = setTimeout(leave, TOAST_MS);
    };
    card.addEventListener("mouseenter", hold);
    card.addEventListener("focusin", hold);
    card.addEventListener("mouseleave", release);
    card.addEventListener("focusout", release);
  }

  window.botv2Toast = toast;
  document.addEventListener("botv2:pulse", (event) => follow(event.detail.alerts));
  document.addEventListener("botv2:page", markSwitches);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-switch]");
    if (button) flip(button.dataset.switch);
    if (event.target.closest("#frame-bell")) look();
  });
  window.addEventListener("storage", (event) => {
    if (event.key === SEEN) count();
    if (Object.values(SWITCHES).includes(event.key)) markSwitches();
  });
})();
