// The stage: the picture at some zoom, and the marks of its areas over it.

import { find, icon, make, order, svg } from "./dom.js";
import { fitting, kept, onStage, showing, toPicture, zoomed } from "./geometry.js";
import { isCovered, isDrawn, listed, stacked } from "./model.js";
import { percent, t } from "./words.js";

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const MARGIN = 20;
const SMALL = 56; // below this many pixels on the stage, a mark has handles at its corners only
const CROWD = 8; // with more areas, only the one pointed at has buttons
const TINY = 26; // and below this, no words

const SIGNS = { covered: "shield", drawn: "pencil", kept: "eye", suggested: "question" };

/** What an area is called by its number: a person, if somebody was followed through a video. */
export const named = ({ track }, number) => t(typeof track === "number" ? "people.nth" : "areas.nth", { n: number });

/** What an area is called, for those who cannot see it. */
export function described(region, number) {
  const score = region.score === null ? "" : percent(region.score);
  const key = isDrawn(region) ? (isCovered(region) ? "drawn" : "undrawn") : region.state;
  return t(`region.${key}`, { area: named(region, number), score });
}

export class Stage extends EventTarget {
  #marks = new Map(); // by uid
  #lines = new Map();
  #regions = [];
  #selected = null;
  #fitted = true;
  #frame = 0;

  constructor(root) {
    super();
    this.root = root;
    this.picture = find(".picture", root);
    this.marks = find(".marks", root);
    this.outlines = find(".outlines", root);
    this.handles = find(".handles", root);
    this.divider = find(".divider", root);
    this.size = { width: 1, height: 1 };
    this.view = { scale: 1, x: 0, y: 0 };
    this.at = 50;
    this.handles.append(...HANDLES.map((name) => make("span", { className: `handle ${name}`, data: { handle: name } })));
    new ResizeObserver(() => (this.#fitted ? this.fit() : this.#move(this.view))).observe(root);
  }

  get room() {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  get zoom() {
    return this.view.scale;
  }

  // ---- the view

  show(size) {
    this.size = size;
    this.fit();
  }

  fit() {
    this.view = fitting(this.size, this.room, MARGIN);
    this.#fitted = true;
    this.#place();
  }

  #move(view) {
    this.view = kept(view, this.size, this.room);
    this.#place();
  }

  pan(dx, dy) {
    this.#fitted = false;
    this.#move({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  zoomBy(factor, point = [this.room.width / 2, this.room.height / 2]) {
    this.#fitted = false;
    const least = Math.min(fitting(this.size, this.room, MARGIN).scale / 2, 1);
    this.#move(zoomed(this.view, factor, point, least));
  }

  /** Moves the view so that an area can be seen; comes closer to one that is too small to be judged. */
  reveal(region) {
    const [left, top, right, bottom] = region.box;
    const side = Math.max(right - left, bottom - top) * this.view.scale;
    if (side < 48) this.zoomBy(Math.min(96 / side, 8));
    const view = showing(this.view, region.box, this.room);
    if (view.x === this.view.x && view.y === this.view.y) return;
    this.#fitted = false;
    this.#move(view);
  }

  /** A place of the page as a place in the picture. */
  pointOf({ clientX, clientY }) {
    return toPicture(this.view, this.stagePoint({ clientX, clientY }));
  }

  stagePoint({ clientX, clientY }) {
    const { left, top } = this.root.getBoundingClientRect();
    return [clientX - left - this.root.clientLeft, clientY - top - this.root.clientTop];
  }

  /** The middle part of what is to be seen, as a box in the picture. */
  get middle() {
    const { width, height } = this.room;
    const side = Math.min(width, height) / 3;
    const corner = (sign) => toPicture(this.view, [(width + sign * side) / 2, (height + sign * side) / 2]);
    return [...corner(-1), ...corner(1)];
  }

  // ---- areas

  /** Shows areas where they lie now; `numbers` says which number each has in the list. */
  render(regions, selected, numbers) {
    this.#regions = regions;
    this.#selected = selected;
    this.root.classList.toggle("crowded", this.#regions.length > CROWD);
    const wanted = listed(this.#regions);
    const height = new Map(stacked(this.#regions).map((region, index) => [region.uid, index + 1]));
    for (const region of wanted) this.#fill(region, numbers.get(region.uid), height.get(region.uid));
    const uids = new Set(wanted.map(({ uid }) => uid));
    for (const uid of this.#marks.keys()) {
      if (uids.has(uid)) continue;
      this.#marks.delete(uid);
      this.#lines.delete(uid);
    }
    order(this.marks, wanted.map(({ uid }) => this.#marks.get(uid)));
    order(this.outlines, wanted.map(({ uid }) => this.#lines.get(uid)));
    this.#place();
  }

  #fill(region, number, height) {
    const { uid, state } = region;
    const mark = this.#marks.get(uid) ?? this.#make(region);
    mark.className = `mark ${state}${uid === this.#selected ? " selected" : ""}`;
    mark.style.zIndex = height;
    this.#lines.get(uid).setAttribute("class", `${state}${uid === this.#selected ? " selected" : ""}`);
    const hit = find(".hit", mark);
    const label = described(region, number);
    if (hit.getAttribute("aria-label") !== label) {
      hit.setAttribute("aria-label", label);
      hit.title = label;
    }
    hit.setAttribute("aria-pressed", String(isCovered(region)));
    const tag = find(".tag", mark);
    const told = `${SIGNS[state]} ${region.score ?? ""}`;
    if (tag.dataset.told === told) return;
    tag.dataset.told = told;
    tag.replaceChildren(icon(SIGNS[state]), region.score === null ? "" : `${percent(region.score)} %`);
    find(".quick", mark).hidden = state !== "suggested";
  }

  #make(region) {
    const { uid } = region;
    // Not for Tab: keys have Enter and Delete, and the list has the same buttons.
    const quick = (action, sign) =>
      make("button", { type: "button", tabIndex: -1, className: action, title: t(`region.${action}`), aria: { label: t(`region.${action}`) } }, icon(sign));
    const mark = make("div", { data: { uid } },
      make("button", { type: "button", className: "hit" }, make("span", { className: "tag" })),
      make("span", { className: "quick" }, quick("cover", "tick"), quick("leave", "close")));
    const tell = (name) => this.dispatchEvent(new CustomEvent(name, { detail: uid }));
    find(".hit", mark).addEventListener("click", () => tell("toggle"));
    find(".hit", mark).addEventListener("focus", (event) => event.target.matches(":focus-visible") && tell("reach"));
    find(".cover", mark).addEventListener("click", () => tell("cover"));
    find(".leave", mark).addEventListener("click", () => tell("leave"));
    this.#marks.set(uid, mark);
    const lines = svg("g");
    lines.append(...["halo", "line", "inner"].map((name) => svg("path", { class: name })));
    this.#lines.set(uid, lines);
    return mark;
  }

  focus(uid) {
    const mark = this.#marks.get(uid);
    (mark ? find(".hit", mark) : this.root).focus({ preventScroll: true });
  }

  /** Marks an area as pointed at from elsewhere. */
  hint(uid, on) {
    this.#lines.get(uid)?.classList.toggle("hinted", on);
  }

  // ---- putting everything in its place, at most once a frame

  #place() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#placeNow();
    });
  }

  #placeNow() {
    const { scale, x, y } = this.view;
    const [width, height] = [this.size.width * scale, this.size.height * scale];
    const { room } = this; // asked once: between writing styles, each question costs a layout
    put(this.picture, [x, y, x + width, y + height]);
    this.picture.classList.toggle("near", scale > 3);
    for (const region of this.#regions) {
      const box = onStage(this.view, region.box);
      const mark = this.#marks.get(region.uid);
      put(mark, box);
      mark.classList.toggle("tiny", box[2] - box[0] < TINY);
      mark.classList.toggle("high", box[1] < 26);
      mark.classList.toggle("low", box[3] > room.height - 40);
      const [halo, line, inner] = this.#lines.get(region.uid).children;
      for (const part of [halo, line]) part.setAttribute("d", `M${box[0]} ${box[1]}H${box[2]}V${box[3]}H${box[0]}Z`);
      inner.setAttribute("d", this.#outline(region, box));
    }
    const selected = this.#regions.find(({ uid }) => uid === this.#selected);
    this.handles.hidden = !selected;
    if (selected) {
      const box = onStage(this.view, selected.box);
      put(this.handles, box);
      this.handles.classList.toggle("small", Math.min(box[2] - box[0], box[3] - box[1]) < SMALL);
    }
    this.divider.style.left = `${x + (width * this.at) / 100}px`;
    this.divider.style.top = `${Math.max(y, 0)}px`;
    this.divider.style.height = `${Math.min(y + height, room.height) - Math.max(y, 0)}px`;
    this.root.dataset.zoom = scale;
    this.dispatchEvent(new Event("view"));
  }

  /** The true outline inside a round or drawn area's box. */
  #outline(region, [left, top, right, bottom]) {
    if (region.shape === "box") return "";
    if (region.shape === "ellipse") {
      const [rx, ry, y] = [(right - left) / 2, (bottom - top) / 2, (top + bottom) / 2];
      return `M${left} ${y}A${rx} ${ry} 0 0 1 ${right} ${y}A${rx} ${ry} 0 0 1 ${left} ${y}Z`;
    }
    const { scale, x, y } = this.view;
    return `M${region.outline.map(([px, py]) => `${px * scale + x} ${py * scale + y}`).join("L")}Z`;
  }

  /** Puts an element over a box of the picture. */
  putAt(element, box) {
    put(element, onStage(this.view, box));
  }

  /** Puts the divider between original and covered picture at a percentage of the picture's width. */
  divide(at) {
    this.at = at;
    this.picture.style.setProperty("--at", `${at}%`);
    this.#place();
  }
}

function put(element, [left, top, right, bottom]) {
  Object.assign(element.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
}
