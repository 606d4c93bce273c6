/* What is kept of a person's answers: in IndexedDB, under whom it is for, with its moment and how long it counts. What was not
   used for the longest time goes first. Nothing is kept after a sign-out, until a page is opened for somebody again. */
const DATABASE = "botv2-offline";
const MOST = { answers: { entries: 400, bytes: 30e6 }, files: { entries: 300, bytes: 60e6 } };
const MOST_BYTES = 3e6; // of one answer
const WRITE_MS = 500;
const TRIM_EVERY = 20;

let opened = null;
let silent = false; // somebody has signed out: what was still on its way is not kept

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      for (const name of Object.keys(MOST)) asked.result.createObjectStore(name, { keyPath: "key" }).createIndex("lru", ["used", "bytes"]);
      asked.result.createObjectStore("waiting", { keyPath: "n", autoIncrement: true });
      asked.result.createObjectStore("facts", { keyPath: "name" });
    };
    asked.onsuccess = () => {
      asked.result.onclose = () => (opened = owner = null); // the browser has cleared it away
      asked.result.onversionchange = () => {
        asked.result.close(); // the worker of the next version does
        opened = owner = null;
      };
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
}

/* Resolves, when it is on the disk, to what the request gave that `work` returned. */
async function within(stores, mode, work) {
  if (!opened) {
    opened = open();
    opened.catch(() => (opened = null));
  }
  const database = await opened;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, mode);
    const request = work(...stores.map((name) => transaction.objectStore(name)));
    transaction.oncomplete = () => resolve(request && request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/* ---- writing: half a second's worth at once ---- */
const fresh = { answers: new Map(), files: new Map() };
let writing = null;
let writes = 0;
let owner; // whose answers these are; undefined: not looked up yet

/* Reading alone makes no database: after a sign-out there is none. */
async function whose() {
  if (owner !== undefined) return owner;
  const isThere = (await indexedDB.databases()).some((one) => one.name === DATABASE);
  const known = isThere ? await within(["facts"], "readonly", (facts) => facts.get("owner")) : null;
  if (owner === undefined) owner = known ? known.value : null; // else somebody was found meanwhile
  return owner;
}

function soon() {
  if (writing === null) writing = new Promise((resolve) => setTimeout(resolve, WRITE_MS)).then(write);
  return writing;
}

async function write() {
  writing = null;
  if (silent) return;
  const records = Object.entries(fresh).map(([name, found]) => [name, [...found.values()]]);
  await within(["answers", "files", "facts"], "readwrite", (answers, files, facts) => {
    for (const [name, found] of records) for (const record of found) (name === "files" ? files : answers).put(record);
    if (owner) facts.put({ name: "owner", value: owner });
  });
  for (const [name, found] of records) for (const record of found) if (fresh[name].get(record.key) === record) fresh[name].delete(record.key);
  if (writes++ % TRIM_EVERY === 0) await Promise.all(Object.keys(MOST).map(trim));
}

/* The longest unused go, until what is left is few and small enough. */
async function trim(name) {
  const gone = [];
  await within([name], "readwrite", (store) => {
    let [entries, bytes] = [0, 0];
    store.index("lru").openKeyCursor(null, "prev").onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      entries += 1;
      bytes += cursor.key[1];
      if (entries > MOST[name].entries || bytes > MOST[name].bytes) {
        gone.push(cursor.primaryKey);
        store.delete(cursor.primaryKey);
      }
      cursor.continue();
    };
  });
  if (name === "files" && gone.length) {
    const cache = await caches.open(FILES);
    await Promise.all(gone.map((url) => cache.delete(url)));
  }
}

/* ---- what the other parts call ---- */

/* `said` is what the server said of an answer: for whom, and for how many seconds. */
async function keep(key, said, answer) {
  const [viewer, seconds] = said.split(" ");
  if (silent || !key) return;
  const now = Date.now();
  const body = await answer.arrayBuffer();
  if (body.byteLength > MOST_BYTES) return;
  if ((await whose()) !== viewer) {
    if (owner) await forget(); // somebody else has signed in
    owner = viewer;
  }
  if (silent) return;
  const record = { key: key, version: CONFIG.version, at: now, until: now + seconds * 1000, isData: seconds <= CONFIG.dataSeconds, used: now, bytes: body.byteLength };
  fresh.answers.set(key, { ...record, headers: [...answer.headers], body: body });
  await soon();
}

async function find(key) {
  if (silent || !key || !(await whose())) return null;
  const record = fresh.answers.get(key) || (await within(["answers"], "readonly", (answers) => answers.get(key)));
  if (!record || record.version !== CONFIG.version || record.until < Date.now()) return null;
  fresh.answers.set(key, { ...record, used: Date.now() });
  soon();
  return record;
}

function noteFile(url, bytes) {
  if (silent) return null;
  fresh.files.set(url, { key: url, used: Date.now(), bytes: bytes });
  return soon();
}

/* All that is private goes: the answers, and the changes that wait. */
async function forget() {
  for (const found of Object.values(fresh)) found.clear();
  owner = null;
  if (opened) (await opened).close();
  opened = null;
  await new Promise((resolve) => {
    const asked = indexedDB.deleteDatabase(DATABASE);
    asked.onsuccess = asked.onerror = resolve;
  });
}
