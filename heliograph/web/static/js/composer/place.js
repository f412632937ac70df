// Where a photo was taken: nothing unless asked; then as little as wanted, and shown as others will see it.

import { ask } from "./ask.js";
import { drawMap } from "./map.js";

const FIELDS = ["place_level", "lat", "lng", "place_name"];
const CALM = 250; // milliseconds without a key before a search

export class Place {
  constructor(form, says) {
    Object.assign(this, { form, says });
    this.part = (name) => form.querySelector(`[data-place-${name}]`);
    this.chosen = null; // { id, name, region, country, lat, lng, here }: `here` when it is where one is
    this.part("plain").remove(); // what there is without scripts
    for (const name of FIELDS) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name }));
    }
    this.listen();
  }

  listen() {
    const search = this.part("search");
    this.part("open").addEventListener("click", () => this.open());
    this.part("here").addEventListener("click", () => this.here());
    this.part("remove").addEventListener("click", () => this.set(null));
    this.part("list").addEventListener("click", (event) => {
      const at = event.target.closest("button")?.dataset.at;
      if (at) this.set(this.found[at]);
    });
    search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(search.value.trim()), CALM);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // Enter searches, it does not post
      this.search(search.value.trim());
    });
    this.form.addEventListener("change", (event) => {
      if (event.target.name === "level") this.level(event.target.value);
    });
  }

  open() {
    this.part("none").hidden = true;
    this.part("find").hidden = false;
    this.part("search").focus();
  }

  tell(sentence) {
    this.part("told").textContent = sentence;
  }

  /** The place of this device: asked of the browser when the person presses, never before. */
  async here() {
    const button = this.part("here");
    button.disabled = true;
    this.tell("");
    try {
      const { coords } = await new Promise((found, lost) =>
        navigator.geolocation.getCurrentPosition(found, lost, { timeout: 15_000, maximumAge: 60_000 }),
      );
      const spot = { lat: coords.latitude, lng: coords.longitude };
      const places = await this.near(spot);
      const town = places[0] && { town: [places[0].lat, places[0].lng] };
      this.set({ ...places[0], ...town, ...spot, here: true });
    } catch (error) {
      this.tell(error.code === 1 ? this.says.noPermission : this.says.noPlace);
    } finally {
      button.disabled = false;
    }
  }

  async search(words) {
    this.words = words;
    if (words.length < 2) return this.list([]);
    const places = await this.ask("find", { q: words }).catch(() => null);
    if (this.words !== words) return;
    this.list(places ?? []);
    this.tell(places ? (places.length ? "" : this.says.noMatch) : this.says.failed);
  }

  async ask(what, query) {
    const { facts } = await ask("GET", `/places/${what}?${new URLSearchParams(query)}`, { patience: 15_000 });
    return facts.places ?? [];
  }

  /** Towns around a point, which travels in the body: addresses are written into logs on the way. */
  async near(spot) {
    const headers = {
      "Content-Type": "application/x-www-form-urlencoded",
      "X-CSRFToken": this.form.elements.csrfmiddlewaretoken.value,
    };
    const body = new URLSearchParams(spot).toString();
    const { facts } = await ask("POST", "/places/near", { headers, body, patience: 15_000 });
    return facts.places ?? [];
  }

  list(places) {
    this.found = places;
    this.part("list").replaceChildren(
      ...places.map((place, at) => {
        const row = document.createElement("li");
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: nameOf(place) });
        button.dataset.at = at;
        row.append(button);
        return row;
      }),
    );
  }

  /** What is chosen, to be taken up again; null for no place. */
  get state() {
    return this.chosen && { place: this.chosen, level: this.form.elements.place_level.value };
  }

  takeUp(state) {
    this.set(state.place, false);
    this.level(state.level);
  }

  set(place, focus = true) {
    this.chosen = place;
    this.list([]);
    this.tell("");
    this.part("search").value = "";
    this.part("find").hidden = true;
    this.part("none").hidden = Boolean(place);
    this.part("set").hidden = !place;
    if (place) this.begin(place);
    else this.fill(["", "", "", ""]);
    if (focus) this.part(place ? "remove" : "open").focus();
  }

  /** At first as little as can be said. */
  begin(place) {
    this.part("name").textContent = nameOf(place);
    for (const choice of this.levels) choice.disabled = choice.value === "city" ? !place.name : !place.here;
    this.level(this.levels.find((choice) => !choice.disabled).value);
  }

  get levels() {
    return [...this.form.querySelectorAll("[name=level]")];
  }

  /** How exactly: closer than a city only for the place where one is, a search knows no more. */
  level(level) {
    const place = this.chosen;
    for (const choice of this.levels) choice.checked = choice.value === level;
    this.fill([level, place.lat, place.lng, place.name ?? ""]);
    this.part("means").textContent = level === "city" && !place.here ? this.says.cityAlone : this.says[level];
    this.draw();
  }

  /** The map: once it can be seen. */
  draw() {
    const { chosen, part, says } = this;
    if (chosen) drawMap(part("map"), chosen, this.form.elements.place_level.value, says.kilometre);
  }

  fill(values) {
    for (const [at, name] of FIELDS.entries()) this.form.elements[name].value = values[at];
  }
}

/** A place in words: its name, and the country it is in. */
function nameOf({ name, region, country, lat, lng }) {
  const words = [...new Set([name, region, country].filter(Boolean))];
  return words.length ? words.join(", ") : `${lat.toFixed(2)}, ${lng.toFixed(2)}`;
}
