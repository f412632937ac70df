// Posting: the photo travels while it is cropped, toned and described. Without this file the same form sends
// everything at once; what fails here leaves that form working.

import { freshKey } from "./ask.js";
import { chooser } from "./composer/chooser.js";
import { Crop } from "./composer/crop.js";
import { decode } from "./composer/decode.js";
import { Frame } from "./composer/frame.js";
import { Guard } from "./composer/guard.js";
import { Place } from "./composer/place.js";
import { Posting } from "./composer/posting.js";
import { Stage } from "./composer/stage.js";
import { Strip } from "./composer/strip.js";
import { tabs } from "./composer/tabs.js";
import { counters } from "./composer/words.js";

const form = document.querySelector("[data-composer]");
const part = (name) => form.querySelector(`[data-${name}]`);
const says = part("says").dataset;

const stage = new Stage(part("stage"), preview);
const strip = new Strip(form, stage);
const crop = new Crop(form, stage, cropped);
const posting = new Posting(form, says, { complain, stage });
const guard = new Guard(form, document.querySelector("[data-leave]"));
posting.onposted = () => guard.off();
const showTool = tabs(form, toolChosen);
new Place(form, says);
counters(form, says);
chooser(form, says, { take, complain });
let chosen = 0; // counts photos: what belongs to an earlier one is dropped

form.classList.add("live");
form.elements.key.value = freshKey(); // this page may be a kept one: two posts must not share a key
if (form.elements.upload_id.value) form.classList.add("chosen");
showTool("look");

/** A photo was chosen: on the stage, and on its way. */
async function take(file) {
  const mine = ++chosen;
  complain("");
  guard.on();
  form.classList.add("chosen");
  part("stage").hidden = false;
  showTool(form.dataset.tool);
  strip.remote(null);
  const arriving = posting.send(file, refused);
  const seen = await decode(file);
  if (mine !== chosen) return seen?.bitmap.close();
  if (seen) show(seen.bitmap, new Frame(seen.width, seen.height));
  const facts = await arriving;
  if (mine !== chosen || !facts) return;
  if (!seen) show(null, new Frame(facts.width || 1, facts.height || 1));
  if (!stage.colours || !seen) strip.remote(facts.previews);
  stage.refresh();
}

function show(bitmap, frame) {
  stage.show(bitmap, frame);
  crop.did(() => {});
}

/** The server refused the photo itself: back to choosing; every word stays. */
function refused(sentence) {
  chosen += 1;
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
}

/** The server's own picture of what is to be posted. */
function preview() {
  const upload = form.elements.upload_id.value;
  if (!upload) return "";
  const names = ["crop_x", "crop_y", "crop_w", "crop_h", "straighten", "turn", "filter", "strength"];
  const recipe = new URLSearchParams(names.map((name) => [name, form.elements[name].value]).filter(([, value]) => value));
  return `/post/uploads/${upload}/preview.jpg?${recipe}`;
}
