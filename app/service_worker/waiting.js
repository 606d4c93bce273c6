/* Changes that a person made while the network was away: kept with their key and the same bytes, sent in their order when it is
   back, so that each arrives once, also when it had arrived and the answer was lost. What the server refuses waits to be told. */
const LATER = new Set([401, 408, 425, 429, 502, 503, 504, 507]); // tried again
const CHANGES = [
  ["POST", /^\/api\/annotations$/],
  ["PATCH", /^\/api\/annotations\/\d+$/],
  ["DELETE", /^\/api\/annotations\/\d+$/],
  ["PATCH", /^\/api\/trades\/\d+$/],
  ["POST", /^\/api\/alerts\/\d+\/(?:acknowledge|resolve)$/],
];
const BESIDE_A_TRADE = new Set(["notes", "tags"]); // closing one is not put off
const SENT_ALONG = ["Accept", "Content-Type", "Idempotency-Key"];
const CHANGE_MS = 20000; // then it waits: its key makes sure that it counts once
const SYNC = "botv2-waiting";
const json = (status, said, headers) => new Response(JSON.stringify(said), { status: status, headers: { "Content-Type": "application/json", ...headers } });

const mayWait = (request, path) => request.headers.has("Idempotency-Key") && CHANGES.some(([method, places]) => request.method === method && places.test(path));
const waiting = () => within(["waiting"], "readonly", (store) => store.getAll());
const unsent = async () => (await waiting()).filter((one) => one.refused === null);

async function change(event, path) {
  const { request } = event;
  const body = await request.clone().text();
  if (path.startsWith("/api/trades/") && !Object.keys(JSON.parse(body)).every((field) => BESIDE_A_TRADE.has(field))) return fetch(request);
  if (!(await whose()) || silent) return fetch(request);
  if ((await unsent()).length) await send(); // what came before goes first
  if (!(await unsent()).length) {
    try {
      const answer = await fetch(request, { signal: AbortSignal.timeout(CHANGE_MS) });
      if (!isAway(answer)) return answer;
    } catch (away) {
      // it waits
    }
  }
  const headers = SENT_ALONG.filter((name) => request.headers.has(name)).map((name) => [name, request.headers.get(name)]);
  const one = { method: request.method, url: request.url, headers: headers, body: body || null, refused: null };
  await within(["waiting"], "readwrite", (store) => store.add(one));
  if (self.registration.sync) self.registration.sync.register(SYNC).catch(() => {}); // a browser may not allow it: the page sends, too
  event.waitUntil(tell());
  return json(202, { success: true, waiting: true }, { "X-Botv2-Waiting": "1" });
}

/* One worker, one sender. */
const send = () => navigator.locks.request(SYNC, async () => {
  let sent = 0;
  for (const one of await unsent()) {
    let answer;
    try {
      answer = await fetch(one.url, { method: one.method, headers: one.headers, body: one.body || undefined, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(CHANGE_MS) });
    } catch (away) {
      break;
    }
    if (LATER.has(answer.status)) break;
    if (answer.ok) {
      sent += 1;
      await drop([one.n]);
      continue;
    }
    const { error } = await answer.json().catch(() => ({}));
    const why = error ? error.message : String(answer.status);
    await within(["waiting"], "readwrite", (store) => store.put({ ...one, refused: why }));
  }
  await tell(sent);
});

const drop = (numbers) => within(["waiting"], "readwrite", (store) => {
  for (const n of numbers) store.delete(n);
});

/* To every page: how many changes wait, how many were sent just now, and which were refused. */
async function tell(sent = 0) {
  if (silent || !(await whose())) return;
  const all = await waiting();
  const refused = all.filter((one) => one.refused !== null).map(({ n, refused, body }) => ({ n: n, why: refused, body: body }));
  const said = { type: "WAITING", n: all.length - refused.length, sent: sent, refused: refused };
  for (const client of await self.clients.matchAll()) client.postMessage(said);
}
