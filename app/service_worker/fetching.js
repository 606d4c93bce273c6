/* Which request is answered how: from the network, from what is kept, or by neither, which is as if there were no worker. */
const FILES = "botv2-files-" + CONFIG.version;
const KEEP = "X-Botv2-Keep";
const NOBODY = "nobody";
const DOCUMENT = "document"; // every page has the same one, but for the figures that are in it already
const FIGURES = /<!--figures-->.*?<!--\/figures-->/s; // see app/early.py
const WEEK_MS = 7 * 86400000;
const DAY_MS = 86400000;
const PATIENCE_MS = 5000; // for a document, on a network that swallows what is sent
const HASHED = /[?&]m=\d|\.v[\w-]+m\d+\.|\.[0-9a-f]{8,}\.|-[0-9A-Z]{8}\./;
const LIBRARIES = ["/assets/", "/_dash-component-suites/"];
const SHELL = new Set(["/_dash-layout", "/_dash-dependencies"]);
const CALLBACK = "/_dash-update-component";
const built = new Set(CONFIG.files);

const pathOf = ({ pathname }) => (pathname.startsWith(CONFIG.base + "/") ? pathname.slice(CONFIG.base.length) : null);
const isFile = (url, path) => built.has(url.pathname) || LIBRARIES.some((folder) => path.startsWith(folder));
const isData = (path) => CONFIG.nouns.some((noun) => path === "/api/" + noun || path.startsWith(`/api/${noun}/`)) && path !== CONFIG.pulse;
/* A proxy that finds no server behind it; the server's own refusals say which request it was. */
const isAway = (answer) => [502, 503, 504].includes(answer.status) && !answer.headers.has("X-Request-Id");

/* The promise of an answer, or null where the browser is to do what it always does. */
function answered(event) {
  const { request } = event;
  const url = new URL(request.url);
  const path = url.origin === self.location.origin ? pathOf(url) : null;
  if (path === null || request.headers.has("Authorization")) return null;
  if (request.mode === "navigate") return navigation(event, path);
  if (request.method === "GET") {
    if (isFile(url, path)) return file(event, url);
    if (request.destination === "image") return picture(event);
    return SHELL.has(path) || isData(path) ? networkFirst(event, path + url.search) : null;
  }
  if (request.method === "POST" && path === CALLBACK) return callback(event);
  return mayWait(request, path) ? change(event, path) : null;
}

/* ---- files of the program and pictures: the same for everybody ---- */
const age = (answer) => Date.now() - Date.parse(answer.headers.get("Date"));

async function fetched(event, url, kept) {
  const answer = await fetch(event.request);
  const isSame = kept && answer.headers.has("ETag") && answer.headers.get("ETag") === kept.headers.get("ETag") && age(kept) < DAY_MS;
  if (answer.status === 200 && answer.type === "basic" && !isSame) event.waitUntil(putFile(url, answer.clone()));
  return answer;
}

async function putFile(url, answer) {
  if (silent) return;
  const bytes = Number(answer.headers.get("Content-Length")) || 0;
  await (await caches.open(FILES)).put(url, answer);
  await noteFile(url, bytes);
}

async function file(event, url) {
  const kept = await (await caches.open(FILES)).match(url.href);
  if (kept && (built.has(url.pathname) || HASHED.test(url.href)) && age(kept) < WEEK_MS) {
    event.waitUntil(noteFile(url.href, Number(kept.headers.get("Content-Length")) || 0));
    return kept;
  }
  return fetched(event, url.href, kept).catch(() => kept || Response.error());
}

async function picture(event) {
  const { url } = event.request;
  const kept = await (await caches.open(FILES)).match(url);
  const asked = fetched(event, url, kept).catch(() => kept || Response.error());
  event.waitUntil(asked);
  return kept && age(kept) < DAY_MS ? kept : asked;
}

/* Those that were loaded before there was a worker, and those that the build names. */
async function keepFiles(urls) {
  for (const url of new Set([...urls, ...CONFIG.files.map((path) => new URL(path, self.location).href)])) {
    const path = url.startsWith(self.location.origin + "/") ? pathOf(new URL(url)) : null;
    if (path === null || !isFile(new URL(url), path) || (await caches.match(url, { cacheName: FILES }))) continue; // makes no cache where nothing is kept
    const answer = await fetch(url).catch(() => null);
    if (answer && answer.status === 401) return; // who is signed out gets none of them
    if (answer && answer.status === 200) await putFile(url, answer);
  }
}

/* ---- answers: for one person ---- */
async function networkFirst(event, keyed, adapt = (body) => body) {
  let answer = null;
  try {
    answer = await fetch(event.request);
  } catch (away) {
    // what is kept is shown
  }
  if (answer && !isAway(answer)) {
    const said = answer.headers.get(KEEP);
    if (said) event.waitUntil(later(keyed, said, answer.clone()));
    if (answer.status === 401) event.waitUntil(ended());
    return answer;
  }
  const record = await find(await keyed);
  if (!record) return answer || Response.error();
  if (record.isData) event.waitUntil(tellAge(event, record.at));
  return new Response(await adapt(record.body), { headers: [...record.headers, ["X-Botv2-Kept-At", String(record.at)]] });
}

const later = async (keyed, said, answer) => keep(await keyed, said, answer);

async function tellAge(event, at) {
  const client = await self.clients.get(event.clientId);
  if (client) client.postMessage({ type: "KEPT", at: at });
}

/* The session has ended. Changes that wait are thrown away with words only: at the sign-in, see `arrived`. */
async function ended() {
  if ((await whose()) && !(await unsent()).length) await forget();
}

/* A callback's question is the same whatever the versions are that made the page ask, and the how manieth time it is asked. */
const plain = (value) => (value && typeof value === "object" && !Array.isArray(value) ? { ...value, n: 0, number: 0, at: 0 } : value);

async function keyOf(asked) {
  if ((asked.changedPropIds || []).some((name) => name.endsWith("-again.data"))) return null; // a stretch beside the one that is wanted
  const parts = [asked.inputs, asked.state].map((given) => (given || []).flat().filter((one) => !/^(?:version|pulse)-/.test(one.id)));
  const question = JSON.stringify([asked.output, ...parts.map((given) => given.map((one) => [one.id, one.property, plain(one.value)]))]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(question));
  return "callback " + Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* Neither the network nor the page waits for the key. */
function callback(event) {
  const asked = event.request.clone().json();
  return networkFirst(event, asked.then(keyOf), async (body) => renumbered(body, await asked));
}

/* A long table takes the answer to the question that it has asked last. */
function renumbered(body, { inputs }) {
  const number = inputs.map((one) => one.value?.number).find((value) => value !== undefined);
  if (number === undefined) return body;
  const said = JSON.parse(new TextDecoder().decode(body));
  for (const part of Object.values(said.response || {})) if (typeof part.data === "object" && part.data && "number" in part.data) part.data.number = number;
  return JSON.stringify(said);
}

/* ---- documents ---- */
function navigation(event, path) {
  if (event.request.method === "GET") return page(event, path);
  if (path === "/logout") {
    silent = true;
    event.waitUntil(forget());
  }
  return null;
}

async function page(event, path) {
  const asked = (async () => (await event.preloadResponse) || fetch(event.request))().catch(() => null);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, null));
  const first = await Promise.race([asked, late]);
  const isPage = CONFIG.pages.includes(path);
  if (first && !isAway(first)) return arrived(event, first);
  const record = isPage ? await find(DOCUMENT) : null;
  if (record) return new Response(record.body, { headers: record.headers });
  const last = await asked;
  return last && !isAway(last) ? arrived(event, last) : away();
}

async function arrived(event, answer) {
  const said = answer.headers.get(KEEP);
  if (said === null) return answer;
  if (said !== NOBODY) {
    silent = false;
    event.waitUntil(withoutFigures(answer.clone()).then((frame) => keep(DOCUMENT, said, frame)));
    return answer;
  }
  silent = true;
  const lost = (await whose()) ? await unsent() : [];
  await forget();
  if (!lost.length) return answer;
  const address = new URL(event.request.url);
  address.searchParams.set("unsent", lost.length);
  return Response.redirect(address);
}

async function withoutFigures(answer) {
  return new Response((await answer.text()).replace(FIGURES, ""), { headers: answer.headers });
}

function away() {
  const language = navigator.languages.map((tag) => tag.split("-")[0]).find((name) => name in CONFIG.away) || "en";
  return new Response(CONFIG.away[language], { status: 503, headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'", "Cache-Control": "no-store" } });
}
