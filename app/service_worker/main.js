/* Its life: a new version waits until a page says SKIP_WAITING; the first one needs not to wait for anybody. */
const MESSAGES = {
  SKIP_WAITING: () => self.skipWaiting(),
  GET_VERSION: () => CONFIG.version,
  CLEAR_CACHE: () => Promise.all([forget(), caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))]),
  KEEP_FILES: ({ urls }) => keepFiles(urls),
  SEND: async () => ((await whose()) ? send() : undefined),
  TOLD: async ({ numbers }) => {
    await drop(numbers);
    await tell();
  },
};

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("botv2-files-") && name !== FILES);
  await Promise.all(old.map((name) => caches.delete(name)));
  if (self.registration.navigationPreload) await self.registration.navigationPreload.enable();
  await self.clients.claim();
}

/* What is kept before it is active, a browser also compiles as a whole: the next page starts in half the time. */
self.addEventListener("install", (event) => event.waitUntil(keepFiles([])));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const answer = answered(event);
  if (answer) event.respondWith(answer);
});
self.addEventListener("sync", (event) => event.tag === SYNC && event.waitUntil(send()));
self.addEventListener("message", (event) => {
  const known = Object.hasOwn(MESSAGES, event.data.type) ? MESSAGES[event.data.type] : null;
  if (!known) return;
  const done = Promise.resolve(known(event.data));
  event.waitUntil(done.then((said) => event.ports[0] && event.ports[0].postMessage(said === undefined ? true : said)));
});
