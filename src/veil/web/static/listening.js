// A sound file on the stage: a player, and how loud it is when, with the stretches in which speech was heard.

import * as api from "./api.js";
import { find } from "./dom.js";

const HEIGHT = 132;
const THUMB = 128;

/** Draws how loud sound is, and where there is speech; `at` is where it plays, as a share. */
export function drawWave(canvas, { peaks, stretches, seconds }, style, at = null) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  const colour = (name) => style.getPropertyValue(name);
  const isSpeech = (time) => stretches.some(([start, stop]) => time >= start && time < stop);
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = colour("--tint");
  for (const [start, stop] of stretches) pen.fillRect((start / seconds) * width, 0, Math.max(((stop - start) / seconds) * width, 1), height);
  const loudest = Math.max(...peaks, 0.05);
  const step = Math.max(2, width / Math.max(peaks.length, 1));
  for (let x = 0; x < width; x += step) {
    const [first, last] = [x, x + step].map((place) => (place / width) * peaks.length);
    const loud = Math.max(...peaks.slice(Math.floor(first), Math.max(Math.ceil(last), Math.floor(first) + 1)), 0);
    const tall = Math.max(2, (loud / loudest) * (height - 12));
    pen.fillStyle = colour(isSpeech(((x + step / 2) / width) * seconds) ? "--brand" : "--edge");
    pen.fillRect(x, (height - tall) / 2, Math.max(step - 1, 1), tall);
  }
  if (at === null) return;
  pen.fillStyle = colour("--ink");
  pen.fillRect(at * width - 1, 0, 2, height);
}

/** Draws a sound file small, for the list. */
export async function drawThumb(canvas, entry) {
  const told = await api.hearing(entry.id, entry.leaving.signal);
  canvas.width = canvas.height = THUMB;
  const few = 20;
  const size = Math.ceil(told.peaks.length / few);
  const peaks = Array.from({ length: few }, (_, index) => Math.max(...told.peaks.slice(index * size, (index + 1) * size), 0));
  drawWave(canvas, { peaks, stretches: told.stretches, seconds: entry.facts.seconds }, getComputedStyle(canvas));
  canvas.classList.add("made");
}

/** Tells "moved" when it plays on, "failed" with a problem. */
export class Listening extends EventTarget {
  #entry = null;
  #told = null;
  #dark = matchMedia("(prefers-color-scheme: dark)");

  constructor(root) {
    super();
    this.root = root;
    this.audio = find("audio", root);
    this.canvas = find("canvas", root);
    for (const name of ["timeupdate", "seeked"]) this.audio.addEventListener(name, () => this.#moved());
    this.canvas.addEventListener("pointerdown", (event) => this.#go(event));
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
    this.#dark.addEventListener("change", () => this.#draw());
  }

  get place() {
    return this.#entry ? this.audio.currentTime : 0;
  }

  /** Shows a sound file, once it has been listened to; null shows none. */
  async open(entry) {
    if (entry === this.#entry) return this.#tell();
    this.#entry = entry;
    this.#told = null;
    this.audio.pause();
    this.audio.removeAttribute("src");
    if (!entry) return;
    this.#tell();
    this.audio.src = api.soundAddress(entry.id);
    try {
      const told = await api.hearing(entry.id, entry.leaving.signal);
      if (entry !== this.#entry) return;
      this.#told = { ...told, seconds: entry.facts.seconds };
      this.#draw();
    } catch (error) {
      if (entry === this.#entry && !api.isAbort(error)) this.dispatchEvent(new CustomEvent("failed", { detail: api.problemOf(error) }));
    }
  }

  toggle() {
    if (this.audio.paused) this.audio.play().catch(() => null);
    else this.audio.pause();
  }

  #tell() {
    if (this.#entry) find(".unheard", this.root).hidden = !this.#entry.facts.nothing_found || this.#entry.facts.looked;
  }

  #moved() {
    this.#draw();
    this.dispatchEvent(new Event("moved"));
  }

  #go(event) {
    if (!this.#told) return;
    const { left, width } = this.canvas.getBoundingClientRect();
    this.audio.currentTime = Math.min(Math.max((event.clientX - left) / width, 0), 1) * this.#told.seconds;
  }

  #draw() {
    if (!this.#told) return;
    const dense = devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * dense));
    this.canvas.height = Math.round(HEIGHT * dense);
    this.canvas.dataset.stretches = String(this.#told.stretches.length);
    drawWave(this.canvas, this.#told, getComputedStyle(this.canvas), this.audio.currentTime / this.#told.seconds);
  }
}
