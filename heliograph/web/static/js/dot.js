// The dot on the activity tab: whether anything happened, asked once a minute at most, and only while somebody looks.

import { fetched } from "./ask.js";

const EVERY = 60_000; // milliseconds
const SHELF = "activity"; // what this browser's tab knows, from page to page
const tab = document.querySelector("[data-news]");

function known() {
  try {
    return JSON.parse(sessionStorage.getItem(SHELF)) ?? { at: 0, unread: false };
  } catch {
    return { at: 0, unread: false };
  }
}

function learned(unread) {
  show(unread);
  try {
    sessionStorage.setItem(SHELF, JSON.stringify({ at: Date.now(), unread }));
  } catch {
    // a browser that keeps nothing asks at each page
  }
}

function show(unread) {
  tab.querySelector("[data-dot]").hidden = !unread;
  tab.setAttribute("aria-label", unread ? tab.dataset.news : tab.dataset.none);
}

async function ask() {
  if (document.visibilityState !== "visible" || !navigator.onLine) return;
  const { at, unread } = known();
  if (Date.now() - at < EVERY) return show(unread);
  const answer = await fetched("/activity/unread.json").catch(() => null);
  if (answer?.ok) learned((await answer.json()).unread);
}

if (tab) {
  if (tab.hasAttribute("aria-current")) learned(false);
  else if (tab.dataset.known) learned(tab.dataset.known === "1");
  else ask();
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
}
