// The service worker: the shell of the pages, and what was seen, without a connection.
//
// Served at /sw.js with `release` in front, { address, shell, offline }, and `sender`: js/waiting.js as a module where the
// browser can wake a worker (/sw.js?sync), else null.
//
//   shell-{address}     files of a release, for ever the same: from here first
//   seen-{reader}       pages that this person looked at: only when the server cannot be reached
//   pictures-{reader}   the pictures on them: from here first while their address says so
//
// What was seen belongs to who saw it. Every page says in `Heliograph-Reader` whose it is, or `none`; as soon as one
// is somebody else's or nobody's, all that was kept for others is gone. `generation` is for answers that are still
// under way at that moment: whatever was asked before it is not kept.

const SHELL = `shell-${release.address}`;
const SEEN = "seen-";
const PICTURES = "pictures-";
const KEPT_AT = "Heliograph-Kept";
const MOST_PAGES = 60;
const MOST_PICTURES = 240;
const LONGEST_MS = 14 * 24 * 3600 * 1000; // what was not looked at for so long is not shown again

const KEEPS = /^\/($|post$|p\/[\w-]+$|@[\w.]+$)/; // feed, composer, photos, profiles
const AWAY = new Set([502, 503, 504]);

let generation = 0;

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(begin().then(() => self.clients.claim())));
self.addEventListener("message", (event) => {
  if (event.origin === self.location.origin && event.data === "forget") event.waitUntil(forget());
});
self.addEventListener("sync", (event) => {
  if (event.tag === "waiting") event.waitUntil(sendWaiting());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && url.pathname === "/sign-out") event.waitUntil(forget());
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(event, url));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(event, url));
  else if (url.pathname.startsWith("/m/")) event.respondWith(picture(event));
});

async function fill() {
  const cache = await caches.open(SHELL);
  await cache.addAll([...release.shell, new Request(release.offline, { cache: "reload" })]);
}

/** Pages of the release before may still be open: its files stay for one more. */
async function begin() {
  const shells = (await caches.keys()).filter((name) => name.startsWith("shell-") && name !== SHELL);
  await Promise.all(shells.slice(0, -1).map((name) => caches.delete(name)));
  await self.registration.navigationPreload?.enable();
}

/** From the network, and noted; from what was seen when that fails. */
async function page(event, url) {
  const asked = generation;
  try {
    const answer = (await event.preloadResponse) || (await fetch(event.request));
    const old = AWAY.has(answer.status) && (await seen(url));
    if (old) return old;
    event.waitUntil(note(url, answer.clone(), asked));
    return answer;
  } catch (error) {
    const old = (await seen(url)) || (await caches.match(release.offline, { cacheName: SHELL }));
    if (old) return old;
    throw error;
  }
}

async function note(url, answer, asked) {
  const reader = answer.headers.get("Heliograph-Reader");
  if (!reader || asked !== generation) return;
  if (reader === "none") {
    await forget();
    return;
  }
  const names = [SEEN + reader, PICTURES + reader];
  const others = await drop((name) => !names.includes(name));
  const born = others ? ++generation : generation;
  if (others === 0 && asked !== generation) return;
  const cache = await caches.open(names[0]);
  if (answer.status !== 200 || !KEEPS.test(url.pathname)) return;
  const headers = new Headers(answer.headers);
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  headers.set(KEPT_AT, String(Date.now()));
  const copy = new Response(await answer.text(), { headers });
  if (born !== generation) return;
  await cache.put(key(url), copy);
  await trim(cache, MOST_PAGES);
}

/** A page as it was, which says since when; undefined when it was not seen, or too long ago. */
async function seen(url) {
  const name = (await caches.keys()).find((known) => known.startsWith(SEEN));
  const kept = name && (await caches.match(key(url), { cacheName: name }));
  if (!kept) return undefined;
  const at = Number(kept.headers.get(KEPT_AT));
  if (Date.now() - at > LONGEST_MS) return undefined;
  const html = (await kept.text()).replace("<html ", `<html data-kept="${at}" `);
  return new Response(html, { headers: kept.headers });
}

async function file(event, url) {
  const known = (await caches.match(event.request, { cacheName: SHELL })) || (await older(event.request));
  if (known) return known;
  const answer = await fetch(event.request);
  if (answer.status === 200 && url.pathname.startsWith(release.address)) {
    const copy = answer.clone();
    event.waitUntil(caches.open(SHELL).then((cache) => cache.put(event.request, copy)));
  }
  return answer;
}

async function older(request) {
  const names = (await caches.keys()).filter((name) => name.startsWith("shell-") && name !== SHELL);
  for (const name of names) {
    const known = await caches.match(request, { cacheName: name });
    if (known) return known;
  }
  return undefined;
}

async function picture(event) {
  const asked = generation;
  const reader = (await caches.keys()).find((name) => name.startsWith(SEEN))?.slice(SEEN.length);
  const cache = reader && (await caches.open(PICTURES + reader));
  const known = cache && (await cache.match(event.request));
  if (known && fresh(known)) return known;
  try {
    const answer = await fetch(event.request);
    if (cache && answer.status === 200) event.waitUntil(keep(cache, event.request, answer.clone(), asked));
    return answer;
  } catch (error) {
    if (known) return known;
    throw error;
  }
}

function fresh(answer) {
  const seconds = Number(/max-age=(\d+)/.exec(answer.headers.get("Cache-Control"))?.[1] ?? 0);
  return Date.now() - Date.parse(answer.headers.get("Date")) < seconds * 1000;
}

async function keep(cache, request, answer, asked) {
  if (asked !== generation) return;
  await cache.put(request, answer);
  await trim(cache, MOST_PICTURES);
}

/** What was put in first goes first. */
async function trim(cache, most) {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((request) => cache.delete(request)));
}

async function forget() {
  generation += 1;
  await drop(() => true);
}

/** Delete what was kept of people, where `which` says so; how many there were. */
async function drop(which) {
  const names = (await caches.keys()).filter((name) => name.startsWith(SEEN) || name.startsWith(PICTURES));
  const gone = names.filter(which);
  await Promise.all(gone.map((name) => caches.delete(name)));
  return gone.length;
}

/** The connection is back: send what waits. An error tells the browser to wake us once more, later. */
async function sendWaiting() {
  if (!sender) return tell("flush");
  if (await sender.flush()) await tell("sent");
  if (await sender.left()) throw new Error("something still waits");
}

async function tell(what) {
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage(what);
}

function key(url) {
  return url.pathname + url.search;
}
