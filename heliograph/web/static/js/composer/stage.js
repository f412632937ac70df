// The stage: the photo as it will be, drawn anew whenever something changes.
//
// With WebGL 2 here; without it the frame is drawn here and colours come from the server, a moment later.

import { Frame } from "./frame.js";
import { painter } from "./paint.js";
import { plainPainter } from "./plain.js";

const MARGIN = 20; // pixels around the frame while it is moved
const BEYOND = 0.3; // how bright the photo is outside the frame then
const CALM = 300; // milliseconds without a change before the server is asked for a picture

export class Stage {
  /** `remote()`: the address of the server's own picture of this, or "" while it has no photo. */
  constructor(root, remote) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.thirds = root.querySelector("[data-thirds]");
    this.image = root.querySelector("img");
    this.remote = remote;
    this.frame = this.photo = null;
    this.look = { name: "", table: null, strength: 1 };
    this.cropping = this.original = false;
    this.prepare();
    new ResizeObserver(() => this.refresh()).observe(root);
    this.image.addEventListener("load", () => (this.image.hidden = !this.asks));
    this.image.addEventListener("error", () => (this.image.hidden = true));
  }

  prepare() {
    this.paint = painter(this.canvas);
    this.colours = Boolean(this.paint);
    if (!this.colours) {
      this.canvas.replaceWith((this.canvas = this.canvas.cloneNode())); // one that may have another context
      this.paint = plainPainter(this.canvas);
    }
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.paint.build();
      if (this.photo) this.paint.show(this.photo);
      this.drawNow();
      this.root.dispatchEvent(new Event("restored"));
    });
  }

  /** A bitmap through a frame; without a bitmap (a kind that this browser cannot read) the server's picture. */
  show(bitmap, frame) {
    this.photo?.close();
    this.photo = bitmap;
    this.frame = frame;
    if (bitmap) this.paint.show(bitmap);
    this.image.hidden = true;
    this.image.removeAttribute("src");
    this.refresh();
  }

  /** Draw soon: many changes are one picture. */
  refresh() {
    this.asked ??= requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.asked = null;
    if (!this.frame || !this.root.clientWidth) return;
    const sharp = Math.min(2, devicePixelRatio);
    const [width, height] = [this.root.clientWidth, this.root.clientHeight].map((side) => Math.round(side * sharp));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.lay([0, 0, width, height], this.wide * sharp, this.original ? null : this.look, this.cropping ? BEYOND : 0);
    this.rule();
    this.askServer();
    const shown = this.look.table ? `${this.look.name} ${this.look.strength}` : "";
    this.root.dataset.drawn = this.original ? "" : shown;
  }

  lay(area, wide, look, beyond = 0, frame = this.frame) {
    this.paint.draw({ frame, look: look?.table, strength: look?.strength, area, wide, beyond });
  }

  /** How wide the frame is on the screen. */
  get wide() {
    const room = this.cropping && this.photo ? 2 * MARGIN : 0;
    return Math.min(this.root.clientWidth - room, (this.root.clientHeight - room) * this.frame.ratio);
  }

  /** Pixels of the photo in one of the screen. */
  get unit() {
    return this.frame.width / this.wide;
  }

  rule() {
    this.thirds.style.inlineSize = `${this.wide}px`;
    this.thirds.style.blockSize = `${this.wide / this.frame.ratio}px`;
  }

  askServer() {
    clearTimeout(this.timer);
    this.asks = !this.original && (this.photo ? !this.colours && this.look.name && !this.cropping : true);
    const address = this.asks ? this.remote() : "";
    if (this.image.getAttribute("src") !== address || !address) this.image.hidden = true;
    else this.image.hidden = !this.image.complete;
    if (address) this.timer = setTimeout(() => this.image.setAttribute("src", address), CALM);
  }

  /** The photo in small and square with this look, into a canvas of two dimensions; then the stage as it was. */
  thumbnail(canvas, look) {
    if (!this.colours || !this.photo) return;
    const side = canvas.width;
    const square = Object.assign(Object.create(Frame.prototype), this.frame, { shape: "square" });
    square.settle();
    const whole = this.canvas;
    if (whole.width < side || whole.height < side) return;
    this.lay([0, 0, side, side], side, look, 0, square);
    canvas.getContext("2d").drawImage(whole, 0, whole.height - side, side, side, 0, 0, side, side);
    this.borrowed ??= Promise.resolve().then(() => {
      this.borrowed = null; // before anybody sees it, and once for all that were drawn in this moment
      this.drawNow();
    });
  }

  /** A small JPEG of what is to be posted, for a post that must wait; null if it cannot be made. */
  async snapshot(side = 640) {
    if (!this.photo) return null;
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.round(Math.min(side, side * this.frame.ratio)),
      height: Math.round(Math.min(side, side / this.frame.ratio)),
    });
    const { width, height } = this.canvas;
    Object.assign(this.canvas, { width: canvas.width, height: canvas.height });
    this.lay([0, 0, canvas.width, canvas.height], canvas.width, this.look);
    canvas.getContext("2d").drawImage(this.canvas, 0, 0);
    Object.assign(this.canvas, { width, height });
    this.drawNow();
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  }
}
