// The list of doubtful moments of a film, above that of people: where a face is covered though it was not seen.

import { all, find, icon, make, order, write } from "./dom.js";
import { clock } from "./moving.js";
import { moments } from "./moments.js";
import { number, t } from "./words.js";

const keyOf = ({ uid, first }) => `${uid} ${first}`;

/** Tells "go" and "right" with a moment. */
export class Doubts extends EventTarget {
  #rows = new Map(); // by moment

  constructor(root) {
    super();
    this.root = root;
    this.items = find("ul", root);
    this.items.addEventListener("keydown", (event) => this.#walk(event));
    this.items.addEventListener("focusin", (event) => this.#reach(event.target.closest("li")));
  }

  /** Shows the moments of some areas; `numbers` says how each area is called, and `faces` holds their pictures. */
  render(regions, { times, numbers, faces }) {
    const found = moments(regions, times);
    const tracks = new Map(regions.map(({ uid, track }) => [uid, track]));
    this.root.hidden = !found.length;
    write(find(".number", this.root), found.length ? number(found.length) : "");
    const focused = this.items.contains(document.activeElement) ? this.#at(document.activeElement) : null;
    const wanted = new Set(found.map(keyOf));
    for (const key of this.#rows.keys()) if (!wanted.has(key)) this.#rows.delete(key);
    const rows = found.map((moment) => this.#fill(moment, numbers.get(moment.uid), tracks.get(moment.uid), faces));
    order(this.items, rows);
    this.#reach(rows.find((row) => find(".go", row).tabIndex === 0) ?? rows[0]);
    // After "OK" the next moment takes the place, and with it the focus; after the last one, the picture does.
    if (focused === null || this.items.contains(document.activeElement)) return;
    const next = rows[Math.min(focused, rows.length - 1)];
    (next ? find(".go", next) : find("#stage")).focus({ preventScroll: true });
  }

  /** One stop for Tab: the row that was reached last. */
  #reach(row) {
    for (const each of this.items.children) for (const button of all("button", each)) button.tabIndex = each === row ? 0 : -1;
  }

  #at(element) {
    return [...this.items.children].indexOf(element.closest("li"));
  }

  #fill(moment, name, track, faces) {
    const row = this.#rows.get(keyOf(moment)) ?? this.#make(moment);
    const n = number(name);
    const time = clock(moment.at);
    write(find("b", row), time);
    write(find(".quiet", row), t("doubts.moment", { n, seconds: number(Math.max(Math.round(moment.seconds * 10), 1) / 10) }));
    find(".right", row).setAttribute("aria-label", `${t("doubts.ok")}: ${time}, ${t("people.nth", { n })}`);
    if (track !== null && track !== undefined) faces.watch(find("canvas", row), track);
    return row;
  }

  #make(moment) {
    const row = make("li", { className: "row lost" },
      make("button", { type: "button", tabIndex: -1, className: "pick go" },
        make("canvas", { width: 1, height: 1, aria: { hidden: "true" } }),
        make("span", { className: "words" }, make("b"), make("span", { className: "quiet" }))),
      make("span", { className: "acts" }, make("button", { type: "button", className: "act right", title: t("doubts.right") }, icon("tick"), make("span", { textContent: t("doubts.ok") }))));
    const tell = (name) => () => this.dispatchEvent(new CustomEvent(name, { detail: moment }));
    find(".go", row).addEventListener("click", tell("go"));
    find(".right", row).addEventListener("click", tell("right"));
    this.#rows.set(keyOf(moment), row);
    return row;
  }

  /** Arrows go from moment to moment, besides Tab. */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = this.items.children[this.#at(event.target) + step];
    if (next) find(".go", next).focus();
  }
}
