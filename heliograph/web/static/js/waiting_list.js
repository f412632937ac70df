// The posts that wait, as cards: on the home page above the feed, and where they were written.

import { say, sayWhy, sentences } from "./ask.js";
import { discard, flush, forget, waiting } from "./waiting.js";

const person = document.body.dataset.reader;
const list = document.querySelector("[data-waiting-list]");
const composing = Boolean(document.querySelector("[data-composer]"));
let running = false;

/** Show one's posts that wait in `list`. */
export async function show(list) {
  const posts = person ? await waiting(person) : [];
  list.replaceChildren(...posts.map((post) => card(list, post)));
  return posts.length;
}

function card(list, post) {
  const made = document.querySelector("template[data-waiting]").content.firstElementChild.cloneNode(true);
  const part = (name) => made.querySelector(`[data-${name}]`);
  made.dataset.key = post.key;
  if (post.picture) part("picture").src = URL.createObjectURL(post.picture);
  part("picture").hidden = !post.picture;
  part("picture").alt = post.fields.alt_text;
  part("text").textContent = post.fields.caption;
  if (post.refused) part("state").textContent = post.refused === "?" ? sentences.failed : post.refused;
  part("send").addEventListener("click", () => go({ again: post.key, asked: true }));
  part("discard").addEventListener("click", async ({ target }) => {
    if (target.textContent !== target.dataset.sure) {
      target.textContent = target.dataset.sure; // it is the only copy: asked once more
      return;
    }
    await discard(post.key);
    await show(list);
    document.getElementById("main").focus();
  });
  return made;
}

/** Try to send all; `asked` when a person pressed the button and is owed an answer. */
async function go({ again, asked } = {}) {
  if (running) return;
  running = true;
  const line = (key) => list?.querySelector(`[data-key="${key}"] [data-line]`);
  try {
    const count = await flush({
      again,
      progress: (post, share) => {
        const bar = line(post.key);
        if (bar) bar.hidden = false;
        if (bar) bar.value = share * 100;
      },
    });
    if (count) return;
    if (list) await show(list);
    if (asked && !navigator.onLine) say(sentences.offline);
  } catch (error) {
    sayWhy(error);
  } finally {
    running = false;
  }
}

// They are photos of the feed now; this page hears of it also when a worker asked for the sending.
addEventListener("waiting-sent", () => {
  if (composing && list.childElementCount) location.assign("/"); // and not away from one that is being written
  else if (location.pathname === "/" && !document.activeElement.matches("input, textarea")) location.reload();
  else say(sentences.developed);
});

addEventListener("online", () => {
  if (!composing || list.childElementCount) go();
});
if (!composing && person) {
  if (list) await show(list);
  go();
}

// Signing out forgets what waits, before the session is gone.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.getAttribute("action") !== "/sign-out") return;
  event.preventDefault();
  await forget().catch(() => {});
  form.submit();
});

