// Comments appear at once and go back into the field if the server refuses; what one removes goes
// at once, and can be taken back.

import { freshKey, sayWhy, send } from "./ask.js";
import { part } from "./endless.js";
import { undoably } from "./undo.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-comment]")) {
    event.preventDefault();
    comment(form);
  } else if (form.matches("form[data-remove]")) {
    event.preventDefault();
    remove(form);
  }
});

async function comment(form) {
  const field = form.elements.text;
  const text = field.value.trim();
  if (!text) return;
  const waiting = shown(form, text);
  const sending = send(form);
  fill(field, "");
  form.elements.key.value = freshKey();
  try {
    const { html } = await sending;
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("li");
    if (fresh) waiting.replaceWith(fresh);
    else waiting.classList.remove("waits");
  } catch (error) {
    waiting.remove();
    fill(field, text + (field.value ? "\n" + field.value : ""));
    sayWhy(error);
  }
}

function fill(field, text) {
  field.value = text;
  field.dispatchEvent(new Event("filled")); // whoever counts its letters; no name is being typed
}

function shown(form, text) {
  const row = form.querySelector("template").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-text]").textContent = text;
  document.querySelector("[data-comments]").append(row);
  row.scrollIntoView({ block: "nearest" });
  return row;
}

function remove(form) {
  const row = form.closest(form.dataset.remove);
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.hidden = true;
  (next?.querySelector("a, button") ?? document.getElementById("main")).focus({ preventScroll: true });
  const back = () => {
    row.hidden = false;
    form.querySelector("button").focus();
  };
  undoably(form, form.dataset.said, { back, done: () => row.remove() });
}

// Earlier comments come above those that are there; what one reads stays where it is.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-earlier] a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const place = link.closest("[data-earlier]");
  if (place.classList.contains("loads")) return;
  place.classList.add("loads");
  try {
    const page = await part(link.href);
    const list = document.querySelector("[data-comments]");
    const first = list.firstElementChild;
    const top = first?.getBoundingClientRect().top;
    const fresh = [...page.querySelector("[data-items]").children].map((row) => document.adoptNode(row));
    list.prepend(...fresh);
    const further = page.querySelector("[data-earlier]");
    if (further) place.replaceWith(document.adoptNode(further));
    else place.remove();
    if (first) scrollBy(0, first.getBoundingClientRect().top - top);
    (document.querySelector("[data-earlier] a") ?? fresh[0]?.querySelector("a.name"))?.focus({ preventScroll: true });
  } catch (error) {
    place.classList.remove("loads");
    sayWhy(error);
  }
});

// Enter sends, shift and enter make a new line; on a touch keyboard enter is always a new line.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  const form = event.target.closest?.("form[data-comment]");
  if (!form || event.target.tagName !== "TEXTAREA" || matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  form.requestSubmit();
});
