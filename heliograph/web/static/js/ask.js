// Asking the server, and saying what it answered.

const sentences = globalThis.document?.getElementById("sentences").dataset; // a worker has none, and says nothing

/** An error whose message is a sentence for people. */
export class Refusal extends Error {}

/** Send a form as its button would; what the server answered, as an object. Throws Refusal. */
export async function send(form, submitter, extra = {}) {
  const body = new URLSearchParams(new FormData(form, submitter));
  for (const [name, value] of Object.entries(extra)) body.set(name, value);
  // keepalive: what somebody did is done, also when they go to the next page at once.
  return answered(await fetched(form.getAttribute("action"), { method: "POST", body, keepalive: true }));
}

/** fetch, with our headers; no connection becomes a sentence. */
export async function fetched(address, options = {}) {
  const headers = { Accept: "application/json", ...options.headers };
  try {
    return await fetch(address, { ...options, headers, credentials: "same-origin" });
  } catch {
    throw new Refusal(sentences.offline);
  }
}

async function answered(response) {
  const facts = await response.json().catch(() => ({}));
  if (response.status === 401) navigator.serviceWorker?.controller?.postMessage("forget"); // signed out elsewhere
  if (!response.ok) throw new Refusal(facts.error || sentences.failed);
  return facts;
}

/** A new name for a request, so that sending it twice does it once. (`randomUUID` is missing without https.) */
export function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Put a sentence where people see and screen readers hear it, for some seconds. */
export function say(sentence) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = sentence;
  const toasts = document.querySelector("[data-toasts]");
  // Said again it is said anew, and stands there once. One with a button stays: what it undoes is something else.
  for (const old of toasts.children) if (!old.querySelector("button") && old.textContent === sentence) old.remove();
  toasts.append(toast);
  letGo(toast);
}

/** Let a toast go when it was there long enough to be read. */
export function letGo(toast) {
  const readable = 3000 + 60 * toast.textContent.length; // milliseconds
  setTimeout(() => toast.classList.add("leaves"), readable);
  setTimeout(() => toast.remove(), readable + 400);
}

/** Say why something did not work; what is not for people goes to the console. */
export function sayWhy(error) {
  if (!(error instanceof Refusal)) console.error(error);
  say(error instanceof Refusal ? error.message : sentences.failed);
}

export { sentences };
