// What a video or animation has besides a photo: it plays, has a line of time, people and doubtful moments, and areas that
// move.
// The review goes on as for photos, with areas where they lie in the present frame.

import { announce, find, tell } from "./dom.js";
import { Doubts } from "./doubts.js";
import { Faces } from "./faces.js";
import { Follower } from "./follower.js";
import * as model from "./model.js";
import { bestFrame, middleOf } from "./moments.js";
import { boxAt, framesAway, isMoving, isPresent } from "./moving.js";
import { Screening } from "./screening.js";
import { Span } from "./span.js";
import { Timeline } from "./timeline.js";
import { t } from "./words.js";

const NEAR = 0.5; // seconds

export class Cinema extends EventTarget {
  #arrival = null; // what is to be done once a frame is shown

  /** `review` answers for the open video: `regions`, `selected`, `entry`; and is told: `edit(regions)`, `select(uid, reveal)`, `followed(found)`. */
  constructor(review) {
    super();
    this.review = review;
    this.on = false;
    this.screening = new Screening(review.stage);
    this.film = this.screening.film;
    this.timeline = new Timeline(this.film);
    this.doubts = new Doubts(find("#doubts"));
    this.faces = new Faces();
    this.follower = new Follower();
    this.span = new Span();
    this.#wire();
  }

  #wire() {
    const on = (target, handlers) => {
      for (const [name, handler] of Object.entries(handlers)) target.addEventListener(name, ({ detail }) => handler(detail));
    };
    const pass = (name) => (detail) => this.dispatchEvent(new CustomEvent(name, { detail }));
    on(this.screening, { open: pass("open"), frame: () => this.#moved(), failed: pass("failed"), broken: () => tell(t("watch.broken"), "bad") });
    on(this.doubts, { go: (moment) => this.#visit(moment), right: ({ uid, first }) => this.#edit(model.confirmed(this.review.regions, uid, first)) });
    on(this.timeline, { eye: (eye) => this.look(eye) });
    on(this.span, {
      always: () => this.#change(model.stayed, this.film.frame),
      onward: () => this.#change(model.spanned, [this.film.frame, this.film.count]),
      start: () => this.mark(true),
      end: () => this.mark(false),
      follow: () => this.follow(),
      stop: () => {
        this.follower.stop(this.review.selected);
        this.#showSpan();
      },
    });
    on(this.follower, {
      progress: () => this.#showSpan(),
      ready: (found) => this.review.followed(found),
      failed: ({ problem }) => tell(problem.sentence, "bad"),
    });
  }

  // ---- opening

  /** Shows a film as soon as there is something to watch; an animation repeats. */
  open(id, repeats) {
    this.faces.open(id);
    this.screening.open(id, repeats);
  }

  clear() {
    this.#arrival = null;
    this.screening.clear();
    this.faces.open(null);
  }

  get frame() {
    return this.film.frame;
  }

  // ---- showing

  want(work, query) {
    this.screening.want(work, query);
  }

  patch(regions) {
    this.screening.patch(regions);
  }

  render(regions, numbers, places) {
    if (!this.on) return this.doubts.render([], {});
    this.timeline.render(regions, this.review.selected, places);
    if (this.review.ready) this.follower.keep(this.review.entry.id, new Set(regions.map(({ uid }) => uid)));
    if (this.film.ready) this.doubts.render(regions, { times: this.film.times, numbers, faces: this.faces });
    this.#showSpan();
  }

  #showSpan() {
    const region = this.#selected;
    this.span.render(this.review.ready ? region : null, region && this.follower.progress(region.uid));
  }

  get #selected() {
    return this.review.regions.find(({ uid }) => uid === this.review.selected) ?? null;
  }

  #moved() {
    this.dispatchEvent(new Event("frame"));
    if (this.#arrival?.frame !== this.frame) return;
    const { action } = this.#arrival;
    this.#arrival = null;
    action();
  }

  // ---- going somewhere

  /** Goes to a frame and does something once it is shown. */
  #go(frame, action) {
    if (!this.film.ready) return action();
    this.film.pause();
    this.#arrival = { frame, action };
    this.film.go(frame);
  }

  /** Goes to where somebody is best seen. */
  visit(uid, arrived) {
    const region = this.review.regions.find((one) => one.uid === uid);
    if (!region) return;
    const stays = !region.frames && isPresent(region, this.frame);
    this.#go(stays ? this.frame : bestFrame(region), arrived);
  }

  /** Goes to what wants an eye. */
  look({ frame, uid }) {
    this.review.select(uid);
    this.#go(frame, () => this.review.select(uid, true));
  }

  /** The frames around a place that a second look names, half a second each way. */
  around({ frame }) {
    const { times } = this.film;
    return [framesAway(times, frame, -NEAR), framesAway(times, frame, NEAR) + 1];
  }

  /** Whether such a place is to be shown now: it is told for one frame of those in which the face is seen. */
  isNear({ frame }) {
    const { times } = this.film;
    return !this.on || Math.abs((times[frame] ?? 0) - (times[this.frame] ?? 0)) <= NEAR / 2;
  }

  #visit(moment) {
    this.look({ frame: middleOf(moment), uid: moment.uid });
    this.review.root.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
  }

  // ---- areas in time

  #edit(regions) {
    this.review.edit(regions);
  }

  #change(how, ...values) {
    const { selected, regions } = this.review;
    if (selected !== null && this.review.ready) this.#edit(how(regions, selected, ...values));
  }

  /** Has the selected area start or end in the present frame. */
  mark(start) {
    const region = this.#selected;
    if (!region || !this.review.ready || (model.isDrawn(region) && !region.frames)) return;
    const { frame } = this;
    const [first, stop] = region.frames ?? [0, this.film.count];
    this.#change(model.spanned, start ? [frame, Math.max(stop, frame + 1)] : [Math.min(first, frame), frame + 1]);
    announce(t(start ? "live.starts" : "live.ends"));
  }

  /** Has the server follow what the selected area holds in the present frame. */
  follow() {
    const region = this.#selected;
    if (!region || region.shape === "polygon") return;
    if (!isPresent(region, this.frame)) return tell(t("span.elsewhere"));
    this.film.pause();
    this.#followFrom(region, this.frame);
  }

  /** Has what an area holds in one frame followed, wherever the film is. */
  #followFrom(region, frame) {
    const box = isMoving(region) ? boxAt(region.keys, frame) : region.box;
    this.follower.start(this.review.entry.id, region.uid, { frame, box, shape: region.shape });
  }

  /** Has a face followed that a second look saw in one frame. */
  followPlace(uid, { frame }) {
    const region = this.review.regions.find((one) => one.uid === uid);
    if (region) this.#followFrom(region, frame);
  }

  // ---- keys

  /** Takes a key that plays or winds; says whether it was one. */
  key(key, shift) {
    const { film } = this;
    const actions = {
      ",": () => film.step(-1),
      ".": () => film.step(1),
      "<": () => film.jump(-1),
      ">": () => film.jump(1),
      m: () => this.timeline.eye(shift ? -1 : 1),
      "[": () => this.mark(true),
      "]": () => this.mark(false),
    };
    if (!this.on || !film.ready || !(key in actions)) return false;
    actions[key]();
    return true;
  }
}
