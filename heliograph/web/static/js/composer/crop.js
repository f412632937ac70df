// Moving the frame: by finger, mouse, wheel and keyboard, and by the dials below the stage.

const STEP = 0.02; // of the frame's width, for one press of an arrow

export class Crop {
  /** `changed(settled)`: the frame moved; settled once the finger is up. */
  constructor(root, stage, changed) {
    this.root = root;
    this.stage = stage;
    this.changed = changed;
    this.fingers = new Map();
    this.part = (name) => root.querySelector(`[data-${name}]`);
    this.dials = { straighten: this.part("straighten"), zoom: this.part("zoom") };
    this.listen(stage.root);
  }

  get frame() {
    return this.stage.frame;
  }

  listen(ground) {
    ground.addEventListener("pointerdown", (event) => this.down(event));
    ground.addEventListener("pointermove", (event) => this.drag(event));
    for (const kind of ["pointerup", "pointercancel"]) ground.addEventListener(kind, (event) => this.up(event));
    ground.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    ground.addEventListener("keydown", (event) => this.key(event));
    const { straighten, zoom } = this.dials;
    straighten.addEventListener("input", () => this.did((f) => f.straightenTo(straighten.valueAsNumber), false));
    zoom.addEventListener("input", () => this.did((f) => f.zoomTo(zoom.valueAsNumber / 100), false));
    for (const dial of Object.values(this.dials)) dial.addEventListener("change", () => this.did(() => {}));
    this.part("quarter").addEventListener("click", () => this.did((f) => f.quarter()));
    this.part("reset").addEventListener("click", () => this.did((f) => f.reset()));
    this.root.addEventListener("change", (event) => {
      if (event.target.name === "shape") this.did((f) => f.reshape(event.target.value));
    });
  }

  /** Change the frame, show it everywhere. */
  did(deed, settled = true) {
    if (!this.frame) return;
    deed(this.frame);
    this.show();
    this.changed(settled);
  }

  /** The dials as the frame is. */
  show() {
    const { straighten, zoom, closest, shape } = this.frame;
    const turned = straighten.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
    this.set(this.dials.straighten, straighten, `${turned}°`);
    this.dials.zoom.max = Math.round(closest * 100);
    this.dials.zoom.disabled = closest <= 1.01;
    this.set(this.dials.zoom, Math.round(zoom * 100), `${Math.round(zoom * 100)} %`);
    for (const choice of this.root.querySelectorAll("[name=shape]")) {
      choice.checked = choice.value === shape;
      choice.disabled = !this.frame.fits(choice.value);
    }
  }

  set(dial, value, words) {
    dial.value = value;
    dial.setAttribute("aria-valuetext", words);
    dial.closest("[data-dial]").querySelector("output").value = words;
  }

  down(event) {
    if (!this.stage.cropping || event.target.closest("button")) return;
    this.stage.root.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, event);
    this.stage.root.classList.add("held");
  }

  drag(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before || !this.frame) return;
    const others = [...this.fingers.values()].filter((finger) => finger.pointerId !== event.pointerId);
    this.fingers.set(event.pointerId, event);
    const moved = [event.clientX - before.clientX, event.clientY - before.clientY];
    const share = this.stage.unit / (others.length + 1); // two fingers: each carries half
    this.did((f) => {
      f.move(-moved[0] * share, -moved[1] * share);
      if (others.length === 1) this.pinch(f, before, event, others[0]);
    }, false);
  }

  pinch(frame, before, now, other) {
    const apart = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
    const middle = { clientX: (now.clientX + other.clientX) / 2, clientY: (now.clientY + other.clientY) / 2 };
    if (apart(before) > 10) frame.zoomTo((frame.zoom * apart(now)) / apart(before), ...this.from(middle));
  }

  /** A place on the screen, from the frame's middle in widths of the frame. */
  from({ clientX, clientY }) {
    const box = this.stage.root.getBoundingClientRect();
    const { wide } = this.stage;
    return [(clientX - box.left - box.width / 2) / wide, (clientY - box.top - box.height / 2) / wide];
  }

  up(event) {
    if (!this.fingers.delete(event.pointerId) || this.fingers.size) return;
    this.stage.root.classList.remove("held");
    this.did(() => {});
  }

  wheel(event) {
    if (!this.stage.cropping || !this.frame) return;
    event.preventDefault();
    const pixels = event.deltaMode ? event.deltaY * 30 : event.deltaY;
    this.did((f) => f.zoomTo(f.zoom * Math.exp(-pixels / 400), ...this.from(event)), false);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.did(() => {}), 300);
  }

  key(event) {
    if (!this.stage.cropping || !this.frame || event.target !== this.stage.root) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = this.frame.width * (event.shiftKey ? 5 : 1) * STEP;
    const deeds = {
      ArrowLeft: (f) => f.move(-step, 0),
      ArrowRight: (f) => f.move(step, 0),
      ArrowUp: (f) => f.move(0, -step),
      ArrowDown: (f) => f.move(0, step),
      "+": (f) => f.zoomTo(f.zoom * 1.1),
      "=": (f) => f.zoomTo(f.zoom * 1.1),
      "-": (f) => f.zoomTo(f.zoom / 1.1),
      "[": (f) => f.straightenTo(f.straighten - 0.5),
      "]": (f) => f.straightenTo(f.straighten + 0.5),
      0: (f) => f.reset(),
    };
    if (!Object.hasOwn(deeds, event.key)) return;
    event.preventDefault();
    this.did(deeds[event.key]);
    this.tell();
  }

  /** For those who do not see it: where the frame is now. */
  tell() {
    const percent = (part) => `${Math.round(part * 100)} %`;
    const { x, y, zoom, straighten } = this.frame;
    this.part("told").textContent = this.part("told")
      .dataset.words.replace("{x}", percent(x))
      .replace("{y}", percent(y))
      .replace("{zoom}", percent(zoom))
      .replace("{angle}", `${straighten}°`);
  }
}
