// Finding people: results while one types, arrows through them, and the ones met lately, kept in this browser only.

import { fetched, sayWhy } from "./ask.js";

const PAUSE = 150; // milliseconds without a letter
const KEPT = 8; // people met lately
const form = document.querySelector("[data-find]");
const field = form.elements.q;
const found = document.querySelector("[data-found]");
const says = document.querySelector("[data-find-says]");
const recent = document.querySelector("[data-recent]");
const shelf = `met:${form.dataset.me}`; // another person in this browser has a shelf of their own
let asking = null;
let pause = 0;
let shown = field.value.trim();

field.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(look, PAUSE);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(pause);
  look();
});

async function look() {
  const asked = field.value.trim();
  if (asked === shown) return;
  shown = asked;
  asking?.abort();
  asking = new AbortController();
  const address = asked ? `?q=${encodeURIComponent(asked)}` : "";
  try {
    const response = await fetched(`/find/results${address}`, {
      headers: { Accept: "text/html" },
      signal: asking.signal,
    });
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (asked !== shown) return; // a letter came meanwhile
    found.replaceChildren(...page.body.childNodes);
    says.textContent = found.querySelector("[data-says]")?.dataset.says ?? "";
    history.replaceState(history.state, "", `/find${address}`);
    remember();
  } catch (error) {
    if (asked !== shown) return;
    shown = null;
    sayWhy(error);
  }
}

// Arrows go from the field through the people and back.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const inField = event.target === field;
  const row = event.target.closest?.("[data-person]");
  if (!step || !(inField || row)) return;
  const links = [...document.querySelectorAll("[data-person] a.name")].filter((link) => link.offsetParent);
  const at = row ? links.indexOf(row.querySelector("a.name")) : -1;
  const next = at + step;
  if (next >= links.length || (inField && step < 0)) return;
  event.preventDefault();
  if (next < 0) field.focus();
  else links[next].focus();
});

// Who was met lately stands there before anything is typed.
function met() {
  try {
    return JSON.parse(localStorage.getItem(shelf)) ?? [];
  } catch {
    return [];
  }
}

function keep(people) {
  try {
    if (people.length) localStorage.setItem(shelf, JSON.stringify(people));
    else localStorage.removeItem(shelf);
  } catch {
    // a browser that keeps nothing
  }
}

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("a")?.closest("[data-person]");
  if (!row) return;
  const person = { username: row.dataset.person, name: row.querySelector(".fill .small")?.textContent ?? "" };
  keep([person, ...met().filter((other) => other.username !== person.username)].slice(0, KEPT));
});
recent.querySelector("[data-forget]").addEventListener("click", () => {
  keep([]);
  remember();
  field.focus();
});

function remember() {
  const people = field.value.trim() ? [] : met();
  recent.hidden = !people.length;
  recent.querySelector("ul").replaceChildren(...people.map(line));
  found.querySelector("[data-idle]")?.toggleAttribute("hidden", people.length > 0);
}

function line(person) {
  const row = document.createElement("li");
  row.className = "row";
  row.dataset.person = person.username;
  const words = document.createElement("div");
  words.className = "fill";
  const link = document.createElement("a");
  link.className = "name cut";
  link.href = `/@${encodeURIComponent(person.username)}`;
  link.textContent = person.username;
  const name = document.createElement("span");
  name.className = "small quiet cut";
  name.dir = "auto";
  name.textContent = person.name;
  words.append(link, name);
  row.append(words);
  return row;
}

addEventListener("pageshow", remember);
remember();
