// The list of photos: in groups, doubtful ones first.

import { GROUPS, verdict } from "./batch.js";
import { all, find, icon, make, order, write } from "./dom.js";
import { refreshThumb, watchThumb } from "./thumbs.js";
import { length } from "./moving.js";
import { count, percent, t } from "./words.js";

const SIGNS = { review: "question", failed: "cross", done: "check", expired: "clock", queued: "clock", running: "search", uploading: "up" };
const BUSY = new Set(["uploading", "queued", "running"]);

/** What is to be said of a photo in one line. */
export function line(entry) {
  const { state, facts } = entry;
  if (state === "failed") return entry.trouble.sentence;
  if (state === "expired") return t("card.expired");
  if (state === "uploading") return entry.share === 1 ? t("card.arriving") : t("card.uploading");
  if (state === "queued") return t("card.waiting");
  if (state === "running") {
    const { done, total } = facts.progress ?? {};
    if (entry.isSound) return total ? t("card.listening.share", { share: percent(done / total) }) : t("card.listening");
    if (entry.isFilm) return total ? t("card.looking.video", { share: percent(done / total) }) : t("card.looking");
    return total > 1 ? t("card.looking.pages", { done: done + 1 > total ? total : done + 1, total }) : t("card.looking");
  }
  return verdict(facts);
}

/** How far the present step has come, 0 to 1; null if that is not known. */
export function share({ state, share, facts }) {
  if (state === "uploading") return share > 0 && share < 1 ? share : null;
  const { done, total } = facts?.progress ?? {};
  return state === "running" && total > 1 ? done / total : null;
}

export class List {
  #items = new Map(); // by photo
  #groups = new Map();

  constructor(batch, root) {
    this.batch = batch;
    this.root = root;
    for (const name of GROUPS) {
      const title = make("h2", { id: `group-${name}` }, make("span", { textContent: t(`group.${name}`) }), make("span", { className: "number" }));
      const items = make("ul", { aria: { labelledby: title.id } });
      const group = make("section", { className: "group", data: { group: name }, hidden: true }, title, items);
      this.#groups.set(name, { group, items, number: find(".number", title) });
      root.append(group);
    }
    batch.addEventListener("change", () => this.#refresh());
    batch.addEventListener("progress", ({ detail }) => this.#items.has(detail) && this.#fill(detail));
    batch.addEventListener("drop", ({ detail }) => this.#items.delete(detail));
    root.addEventListener("keydown", (event) => this.#walk(event));
  }

  #refresh() {
    const entries = this.batch.entries;
    const focused = this.root.contains(document.activeElement) ? document.activeElement : null;
    for (const [name, { group, items, number }] of this.#groups) {
      const members = entries.filter((entry) => entry.group === name);
      for (const entry of members) this.#fill(entry);
      order(items, members.map((entry) => this.#items.get(entry)));
      group.hidden = !members.length;
      write(number, String(members.length));
    }
    // A photo that moves to another group would lose the focus that was on it.
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  }

  #make(entry) {
    const item = make("li", { className: "item" },
      make("button", { type: "button", className: "open" },
        make("span", { className: "shot" },
          make("canvas", { className: "thumb", width: 1, height: 1, aria: { hidden: "true" } }),
          make("span", { className: "film-badge", hidden: true }, icon("film"), icon("sound"), make("span"))),
        make("span", { className: "lines" },
          make("span", { className: "name", textContent: entry.name }),
          make("span", { className: "state" }),
          make("progress", { max: 1, hidden: true, aria: { label: t("card.progress") } }))),
      make("button", { type: "button", className: "quit" }, icon("close")));
    find(".open", item).addEventListener("click", () => {
      this.batch.open(entry);
      this.root.dispatchEvent(new CustomEvent("chosen", { bubbles: true }));
    });
    find(".quit", item).addEventListener("click", () => this.root.dispatchEvent(new CustomEvent("quit", { detail: entry, bubbles: true })));
    watchThumb(find("canvas", item), entry);
    this.#items.set(entry, item);
    return item;
  }

  #fill(entry) {
    const item = this.#items.get(entry) ?? this.#make(entry);
    const current = entry === this.batch.current;
    const { state } = entry;
    item.dataset.state = state;
    item.classList.toggle("nothing", entry.ready && entry.facts.nothing_found);
    find(".open", item).setAttribute("aria-current", String(current));
    const badge = find(".film-badge", item);
    badge.hidden = !(entry.isFilm || entry.isSound);
    badge.classList.toggle("of-sounds", entry.isSound);
    write(find("span", badge), entry.facts?.seconds ? length(entry.facts.seconds) : "");
    const told = find(".state", item);
    const text = line(entry);
    const sign = state === "review" && entry.facts.nothing_found ? "warn" : SIGNS[state];
    if (told.dataset.told !== `${sign} ${text}`) {
      told.dataset.told = `${sign} ${text}`;
      told.replaceChildren(icon(sign), make("span", { textContent: text }));
    }
    const bar = find("progress", item);
    const known = share(entry);
    bar.hidden = !BUSY.has(state) || state === "queued";
    if (known === null) bar.removeAttribute("value");
    else bar.value = known;
    const quit = find(".quit", item);
    const action = t(BUSY.has(state) ? "card.cancel" : state === "expired" ? "card.forget" : "card.delete");
    quit.title = action;
    quit.setAttribute("aria-label", `${action}: ${entry.name}`);
    refreshThumb(find("canvas", item));
  }

  /** Arrows go from photo to photo, besides Tab. */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches(".open")) return;
    const buttons = all(".open", this.root);
    buttons[buttons.indexOf(event.target) + step]?.focus();
    event.preventDefault();
  }

  focus(entry) {
    const item = this.#items.get(entry);
    if (item) find(".open", item).focus();
  }

  reveal(entry) {
    this.#items.get(entry)?.scrollIntoView({ block: "nearest" });
  }
}

/** Counts of photos, and how far all of them are. */
export function summary(batch) {
  const { entries } = batch;
  const of = (name) => entries.filter((entry) => entry.group === name).length;
  const parts = [["all", count("all.photos", entries.length)]];
  if (of("review")) parts.push(["review", count("all.review", of("review"))]);
  if (of("working")) parts.push(["working", count("all.working", of("working"))]);
  if (of("failed")) parts.push(["failed", count("all.failed", of("failed"))]);
  return parts.map(([kind, text]) => make("span", { className: kind, textContent: text }));
}

