// Bringing a photo to the server in pieces. A lost connection is a pause: it goes on where it was.
//
// The same key is the same upload, for ever: after a reload, and in another tab.

import { freshKey } from "../ask.js";
import { ask, Away } from "./ask.js";

const HOME = "/post/uploads";
const LONGEST = 30; // seconds between two tries

/**
 * The facts of an arrived photo: upload_id, width, height, previews.
 *
 * `progress(share)` from 0 to 1; `paused(Away | null)` when the connection went and when it is back; `tries`: after so
 * many without any progress Away is thrown; `pieces`: whether this server takes them. Throws Refused, and AbortError
 * after `signal`.
 */
export async function bring(photo, { key, token, pieces, progress, paused, signal, tries = Infinity }) {
  const way = { photo, key, token, pieces, progress, signal, session: null, at: 0, chunk: 0 };
  for (let failed = 0; ; ) {
    const from = way.at;
    try {
      const facts = await attempt(way, () => paused?.(null));
      progress?.(1);
      return facts;
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      failed = way.at > from ? 1 : failed + 1;
      if (failed >= tries) throw error;
      paused?.(error);
      await rest(Math.max(error.seconds, Math.min(LONGEST, 2 ** (failed - 1))), signal);
    }
  }
}

async function attempt(way, answered) {
  if (!way.pieces) return whole(way);
  const begun = await begin(way);
  answered();
  if (begun.upload_id) return begun;
  for (;;) {
    const { status, facts } = await send(way);
    if (status === 404) return forgotten(way);
    answered();
    if (facts.upload_id) return facts;
    if (!(facts.offset >= 0) || (status === 200 && facts.offset <= way.at)) throw new Away();
    way.at = facts.offset;
    way.progress?.(way.at / way.photo.size);
  }
}

/** A new session, or how far it is. */
async function begin(way) {
  if (way.session) {
    const { status, facts } = await ask("GET", `${HOME}/parts/${way.session}`, { ...common(way), also: [404] });
    if (status === 404) return forgotten(way);
    return arrivedAt(way, facts);
  }
  const { status, facts } = await ask("POST", `${HOME}/start`, {
    ...common(way, { "Content-Type": "application/json", "Idempotency-Key": way.key }),
    body: JSON.stringify({ length: way.photo.size }),
    also: way.renewed ? [] : [404],
  });
  if (status === 404) return renewed(way);
  way.session = facts.session;
  way.chunk = facts.chunk || 524288;
  return arrivedAt(way, facts);
}

function arrivedAt(way, facts) {
  way.at = facts.offset ?? 0;
  way.progress?.(way.at / way.photo.size);
  return facts;
}

/** What this key once brought is a photo already, or gone: the file begins anew, under another key. */
function renewed(way) {
  way.renewed = true;
  way.key = freshKey();
  return begin(way);
}

/** The session was swept: the next try starts anew. */
function forgotten(way) {
  way.session = null;
  way.at = 0;
  throw new Away();
}

function send(way) {
  return ask("PATCH", `${HOME}/parts/${way.session}`, {
    ...common(way, { "Content-Type": "application/octet-stream", "Upload-Offset": String(way.at) }),
    body: way.photo.slice(way.at, way.at + way.chunk),
    progress: (sent) => way.progress?.((way.at + sent) / way.photo.size),
    also: [404, 409],
  });
}

async function whole(way) {
  const { facts } = await ask("POST", HOME, {
    ...common(way, { "Content-Type": way.photo.type || "application/octet-stream", "Idempotency-Key": way.key }),
    body: way.photo,
    progress: (sent) => way.progress?.(sent / way.photo.size),
    patience: 0, // the server has its own
  });
  return facts;
}

function common(way, headers = {}) {
  return { signal: way.signal, headers: { "X-CSRFToken": way.token, ...headers } };
}

/** Some seconds; less when the connection comes back, and not at all after `signal`. */
function rest(seconds, signal) {
  return new Promise((go, stop) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener("online", done);
      signal?.removeEventListener("abort", end);
      go();
    };
    const end = () => {
      done();
      stop(new DOMException("stopped", "AbortError"));
    };
    const timer = setTimeout(done, seconds * 1000);
    globalThis.addEventListener("online", done);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}
