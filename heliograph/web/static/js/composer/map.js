// A small map that asks nobody: the country around a city; closer, the grid of which others see one square.

const REGION = 24; // degrees of latitude from side to side, around a city
const CLOSE = 5; // kilometres from side to side, closer
const KM = 111.2; // in a degree of latitude
const GRID = 0.01; // degrees: the height of a square; the server has the same (media/places)
let land = null;

/** Draw a place ({ lat, lng, town }) as others will see it at this level; `kilometre` names the scale. */
export async function drawMap(canvas, place, level, kilometre) {
  const wanted = `${level} ${place.lat} ${place.lng}`;
  canvas.dataset.shows = wanted;
  const rings = level === "city" ? await (land ??= outlines()) : [];
  if (canvas.dataset.shows !== wanted || !canvas.clientWidth) return;
  const sharp = Math.min(2, devicePixelRatio);
  Object.assign(canvas, { width: canvas.clientWidth * sharp, height: canvas.clientHeight * sharp });
  const { color, accentColor } = getComputedStyle(canvas);
  const pen = canvas.getContext("2d");
  const view = { pen, sharp, ink: color, sun: accentColor === "auto" ? color : accentColor };
  if (level === "city") region(view, rings, place);
  else grid(view, place, level, kilometre);
}

/** From a point to pixels, with `middle` in the middle and `wide` degrees of latitude from side to side. */
function projection({ pen }, middle, wide) {
  const { width, height } = pen.canvas;
  const squeeze = Math.max(0.1, Math.cos((middle.lat * Math.PI) / 180));
  const around = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;
  const scale = width / wide;
  return (lng, lat) => [width / 2 + around(lng - middle.lng) * scale * squeeze, height / 2 - (lat - middle.lat) * scale];
}

function region(view, rings, place) {
  const { pen, sharp } = view;
  const [lat, lng] = place.town ?? [place.lat, place.lng];
  const to = projection(view, { lat, lng }, REGION);
  pen.fillStyle = view.ink;
  pen.globalAlpha = 0.28;
  pen.beginPath();
  // A ring is laid as a whole beside the middle, once to each side of it: points by themselves would tear it.
  const { width } = pen.canvas;
  const degree = to(lng + 1, lat)[0] - to(lng, lat)[0];
  for (const aside of [-360, 0, 360]) {
    for (const ring of rings) {
      for (let at = 0; at < ring.length; at += 2)
        pen[at ? "lineTo" : "moveTo"](width / 2 + (ring[at] + aside - lng) * degree, to(lng, ring[at + 1])[1]);
      pen.closePath();
    }
  }
  pen.fill("evenodd");
  pen.globalAlpha = 1;
  dot(view, to(lng, lat), 6 * sharp);
}

function grid(view, place, level, kilometre) {
  const { pen, sharp } = view;
  const { width, height } = pen.canvas;
  const cell = cellOf(place);
  const to = projection(view, cell, CLOSE / KM);
  const [left, top] = to(cell.lng - cell.wide / 2, cell.lat + GRID / 2);
  const [right, bottom] = to(cell.lng + cell.wide / 2, cell.lat - GRID / 2);
  pen.strokeStyle = view.ink;
  pen.globalAlpha = 0.25;
  pen.lineWidth = sharp;
  pen.beginPath();
  for (let x = left % (right - left); x < width; x += right - left) pen.rect(x, -1, 0, height + 2);
  for (let y = top % (bottom - top); y < height; y += bottom - top) pen.rect(-1, y, width + 2, 0);
  pen.stroke();
  if (level === "neighbourhood") {
    pen.fillStyle = pen.strokeStyle = view.sun;
    pen.fillRect(left, top, right - left, bottom - top);
    pen.globalAlpha = 1;
    pen.lineWidth = 2 * sharp;
    pen.strokeRect(left, top, right - left, bottom - top);
  } else dot(view, to(place.lng, place.lat), 6 * sharp);
  scale(view, width / CLOSE, kilometre);
}

/** The square that a point is in: its middle, and how wide it is in degrees. */
function cellOf({ lat, lng }) {
  const row = Math.round(lat / GRID) * GRID;
  const wide = GRID * Math.ceil(1 / Math.max(0.01, Math.cos((row * Math.PI) / 180)));
  return { lat: row, lng: Math.round(lng / wide) * wide, wide };
}

function dot({ pen, sun, sharp }, [x, y], radius) {
  pen.globalAlpha = 1;
  pen.fillStyle = sun;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fill();
  pen.globalAlpha = 0.4;
  pen.strokeStyle = sun;
  pen.lineWidth = 2 * sharp;
  pen.beginPath();
  pen.arc(x, y, 2.4 * radius, 0, 7);
  pen.stroke();
}

function scale({ pen, ink, sharp }, long, words) {
  const [x, y] = [10 * sharp, pen.canvas.height - 10 * sharp];
  pen.globalAlpha = 1;
  pen.strokeStyle = pen.fillStyle = ink;
  pen.lineWidth = 2 * sharp;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + long, y);
  pen.stroke();
  pen.font = `${12 * sharp}px sans-serif`;
  pen.fillText(words, x, y - 6 * sharp);
}

/** Rings of the land in degrees, [lng, lat, lng, lat, ...]; none where the map cannot be had. */
async function outlines() {
  const world = await fetch(new URL("../../map/world.json", import.meta.url)).then(
    (answer) => (answer.ok ? answer.json() : null),
    () => null,
  );
  if (!world) land = null;
  return (world?.land ?? []).map((ring) => ring.map((tenths) => tenths / 10));
}
