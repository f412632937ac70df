// The same drawing where there is no WebGL 2: frame and turns, but no filters; those come from the server.

export function plainPainter(canvas) {
  const pen = canvas.getContext("2d");
  let photo = null;

  function draw({ frame, area, wide, beyond = 0 }) {
    if (!photo) return;
    const [x, y, width, height] = area;
    const tall = wide / frame.ratio;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(x, y, width, height);
    pen.save();
    pen.beginPath();
    pen.rect(x, y, width, height);
    pen.clip();
    if (beyond) {
      pen.globalAlpha = beyond;
      lay(frame, x + width / 2, y + height / 2, wide);
      pen.globalAlpha = 1;
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.beginPath();
    pen.rect(x + (width - wide) / 2, y + (height - tall) / 2, wide, tall);
    pen.clip();
    lay(frame, x + width / 2, y + height / 2, wide);
    pen.restore();
  }

  /** The whole photo, placed so that the frame's middle lies at x, y. */
  function lay(frame, x, y, wide) {
    const [a, b, c, d, e, f] = frame.map(frame.width / wide);
    const matrix = new DOMMatrix([a, b, c, d, e, f]).inverse();
    pen.setTransform(new DOMMatrix([1, 0, 0, 1, x, y]).multiply(matrix));
    pen.imageSmoothingQuality = "high";
    pen.drawImage(photo, 0, 0, photo.width, photo.height, 0, 0, 1, 1);
  }

  return { show: (bitmap) => (photo = bitmap), draw, build: () => true };
}
