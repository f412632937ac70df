// What part of a photo is shown: a frame that is moved, made smaller and turned, and that never leaves the photo.
//
// Lengths are pixels of the photo, upright and after its quarter turns; y grows downwards. Angles are degrees by
// which the picture is turned clockwise under the frame.

export const RATIOS = { original: 0, square: 1, portrait: 4 / 5, wide: 1.91 };
export const STEEPEST = 20;
const NARROWEST = 4 / 5;
const WIDEST = 1.91;
const SMALLEST = 150; // pixels: the server makes no picture with a shorter side
const LEAST = 320; // pixels: a frame is never made narrower by zooming in
const CLOSEST = 8;

const within = (least, value, most) => Math.min(most, Math.max(least, value));

export class Frame {
  constructor(width, height) {
    this.upright = { width, height };
    this.reset();
  }

  reset() {
    Object.assign(this, { shape: "original", turn: 0, straighten: 0, zoom: 1, x: 0.5, y: 0.5 });
  }

  get touched() {
    return this.shape !== "original" || this.turn !== 0 || this.straighten !== 0 || this.zoom > 1 || this.moved;
  }

  get moved() {
    return Math.abs(this.x - 0.5) > 1e-6 || Math.abs(this.y - 0.5) > 1e-6;
  }

  /** The photo's size after its quarter turns. */
  get photo() {
    const { width, height } = this.upright;
    return this.turn % 180 ? { width: height, height: width } : { width, height };
  }

  /** Width divided by height of the result. */
  get ratio() {
    const { width, height } = this.photo;
    return RATIOS[this.shape] || within(NARROWEST, width / height, WIDEST);
  }

  get closest() {
    return within(1, this.widest / LEAST, CLOSEST);
  }

  /** How wide the frame is when nothing is zoomed: the largest, so turned, that fits into the photo. */
  get widest() {
    const { sin, cos } = this.direction;
    const { width, height } = this.photo;
    const s = Math.abs(sin);
    return Math.min(width / (cos + s / this.ratio), height / (s + cos / this.ratio));
  }

  get width() {
    return this.widest / this.zoom;
  }

  get height() {
    return this.width / this.ratio;
  }

  get direction() {
    const angle = (this.straighten * Math.PI) / 180;
    return { sin: Math.sin(angle), cos: Math.cos(angle) };
  }

  /** A way in the frame (to the right, down) as a way in the photo. */
  across(right, down) {
    const { sin, cos } = this.direction;
    return [cos * right + sin * down, cos * down - sin * right];
  }

  /** Move the frame over the photo by pixels of the photo, along the frame's own sides. */
  move(right, down) {
    const [x, y] = this.across(right, down);
    this.x += x / this.photo.width;
    this.y += y / this.photo.height;
    this.settle();
  }

  /** Zoom; the point `right`, `down` of the frame (its middle is 0, its width 1) stays where it is. */
  zoomTo(zoom, right = 0, down = 0) {
    const before = this.width;
    this.zoom = within(1, zoom, this.closest);
    const gone = before - this.width;
    this.move(right * gone, down * gone);
  }

  straightenTo(degrees) {
    const before = this.straighten;
    this.straighten = Math.round(within(-STEEPEST, degrees, STEEPEST) * 10) / 10;
    this.settle();
    if (!this.fits(this.shape)) this.straighten = before; // a small photo has no room to turn
  }

  /** Whether there is enough of the photo for a frame of this shape. */
  fits(shape) {
    const { widest, ratio } = Object.assign(Object.create(Frame.prototype), this, { shape });
    return widest * Math.min(1, 1 / ratio) >= SMALLEST - 0.5;
  }

  reshape(shape) {
    this.shape = shape in RATIOS ? shape : "original";
    this.settle();
  }

  /** A quarter turn of the picture, clockwise. */
  quarter() {
    this.turn = (this.turn + 90) % 360;
    [this.x, this.y] = [1 - this.y, this.x];
    this.settle();
  }

  /** Back inside the photo, with all four corners. */
  settle() {
    this.zoom = within(1, this.zoom, this.closest);
    const { width, height } = this.photo;
    const { sin, cos } = this.direction;
    const s = Math.abs(sin);
    const x = Math.min(0.5, (cos * this.width + s * this.height) / 2 / width);
    const y = Math.min(0.5, (s * this.width + cos * this.height) / 2 / height);
    this.x = within(x, this.x, 1 - x);
    this.y = within(y, this.y, 1 - y);
  }

  /** What the form says about it; nothing but empty words when nobody touched the frame. */
  fields() {
    if (!this.touched) return { crop_x: "", crop_y: "", crop_w: "", crop_h: "", straighten: "", turn: "" };
    const { width, height } = this.photo;
    return {
      crop_x: this.x.toFixed(6),
      crop_y: this.y.toFixed(6),
      crop_w: (this.width / width).toFixed(6),
      crop_h: (this.height / height).toFixed(6),
      straighten: this.straighten.toFixed(1),
      turn: String(this.turn),
    };
  }

  /**
   * From a point on the screen to a fraction of the upright photo: [a, b, c, d, e, f] with
   * u = a*right + c*down + e and v = b*right + d*down + f, where right and down count from the frame's middle in
   * units that are `unit` pixels of the photo large.
   */
  map(unit) {
    const { width, height } = this.photo;
    const { sin, cos } = this.direction;
    const [a, c, e] = [(cos * unit) / width, (sin * unit) / width, this.x];
    const [b, d, f] = [(-sin * unit) / height, (cos * unit) / height, this.y];
    if (this.turn === 90) return [b, -a, d, -c, f, 1 - e];
    if (this.turn === 180) return [-a, -b, -c, -d, 1 - e, 1 - f];
    if (this.turn === 270) return [-b, a, -d, c, 1 - f, e];
    return [a, b, c, d, e, f];
  }
}
