// Small pictures of the people in a video. Fetched a few at a time, and only for cards that somebody can see.

import * as api from "./api.js";
import { lane } from "./thumbs.js";

const SIDE_BY_SIDE = 4;
const AGAIN_MS = 1500;

export class Faces {
  #id = null;
  #leaving = new AbortController();
  #pictures = new Map(); // by track: the promise of an ImageBitmap
  #tracks = new WeakMap(); // canvas: track
  #fetching = lane(SIDE_BY_SIDE);
  #onScreen;

  constructor() {
    this.#onScreen = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) if (isIntersecting) this.#show(target);
    }, { rootMargin: "150px" });
  }

  /** Forgets all pictures; those of another video follow. */
  open(id) {
    if (id === this.#id) return;
    this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#onScreen.disconnect();
    for (const picture of this.#pictures.values()) picture.then((bitmap) => bitmap.close(), () => null);
    this.#pictures.clear();
    this.#id = id;
  }

  /** Has a canvas show a person once it can be seen. */
  watch(canvas, track) {
    if (this.#tracks.get(canvas) === track) return;
    this.#tracks.set(canvas, track);
    this.#onScreen.observe(canvas);
  }

  async #show(canvas) {
    const { signal } = this.#leaving;
    const track = this.#tracks.get(canvas);
    if (!this.#pictures.has(track)) this.#pictures.set(track, this.#fetching(() => this.#fetch(track, signal)));
    try {
      const bitmap = await this.#pictures.get(track);
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      this.#onScreen.unobserve(canvas);
    } catch (error) {
      // Without a picture the card still works.
      this.#pictures.delete(track);
      const passing = api.problemOf(error).passing || error.kind === "not-ready";
      if (passing && !signal.aborted) setTimeout(() => signal.aborted || this.#show(canvas), AGAIN_MS);
    }
  }

  async #fetch(track, signal) {
    signal.throwIfAborted();
    return createImageBitmap(await api.person(this.#id, track, signal));
  }
}
