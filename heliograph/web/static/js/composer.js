// Posting: the photo travels while it is cropped, toned and described. Without this file the same form sends
// everything at once; what fails here leaves that form working.

import { freshKey } from "./ask.js";
import { chooser } from "./composer/chooser.js";
import { Crop } from "./composer/crop.js";
import { decode } from "./composer/decode.js";
import { Draft, offer } from "./composer/draft.js";
import { Frame } from "./composer/frame.js";
import { Guard } from "./composer/guard.js";
import { Place } from "./composer/place.js";
import { Posting } from "./composer/posting.js";
import { Stage } from "./composer/stage.js";
import { Strip } from "./composer/strip.js";
import { tabs } from "./composer/tabs.js";

const form = document.querySelector("[data-composer]");
const part = (name) => form.querySelector(`[data-${name}]`);
const says = part("says").dataset;

const stage = new Stage(part("stage"), preview);
const strip = new Strip(form, stage);
const crop = new Crop(form, stage, cropped);
const posting = new Posting(form, says, { complain, stage });
const place = new Place(form, says);
const draft = new Draft(form, { place, stage, posting });
const guard = new Guard(form, document.querySelector("[data-leave]"), draft);
posting.onposted = () => {
  guard.off();
  return draft.drop({ over: true });
};
const showTool = tabs(form, toolChosen);
const hold = chooser(form, says, { take, complain });
let chosen = 0; // counts photos: what belongs to an earlier one is dropped

form.reset(); // a browser that comes back fills in what was posted or discarded, out of sight
form.classList.add("live");
form.elements.key.value = freshKey(); // this page may be a kept one: two posts must not share a key
if (form.elements.upload_id.value) form.classList.add("chosen");
else offer(form, draft, goOn);
showTool("look");

/** A photo was chosen: on the stage, and on its way. `again`: what was done to it before, and its upload's key. */
async function take(file, again = {}) {
  const mine = ++chosen;
  complain("");
  guard.on();
  form.classList.remove("drafted");
  form.classList.add("chosen");
  part("stage").hidden = false;
  showTool(form.dataset.tool);
  strip.remote(null);
  const arriving = posting.send(file, refused, again.key);
  draft.take(file);
  const seen = await decode(file);
  if (mine !== chosen) return seen?.bitmap.close();
  if (seen) show(seen.bitmap, framed(seen, again));
  const facts = await arriving;
  if (mine !== chosen || !facts) return;
  if (!seen) show(null, framed({ width: facts.width || 1, height: facts.height || 1 }, again));
  if (!stage.colours || !seen) strip.remote(facts.previews);
  stage.refresh();
}

function framed({ width, height }, { frame }) {
  const made = Object.assign(new Frame(width, height), frame);
  made.settle();
  return made;
}

/** Where it was left, perhaps days ago. */
function goOn({ photo, texts, frame, place: spot, tool, key }) {
  for (const name of ["caption", "alt_text"]) {
    form.elements[name].value = texts[name];
    form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
  }
  strip.takeUp(texts);
  if (spot) place.takeUp(spot);
  form.dataset.tool = photo ? tool : "words";
  showTool(form.dataset.tool);
  if (!photo) return form.elements.caption.focus();
  hold(photo);
  take(photo, { frame, key });
}

function show(bitmap, frame) {
  stage.show(bitmap, frame);
  crop.did(() => {});
}

/** The server refused the photo itself: back to choosing; every word stays. */
function refused(sentence) {
  chosen += 1;
  draft.take(null);
  complain(sentence);
  stage.show(null, null);
  part("stage").hidden = true;
  form.classList.remove("chosen");
  form.elements.photo.value = "";
  form.elements.photo.required = true;
}

function complain(sentence) {
  part("mistake").textContent = sentence;
  part("mistake").hidden = !sentence;
}

function cropped(settled) {
  stage.refresh();
  if (!settled) return;
  for (const [name, value] of Object.entries(stage.frame.fields())) form.elements[name].value = value;
  strip.refresh();
}

function toolChosen(tool) {
  stage.cropping = tool === "crop" && Boolean(stage.frame);
  stage.refresh();
  if (tool === "words") place.draw();
}

/** The server's own picture of what is to be posted. */
function preview() {
  const upload = form.elements.upload_id.value;
  if (!upload) return "";
  const names = ["crop_x", "crop_y", "crop_w", "crop_h", "straighten", "turn", "filter", "strength"];
  const recipe = new URLSearchParams(names.map((name) => [name, form.elements[name].value]).filter(([, value]) => value));
  return `/post/uploads/${upload}/preview.jpg?${recipe}`;
}
