// Lists that go on by themselves. Under each stands a link to its next page, which is all there is without scripts.
//
// [data-endless]        one a page; holds
//   [data-items]        the photos or people, and
//   [data-more]         what comes after them: a link [data-next], or that this is the end

import { fetched, Refusal, sentences } from "./ask.js";
import { begin } from "./photos.js";

const PAGES = 10; // that come without being asked for; from then on the link waits for a press
const AHEAD = "1500px"; // how far below the screen the end of the list may be when more is fetched
const MOST = 100; // items that one answer may have

const list = document.querySelector("[data-endless]");
let pages = 0;
let loading = null;

/** A page of this list, without its frame. `asks` are further parameters of the address. */
export async function part(address, asks = {}) {
  const url = new URL(address, location.href);
  url.hash = "";
  for (const [name, value] of Object.entries({ ...asks, part: 1 })) url.searchParams.set(name, value);
  const response = await fetched(url, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!response.ok || !page.querySelector("[data-items]")) throw new Refusal(sentences.rest);
  return page;
}

/** The list's items, as a plain array. */
export function items() {
  return [...list.querySelector("[data-items]").children];
}

/** Items of a fetched page, adopted by this one; those that are here already are left where they are. */
export function adopted(page) {
  const here = new Set(items().map(name));
  const fresh = [...page.querySelector("[data-items]").children].filter((item) => !here.has(name(item)));
  return fresh.map((item) => document.adoptNode(item));
}

/** What tells an item from the others, the same whenever it is shown. */
function name(item) {
  return item.id || item.querySelector("a")?.getAttribute("href") || item.getAttribute("href");
}

function more() {
  loading ??= next().finally(() => (loading = null));
  return loading;
}

async function next() {
  const end = list.querySelector("[data-more]");
  const link = end.querySelector("[data-next]");
  if (!link) return;
  const pressed = end.contains(document.activeElement);
  end.querySelector("[data-why]")?.remove();
  end.classList.add("loads");
  busy(true);
  try {
    const page = await part(link.href);
    const fresh = adopted(page);
    list.querySelector("[data-items]").append(...fresh);
    end.replaceWith(document.adoptNode(page.querySelector("[data-more]")));
    fresh.forEach(begin);
    if (pressed) (fresh[0]?.matches("a, [tabindex]") ? fresh[0] : fresh[0]?.querySelector("a"))?.focus({ preventScroll: true });
    pages += 1;
    watch();
  } catch (error) {
    why(end, error);
  } finally {
    end.classList.remove("loads");
    busy(false);
  }
}

function busy(is) {
  list.querySelector("[data-items]").setAttribute("aria-busy", String(is));
}

/** Say that the rest did not come. The link below tries again; so does the browser, once there is a connection. */
function why(end, error) {
  if (!(error instanceof Refusal)) console.error(error);
  const sentence = document.createElement("p");
  sentence.className = "quiet";
  sentence.dataset.why = "";
  sentence.setAttribute("role", "alert");
  sentence.textContent = navigator.onLine ? sentences.rest : sentences.restOffline;
  end.prepend(sentence);
}

const sight = new IntersectionObserver(
  (seen) => {
    const near = seen.some((it) => it.isIntersecting && it.target.isConnected && !it.target.querySelector("[data-why]"));
    if (near && pages < PAGES) more();
  },
  { rootMargin: `${AHEAD} 0px` },
);

function watch() {
  sight.disconnect();
  sight.observe(list.querySelector("[data-more]"));
}

// Back again: the same photo at the same height, however far down it was. What is remembered is which one, no more.

const PLACE = "place:";
const PLACES = 30; // remembered, of the latest pages

function key() {
  if (!history.state?.place) history.replaceState({ ...history.state, place: `${PLACE}${Date.now()}` }, "");
  return history.state.place;
}

function leave() {
  const all = items();
  const at = all.findIndex((item) => item.getBoundingClientRect().bottom > 0);
  if (at < 0) return;
  const place = { count: all.length, name: name(all[at]), top: all[at].getBoundingClientRect().top, y: scrollY };
  try {
    const old = Object.keys(sessionStorage).filter((it) => it.startsWith(PLACE)).sort();
    for (const it of old.slice(0, Math.max(0, old.length - PLACES))) sessionStorage.removeItem(it);
    sessionStorage.setItem(key(), JSON.stringify(place));
  } catch {
    // no room, or not allowed: then the page begins at its top
  }
}

function remembered() {
  const [how] = performance.getEntriesByType("navigation");
  if (how?.type !== "back_forward" && how?.type !== "reload") return null;
  try {
    return JSON.parse(sessionStorage.getItem(history.state?.place));
  } catch {
    return null;
  }
}

async function comeBack(place) {
  const found = () => items().find((item) => name(item) === place.name);
  if (!found()) {
    list.classList.add("comes-back");
    try {
      await again(place.count);
      for (let tries = 0; !found() && tries < 5 && list.querySelector("[data-next]"); tries++) await more();
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
    }
    list.classList.remove("comes-back");
  }
  const item = found();
  if (item && place.y > 0) scrollBy(0, item.getBoundingClientRect().top - place.top);
}

/** As many items as there were, in one answer. */
async function again(count) {
  const page = await part(location.href, { count: Math.min(count, MOST) });
  const fresh = adopted(page);
  list.querySelector("[data-items]").append(...fresh);
  list.querySelector("[data-more]").replaceWith(document.adoptNode(page.querySelector("[data-more]")));
  fresh.forEach(begin);
}

if (list) {
  history.scrollRestoration = "manual";
  addEventListener("pagehide", leave);
  const place = remembered();
  if (place) comeBack(place).finally(watch);
  else watch();
  addEventListener("online", () => list.querySelector("[data-why]") && more());
  list.addEventListener("click", (event) => {
    if (!event.target.closest("[data-next]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    more();
  });
}
