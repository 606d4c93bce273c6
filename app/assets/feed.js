/* The activity feed in the browser: its rows over several pages, pause, follow, and the filters, which live in the URL. */
(function () {
  "use strict";
  const botv2Words = window.botv2Words;
  const PANEL = "panel-activity";
  const PAGE_ROWS = 50;
  const NEAR_END_PX = 400;
  const TOP_PX = 4;
  const PATIENCE_MS = 5000;
  const MOST_AT_TOP = 400; // rows kept while the newest are being watched; older ones can be scrolled to again
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  const body = () => document.getElementById(PANEL + "-body");
  const control = (what) => document.querySelector(`[data-feed="${what}"]`);
  const idOf = (row) => Number(row.props["data-key"]);

  let list = { scope: null, rows: [], full: false, end: false, next: null }; // what is shown
  let latest = null; // the last page that came
  let paused = false;
  let follow = true;
  let waiting = { newest: 0, count: 0, more: false }; // what came while paused
  let askedAt = 0;

  /* ---- pages ---- */
  function pageOf(drawing) {
    const content = drawing[1].props;
    const rows = drawing[1].type === "Ol" ? content.children : [];
    const next = content["data-searched-to"] ? Number(content["data-searched-to"]) : null;
    return { scope: content["data-scope"], rows: rows, full: rows.length === PAGE_ROWS, next: next, content: drawing[1] };
  }

  /* Older rows stay below a new page as long as nothing can be missing between them. */
  function joins(page) {
    if (page.scope !== list.scope || !list.rows.length) return false;
    if (list.bottom === Infinity) return !page.full; // the newest hold no more than this page: below it nothing is new
    if (!page.rows.length) return false;
    const oldest = idOf(page.rows[page.rows.length - 1]);
    return page.full ? idOf(list.rows[0]) >= oldest : page.rows.some((row) => idOf(row) === list.bottom);
  }

  function take(page) {
    const oldest = page.rows.length ? idOf(page.rows[page.rows.length - 1]) : Infinity;
    const kept = joins(page) ? list.rows.filter((row) => idOf(row) < oldest) : [];
    const end = kept.length ? list.end : !page.rows.length && page.next === null;
    const next = kept.length ? list.next : page.next;
    list = { scope: page.scope, rows: page.rows.concat(kept), full: page.full, end: end, next: next, bottom: page.full ? null : oldest, empty: page.content };
    if (follow && list.rows.length > MOST_AT_TOP) {
      list.rows.length = PAGE_ROWS;
      list.end = false;
      list.next = null;
    }
    const newest = list.rows.length ? idOf(list.rows[0]) : 0;
    waiting = { newest: newest, count: 0, more: false };
  }

  function countWaiting(page) {
    const fresh = page.rows.filter((row) => idOf(row) > waiting.newest).length;
    waiting.more = waiting.more || (fresh === PAGE_ROWS && waiting.newest > 0);
    waiting.count += fresh;
    if (page.rows.length) waiting.newest = idOf(page.rows[0]);
  }

  /* ---- drawing ---- */
  function draw() {
    const host = body();
    const anchor = follow ? null : [...host.querySelectorAll(".entry")].find((row) => row.getBoundingClientRect().bottom > host.getBoundingClientRect().top);
    const before = anchor ? anchor.getBoundingClientRect().top : 0;
    window.botv2Draw(host, list.rows.length ? [rowsContent(), endContent()] : list.empty);
    if (follow) host.scrollTop = 0;
    else if (anchor && anchor.isConnected) host.scrollTop += anchor.getBoundingClientRect().top - before;
    mark();
  }

  const html = (type, props) => ({ namespace: "dash_html_components", type: type, props: props });
  const rowsContent = () => html("Ol", { className: "entries", children: list.rows });
  const endContent = () =>
    list.end
      ? html("P", { className: "feed-end", children: botv2Words("No older events") })
      : html("Div", { className: "feed-end", children: html("Button", { className: "btn-line", type: "button", "data-feed": "older", children: botv2Words("Older events") }) });

  function mark() {
    const count = `${waiting.count}${waiting.more ? "+" : ""}`;
    const words = waiting.count ? botv2Words("{n} new, resume", { n: count }) : paused ? botv2Words("Resume") : botv2Words("Pause");
    const pause = control("pause");
    if (!pause) return;
    pause.setAttribute("aria-pressed", String(paused));
    pause.querySelector("span").textContent = words;
    control("follow").setAttribute("aria-pressed", String(follow));
    markFilters();
  }

  /* ---- the past: from where the last search ended early, else from the last row ---- */
  const frontier = () => (list.next !== null ? list.next : list.rows.length ? idOf(list.rows[list.rows.length - 1]) : null);

  function askOlder() {
    if (list.end || frontier() === null || Date.now() - askedAt < PATIENCE_MS) return;
    askedAt = Date.now();
    setProps("feed-older", { data: { before: frontier(), at: askedAt } });
  }

  function onScroll() {
    const host = body();
    const away = host.scrollTop > TOP_PX;
    if (away === follow) {
      follow = !away;
      mark();
    }
    if (away && host.scrollTop + host.clientHeight > host.scrollHeight - NEAR_END_PX) askOlder();
  }

  /* ---- filters: pressed is shown; all pressed is no filter ---- */
  const FILTERS = ["event_type", "severity", "bot", "q"];
  const query = () => window.botv2Address.all();
  const chosen = (name) => window.botv2Address.several(name);

  /* The first click on a chip shows that alone, further ones add and take away; without any left all are shown again. */
  function toggle(name, value) {
    const values = chosen(name);
    const next = values.includes(value) ? values.filter((one) => one !== value) : values.concat(value);
    const all = document.querySelectorAll(`[data-filter="${name}"]`).length;
    go(name, next.length === all && name !== "bot" ? "" : window.botv2Address.listed(next));
  }

  const go = (name, value, replace = false) => window.botv2Address.set({ [name]: value }, { replace: replace });
  const clearFilters = () => window.botv2Address.set(Object.fromEntries(FILTERS.map((name) => [name, null])));

  function markFilters() {
    const wanted = query();
    for (const chip of document.querySelectorAll("[data-filter]")) {
      const values = chosen(chip.dataset.filter);
      chip.setAttribute("aria-pressed", String(chip.dataset.filter === "bot" ? values.includes(chip.dataset.value) : !values.length || values.includes(chip.dataset.value)));
    }
    const bots = document.querySelector(".bots summary");
    if (bots) bots.classList.toggle("on", wanted.has("bot"));
    for (const link of document.querySelectorAll('[data-export="/api/monitoring/activity/export"]')) {
      const params = new URLSearchParams([["format", link.textContent.toLowerCase()]]);
      for (const name of FILTERS) if (wanted.get(name)) params.set(name, wanted.get(name));
      link.href = window.botv2At(link.dataset.export + "?" + params);
    }
  }

  function fillText() {
    const input = document.getElementById("feed-text");
    if (input && input.value !== (query().get("q") || "")) setProps("feed-text", { value: query().get("q") || "" });
  }

  /* ---- what the person does ---- */
  const ACTIONS = {
    pause() {
      paused = !paused;
      if (!paused && latest) take(latest);
      draw();
    },
    follow() {
      follow = !follow;
      if (follow) body().scrollTop = 0;
      mark();
    },
    older() {
      askOlder();
    },
    "clear-filters": clearFilters,
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-feed], [data-filter]");
    if (!target) return;
    if (target.dataset.feed) ACTIONS[target.dataset.feed]();
    else toggle(target.dataset.filter, target.dataset.value);
  });
  document.addEventListener("keydown", (event) => {
    const input = document.getElementById("feed-text");
    if (event.key !== "/" || !input || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    input.focus();
  });
  document.addEventListener("scroll", (event) => event.target === body() && onScroll(), true);
  document.addEventListener("botv2:page", () => {
    list = { scope: null, rows: [], next: null };
    paused = false;
    follow = true;
    askedAt = 0;
    if (document.getElementById(PANEL)) mark();
    fillText();
  });
  document.addEventListener("botv2:address", () => {
    markFilters();
    if (document.activeElement !== document.getElementById("feed-text")) fillText(); // who types there is ahead of the address
  });
  document.addEventListener("botv2:resync", () => (list.scope = null)); // something was cleared or missed: the next page starts anew
  document.addEventListener("botv2:drawn", (event) => ["panel-feeds", PANEL].includes(event.detail) && markFilters());

  window.botv2Feed = {
    /* Whether this is the feed's drawing; then it is dealt with here. */
    takes(panel, drawing) {
      if (panel !== PANEL) return false;
      latest = pageOf(drawing);
      const gap = !follow && latest.scope === list.scope && latest.full && !joins(latest);
      if (gap) paused = true; // what lies between would be missing: wait until the person comes back to the top
      if (paused && latest.scope === list.scope) {
        countWaiting(latest);
        mark();
        return true;
      }
      if (latest.scope !== list.scope) follow = true;
      take(latest);
      draw();
      return true;
    },
    older(drawing) {
      if (!drawing || frontier() !== drawing.before) return;
      list.rows = list.rows.concat(drawing.rows);
      list.end = drawing.end;
      list.next = drawing.next;
      if (list.end && !list.rows.length) list.empty = drawing.empty;
      askedAt = 0;
      draw();
    },
    text(value) {
      if (value !== undefined && value !== null) go("q", value.trim(), true);
    },
  };
})();
