// A post that was begun and not sent: the photo, its cut and colours, its words. Kept on this device for the person who
// began it, one at a time; forgotten when it is posted, at sign-out, and when somebody else writes here.

import { cupboard } from "../cupboard.js";

const CALM = 400; // milliseconds without a change before it is written down
const LONGEST = 30 * 24 * 3600 * 1000; // milliseconds: what was left for so long is not offered again
const TEXTS = ["caption", "alt_text", "filter", "strength"];
const CHANGES = ["input", "change", "click", "keyup", "pointerup", "wheel"];

// The photo apart from the rest: it is large, and written once.
const stores = cupboard("heliograph-draft", { photos: "person", drafts: "person" });
const put = (store, row) => stores("readwrite", store, (rows) => rows.put(row));

/** Drop all drafts of all people: at sign-out. */
export async function forget() {
  for (const store of ["photos", "drafts"]) await stores("readwrite", store, (rows) => rows.clear());
}

export class Draft {
  /** `place`, `stage`, `posting`: whose state is part of it. */
  constructor(form, { place, stage, posting }) {
    Object.assign(this, { form, place, stage, posting });
    this.person = document.body.dataset.reader;
    this.photo = null;
    this.lost = false; // whether this browser keeps nothing
    this.over = false;
    this.kept = this.words();
    for (const kind of CHANGES) form.addEventListener(kind, () => this.soon(), { passive: true });
    addEventListener("pagehide", () => this.write());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.write());
  }

  /** Whether all that one sees would be there again after a reload. */
  get safe() {
    return !this.lost && this.kept === this.words();
  }

  /** What was begun: { photo, ... } as `write` has it; null when there is nothing of this person. */
  async begun() {
    const [[photo], [words]] = await Promise.all(["photos", "drafts"].map((store) => this.own(store))).catch(() => [[], []]);
    if (!words || Date.now() - words.at > LONGEST) return null;
    return photo || words.texts.caption || words.texts.alt_text || words.place ? { ...words, photo: photo?.photo } : null;
  }

  /** This person's row; whatever somebody else has left goes. */
  async own(store) {
    const rows = await stores("readonly", store, (all) => all.getAll());
    for (const { person } of rows) {
      if (person !== this.person) await stores("readwrite", store, (all) => all.delete(person));
    }
    return rows.filter(({ person }) => person === this.person);
  }

  /** Another photo was chosen, or none is left. */
  async take(photo) {
    this.photo = photo;
    try {
      if (photo) await put("photos", { person: this.person, photo });
      else await stores("readwrite", "photos", (rows) => rows.delete(this.person));
      await this.write();
    } catch (error) {
      this.lost = true; // no room, or forbidden: leaving asks first
      console.info(error.message);
    }
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), CALM);
  }

  async write() {
    const state = this.state();
    const words = JSON.stringify(state);
    if (this.over || words === this.kept) return;
    this.kept = words;
    await put("drafts", { person: this.person, at: Date.now(), ...state }).catch(() => (this.lost = true));
  }

  /** All but the photo, in one string that is compared. */
  words() {
    return JSON.stringify(this.state());
  }

  state() {
    const { elements } = this.form;
    const { shape, turn, straighten, zoom, x, y } = this.stage.frame ?? {};
    return {
      texts: Object.fromEntries(TEXTS.map((name) => [name, elements[name].value])),
      frame: this.stage.frame && { shape, turn, straighten, zoom, x, y },
      place: this.place.state,
      tool: this.form.dataset.tool,
      key: this.photo && this.posting.uploadKey,
    };
  }

  /** It was posted, or is begun anew. */
  async drop({ over = false } = {}) {
    this.over = over;
    clearTimeout(this.timer);
    this.photo = null;
    for (const store of ["photos", "drafts"]) {
      await stores("readwrite", store, (rows) => rows.delete(this.person)).catch(() => {});
    }
  }
}

/** "You began this …": what was kept is shown, and goes on or goes away. */
export async function offer(form, draft, goOn) {
  const begun = await draft.begun();
  if (!begun || draft.photo) return;
  const part = (name) => form.querySelector(`[data-draft-${name}]`);
  const picture = part("picture");
  picture.hidden = !begun.photo;
  if (begun.photo) {
    picture.src = URL.createObjectURL(begun.photo);
    picture.addEventListener("error", () => (picture.hidden = true), { once: true });
  }
  part("text").textContent = begun.texts.caption;
  form.classList.add("drafted");
  const end = () => {
    URL.revokeObjectURL(picture.src);
    form.classList.remove("drafted");
  };
  part("go").addEventListener("click", () => {
    end();
    goOn(begun);
  });
  part("anew").addEventListener("click", async () => {
    end();
    await draft.drop();
    form.elements.photo.focus();
  });
}
