// The line of time under a video: where people are, which moments are doubtful, and going there.

import { find, tell, write } from "./dom.js";
import { isCovered } from "./model.js";
import { clock, endOf } from "./moving.js";
import { eyes, lanes, nextEye } from "./moments.js";
import { number, t } from "./words.js";

const PAGE = 10; // seconds
const THICK = 7; // pixels of a lane at most
const THIN = 1.5; // and at least
const GAP = 1;
const SPOT = 4; // pixels of the radius of a place's sign
const EYE = 5; // pixels across of a doubtful moment at least

/** Tells "eye" with {frame, uid} of what is to be looked at next. */
export class Timeline extends EventTarget {
  #regions = [];
  #places = [];
  #selected = null;
  #eyes = [];
  #count = 0;
  #drawing = 0;

  constructor(film, root = find("#timeline")) {
    super();
    this.film = film;
    this.root = root;
    this.slider = find("[role=slider]", root);
    this.head = find(".playhead", root);
    this.tip = find(".tip", root);
    this.canvas = find("canvas", root);
    this.#wire();
    this.#follow();
    new ResizeObserver(() => this.#redraw()).observe(this.slider);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw());
  }

  #wire() {
    const press = (selector, action) => find(selector).addEventListener("click", action);
    press("#play", () => this.film.toggle());
    press("#step-back", () => this.film.step(-1));
    press("#step-on", () => this.film.step(1));
    press("#eye-back", () => this.eye(-1));
    press("#eye-on", () => this.eye(1));
    press("#speed", () => this.#speed());
    this.slider.addEventListener("keydown", (event) => this.#key(event));
    this.film.addEventListener("frame", () => this.move());
    this.film.addEventListener("state", () => this.move());
  }

  #speed() {
    const told = t("time.speed", { n: number(this.film.speed()) });
    write(find("#speed"), told);
    find("#speed").setAttribute("aria-label", `${t("time.faster")}: ${told}`);
  }

  // ---- showing

  /** Shows other areas, or another one selected, and the places that a second look names. */
  render(regions, selected, places) {
    const { count } = this.film;
    const same = places.length === this.#places.length && places.every(({ uid, frame }, index) => uid === this.#places[index].uid && frame === this.#places[index].frame);
    if (same && regions === this.#regions && selected === this.#selected && count === this.#count) return;
    this.#regions = regions;
    this.#places = places;
    this.#eyes = eyes(regions, places);
    this.#selected = selected;
    this.#count = count;
    for (const button of [find("#eye-back"), find("#eye-on")]) button.disabled = !this.#eyes.length;
    this.#redraw();
    this.move();
  }

  /** Says which frame is shown. */
  move() {
    const { film, slider } = this;
    if (!film.ready) return;
    const frame = film.target;
    const last = film.count - 1;
    const time = clock(film.times[frame]);
    this.head.style.left = `${(100 * (frame + 0.5)) / film.count}%`;
    slider.setAttribute("aria-valuemax", last);
    slider.setAttribute("aria-valuenow", frame);
    slider.setAttribute("aria-valuetext", t("time.value", { time, frame: number(frame + 1), total: number(film.count) }));
    write(find("#time-now"), time);
    write(find("#time-all"), clock(endOf(film.times, last)));
    write(find("#time-frame"), t("time.frame", { frame: number(frame + 1), total: number(film.count) }));
    const play = find("#play");
    if (play.dataset.playing === String(film.playing)) return;
    play.dataset.playing = film.playing;
    const label = t(film.playing ? "time.pause" : "time.play");
    play.setAttribute("aria-label", label);
    play.title = `${label} (${t("time.space")})`;
  }

  #redraw() {
    if (this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#draw();
    });
  }

  #draw() {
    const { canvas, film } = this;
    const [wide, high] = [canvas.clientWidth, canvas.clientHeight];
    if (!wide || !film.count) return;
    const dense = devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(wide * dense), Math.round(high * dense)];
    const pen = canvas.getContext("2d");
    pen.scale(dense, dense);
    const colours = getComputedStyle(this.root);
    const colour = (name) => colours.getPropertyValue(name);
    const { placed, count } = lanes(this.#regions, film.count);
    const thick = Math.min(Math.max(high / Math.max(count, 1) - GAP, THIN), THICK);
    const rows = Math.max(Math.floor(high / (thick + GAP)), 1);
    const x = (frame) => (frame / film.count) * wide;
    const bar = ({ lane, first, stop }, from, to, least, fill) => {
      pen.fillStyle = fill;
      const length = Math.max(x(to) - x(from), least);
      // What would be hidden by being short grows around its middle.
      pen.fillRect((x(from) + x(to) - length) / 2, high - (1 + (lane % rows)) * (thick + GAP), length, thick);
    };
    const picked = placed.find(({ region }) => region.uid === this.#selected);
    if (picked) {
      pen.fillStyle = colour("--picked");
      pen.globalAlpha = 0.22;
      pen.fillRect(x(picked.first), 0, Math.max(x(picked.stop) - x(picked.first), 2), high);
      pen.globalAlpha = 1;
    }
    const rank = ({ region }) => (region.uid === this.#selected ? 1 : 0);
    for (const span of placed.sort((a, b) => rank(a) - rank(b))) {
      const { region } = span;
      const fill = region.uid === this.#selected ? "--picked" : region.state === "suggested" ? "--doubt" : isCovered(region) ? "--there" : "--bare";
      bar(span, span.first, span.stop, 2, colour(fill));
    }
    for (const span of placed) {
      if (!isCovered(span.region)) continue;
      for (const [first, stop] of span.region.doubtful ?? []) bar(span, first, stop, EYE, colour("--doubt"));
    }
    pen.fillStyle = colour("--bad");
    for (const { frame } of this.#places) {
      const middle = x(frame + 0.5);
      pen.fillRect(middle - 1, 0, 2, high);
      pen.beginPath();
      pen.arc(middle, SPOT, SPOT, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  // ---- going somewhere

  /** Asks for the next moment that wants an eye, or the one before. */
  eye(step) {
    const eye = nextEye(this.#eyes, this.film.target, this.#selected, step);
    if (eye) this.dispatchEvent(new CustomEvent("eye", { detail: eye }));
    else tell(t("time.no-eye"));
  }

  #frameOf({ clientX }) {
    const { left, width } = this.canvas.getBoundingClientRect();
    const share = Math.min(Math.max((clientX - left) / width, 0), 1);
    return Math.min(Math.floor(share * this.film.count), this.film.count - 1);
  }

  #follow() {
    const { slider, film } = this;
    let playing = false;
    slider.addEventListener("pointerdown", (event) => {
      if (event.button || !film.ready) return;
      slider.setPointerCapture(event.pointerId);
      playing = film.playing;
      film.pause();
      film.go(this.#frameOf(event));
    });
    slider.addEventListener("pointermove", (event) => {
      if (!film.ready) return;
      const frame = this.#frameOf(event);
      if (slider.hasPointerCapture(event.pointerId)) film.go(frame);
      this.tip.hidden = event.pointerType === "touch";
      write(this.tip, clock(film.times[frame]));
      this.tip.style.left = `${(100 * (frame + 0.5)) / film.count}%`;
    });
    slider.addEventListener("pointerleave", () => (this.tip.hidden = true));
    for (const name of ["pointerup", "pointercancel"]) {
      slider.addEventListener(name, () => {
        if (playing) film.play();
        playing = false;
      });
    }
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { film } = this;
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const jump = { PageDown: -PAGE, PageUp: PAGE }[event.key];
    if (step && event.shiftKey) film.jump(step);
    else if (step) film.step(step);
    else if (jump) film.jump(jump);
    else if (event.key === "Home") film.go(0);
    else if (event.key === "End") film.go(film.count - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
