// The keyboard: j and k walk through the photos, l likes, c comments, u undoes, / searches, ? tells all this.

import { flip } from "./toggles.js";
import { undoLatest } from "./undo.js";

const help = document.querySelector("[data-help]");

const deeds = {
  j: () => walk(1),
  k: () => walk(-1),
  l: () => current()?.querySelector("form[data-toggle=like]"),
  c: () => current()?.querySelector("a[href$='#say']")?.click() ?? document.getElementById("text")?.focus(),
  "/": () => document.getElementById("q")?.focus() ?? location.assign("/find"),
  u: () => undoLatest(),
  ArrowLeft: () => document.querySelector("a[rel=prev].icon")?.click(),
  ArrowRight: () => document.querySelector("a[rel=next].icon")?.click(),
  "?": () => help?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
  if (!Object.hasOwn(deeds, event.key)) return;
  event.preventDefault();
  const found = deeds[event.key]();
  if (event.key === "l" && found) flip(found);
});

function cards() {
  return [...document.querySelectorAll("[data-card]")];
}

function current() {
  const all = cards();
  return document.activeElement?.closest?.("[data-card]") ?? all[nearest(all)];
}

function nearest(all) {
  const found = all.findIndex((card) => card.getBoundingClientRect().bottom > innerHeight / 3);
  return found < 0 ? all.length - 1 : found;
}

function walk(step) {
  const all = cards();
  if (!all.length) return;
  const focused = all.indexOf(document.activeElement?.closest?.("[data-card]"));
  const from = focused >= 0 ? focused : nearest(all) - (step > 0 ? 1 : 0);
  const to = all[Math.min(all.length - 1, Math.max(0, from + step))];
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "start" });
}

// A menu closes with Escape and with a click elsewhere.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
