// All photos of this browser session: those on their way to the server and those that it holds.

import * as api from "./api.js";
import { announce } from "./dom.js";
import { findQuery } from "./settings.js";
import { count, number, t } from "./words.js";

const NAMES = "veil-names"; // names of photos by id: only this browser knows them
const OPEN = "veil-open";
const SIDE_BY_SIDE = 2;

/** The groups of the list, in order: what wants a person comes first. */
export const GROUPS = ["review", "failed", "working", "done", "gone"];
const GROUP_OF = { review: "review", failed: "failed", done: "done", expired: "gone" };

const limit = Number(document.body.dataset.limit);

// ---- names

function namesKept() {
  return JSON.parse(sessionStorage.getItem(NAMES) ?? "{}");
}

function keepName(id, name) {
  sessionStorage.setItem(NAMES, JSON.stringify({ ...namesKept(), [id]: name }));
}

function forgetName(id) {
  const { [id]: gone, ...rest } = namesKept();
  sessionStorage.setItem(NAMES, JSON.stringify(rest));
}

// ---- one photo

/** One photo as the page knows it. `facts` is what the server says of it; null until it has the photo. */
class Entry {
  constructor(name, { id = null, file = null } = {}) {
    Object.assign(this, { name, id, file, facts: null, problem: null, share: 0, listed: false });
    this.leaving = new AbortController();
  }

  /** Where it stands: a state of the server's, or before that "uploading" or "failed". */
  get state() {
    if (this.problem) return "failed";
    return this.facts?.state ?? "uploading";
  }

  get group() {
    return GROUP_OF[this.state] ?? "working";
  }

  get isVideo() {
    return this.facts?.kind === "video" || this.facts?.picture?.kind === "video";
  }

  /** Whether it has a line of time: a video, or an animation, of which there is a copy to play as well. */
  get isFilm() {
    return this.isVideo || Boolean(this.facts?.video);
  }

  get isSound() {
    return this.facts?.kind === "sound";
  }

  /** Whether a film can be played here: so as soon as there is a copy to watch. */
  get watchable() {
    return this.ready || (this.state === "running" && this.facts.video?.screening === true);
  }

  get hasSound() {
    return this.isSound || (this.isVideo && this.facts?.video?.sound !== 0);
  }

  /** Whether it can be reviewed and fetched. */
  get ready() {
    return !this.problem && (this.state === "review" || this.state === "done");
  }

  /** Whether a face may still show in a result of it, which is held back for that. */
  get heldBack() {
    return this.ready && this.facts.second_look?.state === "held-back";
  }

  get trouble() {
    const told = this.facts?.problem;
    return this.problem ?? (told ? new api.Problem(told.kind, told.detail) : null);
  }

  get resultName() {
    return `${this.name.replace(/\.[^.]*$/, "")}.veiled${this.facts.extension}`;
  }
}

/** In few words, what was found: the same in the list and over the photo. */
export function verdict(facts) {
  if (facts.sound) {
    if (facts.nothing_found) return t("sound.nothing");
    return [count("sound.heard", facts.sound.stretches), t("sound.spoken", { seconds: number(facts.sound.spoken) })].join(t("card.comma"));
  }
  const { covered, drawn, suggested, kept, doubtful } = facts.counts;
  const again = facts.second_look;
  const held = again?.state === "held-back" ? [count("card.held", again.places.length)] : [];
  if (facts.nothing_found) return held[0] ?? t("card.nothing");
  const parts = [...held, count("card.covered", covered + drawn)];
  if (suggested) parts.push(count("card.doubtful", suggested));
  if (doubtful) parts.push(count("card.moments", doubtful));
  if (kept) parts.push(count("card.kept", kept));
  if (facts.heard_nothing) parts.push(t("sound.unheard"));
  if (again?.state === "passed") parts.push(t("card.again"));
  if (again?.state === "released") parts.push(t("card.released"));
  const told = parts.join(t("card.comma"));
  const frames = facts.picture?.frames ?? 1;
  return frames > 1 && !facts.video ? t("card.frames", { covered: told, frames }) : told;
}

// ---- all of them

export class Batch extends EventTarget {
  #entries = [];
  #gone = new Set(); // ids deleted here, which a late answer may still name
  #heard = null;
  #sending = 0;
  #waiting = [];
  current = null;

  get entries() {
    const place = (entry) => GROUPS.indexOf(entry.group) - (entry.heldBack ? 0.5 : 0);
    // Sorting is stable: within a group, photos stay in the order in which they came.
    return [...this.#entries].sort((a, b) => place(a) - place(b));
  }

  get ready() {
    return this.entries.filter((entry) => entry.ready);
  }

  #changed(kind = "change", detail = null) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  // ---- handing over

  add(files) {
    const fresh = files.map((file) => new Entry(file.name || t("card.photo"), { file }));
    this.#entries.push(...fresh);
    for (const entry of fresh) this.#queue(entry);
    if (!this.current && fresh.length) this.open(fresh[0]);
    this.#changed();
  }

  again(entry) {
    entry.problem = null;
    entry.share = 0;
    this.#queue(entry);
    this.#changed();
  }

  #queue(entry) {
    if (entry.file.size > limit) this.#fail(entry, new api.Problem("too-large"));
    else this.#waiting.push(entry);
    this.#next();
  }

  #next() {
    while (this.#sending < SIDE_BY_SIDE && this.#waiting.length) {
      this.#sending += 1;
      this.#send(this.#waiting.shift()).finally(() => {
        this.#sending -= 1;
        this.#next();
        if (this.#heard) this.hear(this.#heard);
      });
    }
  }

  async #send(entry) {
    const { signal } = entry.leaving;
    if (signal.aborted) return;
    const progressed = (share) => {
      entry.share = share;
      this.#changed("progress", entry);
    };
    try {
      const { photo, fresh } = await api.upload(entry.file, findQuery(), signal, progressed);
      if (signal.aborted) {
        if (fresh) await api.remove(photo.id);
        return;
      }
      this.#arrived(entry, photo);
    } catch (error) {
      if (!api.isAbort(error)) this.#fail(entry, api.problemOf(error));
    }
  }

  #arrived(entry, photo) {
    const twin = this.#entries.find((other) => other.id === photo.id);
    this.#gone.delete(photo.id);
    if (twin) {
      // The same bytes again: the server kept the first, and so does the page.
      announce(t("live.same", { name: entry.name }));
      this.#drop(entry);
      if (this.current === null) this.open(twin);
      return this.#changed();
    }
    entry.id = photo.id;
    entry.facts = photo;
    entry.file = null;
    keepName(entry.id, entry.name);
    if (entry === this.current) sessionStorage.setItem(OPEN, entry.id);
    this.#changed();
  }

  #fail(entry, problem) {
    entry.problem = problem;
    announce(t("live.ready", { name: entry.name, result: problem.sentence }));
    this.#changed();
  }

  // ---- what the server says

  /** Takes the server's list of photos: the truth, except for what was deleted here a moment ago. */
  hear(photos) {
    this.#heard = photos;
    const names = namesKept();
    const known = new Map(this.#entries.filter((entry) => entry.id).map((entry) => [entry.id, entry]));
    for (const photo of photos) {
      if (this.#gone.has(photo.id)) continue;
      const entry = known.get(photo.id);
      if (entry) this.#update(entry, photo);
      // While something is handed over, a stranger may be just that; a photo long gone is only told if it was ours.
      else if (this.#sending === 0 && (photo.state !== "expired" || names[photo.id])) this.#find(photo, names[photo.id]);
    }
    const listed = new Set(photos.map(({ id }) => id));
    for (const entry of this.#entries.filter((one) => one.listed && !listed.has(one.id))) this.#drop(entry);
    if (!this.current) this.#openFirst();
    this.#changed();
  }

  #find(photo, name) {
    const entry = new Entry(name ?? t("card.photo"), { id: photo.id });
    entry.listed = true;
    entry.facts = photo;
    this.#entries.push(entry);
  }

  #update(entry, photo) {
    const before = entry.state;
    const wasHeld = entry.heldBack;
    entry.facts = photo;
    entry.listed = true;
    if (entry.heldBack && !wasHeld) announce(t("live.ready", { name: entry.name, result: count("card.held", photo.second_look.places.length) }));
    if (before !== entry.state && (before === "queued" || before === "running")) {
      const result = entry.trouble?.sentence ?? (entry.ready ? verdict(photo) : null);
      if (result) announce(t("live.ready", { name: entry.name, result }));
    }
  }

  /** Takes what an answer said of one photo, before the list says it too. */
  learn(photo) {
    const entry = this.#entries.find((one) => one.id === photo.id);
    if (!entry) return;
    this.#update(entry, photo);
    this.#changed();
  }

  // ---- opening

  open(entry) {
    if (entry === this.current) return;
    this.current = entry;
    if (entry?.id) sessionStorage.setItem(OPEN, entry.id);
    this.#changed("open", entry);
    this.#changed();
  }

  #openFirst() {
    const last = sessionStorage.getItem(OPEN);
    const entries = this.entries;
    const first = entries.find((entry) => entry.id === last) ?? entries[0];
    if (first) this.open(first);
  }

  /** The next photo that wants an eye (or the one before), seen from the open one; null if there is none. */
  doubtful(step = 1) {
    const entries = this.entries;
    const at = entries.indexOf(this.current);
    const around = entries.map((_, index) => entries[(at + step * (index + 1) + 2 * entries.length) % entries.length]);
    return around.find((entry) => entry !== this.current && entry.group === "review") ?? null;
  }

  // ---- deleting

  async remove(entry) {
    const entries = this.entries;
    const at = entries.indexOf(entry);
    const next = entries[at + 1] ?? entries[at - 1] ?? null;
    this.#drop(entry);
    if (this.current === null && next) this.open(next);
    this.#changed();
    await this.#deleted(entry.id ? api.remove(entry.id) : null, [entry]);
    announce(t("live.deleted", { name: entry.name }));
  }

  async removeAll() {
    const entries = this.#entries;
    for (const entry of entries) this.#drop(entry);
    this.#changed();
    await this.#deleted(api.removeAll(), entries);
    announce(t("live.all-deleted"));
  }

  /** Waits for the server to delete. If it does not, the photos are still there, and the page must not say otherwise. */
  async #deleted(asked, entries) {
    try {
      await asked;
    } catch (error) {
      if (["no-such-photo", "expired"].includes(error.kind)) return;
      for (const { id, name } of entries.filter((entry) => entry.id)) {
        this.#gone.delete(id);
        keepName(id, name);
      }
      if (this.#heard) this.hear(this.#heard);
      throw error;
    }
  }

  #drop(entry) {
    entry.leaving.abort();
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#waiting = this.#waiting.filter((other) => other !== entry);
    if (entry.id) {
      this.#gone.add(entry.id);
      forgetName(entry.id);
    }
    if (this.current === entry) this.open(null);
    this.#changed("drop", entry);
  }
}
