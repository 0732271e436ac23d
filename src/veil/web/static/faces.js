// Small pictures of the people in a film. Fetched a few at a time, and only for cards that somebody can see.

import * as api from "./api.js";
import { lane } from "./thumbs.js";

const SIDE_BY_SIDE = 4;
const AGAIN_MS = 1500;
const CROP = 88; // pixels of what is cut out of a frame: twice what is shown
const AROUND = 1.25; // how much is shown around it

export class Faces {
  #id = null;
  #leaving = new AbortController();
  #pictures = new Map(); // by key: the promise of an ImageBitmap
  #wanted = new WeakMap(); // canvas: the key of what it is to show, and what fetches that
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

  /** Has a canvas show somebody who is followed, by track, once it can be seen. */
  watch(canvas, track) {
    this.#watch(canvas, String(track), async (id, signal) => createImageBitmap(await api.person(id, track, signal)));
  }

  /** Has a canvas show what lies in a place of one frame; `width` is that of frames in the place's pixels. */
  watchPlace(canvas, frame, box, width) {
    this.#watch(canvas, `${frame} ${box}`, async (id, signal) => cut(await createImageBitmap(await api.frame(id, frame, signal)), box, width));
  }

  #watch(canvas, key, fetch) {
    if (this.#wanted.get(canvas)?.key === key) return;
    this.#wanted.set(canvas, { key, fetch });
    this.#onScreen.observe(canvas);
  }

  async #show(canvas) {
    const { signal } = this.#leaving;
    const { key, fetch } = this.#wanted.get(canvas);
    const id = this.#id;
    if (!this.#pictures.has(key)) {
      this.#pictures.set(key, this.#fetching(async () => {
        signal.throwIfAborted();
        return fetch(id, signal);
      }));
    }
    try {
      const bitmap = await this.#pictures.get(key);
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      this.#onScreen.unobserve(canvas);
    } catch (error) {
      // Without a picture the card still works.
      this.#pictures.delete(key);
      const passing = api.problemOf(error).passing || error.kind === "not-ready";
      if (passing && !signal.aborted) setTimeout(() => signal.aborted || this.#show(canvas), AGAIN_MS);
    }
  }
}

/** A square around a box, cut out of a picture, which is closed; `width` is that of the picture in the box's pixels. */
async function cut(picture, box, width) {
  const [left, top, right, bottom] = box.map((side) => (side * picture.width) / width);
  const side = Math.max(right - left, bottom - top, 1) * AROUND;
  const part = [(left + right - side) / 2, (top + bottom - side) / 2, side, side].map(Math.round);
  const bitmap = await createImageBitmap(picture, ...part, { resizeWidth: CROP, resizeHeight: CROP, resizeQuality: "medium" });
  picture.close();
  return bitmap;
}
