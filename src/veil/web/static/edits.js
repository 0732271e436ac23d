// What a person does to the areas of the open photo: deciding on them, drawing and moving them, and what is said of it.

import { announce } from "./dom.js";
import { drawsShape } from "./gestures.js";
import * as model from "./model.js";
import { count, t } from "./words.js";

export class Edits {
  /** `review` answers for the photo: `ready`, `entry`, `regions`, `fit`, `tool`; and takes what came of it: `edit(regions, step)`. */
  constructor(review) {
    this.review = review;
    this.stage = review.stage;
    this.cinema = review.cinema;
  }

  get #regions() {
    return this.review.regions;
  }

  #region(uid) {
    return this.#regions.find((one) => one.uid === uid);
  }

  // ---- deciding

  toggle(uid) {
    this.review.selected = uid;
    this.review.edit(model.toggled(this.#regions, uid));
    this.#sayState(uid);
  }

  decide(uid, cover) {
    this.review.edit(cover ? model.covering(this.#regions, uid) : model.leaving(this.#regions, uid));
    this.#sayState(uid);
  }

  reason(uid, reason) {
    this.review.edit(model.reasoned(this.#regions, uid, reason));
  }

  #sayState(uid) {
    const region = this.#region(uid);
    if (region) announce(t(model.isCovered(region) ? "live.covered" : "live.visible"));
  }

  /** Decides on all suggestions at once. */
  settle(cover) {
    const { suggested } = model.counted(this.#regions);
    if (!this.review.ready || !suggested) return;
    this.review.edit(model.settled(this.#regions, cover));
    announce(count(cover ? "live.covered-all" : "live.left-all", suggested));
  }

  remove(uid) {
    const region = this.#region(uid);
    if (!region) return;
    this.review.edit(model.removed(this.#regions, uid));
    if (!model.isDrawn(region)) return this.#sayState(uid);
    announce(t("live.removed"));
    this.stage.root.focus({ preventScroll: true });
  }

  /** Covers places that a second look names, or leaves them visible; in a video, what is covered there is also followed. */
  settlePlaces(places, cover) {
    const { review, cinema } = this;
    if (!review.ready || !places.length) return;
    let regions = this.#regions;
    const added = [];
    for (const place of places) {
      const region = model.settledPlace(place, cover, review.fit, this.stage.size);
      if (!region) continue;
      regions = [...regions, region];
      if (cinema.on && cinema.film.ready) regions = model.spanned(regions, region.uid, cinema.around(place));
      else if (review.entry.facts.kind === "pages") regions = regions.map((one) => (one === region ? { ...one, frames: [place.frame, place.frame + 1] } : one));
      added.push([region.uid, place]);
    }
    review.edit(regions);
    if (cover && cinema.on) for (const [uid, place] of added) cinema.followPlace(uid, place);
    announce(count(cover ? "live.places-covered" : "live.places-left", added.length));
  }

  // ---- drawing and moving

  /** Moves or resizes an area by pixels of the stage; several times in a row are undone together. */
  nudge(uid, dx, dy, resize) {
    const { review } = this;
    const [x, y] = [dx / this.stage.zoom, dy / this.stage.zoom];
    review.selected = uid;
    const regions = resize ? review.resized(this.#regions, uid, "se", x, y) : review.moved(this.#regions, uid, x, y);
    review.edit(regions, `${resize ? "resize" : "move"} ${uid} ${this.cinema.frame}`);
  }

  draw(shape, points, least) {
    this.#add(model.drawn(shape, points, this.stage.size, least));
  }

  /** Places an area in the middle of what is to be seen: drawing, for the keyboard. */
  place() {
    const shape = drawsShape(this.review.tool);
    if (!shape) return false;
    this.#add(model.dropped(shape, this.stage.middle, this.stage.size));
    return true;
  }

  #add(region) {
    const { review } = this;
    if (!region || !review.ready) return;
    review.selected = region.uid;
    review.edit([...this.#regions, region]);
    review.use("select");
    this.stage.focus(region.uid);
    announce(t(this.cinema.on ? "live.drawn-video" : "live.drawn"));
  }
}
