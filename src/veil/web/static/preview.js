// What the picture looks like covered: fetched from the server after each edit, never older than what it stands for.
// Until the new preview is there, patches show at once where something was covered or bared.

import * as api from "./api.js";
import { find, make } from "./dom.js";
import { isCovered, patches } from "./model.js";
import { presentAt } from "./moving.js";

const WAIT_MS = 120;
const AGAIN_MS = 1500;

export class Preview extends EventTarget {
  #turn = 0;
  #leaving = new AbortController();
  #timer = null;
  #shown = null; // {key, query, regions} of the covered picture on the stage
  #wanted = null;

  constructor(stage) {
    super();
    this.stage = stage;
    this.before = find(".before", stage.root);
    this.after = find(".after", stage.root);
    this.patches = find(".patches", stage.root);
  }

  /** Forgets the photo that was shown. */
  clear() {
    this.#cancel();
    for (const image of [this.before, this.after]) drop(image);
    this.#shown = this.#wanted = null;
    this.patches.replaceChildren();
    this.#state("none");
  }

  #state(state) {
    this.stage.root.dataset.preview = state;
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.#leaving.abort();
    this.#leaving = new AbortController();
  }

  /** Shows the original of a photo; the covered picture follows with want(). */
  async open(id) {
    this.clear();
    const turn = this.#turn;
    const picture = await api.original(id, this.#leaving.signal);
    if (turn === this.#turn) await show(this.before, picture);
  }

  /** Asks for the preview of a photo's regions in a style; `later` waits a moment for more changes. */
  want(work, query, later = false) {
    const regions = work.regions;
    const key = `${query} ${JSON.stringify(regions.filter(isCovered).map(({ shape, box, outline, frames, keys }) => [shape, box, outline, frames, keys]))}`;
    this.patch(regions);
    if (key === this.#wanted) return;
    this.#cancel();
    this.#wanted = key;
    if (key === this.#shown?.key) return this.#state("current");
    this.#state(this.#shown && query === this.#shown.query ? "patched" : "pending");
    const turn = this.#turn;
    this.#timer = setTimeout(() => this.#fetch(work, { key, query, regions }, turn), later ? WAIT_MS : 0);
  }

  async #fetch(work, wanted, turn) {
    try {
      const picture = await api.preview(work.id, wanted.query, work.plan, this.#leaving.signal);
      const image = await decoded(picture);
      if (turn !== this.#turn) return URL.revokeObjectURL(image.src);
      adopt(this.after, image);
      this.#shown = wanted;
      this.patch(wanted.regions);
      this.#state("current");
    } catch (error) {
      if (turn !== this.#turn || api.isAbort(error)) return;
      const problem = api.problemOf(error);
      this.#state("failed");
      if (problem.passing) this.#timer = setTimeout(() => this.#fetch(work, wanted, turn), AGAIN_MS);
      else this.dispatchEvent(new CustomEvent("failed", { detail: problem }));
    }
  }

  /** Shows over the present preview what regions change about it. */
  patch(regions) {
    if (!this.#shown) return this.patches.replaceChildren();
    const { bare, fresh } = patches(presentAt(this.#shown.regions, 0), presentAt(regions, 0));
    this.patches.replaceChildren(...bare.map((region) => this.#piece(region, "bare")), ...fresh.map((region) => this.#piece(region, "fresh")));
  }

  #piece(region, kind) {
    const { width, height } = this.stage.size;
    const [left, top, right, bottom] = region.box;
    const [wide, high] = [right - left, bottom - top];
    const piece = make("div", { className: kind });
    Object.assign(piece.style, {
      left: `${(left / width) * 100}%`,
      top: `${(top / height) * 100}%`,
      width: `${(wide / width) * 100}%`,
      height: `${(high / height) * 100}%`,
      clipPath: outline(region),
    });
    if (kind === "bare") {
      const whole = this.before.cloneNode();
      whole.className = "";
      Object.assign(whole.style, {
        left: `${(-left / wide) * 100}%`,
        top: `${(-top / high) * 100}%`,
        width: `${(width / wide) * 100}%`,
        height: `${(height / high) * 100}%`,
      });
      piece.append(whole);
    }
    return piece;
  }
}

function outline({ shape, box: [left, top, right, bottom], outline }) {
  if (shape === "box") return "none";
  if (shape === "ellipse") return "ellipse(50% 50%)";
  const share = ([x, y]) => `${((x - left) / (right - left)) * 100}% ${((y - top) / (bottom - top)) * 100}%`;
  return `polygon(nonzero, ${outline.map(share).join(", ")})`;
}

export async function decoded(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  return image;
}

export function drop(image) {
  URL.revokeObjectURL(image.src);
  image.removeAttribute("src");
  image.hidden = true;
}

export function adopt(image, { src }) {
  URL.revokeObjectURL(image.src);
  image.src = src;
  image.hidden = false;
}

const show = async (image, blob) => adopt(image, await decoded(blob));
