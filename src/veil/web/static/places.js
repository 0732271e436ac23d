// What a second look saw in a finished result: places where a face may still show. It is held back until each of them is
// covered, left visible on purpose, or all are released.

import { all, find, icon, make, order, write } from "./dom.js";
import { clock, presentAt } from "./moving.js";
import { number, t } from "./words.js";

const CROP = 88; // pixels of a row's small picture: twice what is shown
const AROUND = 1.6; // how much is shown around a place

/**
 * The places of a photo that are still open: those that the server tells, without what areas that are not saved yet
 * settle. Their `uid` is negative, so that it is none of an area.
 */
export function openPlaces(facts, regions) {
  const { state, places = [] } = facts?.second_look ?? {};
  if (state !== "held-back") return [];
  return places.map((place, index) => ({ ...place, uid: -1 - index })).filter((place) => !regions.some((one) => settles(one, place)));
}

function settles(region, { box, frame }) {
  if (region.state === "suggested") return false;
  const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  return presentAt([region], frame).some(({ box: [left, top, right, bottom] }) => left <= x && x <= right && top <= y && y <= bottom);
}

/** The list of places, above that of areas. Tells "go", "cover" and "leave" with a place, "all" and "release". */
export class Places extends EventTarget {
  #rows = new Map(); // by uid

  /** Rows of photos take their small pictures from `picture`. */
  constructor(root, picture) {
    super();
    this.root = root;
    this.picture = picture;
    this.items = find("ul", root);
    find(".cover-places", root).addEventListener("click", () => this.dispatchEvent(new Event("all")));
    find(".release", root).addEventListener("click", () => this.dispatchEvent(new Event("release")));
  }

  /** Shows places; `width` is that of the whole photo in pixels, and 0 of a video. */
  render(places, width, selected) {
    this.root.hidden = !places.length;
    write(find(".number", this.root), places.length ? number(places.length) : "");
    const held = this.items.contains(document.activeElement);
    const uids = new Set(places.map(({ uid }) => uid));
    for (const uid of this.#rows.keys()) if (!uids.has(uid)) this.#rows.delete(uid);
    order(this.items, places.map((place) => this.#fill(place, width, selected)));
    // Of a place that was settled the next one takes the place, and with it the focus; after the last one, the picture does.
    if (held && !this.items.contains(document.activeElement)) (find(".go", this.items) ?? find("#stage")).focus({ preventScroll: true });
  }

  #fill(place, width, selected) {
    const row = this.#rows.get(place.uid) ?? this.#make(place.uid);
    row.place = place;
    const name = t("places.place", { n: number(-place.uid) });
    const moment = place.time !== null ? clock(place.time) : place.frame ? t("places.page", { n: number(place.frame + 1) }) : "";
    write(find("b", row), name);
    write(find(".quiet", row), moment);
    find(".go", row).setAttribute("aria-current", String(place.uid === selected));
    for (const action of ["cover", "leave"]) {
      find(`.${action}`, row).setAttribute("aria-label", [`${t(`region.${action}`)}: ${name}`, moment].filter(Boolean).join(t("card.comma")));
    }
    const canvas = find("canvas", row);
    canvas.hidden = !width || place.frame > 0;
    if (!canvas.hidden) this.#cut(canvas, place.box, width);
    return row;
  }

  #make(uid) {
    const act = (name, sign) =>
      make("button", { type: "button", className: `act ${name}`, title: t(`region.${name}`) }, icon(sign), make("span", { textContent: t(`areas.${name}`) }));
    const row = make("li", { className: "row lost" },
      make("button", { type: "button", className: "pick go" },
        make("canvas", { width: 1, height: 1, aria: { hidden: "true" } }),
        make("span", { className: "words" }, make("b"), make("span", { className: "quiet" }))),
      make("span", { className: "acts" }, act("cover", "shield"), act("leave", "eye")));
    for (const name of ["go", "cover", "leave"]) {
      find(`.${name}`, row).addEventListener("click", () => this.dispatchEvent(new CustomEvent(name, { detail: row.place })));
    }
    this.#rows.set(uid, row);
    return row;
  }

  #cut(canvas, box, width) {
    const { picture } = this;
    const key = `${picture.currentSrc} ${box}`;
    if (!picture.naturalWidth || canvas.dataset.key === key) return;
    canvas.dataset.key = key;
    const [left, top, right, bottom] = box.map((side) => (side * picture.naturalWidth) / width);
    const side = Math.max(right - left, bottom - top) * AROUND;
    canvas.width = canvas.height = CROP;
    canvas.getContext("2d").drawImage(picture, (left + right - side) / 2, (top + bottom - side) / 2, side, side, 0, 0, CROP, CROP);
  }
}

/** The places on the stage: boxes of their own look, each with two buttons. Tells "cover" and "leave" with a place. */
export class Spots extends EventTarget {
  #spots = new Map(); // by uid
  #places = [];

  constructor(stage) {
    super();
    this.stage = stage;
    this.root = find(".spots", stage.root);
    stage.addEventListener("view", () => this.#put());
  }

  render(places, selected) {
    this.#places = places;
    const uids = new Set(places.map(({ uid }) => uid));
    for (const uid of this.#spots.keys()) if (!uids.has(uid)) this.#spots.delete(uid);
    order(this.root, places.map(({ uid }) => this.#spots.get(uid) ?? this.#make(uid)));
    for (const place of places) this.#spots.get(place.uid).classList.toggle("selected", place.uid === selected);
    this.#put();
  }

  #make(uid) {
    // Not for Tab: the list has the same buttons.
    const quick = (name, sign) => {
      const button = make("button", { type: "button", tabIndex: -1, className: name, title: t(`region.${name}`), aria: { label: t(`region.${name}`) } }, icon(sign));
      button.addEventListener("click", () => this.dispatchEvent(new CustomEvent(name, { detail: this.#places.find((place) => place.uid === uid) })));
      return button;
    };
    const spot = make("div", { className: "spot" },
      make("span", { className: "tag" }, icon("warn"), t("places.tag")),
      make("span", { className: "quick" }, quick("cover", "tick"), quick("leave", "close")));
    this.#spots.set(uid, spot);
    return spot;
  }

  #put() {
    for (const { uid, box } of this.#places) this.stage.putAt(this.#spots.get(uid), box);
  }
}
