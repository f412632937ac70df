// Without a connection, and with somebody else's: says quietly when a page is old, and lets no page outlive its session.

const root = document.documentElement;
const region = document.querySelector("[data-away]");
const bar = region.firstElementChild;
const reader = document.body.dataset.reader ?? "";
const worker = globalThis.navigator.serviceWorker;

/** Say whether this page is fresh. It is heard, once, when its words change. */
function show() {
  const kept = Number(root.dataset.kept);
  const away = Boolean(kept) || !navigator.onLine;
  bar.hidden = !away;
  const words = kept ? region.dataset.kept.replace("{when}", ago(kept)) : region.dataset.offline;
  bar.firstElementChild.textContent = away ? words : "";
  bar.lastElementChild.hidden = !(kept && navigator.onLine);
}

function ago(moment) {
  const minutes = Math.round((moment - Date.now()) / 60000);
  const words = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "auto" });
  if (minutes > -60) return words.format(minutes, "minute");
  if (minutes > -36 * 60) return words.format(Math.round(minutes / 60), "hour");
  return words.format(Math.round(minutes / 1440), "day");
}

addEventListener("online", show);
addEventListener("offline", show);
show();

// A page that comes back from the browser's own memory, or lies in another tab, may be of a session that is over.
function guard() {
  const tabs = new BroadcastChannel("reader");
  tabs.addEventListener("message", ({ data }) => data !== reader && location.reload());
  addEventListener("pageshow", (event) => {
    if (event.persisted && localStorage.getItem("reader") !== reader) location.reload();
  });
  if (root.dataset.kept) return;
  localStorage.setItem("reader", reader);
  tabs.postMessage(reader);
}

try {
  if ("reader" in document.body.dataset) guard();
} catch (error) {
  console.info(error.message); // storage may be forbidden to us
}

if (worker) {
  // Everything that this page needs comes first.
  const register = () =>
    (globalThis.SyncManager ? worker.register("/sw.js?sync", { type: "module" }) : Promise.reject(new Error()))
      .catch(() => worker.register("/sw.js"))
      .catch((error) => console.info(error.message));
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
  worker.addEventListener("message", async ({ data }) => {
    if (data === "flush") (await import("./waiting.js")).flush();
    if (data === "sent") globalThis.dispatchEvent(new Event("waiting-sent"));
  });
}
