// The strip of filters: each on the person's own photo, and how strongly the chosen one is laid on.

import { ask } from "./ask.js";
import { table } from "./looks.js";

const SIDE = 84; // pixels
const CALM = 120; // milliseconds without a change before all of them are drawn again

export class Strip {
  constructor(form, stage) {
    this.form = form;
    this.stage = stage;
    this.addresses = JSON.parse(form.dataset.luts || "{}");
    this.strength = form.elements.strength;
    this.choices = [...form.querySelectorAll("input[name=filter]")];
    this.seen = new Set();
    this.watcher = new IntersectionObserver((entries) => this.cameIntoView(entries), { rootMargin: "0px 200px" });
    for (const choice of this.choices) choice.addEventListener("change", () => this.choose());
    this.strength.addEventListener("input", () => this.dial());
    this.dial();
    this.hold(form.querySelector("[data-compare]"));
    stage.root.addEventListener("restored", () => this.refresh());
    addEventListener("online", () => this.refresh()); // tables that did not come
  }

  get name() {
    return this.form.elements.filter.value;
  }

  /** A filter and its strength, as they were chosen before. */
  takeUp({ filter, strength }) {
    this.form.elements.filter.value = filter;
    this.strength.value = strength;
    this.dial();
    this.choose();
  }

  async choose() {
    const { name } = this;
    this.form.querySelector("[data-strength-dial]").hidden = !name;
    this.choices.find((choice) => choice.checked)?.parentElement.scrollIntoView({ block: "nearest", inline: "center" });
    const bytes = this.stage.colours ? await table(this.addresses[name]) : null;
    if (name !== this.name) return; // another one was chosen meanwhile
    Object.assign(this.stage.look, { name, table: bytes });
    this.stage.refresh();
  }

  dial() {
    const value = this.strength.valueAsNumber;
    this.stage.look.strength = value / 100;
    this.strength.setAttribute("aria-valuetext", `${value} %`);
    this.strength.parentElement.querySelector("output").value = value;
    this.stage.refresh();
  }

  /** The frame or the photo changed: draw the small ones again, when somebody looks at them. */
  refresh() {
    clearTimeout(this.calm);
    this.calm = setTimeout(() => this.drawAll(), CALM);
  }

  drawAll() {
    if (!this.stage.colours || !this.stage.photo) return;
    for (const choice of this.choices) {
      this.canvasOf(choice);
      this.watcher.unobserve(choice.parentElement);
      this.watcher.observe(choice.parentElement);
    }
    if (this.name && !this.stage.look.table) this.choose();
  }

  canvasOf(choice) {
    const there = choice.parentElement.querySelector("canvas");
    if (there) return there;
    const side = SIDE * Math.min(2, Math.ceil(devicePixelRatio));
    const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    canvas.setAttribute("aria-hidden", "true");
    choice.parentElement.querySelector("img")?.remove();
    choice.after(canvas);
    return canvas;
  }

  cameIntoView(entries) {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) this.draw(target.querySelector("input"));
    }
  }

  async draw(choice) {
    const canvas = this.canvasOf(choice);
    if (choice.value && !("drawn" in canvas.dataset)) this.stage.thumbnail(canvas, null); // until its table is here
    const bytes = await table(this.addresses[choice.value]);
    if (choice.value && !bytes) return;
    this.stage.thumbnail(canvas, { table: bytes, strength: 1 });
    canvas.dataset.drawn = "";
  }

  /** Small pictures by the server, where they cannot be drawn here; asked for again while it has none. */
  async remote(address) {
    this.remoteAddress = address;
    for (let wait = 500; address && wait < 60_000; wait *= 2) {
      const pictures = await ask("GET", address).then(({ facts }) => facts, () => ({}));
      if (this.remoteAddress !== address) return;
      if (Object.keys(pictures).length) return this.hang(pictures);
      await new Promise((go) => setTimeout(go, wait));
    }
  }

  hang(pictures) {
    for (const choice of this.choices) {
      if (!pictures[choice.value]) continue;
      const image = choice.parentElement.querySelector("img") ?? new Image(SIDE, SIDE);
      image.alt = "";
      image.src = pictures[choice.value];
      choice.after(image);
    }
  }

  /** The original while the photo or the button is held, by finger or by key. */
  hold(button) {
    let timer;
    const show = (on) => {
      clearTimeout(timer);
      this.stage.original = on;
      this.stage.refresh();
    };
    const { root } = this.stage;
    root.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.stage.cropping) return;
      const scrolls = event.pointerType === "touch" && !button.contains(event.target);
      timer = setTimeout(() => show(true), scrolls ? 150 : 0); // a finger may only want to scroll
    });
    for (const kind of ["pointerup", "pointercancel", "pointerleave"]) root.addEventListener(kind, () => show(false));
    root.addEventListener("contextmenu", (event) => event.preventDefault());
    button.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && show(true));
    for (const kind of ["keyup", "blur"]) button.addEventListener(kind, () => show(false));
  }
}
