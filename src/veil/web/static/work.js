// One photo under review: its regions, their history, and saving them. Every edit is saved by itself, soon after it was
// made; what could not be saved is kept and tried again.

import * as api from "./api.js";
import { History, planOf, regionsOf } from "./model.js";

const SAVE_AFTER_MS = 400;
const AGAIN_MS = [1000, 2000, 4000, 8000, 15_000];

export class Work extends EventTarget {
  #plan = null;
  #history = null;
  #revision = "";
  #known = new Set(); // revisions that this page made or loaded
  #dirty = false;
  #timer = null;
  #running = null; // saving, until all is saved
  #wake = null; // ends a wait between two tries
  #refitting = false;
  #step = null; // what the last edit was, so that repeated ones become one step

  #told; // answers with shape, area and size of found regions, as the server has them

  constructor(id, told) {
    super();
    this.id = id;
    this.trouble = null;
    this.#told = told;
  }

  get loaded() {
    return this.#history !== null;
  }

  get regions() {
    return this.#history?.state.regions ?? [];
  }

  /** The plan as it stands on the page, saved or not. */
  get plan() {
    return this.planWith(this.regions);
  }

  planWith(regions) {
    return planOf(this.#plan, regions);
  }

  get picture() {
    return this.#plan.picture;
  }

  /** Shape, area and size of found regions; they are undone like the regions themselves. */
  get fit() {
    return this.#history.state.fit;
  }

  get canUndo() {
    return this.#history?.canUndo ?? false;
  }

  get canRedo() {
    return this.#history?.canRedo ?? false;
  }

  get clean() {
    return !this.#dirty && !this.#running && !this.#refitting;
  }

  /** "saved", "saving", "retrying" or "failed". */
  get saving() {
    if (this.trouble) return "failed";
    if (this.#wake) return "retrying";
    return this.clean ? "saved" : "saving";
  }

  #changed(kind) {
    this.dispatchEvent(new Event(kind));
  }

  async load(signal) {
    const { plan, revision } = await api.plan(this.id, signal);
    this.#plan = plan;
    this.#history = new History({ regions: regionsOf(plan, this.regions), fit: this.#told() });
    this.#knows(revision);
    this.#dirty = false;
    this.trouble = null;
    this.#changed("edit");
    this.#changed("save");
  }

  #knows(revision) {
    this.#revision = revision;
    this.#known.add(revision);
  }

  // ---- editing

  /** Takes new regions. Edits in a row with the same `step` are undone together. */
  edit(regions, step = null) {
    const state = { ...this.#history.state, regions };
    if (step !== null && step === this.#step) this.#history.amend(state);
    else this.#history.push(state);
    this.#step = step;
    this.#edited();
  }

  undo() {
    if (this.#history?.undo()) this.#edited(true);
  }

  redo() {
    if (this.#history?.redo()) this.#edited(true);
  }

  #edited(stepped = false) {
    if (stepped) this.#step = null;
    this.#dirty = true;
    this.trouble = null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save().catch(() => null), SAVE_AFTER_MS);
    this.#changed("edit");
    this.#changed("save");
  }

  /** Has the found regions made anew with another shape, area or size; one step of the history like any other edit. */
  async refit(changes) {
    await this.saved();
    this.#refitting = true;
    this.#changed("save");
    try {
      const photo = await api.patch(this.id, changes);
      const { plan, revision } = await api.plan(this.id);
      this.#plan = plan;
      this.#knows(revision);
      this.#history.push({ regions: regionsOf(plan, this.regions), fit: { ...this.fit, ...changes } });
      this.#step = null;
      this.#changed("edit");
      return photo;
    } finally {
      this.#refitting = false;
      this.#changed("save");
    }
  }

  // ---- saving

  /** Ends when all edits are saved; fails if they cannot be. */
  async saved() {
    clearTimeout(this.#timer);
    if (this.trouble) throw this.trouble;
    await this.#save();
  }

  /** Tries at once what was to be tried again later. */
  hurry() {
    this.#wake?.();
  }

  #save() {
    if (!this.#dirty && !this.#running) return Promise.resolve();
    this.#running ??= this.#saveAll().finally(() => {
      this.#running = null;
      this.#changed("save");
    });
    return this.#running;
  }

  async #saveAll() {
    for (let tries = 0; this.#dirty; ) {
      this.#dirty = false;
      this.#changed("save");
      try {
        const { photo, revision } = await api.savePlan(this.id, this.plan, this.#revision);
        this.#knows(revision);
        this.dispatchEvent(new CustomEvent("photo", { detail: photo }));
        tries = 0;
      } catch (error) {
        if (await this.#failed(api.problemOf(error), tries)) tries += 1;
      }
    }
  }

  /** What to do about a save that failed: load anew after a conflict, wait if it passes, or give up. */
  async #failed(problem, tries) {
    if (problem.kind === "conflict") {
      await this.load().catch((error) => this.#giveUp(api.problemOf(error)));
      this.#changed("conflict");
      return false;
    }
    if (!problem.passing) this.#giveUp(problem);
    this.#dirty = true;
    await new Promise((resolve) => {
      this.#wake = resolve;
      this.#changed("save");
      setTimeout(resolve, AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
    });
    this.#wake = null;
    return true;
  }

  #giveUp(problem) {
    this.trouble = problem;
    throw problem;
  }

  /** Loads anew if the server holds a plan that is not from here, and nothing is to be saved. */
  async heard(revision) {
    if (!this.loaded || !this.clean || this.#known.has(revision)) return;
    await this.load();
    this.#changed("conflict");
  }
}
