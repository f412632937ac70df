// Photographs: the double tap, the ones still being developed, the ones whose address ran out.

import { fetched, say, sentences } from "./ask.js";
import { flip } from "./toggles.js";

const DOUBLE_TAP = 260; // milliseconds
const DRAWN = 500; // milliseconds after which a new card has been drawn
let firstTap = null;

// On a touch screen a tap opens the photo, a second one at once likes it instead.
document.addEventListener("click", (event) => {
  const photo = event.target.closest?.("[data-bloom]");
  if (!photo || event.pointerType !== "touch") return;
  event.preventDefault();
  if (firstTap?.photo === photo) {
    clearTimeout(firstTap.timer);
    firstTap = null;
    like(photo);
    return;
  }
  const open = () => {
    firstTap = null;
    if (photo.href) location.assign(photo.href);
  };
  firstTap = { photo, timer: setTimeout(open, DOUBLE_TAP) };
});

document.addEventListener("dblclick", (event) => {
  const photo = event.target.closest?.("div[data-bloom]");
  if (photo) like(photo);
});

function like(photo) {
  const form = photo.closest("[data-card]").querySelector("form[data-toggle=like]");
  if (!form) return;
  if (form.querySelector("button").getAttribute("aria-pressed") !== "true") flip(form);
  const heart = form.querySelector("svg").cloneNode(true);
  heart.setAttribute("class", "bloom");
  heart.addEventListener("animationend", () => heart.remove());
  photo.append(heart);
}

// A photo being developed: ask for its card, a little less often each time, until it is done.
async function develop(card) {
  for (let wait = 500; wait < 60_000; wait *= 1.25) {
    await new Promise((go) => setTimeout(go, Math.min(wait, 10_000)));
    if (!card.isConnected) return;
    const fresh = await cardAt(card.dataset.develops).catch(() => null);
    if (!fresh || "develops" in fresh.dataset) continue;
    if (card.tagName === "ARTICLE" && "whole" in card.dataset) return location.reload();
    card.replaceWith(fresh);
    say(sentences.developed);
    return;
  }
}

/** The card that is at this address now; null when there is none. */
export async function cardAt(address) {
  const response = await fetched(address, { headers: { Accept: "text/html" } });
  if (!response.ok) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector("[data-card]");
}

/** What a card does by itself, from the moment it is on the page. */
export function begin(card) {
  if (card.matches("[data-develops]")) develop(card);
  rest(card);
}
document.querySelectorAll("[data-card]").forEach(begin);

// Out of sight a card is neither painted nor searched for what is under a finger: a tap is answered in half the time.
// Not before it was drawn once: from then on the browser knows how high it is, and nothing moves.
function rest(card) {
  requestAnimationFrame(() => setTimeout(() => card.classList.add("drawn"), DRAWN));
}

// An address good for minutes may be over when a page has been open for long: ask for a new one, once.
addEventListener("error", (event) => renew(event.target), true);
for (const image of document.querySelectorAll("img[data-photo], img.avatar")) {
  if (image.complete && image.naturalWidth === 0) renew(image);
}

async function renew(image) {
  if (image.matches?.("img.avatar")) return plain(image);
  if (!image.matches?.("img[data-photo]")) return;
  const code = image.closest("a")?.pathname.split("/").pop() ?? image.closest("article")?.id.replace("photo-", "");
  if (image.dataset.photo === "renewed" || !code) return instead(image);
  image.dataset.photo = "renewed";
  image.classList.add("gone"); // no torn picture while its new address is asked for: the placeholder shows
  image.addEventListener("load", () => image.classList.remove("gone"), { once: true });
  const card = await cardAt(`/p/${code}/card`).catch(() => null);
  const fresh = card?.querySelector("img[data-photo]");
  if (!fresh) return instead(image);
  if (image.srcset) image.srcset = fresh.srcset;
  image.src = image.srcset ? fresh.src : fresh.srcset.split(" ")[0];
}

/** A plain circle instead of a broken face. */
function plain(image) {
  const circle = document.createElement("span");
  circle.className = image.className;
  image.replaceWith(circle);
}

/** Its description instead of a broken picture. */
function instead(image) {
  if (image.parentElement.querySelector(".instead")) return;
  const words = document.createElement("span");
  words.className = "instead";
  words.textContent = image.alt || sentences.missing;
  image.after(words);
  image.closest(".photo")?.classList.add("missing");
  image.classList.add("gone");
}
