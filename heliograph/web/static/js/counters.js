// Counts down the characters of a text once they are few, and says by how many it is too long. Never cuts one.

import { sentences } from "./ask.js";

const FEW = 200;

for (const field of document.querySelectorAll("textarea[maxlength], textarea[data-most]")) {
  const most = Number(field.dataset.most ?? field.maxLength);
  const counter = document.createElement("p");
  counter.className = "counter";
  counter.setAttribute("role", "status");
  counter.hidden = true;
  field.after(counter);
  const count = () => {
    // A field with maxlength counts as browsers do; else a character is what the server takes for one.
    const left = most - (field.dataset.most ? [...field.value.normalize("NFC").trim()].length : field.value.length);
    counter.hidden = left > Math.min(FEW, most / 5);
    counter.classList.toggle("mistake", left < 0);
    const number = Math.abs(left).toLocaleString(document.documentElement.lang);
    if (!counter.hidden) counter.textContent = sentences[left < 0 ? "over" : "left"].replace("{n}", number);
  };
  field.addEventListener("input", count);
  field.addEventListener("filled", count); // by us
  count(); // it may come back to us full
}
