// Deeds that can be taken back. They are done at once: whoever leaves has done them. What the server answered undoes them.

import { sayWhy, send, sentences } from "./ask.js";

const SECONDS = 6;
const offered = new Set();

/** Do what `form` says, and offer for a moment to undo it. `back` is called when it is refused or undone, `done` when it stays so. */
export function undoably(form, sentence, { back, done }) {
  const { toast, undo } = shown(sentence);
  let timer = null;
  let sealed = null; // what undoes it, once it is done
  offered.add(takeBack);

  const doing = send(form).then(
    (facts) => {
      sealed = facts.undo;
      if (!sealed) undo.remove(); // somebody else had done it before
      start();
    },
    (error) => {
      end();
      back();
      sayWhy(error);
    },
  );

  function start() {
    clearTimeout(timer);
    if (sealed !== null) timer = setTimeout(() => end() && done(), SECONDS * 1000);
  }

  function end() {
    clearTimeout(timer);
    toast.remove();
    return offered.delete(takeBack);
  }

  async function takeBack() {
    if (!end()) return;
    await doing;
    if (!sealed) return;
    try {
      await send(form, undefined, { undo: sealed });
      back();
    } catch (error) {
      done();
      sayWhy(error);
    }
  }

  const hold = () => clearTimeout(timer); // nobody is hurried who is about to press
  undo.addEventListener("click", takeBack);
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
}

/** Undo the latest one; whether there was one. */
export function undoLatest() {
  const latest = [...offered].at(-1);
  latest?.();
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
