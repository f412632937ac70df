// Posts that were written without a connection: kept on this device, sent when there is one again.
//
// Each belongs to the person who wrote it. Nobody else's session sends it, and signing out forgets it. It is sent
// with the key it was written with, so that a repeated try is the same post. The service worker sends it, too, where the
// browser wakes it when the connection is back (worker.js).

import { freshKey } from "./ask.js";
import { ask, Refused } from "./composer/ask.js";
import { bring } from "./composer/upload.js";
import { cupboard } from "./cupboard.js";

const FLAG = "waiting"; // in localStorage: whether a page must load this file at all
const posts = cupboard("heliograph-waiting", { posts: "key" });
const run = (mode, deed) => posts(mode, "posts", deed);

/** Keep a post: { key, person, fields, photo, uploadKey, uploadId, picture, pieces }. */
export async function keep(post) {
  await run("readwrite", (store) => store.put({ ...post, at: Date.now() }));
  globalThis.localStorage?.setItem(FLAG, "1");
  wake();
}

/** Have the worker woken when there is a connection, where the browser does that; elsewhere the next page sends it. */
export function wake() {
  globalThis.navigator?.serviceWorker?.ready
    .then((registration) => registration.sync?.register("waiting"))
    .catch(() => {});
}

/** Whether there is anything that was neither sent nor refused. */
export async function left() {
  return (await run("readonly", (store) => store.getAll())).some((post) => !post.refused);
}

/** One's posts that wait, oldest first. */
export async function waiting(person) {
  const all = await run("readonly", (store) => store.getAll());
  if (!all.length) globalThis.localStorage?.removeItem(FLAG);
  return all.filter((post) => post.person === person).sort((a, b) => a.at - b.at);
}

/** Drop one post. */
export function discard(key) {
  return run("readwrite", (store) => store.delete(key));
}

/** Drop all posts of all people: at sign-out. */
export async function forget() {
  globalThis.localStorage?.removeItem(FLAG);
  await run("readwrite", (store) => store.clear());
}

/**
 * Send what waits, one after the other; how many were sent. `again` names a post that was refused and is to be
 * tried once more; `progress(post, share)`. Ends at the first lost connection.
 */
export async function flush({ again = "", progress } = {}) {
  const work = async () => {
    const { person, token } = await signedIn();
    return person ? sendAll({ person, token, again, progress }) : 0;
  };
  // Two tabs would send the same bytes twice, though only one post would come of it.
  const locks = globalThis.navigator?.locks;
  return locks ? locks.request("waiting", { ifAvailable: true }, (lock) => (lock ? work() : 0)) : work();
}

/** Who is signed in at this moment, by what the server says: a page may be older than its session. */
async function signedIn() {
  const page = await fetch("/post", { cache: "no-store", credentials: "same-origin" }).then(
    (answer) => (answer.ok ? answer.text() : ""),
    () => "",
  );
  const said = (pattern) => pattern.exec(page)?.[1] ?? "";
  return { person: said(/data-reader="(\d+)"/), token: said(/csrfmiddlewaretoken" value="(\w+)"/) };
}

async function sendAll({ person, token, again, progress }) {
  let sent = 0;
  for (const post of await waiting(person)) {
    if (post.refused && post.key !== again) continue;
    try {
      await send(post, { token, progress });
    } catch (error) {
      if (!(error instanceof Refused)) break;
      if ([401, 403].includes(error.status)) break; // signed out meanwhile
      await run("readwrite", (store) => store.put({ ...post, refused: error.message || "?" }));
      continue;
    }
    await discard(post.key);
    sent += 1;
  }
  await waiting(person); // lowers the flag when nothing is left
  if (sent) globalThis.dispatchEvent(new Event("waiting-sent"));
  return sent;
}

async function send(post, { token, progress }) {
  const uploadId = post.uploadId || (await arrived(post, post.uploadKey, token, progress));
  try {
    await deliver(post, uploadId, token);
  } catch (error) {
    if (error.status !== 404) throw error; // 404: the photo lay there for too long, and was swept
    await deliver(post, await arrived(post, freshKey(), token, progress), token);
  }
}

async function arrived(post, key, token, progress) {
  const { photo, pieces } = post;
  const { upload_id: id } = await bring(photo, {
    key,
    token,
    pieces,
    tries: 2,
    progress: (share) => progress?.(post, share),
  });
  return id;
}

function deliver(post, uploadId, token) {
  const body = new URLSearchParams({ ...post.fields, upload_id: uploadId, key: post.key }).toString();
  const headers = { "Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": token };
  return ask("POST", "/post", { headers, body });
}
