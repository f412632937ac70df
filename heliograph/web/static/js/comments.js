// Comments appear at once and go back into the field if the server refuses; what one removes goes at once.

import { freshKey, sayWhy, send } from "./ask.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-comment]")) {
    event.preventDefault();
    comment(form);
  } else if (form.matches("form[data-remove]")) {
    event.preventDefault();
    remove(form, event.submitter);
  }
});

async function comment(form) {
  const field = form.elements.text;
  const text = field.value.trim();
  if (!text) return;
  const waiting = shown(form, text);
  const sending = send(form);
  field.value = "";
  form.elements.key.value = freshKey();
  try {
    const { html } = await sending;
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("li");
    if (fresh) waiting.replaceWith(fresh);
    else waiting.classList.remove("waits");
  } catch (error) {
    waiting.remove();
    field.value = text + (field.value ? "\n" + field.value : "");
    sayWhy(error);
  }
}

function shown(form, text) {
  const row = form.querySelector("template").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-text]").textContent = text;
  document.querySelector("[data-comments]").append(row);
  row.scrollIntoView({ block: "nearest" });
  return row;
}

async function remove(form, submitter) {
  const row = form.closest(form.dataset.remove);
  const sending = send(form, submitter);
  row.hidden = true;
  try {
    await sending;
    const next = row.nextElementSibling ?? row.previousElementSibling;
    (next?.querySelector("a, button") ?? document.getElementById("main")).focus();
    row.remove();
  } catch (error) {
    row.hidden = false;
    sayWhy(error);
  }
}

// Enter sends, shift and enter make a new line; on a touch keyboard enter is always a new line.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  const form = event.target.closest?.("form[data-comment]");
  if (!form || event.target.tagName !== "TEXTAREA" || matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  form.requestSubmit();
});
