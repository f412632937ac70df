// The posts that wait, as cards: on the home page above the feed, and where they were written.

import { say, sayWhy, sentences } from "./ask.js";
import { discard, flush, waiting, wake } from "./waiting.js";

const person = document.body.dataset.reader;
const list = document.querySelector("[data-waiting-list]");
const composing = Boolean(document.querySelector("[data-composer]"));
let running = false;
let owed; // what a person asked for meanwhile

/** Show one's posts that wait in `list`. */
export async function show(list) {
  const posts = person ? await waiting(person) : [];
  const states = posts.map(stateOf);
  const same = states.join() === [...list.children].map((made) => made.dataset.state).join();
  // Cards that say the same stay, and with them a button that somebody is about to press.
  if (same) for (const bar of list.querySelectorAll("[data-line]")) bar.hidden = true;
  else list.replaceChildren(...posts.map((post) => card(list, post)));
  if (posts.length) wake();
  return posts.length;
}

function stateOf(post) {
  return `${post.key} ${post.refused ?? ""}`;
}

function card(list, post) {
  const made = document.querySelector("template[data-waiting]").content.firstElementChild.cloneNode(true);
  const part = (name) => made.querySelector(`[data-${name}]`);
  made.dataset.key = post.key;
  made.dataset.state = stateOf(post);
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
  if (running) {
    if (asked) owed = { again, asked };
    return;
  }
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
    // A browser may believe that it is online; a page that was kept knows better.
    const away = !navigator.onLine || document.documentElement.dataset.kept;
    if (asked && away) say(sentences.offline);
  } catch (error) {
    sayWhy(error);
  } finally {
    running = false;
    const next = owed;
    owed = undefined;
    if (next) go(next);
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

