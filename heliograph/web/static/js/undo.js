// Deeds that can be taken back for some seconds: they are sent when these are over, or when the page is left.

import { sayWhy, send, sentences } from "./ask.js";

const SECONDS = 6;
const waiting = new Set();

/** Do what `form` says, in a moment. `back` is called when that is taken back or refused, `done` when it is done. */
export function later(form, sentence, { back, done }) {
  const { toast, undo } = shown(sentence);
  const deed = { form, timer: null, settle };
  waiting.add(deed);

  async function settle(how) {
    if (!waiting.delete(deed)) return;
    clearTimeout(deed.timer);
    toast.remove();
    if (how === "back") return back();
    if (how === "leaves") return navigator.sendBeacon(form.action, new URLSearchParams(new FormData(form)));
    try {
      await send(form);
      done();
    } catch (error) {
      back();
      sayWhy(error);
    }
  }

  const start = () => {
    clearTimeout(deed.timer);
    deed.timer = setTimeout(settle, SECONDS * 1000);
  };
  const hold = () => clearTimeout(deed.timer); // nobody is hurried who is about to press
  undo.addEventListener("click", () => settle("back"));
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  start();
}

/** Take the latest one back; whether there was one. */
export function undoLatest() {
  const latest = [...waiting].at(-1);
  latest?.settle("back");
  return Boolean(latest);
}

function shown(sentence) {
  const toast = document.createElement("div");
  toast.className = "toast";
  const undo = document.createElement("button");
  undo.type = "button";
  undo.textContent = sentences.undo;
  toast.append(sentence, undo);
  document.querySelector("[data-toasts]").append(toast);
  return { toast, undo };
}

function leave() {
  for (const deed of [...waiting]) deed.settle("leaves");
}

addEventListener("pagehide", leave);
// On a phone a page that is put away may never be heard of again.
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
