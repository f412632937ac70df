// Requests of the composer and of the queue of waiting posts: sent again when the server is away, a sentence when it
// says no.

/** The server cannot be reached, or not now: the same request may be sent again. */
export class Away extends Error {
  constructor(status = 0, seconds = 0) {
    super("away");
    this.status = status; // 0: no answer at all
    this.seconds = seconds; // when it asked to be left alone for so long
  }
}

/** The server said no, in a sentence for people (or without one). */
export class Refused extends Error {
  constructor(status, sentence = "") {
    super(sentence);
    this.status = status;
  }
}

const TRY_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

/** { status, facts } of an answer below 400, and of those in `also`. Throws Away, Refused, AbortError. */
export async function ask(method, address, { also = [], ...options } = {}) {
  const answer = await (globalThis.XMLHttpRequest ? byRequest : byFetch)(method, address, options);
  if (answer.status < 400 || also.includes(answer.status)) return answer;
  if (TRY_AGAIN.has(answer.status)) throw new Away(answer.status, answer.seconds);
  throw new Refused(answer.status, answer.facts.error);
}

// XMLHttpRequest, because fetch cannot tell how much has left.
function byRequest(method, address, { headers = {}, body = null, progress, signal, patience = 120_000 }) {
  const request = new XMLHttpRequest();
  const stop = () => request.abort();
  return new Promise((resolve, reject) => {
    request.open(method, address);
    request.responseType = "json";
    request.timeout = patience;
    for (const [name, value] of Object.entries({ Accept: "application/json", ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => progress?.(event.loaded);
    request.onload = () =>
      resolve({
        status: request.status,
        facts: request.response ?? {},
        seconds: Number(request.getResponseHeader("Retry-After")) || 0,
      });
    request.onerror = request.ontimeout = () => reject(new Away());
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", stop);
    request.send(body);
  }).finally(() => signal?.removeEventListener("abort", stop));
}

async function byFetch(method, address, { headers = {}, body = null, signal }) {
  let response;
  try {
    response = await fetch(address, {
      method,
      body,
      signal,
      credentials: "same-origin",
      headers: { Accept: "application/json", ...headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Away();
  }
  const facts = await response.json().catch(() => ({}));
  return { status: response.status, facts, seconds: Number(response.headers.get("Retry-After")) || 0 };
}
