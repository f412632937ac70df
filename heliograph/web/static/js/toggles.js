// Like and follow: they change under the finger, and change back with a sentence if the server refuses.

import { sayWhy, send } from "./ask.js";

const states = new WeakMap(); // form -> { wanted, known, sends }

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-toggle]")) return;
  event.preventDefault();
  flip(form);
});

/** What the button of this form would do, at once; the server is told meanwhile. */
export function flip(form) {
  const button = form.querySelector("button[name=on]");
  const now = button.getAttribute("aria-pressed") === "true";
  const state = states.get(form) ?? { known: now, sends: false };
  states.set(form, state);
  state.wanted = !now;
  show(form, button, state.wanted);
  if (state.sends) return;
  state.sends = true;
  afterTheFrame(() => settle(form, button, state));
}

/** Once it is drawn, since putting a request together takes a slow phone as long as drawing; at once if one leaves. */
function afterTheFrame(deed) {
  const once = new AbortController();
  const go = () => {
    if (once.signal.aborted) return;
    once.abort();
    deed();
  };
  addEventListener("beforeunload", go, once);
  requestAnimationFrame(() => setTimeout(go));
}

/** Send until the server knows what the person wants: ten quick taps are at most two requests. */
async function settle(form, button, state) {
  try {
    while (state.wanted !== state.known) {
      const wanted = state.wanted;
      const facts = await send(form, null, { on: wanted ? "1" : "0" });
      state.known = wanted;
      if (state.wanted === wanted && facts.text) button.textContent = facts.text;
    }
  } catch (error) {
    state.wanted = state.known;
    show(form, button, state.known);
    sayWhy(error);
  } finally {
    state.sends = false;
  }
}

/** How many follow this person, where the page says so: with and without who looks, as the server has written both. */
function follows(form, on) {
  for (const count of document.querySelectorAll(`[data-followers="${form.dataset.whomId}"]`)) {
    count.querySelector("[data-with]").hidden = !on;
    count.querySelector("[data-without]").hidden = on;
  }
}

function show(form, button, on) {
  button.setAttribute("aria-pressed", String(on));
  button.value = on ? "0" : "1";
  if (form.dataset.toggle === "like") {
    const line = form.closest("[data-card]")?.querySelector("[data-likes]");
    if (line) line.textContent = on ? line.dataset.on : line.dataset.off;
  } else {
    button.textContent = on ? button.dataset.on : button.dataset.off;
    button.classList.toggle("plain", on);
    follows(form, on);
  }
}
