// The list of areas beside the stage, of a video its people: the same as there, the same numbers, doubtful ones first.

import { all, find, icon, make, order, write } from "./dom.js";
import { counted, isCovered, isDrawn, listed } from "./model.js";
import { clock, presentAt } from "./moving.js";
import { timesOf } from "./moments.js";
import { described, named } from "./stage.js";
import { count, number, percent, t } from "./words.js";

const CROP = 88; // pixels of a row's small picture: twice what is shown
const REASONS = ["bystander", "child", "patient", "witness", "staff", "consent-given", "public-figure", "not-a-face", "other"];
const AROUND = 1.25; // how much is shown around an area

export class Areas extends EventTarget {
  #rows = new Map(); // by uid
  #active = null; // the row that Tab reaches

  /** Rows take their small pictures from `picture`; those of a film from the `film`, and people from `faces`. */
  constructor(root, { picture, film, faces }) {
    super();
    Object.assign(this, { root, picture, film, faces, ofFilm: false });
    this.items = find(".rows", root);
    this.items.addEventListener("keydown", (event) => this.#walk(event));
    this.items.addEventListener("focusin", (event) => this.#focused(event));
  }

  render(regions, selected) {
    const sorted = listed(regions);
    const { suggested } = counted(regions);
    write(find(".number", this.root), sorted.length ? number(sorted.length) : "");
    find(".all", this.root).hidden = suggested === 0;
    write(find(".undecided", this.root), count("areas.undecided", suggested));
    find(".none", this.root).hidden = sorted.length > 0;
    const uids = new Set(sorted.map(({ uid }) => uid));
    const focused = document.activeElement;
    for (const uid of this.#rows.keys()) if (!uids.has(uid)) this.#rows.delete(uid);
    if (!uids.has(this.#active)) this.#active = sorted[0]?.uid ?? null;
    sorted.forEach((region, index) => this.#fill(region, index + 1, selected));
    order(this.items, sorted.map(({ uid }) => this.#rows.get(uid)));
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  }

  #make(uid) {
    const tell = (name) => () => this.dispatchEvent(new CustomEvent(name, { detail: uid }));
    const action = (name, ...content) => make("button", { type: "button", className: `act ${name}`, data: { action: name } }, ...content);
    const row = make("li", { data: { uid } },
      make("button", { type: "button", className: "pick" },
        make("canvas", { width: 1, height: 1, aria: { hidden: "true" } }),
        make("span", { className: "number" }),
        make("span", { className: "words" }, make("b"), make("span", { className: "quiet" }))),
      make("span", { className: "acts" },
        action("cover", icon("shield"), make("span")), action("leave", icon("eye"), make("span")), action("remove", icon("bin"))),
      make("select", { className: "reason" },
        ...["", ...REASONS].map((value) => make("option", { value, textContent: t(value ? `reason.is-${value}` : "areas.reason") }))));
    const reason = find(".reason", row);
    reason.addEventListener("change", () => this.dispatchEvent(new CustomEvent("reason", { detail: { uid, reason: reason.value || null } })));
    find(".pick", row).addEventListener("click", tell("pick"));
    for (const name of ["cover", "leave", "remove"]) find(`.${name}`, row).addEventListener("click", tell(name));
    for (const [name, on] of [["pointerenter", true], ["pointerleave", false]]) {
      row.addEventListener(name, () => this.dispatchEvent(new CustomEvent("hint", { detail: { uid, on } })));
    }
    this.#rows.set(uid, row);
    return row;
  }

  #fill(region, index, selected) {
    const { uid, state } = region;
    const row = this.#rows.get(uid) ?? this.#make(uid);
    row.className = `row ${state}`;
    const pick = find(".pick", row);
    pick.setAttribute("aria-current", String(uid === selected));
    pick.setAttribute("aria-label", described(region, index));
    const drawn = isDrawn(region);
    row.classList.toggle("person", this.ofFilm);
    write(find(".number", row), number(index));
    write(find("b", row), t(`areas.${state}`));
    write(find(".quiet", row), this.#detail(region));
    const covered = isCovered(region);
    this.#action(row, "cover", region, index, covered);
    this.#action(row, "leave", region, index, !covered && state !== "suggested");
    this.#action(row, "remove", region, index, !drawn);
    const reason = find(".reason", row);
    reason.hidden = uid !== selected || state === "suggested";
    reason.value = region.reason ?? "";
    reason.setAttribute("aria-label", `${t("areas.reason")}: ${named(region, index)}`);
    for (const each of all("button", row)) each.tabIndex = uid === this.#active ? 0 : -1;
    this.#picture(region, find("canvas", row));
  }

  #picture(region, canvas) {
    const { film, picture } = this;
    const isPerson = this.ofFilm && typeof region.track === "number";
    if (isPerson) return this.faces.watch(canvas, region.track);
    // Somebody who is in one frame of an animation, which is a picture of its own.
    if (this.ofFilm && !isDrawn(region) && region.frames) return this.faces.watchPlace(canvas, region.frames[0], region.box, this.width);
    const [here] = presentAt([region], film.frame);
    if (!here) return;
    if (!this.ofFilm && picture.naturalWidth) this.#cut(canvas, picture, picture.naturalWidth, here.box);
    if (this.ofFilm && film.resting) this.#cut(canvas, film.video, film.video.videoWidth, here.box);
  }

  #action(row, name, region, index, hidden) {
    const button = find(`.${name}`, row);
    button.hidden = hidden;
    button.setAttribute("aria-label", `${t(`region.${name}`)}: ${named(region, index)}`);
    button.title = t(`region.${name}`);
    const words = find("span", button);
    if (words) write(words, t(`areas.${name}`));
  }

  #detail(region) {
    const { score, frames, source } = region;
    const parts = [];
    if (this.ofFilm && this.film.ready) parts.push(this.#when(region));
    if (score !== null) parts.push(t("areas.score", { score: percent(score) }));
    if (isCovered(region) && region.doubtful?.length) parts.push(count("people.moments", region.doubtful.length));
    if (source === "user") parts.push(t("areas.yours"));
    if (frames && !this.ofFilm) parts.push(t("areas.frames", { first: number(frames[0] + 1), last: number(frames[1]) }));
    return parts.join(this.ofFilm ? "\n" : t("card.comma"));
  }

  #when(region) {
    if (!region.frames) return t("people.always");
    const { start, end } = timesOf(region, this.film.times);
    return t("people.when", { start: clock(start), end: clock(end) });
  }

  /** Shows what lies in the area, so that most doubts are settled without looking for it. */
  #cut(canvas, picture, width, box) {
    const key = `${picture.currentSrc} ${box}`;
    if (canvas.dataset.key === key) return;
    canvas.dataset.key = key;
    const scale = width / this.width;
    const [left, top, right, bottom] = box.map((side) => side * scale);
    const side = Math.max(right - left, bottom - top) * AROUND;
    canvas.width = canvas.height = CROP;
    const pen = canvas.getContext("2d");
    pen.drawImage(picture, (left + right - side) / 2, (top + bottom - side) / 2, side, side, 0, 0, CROP, CROP);
  }

  // ---- keyboard: one stop for Tab, arrows from row to row

  #walk(event) {
    if (event.target.matches(".reason")) return; // arrows choose there
    const row = event.target.closest(".row");
    const rows = [...this.items.children];
    const at = rows.indexOf(row);
    const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    if (!(event.key in places)) return;
    event.preventDefault();
    event.stopPropagation();
    const next = rows[places[event.key]];
    if (next) find(".pick", next).focus();
  }

  #focused(event) {
    const row = event.target.closest(".row");
    this.#active = Number(row.dataset.uid);
    for (const each of this.items.children) for (const button of all("button", each)) button.tabIndex = each === row ? 0 : -1;
  }

  focus(uid) {
    const row = this.#rows.get(uid);
    if (row) find(".pick", row).focus();
  }

  reveal(uid) {
    this.#rows.get(uid)?.scrollIntoView({ block: "nearest" });
  }
}
