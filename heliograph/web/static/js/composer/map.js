// A small map that asks nobody: the land as one outline, and what others will see of the place.

const LOOKS = {
  city: { wide: 8, mark: ring }, // degrees of longitude at the equator from side to side
  neighbourhood: { wide: 0.06, mark: square },
  exact: { wide: 0.06, mark: point },
};
const BLOCK = 0.01; // degrees: about one kilometre
let land = null;

/** Draw the surroundings of a place ({ lat, lng }) as others will see them at this level. */
export async function drawMap(canvas, place, level) {
  canvas.dataset.level = level;
  canvas.dataset.at = `${place.lat},${place.lng}`;
  const mine = `${canvas.dataset.level} ${canvas.dataset.at}`;
  land ??= outlines();
  const rings = await land;
  if (mine !== `${canvas.dataset.level} ${canvas.dataset.at}`) return;
  const sharp = Math.min(2, devicePixelRatio);
  Object.assign(canvas, { width: canvas.clientWidth * sharp, height: canvas.clientHeight * sharp });
  const pen = canvas.getContext("2d");
  const { wide, mark } = LOOKS[level];
  const squeeze = Math.max(0.2, Math.cos((place.lat * Math.PI) / 180));
  const scale = canvas.width / wide; // pixels in a degree of latitude
  const to = ([lng, lat]) => [
    canvas.width / 2 + around(lng - place.lng) * scale * squeeze,
    canvas.height / 2 - (lat - place.lat) * scale,
  ];
  const { color, accentColor } = getComputedStyle(canvas);
  pen.fillStyle = color;
  pen.globalAlpha = 0.25;
  pen.beginPath();
  for (const ring of rings) trace(pen, ring, to);
  pen.fill("evenodd");
  pen.globalAlpha = 1;
  pen.fillStyle = pen.strokeStyle = accentColor === "auto" ? color : accentColor;
  pen.lineWidth = 2 * sharp;
  mark(pen, place, to, sharp);
}

function around(degrees) {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}

function trace(pen, ring, to) {
  for (let at = 0; at < ring.length; at += 2) {
    const [x, y] = to([ring[at], ring[at + 1]]);
    if (at) pen.lineTo(x, y);
    else pen.moveTo(x, y);
  }
  pen.closePath();
}

function ring(pen, place, to, sharp) {
  const [x, y] = to([place.lng, place.lat]);
  dot(pen, x, y, 5 * sharp);
  pen.globalAlpha = 0.5;
  pen.beginPath();
  pen.arc(x, y, 16 * sharp, 0, 7);
  pen.stroke();
}

function square(pen, place, to) {
  const corner = [Math.floor(place.lng / BLOCK) * BLOCK, Math.floor(place.lat / BLOCK) * BLOCK];
  const [left, bottom] = to(corner);
  const [right, top] = to([corner[0] + BLOCK, corner[1] + BLOCK]);
  pen.globalAlpha = 0.25;
  pen.fillRect(left, top, right - left, bottom - top);
  pen.globalAlpha = 1;
  pen.strokeRect(left, top, right - left, bottom - top);
}

function point(pen, place, to, sharp) {
  dot(pen, ...to([place.lng, place.lat]), 6 * sharp);
}

function dot(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fill();
}

/** Rings of the land, [lng, lat, lng, lat, ...]; none where the map cannot be had. */
async function outlines() {
  const address = new URL("../../map/world.json", import.meta.url);
  const world = await fetch(address).then(
    (answer) => (answer.ok ? answer.json() : null),
    () => null,
  );
  if (!world) land = null;
  return world?.land ?? [];
}
