// Sharing: a sheet with the link, for whom it works, and what this device can do with it.

import { say, sentences } from "./ask.js";

const sheet = document.querySelector("[data-share-sheet]");
const field = sheet?.querySelector("[data-share-link]");
const native = sheet?.querySelector("[data-share-native]");

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-share]");
  if (!button || !sheet) return;
  const whom = sheet.querySelector("[data-share-whom]");
  field.value = new URL(button.dataset.share, location.origin).href;
  whom.textContent = whom.dataset[button.dataset.whom];
  native.hidden = !navigator.share;
  button.closest("details")?.removeAttribute("open");
  sheet.showModal();
  sheet.querySelector("[data-share-copy]").focus();
});

sheet?.addEventListener("click", async (event) => {
  if (event.target === sheet) sheet.close(); // beside it
  if (event.target.closest("[data-share-copy]")) {
    await copy();
    sheet.close();
    say(sentences.copied);
  } else if (event.target.closest("[data-share-native]")) {
    const shared = await navigator.share({ url: field.value }).then(() => true, () => false);
    if (shared) sheet.close(); // else they went back: the sheet is still there
  }
});

async function copy() {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select(); // without https there is no clipboard to write to, but there is the old way
    document.execCommand("copy");
  }
}
