// The line of time under a video: where people are, which moments are doubtful, and going there; all of it or a part.

import { announce, find, tell, write } from "./dom.js";
import { Lens } from "./lens.js";
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
const CLOSER = 2; // by a press of a button or key
const WHEEL = 0.002; // for each pixel of turning

/** Tells "eye" with {frame, uid} of what is to be looked at next. */
export class Timeline extends EventTarget {
  #regions = [];
  #places = [];
  #selected = null;
  #eyes = [];
  #count = 0;
  #drawing = 0;
  #lens = new Lens();
  #fingers = new Map(); // what is down on the line, by pointer: where it is, in pixels

  constructor(film, root = find("#timeline")) {
    super();
    this.film = film;
    this.root = root;
    this.slider = find("[role=slider]", root);
    this.head = find(".playhead", root);
    this.tip = find(".tip", root);
    this.canvas = find("canvas", root);
    this.part = find(".part", root);
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
    press("#time-closer", () => this.#zoom(CLOSER));
    press("#time-wider", () => this.#zoom(1 / CLOSER));
    this.slider.addEventListener("keydown", (event) => this.#key(event));
    this.slider.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
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
    this.#lens.open(count);
    for (const button of [find("#eye-back"), find("#eye-on")]) button.disabled = !this.#eyes.length;
    this.#look();
    this.move();
  }

  /** Says which frame is shown. */
  move() {
    const { film, slider } = this;
    if (!film.ready) return;
    const frame = film.target;
    const last = film.count - 1;
    const time = clock(film.times[frame]);
    if (this.#lens.reveal(frame)) this.#look();
    this.#put(this.head, frame);
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

  /** Puts something where a frame is; out of sight, it is hidden. */
  #put(element, frame) {
    const share = this.#lens.place(frame + 0.5);
    element.style.left = `${100 * share}%`;
    element.style.visibility = share < 0 || share > 1 ? "hidden" : "";
  }

  // ---- a part of it

  /** Shows the part that the lens names. */
  #look() {
    const { from, wide, count, power, most } = this.#lens;
    this.part.hidden = power === 1;
    this.part.style.left = `${(100 * from) / count}%`;
    this.part.style.width = `${(100 * wide) / count}%`;
    find("#time-closer").disabled = power >= most;
    find("#time-wider").disabled = power === 1;
    this.#redraw();
    if (this.film.ready) this.#put(this.head, this.film.target);
  }

  /** Shows less of the video, and so more of what is around a frame: the one that is shown, or that under the pointer. */
  #zoom(factor, frame = this.film.target + 0.5) {
    const { film } = this;
    const before = this.#lens.power;
    this.#lens.zoom(factor, frame);
    if (!film.ready || this.#lens.power === before) return;
    this.#look();
    const { from, wide } = this.#lens;
    const [start, end] = [clock(film.times[Math.floor(from)]), clock(endOf(film.times, Math.min(Math.ceil(from + wide), film.count) - 1))];
    announce(t("time.part", { start, end }));
  }

  /** Turning the wheel shows more or less, sideways or with Shift it moves on; what has no effect is left to the page. */
  #wheel(event) {
    const { film } = this;
    if (!film.ready) return;
    const turned = event.deltaMode ? 16 : 1;
    const [across, along] = event.shiftKey ? [event.deltaY || event.deltaX, 0] : [event.deltaX, event.deltaY];
    const { from, wide } = this.#lens;
    if (Math.abs(across) > Math.abs(along)) this.#lens.move((across * turned) / this.canvas.clientWidth);
    else this.#lens.zoom(Math.exp(-along * turned * WHEEL), this.#lens.at(this.#shareOf(event)));
    if (from === this.#lens.from && wide === this.#lens.wide) return;
    event.preventDefault();
    this.#look();
  }

  /** Two fingers show more or less, and move on. */
  #pinch(event) {
    const [was, still] = [this.#fingers.get(event.pointerId), [...this.#fingers].find(([id]) => id !== event.pointerId)[1]];
    const width = this.canvas.clientWidth;
    const apart = (x) => Math.max(Math.abs(x - still), 1);
    this.#lens.move((was - event.clientX) / 2 / width);
    this.#lens.zoom(apart(event.clientX) / apart(was), this.#lens.at(this.#shareOf({ clientX: (event.clientX + still) / 2 })));
    this.#look();
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
    const x = (frame) => this.#lens.place(frame) * wide;
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

  #shareOf({ clientX }) {
    const { left, width } = this.canvas.getBoundingClientRect();
    return Math.min(Math.max((clientX - left) / width, 0), 1);
  }

  #frameOf(event) {
    return Math.min(Math.floor(this.#lens.at(this.#shareOf(event))), this.film.count - 1);
  }

  #follow() {
    const { slider, film } = this;
    let playing = false;
    slider.addEventListener("pointerdown", (event) => {
      if (event.button || !film.ready) return;
      slider.setPointerCapture(event.pointerId);
      this.#fingers.set(event.pointerId, event.clientX);
      if (this.#fingers.size > 1) return;
      playing = film.playing;
      film.pause();
      film.go(this.#frameOf(event));
    });
    slider.addEventListener("pointermove", (event) => {
      if (!film.ready) return;
      const isDown = this.#fingers.has(event.pointerId);
      if (isDown && this.#fingers.size === 2) this.#pinch(event);
      if (isDown) this.#fingers.set(event.pointerId, event.clientX);
      if (this.#fingers.size > 1) return;
      const frame = this.#frameOf(event);
      if (isDown) film.go(frame);
      this.tip.hidden = event.pointerType === "touch";
      write(this.tip, clock(film.times[frame]));
      this.#put(this.tip, frame);
    });
    slider.addEventListener("pointerleave", () => (this.tip.hidden = true));
    for (const name of ["pointerup", "pointercancel"]) {
      slider.addEventListener(name, ({ pointerId }) => {
        this.#fingers.delete(pointerId);
        if (this.#fingers.size) return;
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
    const zoom = { "+": CLOSER, "=": CLOSER, "-": 1 / CLOSER, 0: 1 / this.#lens.power }[event.key];
    if (step && event.shiftKey) film.jump(step);
    else if (step) film.step(step);
    else if (jump) film.jump(jump);
    else if (zoom) this.#zoom(zoom);
    else if (event.key === "Home") film.go(0);
    else if (event.key === "End") film.go(film.count - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
