// Posting: the photo travels while its caption is typed. Without this file the same form sends everything at once.

import { fetched, Refusal, sayWhy, sentences } from "./ask.js";

const form = document.querySelector("[data-composer]");
const part = (name) => form.querySelector(`[data-${name}]`);
const chooser = form.elements.photo;
const state = { upload: null, running: null };

if (form.elements.upload_id.value) form.classList.add("chosen");

chooser.addEventListener("change", () => choose(chooser.files[0]));

form.addEventListener("submit", async (event) => {
  if (!state.upload) return; // nothing was sent ahead: the form goes as it is
  event.preventDefault();
  part("post").disabled = true;
  try {
    await state.upload;
    chooser.disabled = true; // what has arrived is not sent twice
    form.submit();
  } catch {
    part("post").disabled = false; // the sentence is there already
  }
});

const drop = part("drop");
for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, over);
for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => drop.classList.remove("over"));
form.addEventListener("drop", (event) => take(event, event.dataTransfer));
addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) take(event, event.clipboardData);
});

function over(event) {
  event.preventDefault();
  drop.classList.add("over");
}

function take(event, transfer) {
  event.preventDefault();
  const photo = [...transfer.files].find((file) => file.type.startsWith("image/"));
  if (!photo) return;
  const files = new DataTransfer();
  files.items.add(photo);
  chooser.files = files.files;
  choose(photo);
}

function choose(photo) {
  state.running?.abort();
  state.upload = null;
  form.elements.upload_id.value = "";
  complain("");
  if (!photo) return;
  if (!["image/jpeg", "image/png", "image/webp"].includes(photo.type)) return refuse(form.dataset.wrongType);
  if (photo.size > Number(form.dataset.largest)) return refuse(form.dataset.tooLarge);
  show(photo);
  state.upload = upload(photo);
  state.upload.catch((error) => {
    if (error instanceof Refusal) refuse(error.message);
    else if (error.name !== "AbortError") sayWhy(error);
  });
}

function refuse(sentence) {
  complain(sentence);
  chooser.value = "";
  state.upload = null;
  part("stage").hidden = true;
  part("progress").hidden = true;
  form.classList.remove("chosen");
}

function complain(sentence) {
  part("mistake").textContent = sentence;
  part("mistake").hidden = !sentence;
}

function show(photo) {
  const image = part("stage-image");
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(photo);
  part("stage").hidden = false;
  form.classList.add("chosen");
  chooser.required = false;
}

async function upload(photo) {
  const facts = await sent(photo);
  form.elements.upload_id.value = facts.upload_id;
  preview(facts.previews);
}

// XMLHttpRequest, because fetch cannot tell how much has left.
function sent(photo) {
  const bar = part("progress");
  const request = new XMLHttpRequest();
  state.running = request;
  bar.value = 0;
  bar.hidden = false;
  return new Promise((resolve, reject) => {
    request.upload.onprogress = (event) => {
      bar.value = (100 * event.loaded) / event.total;
    };
    request.onload = () => {
      bar.hidden = true;
      const facts = request.response ?? {};
      if (request.status === 200) resolve(facts);
      else reject(new Refusal(facts.error || sentences.failed));
    };
    request.onerror = () => reject(new Refusal(sentences.offline));
    request.onabort = () => reject(new DOMException("another photo", "AbortError"));
    request.open("POST", form.dataset.upload);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", photo.type);
    request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
    request.setRequestHeader("Idempotency-Key", crypto.randomUUID());
    request.send(photo);
  });
}

// The pictures come late on a busy server, or with a hiccup: asked for again, a little less often each time.
async function preview(address, upload = form.elements.upload_id.value) {
  for (let wait = 500; wait < 60_000; wait *= 2) {
    const pictures = await picturesAt(address);
    if (form.elements.upload_id.value !== upload) return; // another photo was chosen meanwhile
    if (Object.keys(pictures).length) return hang(pictures);
    await new Promise((go) => setTimeout(go, wait));
  } // until then, and after it, the names of the filters will do
}

async function picturesAt(address) {
  const response = await fetched(address).catch(() => null);
  return response?.ok ? await response.json().catch(() => ({})) : {};
}

function hang(pictures) {
  for (const choice of form.querySelectorAll("input[name=filter]")) {
    const picture = pictures[choice.value];
    if (!picture) continue;
    const image = choice.parentElement.querySelector("img") ?? new Image(84, 84);
    image.alt = "";
    image.src = picture;
    choice.after(image);
  }
}
