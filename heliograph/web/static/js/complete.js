// Completing @names and #tags in any <textarea data-complete>: a list below the field, which keeps the focus.

const PAUSE = 120; // milliseconds without a letter
const WORD = /(?:^|[^\w&/#@])([@#])([^\s#@]{0,50})$/u; // what is being written, up to the caret
let lists = 0;

// The first letter makes a field complete; so fields that come later do it, too.
document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("textarea[data-complete]") || field.dataset.complete === "on") return;
  field.dataset.complete = "on";
  new Completion(field).typed();
});

class Completion {
  constructor(field) {
    this.field = field;
    this.list = document.createElement("ul");
    this.list.id = `completion-${++lists}`;
    this.list.className = "completion";
    this.list.setAttribute("role", "listbox");
    this.list.hidden = true;
    field.after(this.list);
    field.parentElement.classList.add("completes");
    field.setAttribute("aria-autocomplete", "list");
    field.addEventListener("input", () => this.typed());
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => this.close());
    field.addEventListener("click", () => this.close());
    // pressed, not clicked: a click would have taken the focus first
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.take(option);
    });
  }

  typed() {
    clearTimeout(this.pause);
    this.asking?.abort();
    const word = this.word();
    if (!word || (word.sign === "#" && !word.text)) return this.close();
    this.pause = setTimeout(() => this.ask(word), PAUSE);
  }

  /** What is being written: its sign, its letters, and where it begins. */
  word() {
    const { selectionStart: caret, selectionEnd: end, value } = this.field;
    if (caret !== end) return null;
    const match = WORD.exec(value.slice(0, caret));
    return match && { sign: match[1], text: match[2], start: caret - match[2].length - 1, end: caret };
  }

  async ask(word) {
    if (!word.text) return this.close();
    this.asking = new AbortController();
    const what = word.sign === "@" ? "people" : "tags";
    try {
      const response = await fetch(`/find/${what}.json?q=${encodeURIComponent(word.text)}`, {
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        signal: this.asking.signal,
      });
      if (!response.ok) return this.close();
      const facts = await response.json();
      this.show(word, facts[what]);
    } catch {
      this.close(); // completing is a kindness; without a connection one types on
    }
  }

  show(word, found) {
    const options = found.map(word.sign === "@" ? person : tag);
    for (const [place, option] of options.entries()) {
      option.id = `${this.list.id}-${place}`;
      option.dataset.text = `${word.sign}${found[place].username ?? found[place].name} `;
    }
    this.list.replaceChildren(...options);
    if (!found.length || document.activeElement !== this.field) return this.close();
    this.at = word;
    this.list.hidden = false;
    this.field.setAttribute("role", "combobox");
    this.field.setAttribute("aria-controls", this.list.id);
    this.field.setAttribute("aria-expanded", "true");
    this.choose(0);
  }

  close() {
    clearTimeout(this.pause);
    this.asking?.abort();
    this.list.hidden = true;
    for (const name of ["role", "aria-controls", "aria-expanded", "aria-activedescendant"]) {
      this.field.removeAttribute(name);
    }
  }

  choose(place) {
    const options = [...this.list.children];
    this.place = (place + options.length) % options.length;
    for (const [at, option] of options.entries()) option.setAttribute("aria-selected", String(at === this.place));
    options[this.place].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[this.place].id);
  }

  key(event) {
    if (this.list.hidden || event.isComposing) return;
    const deeds = {
      ArrowDown: () => this.choose(this.place + 1),
      ArrowUp: () => this.choose(this.place - 1),
      Enter: () => this.take(this.list.children[this.place]),
      Tab: () => this.take(this.list.children[this.place]),
      Escape: () => this.close(),
    };
    if (!Object.hasOwn(deeds, event.key) || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    deeds[event.key]();
  }

  take(option) {
    const { start, end } = this.at;
    const after = this.field.value[end] === " " ? end + 1 : end;
    this.field.setRangeText(option.dataset.text, start, after, "end");
    this.close();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function option(...parts) {
  const row = document.createElement("li");
  row.setAttribute("role", "option");
  row.append(...parts);
  return row;
}

function person(one) {
  const face = one.avatar ? new Image(36, 36) : document.createElement("span");
  face.className = "avatar s36";
  if (one.avatar) {
    face.src = one.avatar;
    face.alt = "";
  }
  return option(face, text("b", one.username), text("span", one.full_name, "small quiet cut"));
}

function tag(one) {
  return option(text("b", `#${one.name}`));
}

function text(name, words, classes = "") {
  const element = document.createElement(name);
  element.className = classes;
  element.dir = "auto";
  element.textContent = words;
  return element;
}
