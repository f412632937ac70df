// From a chosen file to a posted photo: the upload, its hairline, the sentences of a lost connection, and sending
// the form. A post that finds no connection is kept on this device.

import { freshKey } from "../ask.js";
import { keep } from "../waiting.js";
import { show as showWaiting } from "../waiting_list.js";
import { ask, Away, Refused } from "./ask.js";
import { bring } from "./upload.js";

export class Posting {
  constructor(form, says, { complain, stage }) {
    Object.assign(this, { form, says, complain, stage });
    this.part = (name) => form.querySelector(`[data-${name}]`);
    this.running = this.arrived = this.file = null;
    this.onposted = () => {};
    form.addEventListener("submit", (event) => this.submit(event));
    form.addEventListener("keydown", (event) => {
      // Enter on a slider or a filter would post
      if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    });
    addEventListener("pageshow", (event) => event.persisted && this.posted && location.reload());
  }

  get token() {
    return this.form.elements.csrfmiddlewaretoken.value;
  }

  /** Whether the server takes a photo in pieces. */
  get pieces() {
    return "pieces" in this.form.dataset;
  }

  /** Send a file ahead; its facts once it is there, null if it was refused or another one was chosen. */
  send(file, refused, key) {
    this.running?.abort();
    this.form.elements.key.value = freshKey(); // another photo is another post
    this.running = new AbortController();
    const { signal } = this.running;
    this.file = file;
    this.form.elements.upload_id.value = "";
    this.uploadKey = keyOf(file, key);
    this.line(0);
    const way = { key: this.uploadKey, token: this.token, pieces: this.pieces, signal };
    way.progress = (share) => this.line(share);
    way.paused = (away) => this.pause(away);
    this.arrived = bring(file, way).then(
      (facts) => this.done(facts),
      (error) => this.failed(error, signal, refused),
    );
    return this.arrived;
  }

  done(facts) {
    this.form.elements.upload_id.value = facts.upload_id;
    this.pause(null);
    this.form.elements.photo.required = false;
    this.line(null);
    return facts;
  }

  failed(error, signal, refused) {
    if (signal.aborted) return null;
    this.line(null);
    this.pause(null);
    this.arrived = this.file = null;
    sessionStorage.removeItem(nameOf(this.uploadKey));
    refused(error.message || this.says.failed);
    return null;
  }

  line(share) {
    const bar = this.part("progress");
    bar.hidden = share === null;
    if (share !== null) bar.value = Math.round(share * 100);
  }

  pause(away) {
    this.paused = away;
    this.part("pause").textContent = away ? (away.status ? this.says.busy : this.says.lost) : "";
    if (away && !away.status && this.wanted) this.keepForLater();
  }

  async submit(event) {
    if (!this.arrived) return; // nothing was sent ahead: the form goes as it is
    event.preventDefault();
    if (this.wanted) return;
    this.wanted = true;
    this.button(false);
    this.complain("");
    if (!this.form.elements.upload_id.value && !this.paused) this.part("pause").textContent = this.says.soon;
    try {
      if (this.paused && !this.paused.status) return await this.keepForLater();
      if (await this.arrived) await this.deliver();
    } catch (error) {
      if (error instanceof Away && !error.status) await this.keepForLater();
      else this.complain((error instanceof Refused && error.message) || this.says.failed);
    } finally {
      this.wanted = false;
      this.button(true);
    }
  }

  button(on) {
    this.part("post").disabled = !on;
  }

  get fields() {
    const all = new FormData(this.form);
    for (const name of ["photo", "csrfmiddlewaretoken", "shape", "level"]) all.delete(name);
    return Object.fromEntries(all);
  }

  async deliver() {
    const headers = { "Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": this.token };
    await ask("POST", "/post", { headers, body: new URLSearchParams(this.fields).toString() });
    await this.leave();
  }

  async leave() {
    forgetKeys();
    this.posted = true;
    await this.onposted();
    location.assign("/");
  }

  /** On this device until there is a connection; then, on whatever page, it is sent. */
  async keepForLater() {
    if (this.keeping) return;
    this.keeping = true;
    const { key, upload_id: uploadId, ...fields } = this.fields;
    const { file: photo, uploadKey, pieces } = this;
    const person = document.body.dataset.reader;
    try {
      const picture = await this.stage.snapshot();
      await keep({ key, person, fields, photo, uploadKey, uploadId, picture, pieces });
    } catch (error) {
      console.warn(error);
      this.keeping = false;
      return this.complain(this.says.notKept);
    }
    this.running.abort();
    forgetKeys();
    this.posted = true;
    await this.onposted();
    if (navigator.serviceWorker?.controller) return location.assign("/");
    this.form.hidden = true; // without a worker there is no page to go to
    await showWaiting(document.querySelector("[data-waiting-list]"));
  }
}

// The same file chosen again, also after a reload, is the same upload: nothing is sent twice.

const nameOf = (key) => Object.keys(sessionStorage).find((name) => sessionStorage.getItem(name) === key);

function keyOf({ name, size, lastModified }, known) {
  const label = `upload ${name} ${size} ${lastModified}`;
  const key = known ?? sessionStorage.getItem(label) ?? freshKey();
  sessionStorage.setItem(label, key);
  return key;
}

function forgetKeys() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith("upload ")) sessionStorage.removeItem(name);
}
