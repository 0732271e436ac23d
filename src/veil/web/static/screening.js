// A video or animation on the stage: its screening copy, small and quick to wind, and once it rests the exact frame from the server.
// While it plays, what is covered is drawn roughly, so that it never lags behind; at rest it is as in the result.

import * as api from "./api.js";
import { find } from "./dom.js";
import { Film } from "./film.js";
import { isCovered } from "./model.js";
import { isPresent, presentAt } from "./moving.js";
import { adopt, decoded, drop } from "./preview.js";
import { Rough } from "./rough.js";
import { settings } from "./settings.js";

const REST_MS = 150; // how long a frame stays before the exact one is asked for
const AGAIN_MS = 1500;
const TRIES = 3;
const COPY = 'video/mp4; codecs="avc1.64001f"'; // what the server's copies are

/**
 * Tells "open" when the video can be watched, "frame" and "state" as the film does, "failed" with a problem, and
 * "broken" when the browser cannot play it.
 */
export class Screening extends EventTarget {
  #id = null;
  #leaving = new AbortController(); // for what was asked of this video
  #asking = new AbortController(); // for the exact frame that is being asked for
  #timer = null;
  #tries = 0;
  #told = false; // whether it was told that the video can be watched
  #work = null; // the plan that is covered; none while faces are still looked for
  #query = "";
  #wanted = null; // key of the exact frame that is being asked for
  #shown = { covered: null, original: null }; // keys of the exact frames on the stage

  constructor(stage) {
    super();
    this.stage = stage;
    this.film = new Film(find(".film", stage.root));
    this.rough = new Rough(find(".rough", stage.root));
    this.images = { covered: find(".after", stage.root), original: find(".before", stage.root) };
    this.film.addEventListener("frame", () => this.#moved());
    this.film.addEventListener("state", () => this.#turned());
    this.film.video.addEventListener("error", () => this.#id && this.film.count && this.#broke());
  }

  get isOpen() {
    return this.#id !== null && this.film.ready;
  }

  /** The picture's size in the plan's pixels; before there is a plan, that of the screening copy. */
  get size() {
    const { videoWidth, videoHeight } = this.film.video;
    return this.#work?.picture ?? { width: videoWidth || 1, height: videoHeight || 1 };
  }

  clear() {
    this.#leaving.abort();
    this.#asking.abort();
    clearTimeout(this.#timer);
    this.#leaving = new AbortController();
    if (this.#id !== null) this.film.clear();
    this.#id = this.#work = this.#wanted = null;
    this.#told = false;
    for (const name of Object.keys(this.images)) this.#hide(name);
    this.stage.root.classList.remove("screening", "playing");
  }

  /** Shows a film, from its end on again if it repeats, once the server has a copy to watch; it may still be looked through. */
  open(id, repeats) {
    if (this.#id === id) return;
    this.clear();
    this.#id = id;
    this.film.video.loop = repeats;
    this.#tries = 0;
    this.#load();
  }

  async #load() {
    const { signal } = this.#leaving;
    try {
      const { times } = await api.times(this.#id, signal);
      if (signal.aborted) return;
      this.film.load(api.videoAddress(this.#id), times);
      if (!this.film.video.canPlayType(COPY)) this.#without();
    } catch (error) {
      if (signal.aborted || api.isAbort(error)) return;
      const problem = api.problemOf(error);
      if (problem.passing || problem.kind === "not-ready") this.#again(() => this.#load());
      else this.#failed(problem);
    }
  }

  /** The copy could not be had, or not to its end. */
  #broke() {
    this.#tries += 1;
    if (!this.film.plays) return;
    if (this.#tries > TRIES) this.#without();
    else this.#again(() => this.#load());
  }

  /** Does without the copy: exact frames come one by one. */
  #without() {
    this.stage.root.classList.remove("screening");
    this.film.withoutVideo();
    this.dispatchEvent(new Event("broken"));
  }

  #again(action) {
    const { signal } = this.#leaving;
    setTimeout(() => signal.aborted || action(), AGAIN_MS);
  }

  #failed(problem) {
    this.dispatchEvent(new CustomEvent("failed", { detail: problem }));
  }

  // ---- showing

  /** Shows the present frame covered as a plan says, with the settings of a query. */
  want(work, query) {
    this.#work = work;
    this.#query = query;
    if (this.isOpen) this.#renew();
  }

  /** Shows regions that are not decided on. */
  patch(regions) {
    if (!this.isOpen) return;
    if (regions === this.#work?.regions) return this.#renew();
    this.#rest(null);
    this.#hide("covered");
    this.#draw(this.#covered(regions));
  }

  #moved() {
    this.#renew(true);
    this.dispatchEvent(new Event("frame"));
  }

  #turned() {
    if (!this.#told) {
      this.#told = true;
      this.stage.root.classList.toggle("screening", this.film.plays);
      this.dispatchEvent(new Event("open"));
    }
    this.stage.root.classList.toggle("playing", this.film.playing);
    this.#renew();
    this.dispatchEvent(new Event("state"));
  }

  /** What tells one exact frame from another. */
  #keys(areas) {
    const covered = areas.map(({ shape, box, outline }) => [shape, box, outline]);
    return { covered: JSON.stringify([this.film.frame, this.#query, covered]), original: String(this.film.frame) };
  }

  /** The areas to be covered in the present frame, where they are in it. */
  #covered(regions) {
    return presentAt(regions, this.film.frame).filter(isCovered);
  }

  /** Brings the stage up to date. An exact frame must never lie over another moment, or another plan, than its own. */
  #renew(moved = false) {
    const areas = this.#covered(this.#work?.regions ?? []);
    const keys = this.#keys(areas);
    const missing = Object.keys(keys).filter((name) => this.#shown[name] !== keys[name]);
    for (const name of missing) this.#hide(name);
    if (moved || missing.includes("covered")) this.#draw(areas);
    this.#rest(this.#work && this.film.resting ? keys : null, missing);
  }

  /** Asks for exact frames that are missing, once the film rests; `keys` is null while it does not. */
  #rest(keys, missing = []) {
    const wanted = keys?.covered ?? null;
    if (wanted !== null && wanted === this.#wanted) return;
    this.#asking.abort();
    clearTimeout(this.#timer);
    this.#wanted = wanted;
    this.#state(wanted !== null && !missing.length ? "current" : "rough");
    if (missing.length && wanted !== null) this.#timer = setTimeout(() => this.#ask(keys, missing), REST_MS);
  }

  #state(state) {
    this.stage.root.dataset.preview = state;
  }

  #draw(areas) {
    if (!this.film.plays) return;
    this.rough.draw(this.film.video, areas, this.size, settings());
  }

  #hide(name) {
    if (this.#shown[name] === null) return;
    this.#shown[name] = null;
    drop(this.images[name]);
  }

  async #ask(keys, missing) {
    const asking = (this.#asking = new AbortController());
    const { frame } = this.film;
    const here = this.#work.regions.filter((region) => isPresent(region, frame));
    const fetched = {
      covered: () => api.coveredFrame(this.#id, frame, this.#query, this.#work.planWith(here), asking.signal),
      original: () => api.frame(this.#id, frame, asking.signal),
    };
    try {
      for (const name of missing) {
        const image = await decoded(await fetched[name]());
        if (asking.signal.aborted) return URL.revokeObjectURL(image.src);
        adopt(this.images[name], image);
        this.#shown[name] = keys[name];
      }
      this.#state("current");
    } catch (error) {
      if (asking.signal.aborted || api.isAbort(error)) return;
      const problem = api.problemOf(error);
      this.#state("failed");
      if (problem.passing) this.#timer = setTimeout(() => this.#ask(keys, missing.filter((name) => this.#shown[name] === null)), AGAIN_MS);
      else this.#failed(problem);
    }
  }
}
