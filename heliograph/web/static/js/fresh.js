// New photos while the page is open: how many there are is asked once a minute, and only while somebody looks.

import { fetched, sayWhy } from "./ask.js";
import { adopted, items, part } from "./endless.js";
import { begin } from "./photos.js";

const EVERY = 60_000; // milliseconds
const pill = document.querySelector("[data-fresh]");
const list = document.querySelector("[data-newest]");
let asked = Date.now();

async function ask() {
  if (document.visibilityState !== "visible" || !navigator.onLine || Date.now() - asked < EVERY) return;
  asked = Date.now();
  const answer = await fetched(`/new?since=${list.dataset.newest}`).catch(() => null);
  if (!answer?.ok) return;
  const { count, text } = await answer.json();
  pill.querySelector("[data-fresh-text]").textContent = count ? text : "";
  pill.hidden = !count;
}

async function show() {
  pill.disabled = true;
  try {
    const page = await part("/", { newer: list.dataset.newest, count: 100 });
    if (page.querySelector("[data-next]")) return location.assign("/"); // more than one answer holds: begin anew
    for (const item of page.querySelectorAll("[data-items] > [id]")) document.getElementById(item.id)?.remove();
    const fresh = adopted(page);
    list.querySelector("[data-items]").prepend(...fresh);
    list.dataset.newest = page.querySelector("[data-newest]").dataset.newest || list.dataset.newest;
    fresh.forEach(begin);
    pill.hidden = true;
    scrollTo({ top: 0 });
    (fresh[0] ?? items()[0])?.focus({ preventScroll: true });
    document.querySelector("[data-nothing]")?.remove();
  } catch (error) {
    sayWhy(error);
  } finally {
    pill.disabled = false;
  }
}

if (pill) {
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  pill.addEventListener("click", show);
}
