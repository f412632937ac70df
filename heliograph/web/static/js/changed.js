// A page that the browser kept whole shows what was, when one comes back to it: cards that one touched meanwhile are
// asked for anew. What was touched is remembered by its code, for this tab alone.

import { cardAt } from "./photos.js";

const TOUCHED = "touched";

function touched() {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(TOUCHED)) ?? []);
  } catch {
    return new Set();
  }
}

function remember(codes) {
  try {
    sessionStorage.setItem(TOUCHED, JSON.stringify([...codes]));
  } catch {
    // then the page shows what was
  }
}

document.addEventListener("submit", (event) => {
  const code = new URL(event.target.action, location.href).pathname.match(/^\/p\/([^/]+)\//)?.[1];
  if (code) remember(touched().add(code));
});

addEventListener("pageshow", async (event) => {
  const codes = event.persisted ? touched() : [];
  remember([]);
  for (const code of codes) {
    const card = document.getElementById(`photo-${code}`);
    if (card?.matches("article:not([data-whole])")) await renew(card, code);
  }
});

async function renew(card, code) {
  const fresh = await cardAt(`/p/${code}/card`).catch(() => card); // away: as it was
  if (fresh === card) return;
  const before = document.documentElement.scrollHeight;
  const above = card.getBoundingClientRect().bottom < 0;
  if (fresh) card.replaceWith(fresh);
  else card.remove(); // deleted, or no longer for us
  if (above) scrollBy(0, document.documentElement.scrollHeight - before);
}
