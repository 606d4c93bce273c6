/* The frame: its menus and what they hold, the sheets that buttons open, the collapsed sidebar, the count of active alerts.

   `data-open` names the dialog that a button opens; the document's event `botv2:opening` (detail: its id) comes first, so that
   whoever fills it can. `data-close` closes the dialog around it. */
(function () {
  "use strict";
  const SIDE = "botv2-side"; // whether the sidebar shows icons only, kept in this browser
  const MANY = 8; // from more names than these on a menu has a field to search them
  const EDGE = 8;
  const BACKGROUND = { Accept: "application/json", "X-Botv2-Background": "1" }; // does not prolong the session
  const root = document.documentElement;
  const narrow = window.matchMedia("(max-width: 1199px)");
  const make = window.botv2Make;
  const words = window.botv2Words;
  const address = () => window.botv2Address;

  /* ---- the sidebar ---- */
  let collapsed = false;
  try {
    collapsed = window.localStorage.getItem(SIDE) === "icons";
  } catch (refused) {
    // storage is switched off: the choice lasts as long as the page
  }

  function showSide() {
    root.dataset.side = collapsed || narrow.matches ? "icons" : "full";
    const button = document.getElementById("frame-collapse");
    if (button) button.setAttribute("aria-pressed", String(collapsed));
  }

  function collapse() {
    collapsed = !collapsed;
    showSide();
    try {
      window.localStorage.setItem(SIDE, collapsed ? "icons" : "full");
    } catch (refused) {
      // as above
    }
    window.dispatchEvent(new Event("resize")); // the charts have another width now
  }

  showSide();
  narrow.addEventListener("change", showSide);

  /* ---- what can be chosen ---- */
  const KINDS = { bot: "bots", strategy: "strategies", currency: "currencies" };
  const FACES = { bot: (n) => words("{n} bots", { n: n }), strategy: (n) => words("{n} strategies", { n: n }) };
  const NONE = { bot: words("No bot has reported yet"), strategy: words("No strategy has traded yet") };

  function choices() {
    const found = { bots: [], strategies: [], symbols: [], currencies: [] };
    for (const list of document.querySelectorAll("#panel-choices-body [data-choices]")) found[list.dataset.choices] = [...list.children].map((item) => item.dataset.value);
    const heard = [...document.querySelectorAll("[data-feed-bot]")].map((row) => row.dataset.feedBot); // may be newer than the book
    found.bots = [...new Set(found.bots.concat(heard))].sort((one, other) => one.localeCompare(other));
    return found;
  }

  function menuItem(field, value, label, on) {
    const how = field === "currency" || !value ? { "data-set": field } : { "data-toggle": field };
    return make("button", { type: "button", className: "menu-item", "data-value": value, "aria-pressed": String(on), title: label, ...how }, label);
  }

  function searchField(list) {
    const input = make("input", { type: "search", className: "form-control", "aria-label": words("Search"), placeholder: words("Search") });
    input.oninput = () => {
      for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(input.value.trim().toLowerCase());
    };
    return make("label", { className: "find" }, make("i", { className: "i i-find", "aria-hidden": "true" }), input);
  }

  function fillMenu(menu, known) {
    const field = menu.dataset.field;
    const chosen = address().several(field);
    const values = [...new Set(known.concat(chosen))]; // a link may name what nobody has reported
    const face = menu.querySelector("summary span");
    face.textContent = chosen.length > 1 ? FACES[field](chosen.length) : chosen[0] || face.dataset.none;
    menu.querySelector("summary").classList.toggle("on", chosen.length > 0);
    if (field === "currency") menu.hidden = values.length < 2;
    const text = JSON.stringify(values);
    if (menu.dataset.shows === text || menu.querySelector(".pop").contains(document.activeElement)) return;
    menu.dataset.shows = text;
    const list = make("div", {}, ...values.map((value) => menuItem(field, value, value, chosen.includes(value))));
    const every = menuItem(field, "", field === "currency" ? words("Automatic") : face.dataset.none, !chosen.length);
    const rest = values.length ? list : make("p", {}, NONE[field] || "");
    menu.querySelector(".pop").replaceChildren(...[values.length > MANY ? searchField(list) : null, every, rest].filter(Boolean));
  }

  function fillMenus() {
    const known = choices();
    for (const menu of document.querySelectorAll(".filter[data-field]")) fillMenu(menu, known[KINDS[menu.dataset.field]]);
  }

  /* ---- exports: all rows that match what the page shows ---- */
  const DAYS = { "24h": 1, "7d": 7, "30d": 30, "90d": 90 };
  const OF_TRADES = ["symbol", "strategy", "status", "direction", "bot", "min_pnl", "max_pnl", "asset_class", "outcome", "min_return", "max_return", "risk", "q"];
  const NAMES = {
    trades: OF_TRADES,
    equity: ["bot", "strategy", "currency"],
    positions: ["bot", "strategy"],
    activity: ["event_type", "severity", "bot", "q"],
    strategies: [...OF_TRADES, "currency"],
    alerts: ["bot"],
  };
  const WITH_TIME = new Set(["trades", "equity", "strategies", "alerts"]);
  const IN_ONE_CURRENCY = new Set(["equity", "strategies"]);

  function times() {
    const brush = address().get("brush");
    if (brush) return Object.fromEntries(["start", "end"].map((name, at) => [name, brush.split("..")[at]]));
    const range = address().get("range") || "30d";
    if (range === "custom") return { start: address().get("start"), end: address().get("end") };
    if (range === "ytd") return { start: `${new Date().getUTCFullYear()}-01-01T00:00:00Z` };
    return range in DAYS ? { days: DAYS[range] } : {};
  }

  function fillExports() {
    const menu = document.getElementById("frame-exports");
    const preferred = choices().currencies.find((one) => one === root.dataset.currency); // what the page shows, where there is money in it
    let offered = 0;
    for (const row of menu.querySelectorAll(".export-row")) {
      const what = row.dataset.what;
      row.hidden = !row.dataset.pages.split(" ").includes(root.dataset.page);
      offered += row.hidden ? 0 : 1;
      const wanted = Object.fromEntries(NAMES[what].map((name) => [name, address().get(name)]));
      if (IN_ONE_CURRENCY.has(what)) wanted.currency = wanted.currency || preferred;
      if (WITH_TIME.has(what)) Object.assign(wanted, times());
      for (const link of row.querySelectorAll("a")) {
        const params = new URLSearchParams([["format", link.textContent.toLowerCase()]]);
        for (const [name, value] of Object.entries(wanted)) if (value !== null && value !== undefined && value !== "") params.set(name, value);
        link.href = window.botv2At(link.dataset.export + "?" + params);
      }
    }
    menu.hidden = !offered;
  }

  /* ---- menus in the top bar stand over everything: the bar itself scrolls sideways on a phone ---- */
  function place(menu) {
    const [pop, box] = [menu.querySelector(".pop"), menu.querySelector("summary").getBoundingClientRect()];
    const left = Math.min(box.left, root.clientWidth - pop.offsetWidth - EDGE);
    pop.style.left = Math.max(EDGE, left) + "px";
    pop.style.top = box.bottom + 4 + "px";
    pop.style.maxHeight = window.innerHeight - box.bottom - 4 - EDGE + "px";
  }

  const closeMenus = () => document.querySelectorAll(".top .menu-button[open]").forEach((menu) => (menu.open = false));

  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (!menu.matches(".top .menu-button")) return;
      if (menu.open) place(menu);
      else fillMenus(); // what waited while it was looked at
    },
    true,
  );
  document.addEventListener("scroll", (event) => event.target instanceof Element && event.target.matches(".tools") && closeMenus(), true);
  window.addEventListener("resize", closeMenus);

  /* ---- sheets ---- */
  function open(id) {
    const dialog = document.getElementById(id);
    if (dialog.open) return;
    closeMenus();
    document.dispatchEvent(new CustomEvent("botv2:opening", { detail: id }));
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const target = event.target;
    const opener = target.closest("[data-open]");
    if (opener) return open(opener.dataset.open);
    const dialog = target.closest("dialog.sheet");
    if (dialog && (target === dialog || target.closest("[data-close], a[data-page]"))) dialog.close(); // beside it, its button, or a way out
    if (target.closest("#frame-collapse")) collapse();
    if (target.closest(".top .pop :is(a, [data-amounts-choice])")) closeMenus();
  });

  /* ---- how many alerts are active ---- */
  let counted = null; // the version of the alerts that was counted last

  async function countAlerts(version) {
    if (version === undefined || version === counted) return;
    counted = version;
    try {
      const answer = await fetch(window.botv2At("/api/alerts?limit=1"), { headers: BACKGROUND, credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) throw new Error("alerts answered " + answer.status);
      const { total } = (await answer.json()).data;
      const place = document.querySelector(".active-alerts");
      place.hidden = total === 0;
      place.querySelector(".count").textContent = total > 99 ? "99+" : String(total);
    } catch (unreachable) {
      counted = null; // the next pulse tries again
    }
  }

  document.addEventListener("botv2:pulse", (event) => countAlerts(event.detail.alerts));

  /* ---- in step with the page ---- */
  document.addEventListener("botv2:drawn", (event) => {
    if (!["panel-choices", "panel-feeds"].includes(event.detail)) return;
    fillMenus();
    fillExports();
  });
  document.addEventListener("botv2:address", () => {
    showSide();
    fillMenus();
    fillExports();
  });
  document.addEventListener("botv2:page", () => {
    const title = document.getElementById("frame-title").textContent;
    document.title = title ? `${title} · BotV2 Dashboard` : "BotV2 Dashboard";
  });

  window.botv2Choices = choices;
  window.botv2Open = open;
})();
