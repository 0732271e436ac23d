// The photos that were opened: what is known of their areas is kept while edits of them are unsaved.

import { Work } from "./work.js";

/** Tells, each with {work}: "edit", "save", "conflict" as the work does, and "photo" with what the server says of it. */
export class Works extends EventTarget {
  #works = new Map(); // by id

  /** The work on a photo, begun or taken up again. */
  of(entry) {
    if (!this.#works.has(entry.id)) this.#works.set(entry.id, this.#begin(entry));
    return this.#works.get(entry.id);
  }

  known(entry) {
    return this.#works.get(entry.id);
  }

  #begin(entry) {
    const work = new Work(entry.id, () => {
      const { shape, area, grow } = entry.facts.options;
      return { shape, area, grow: Number(grow) };
    });
    for (const name of ["edit", "save", "conflict", "photo"]) {
      work.addEventListener(name, ({ detail }) => this.dispatchEvent(new CustomEvent(name, { detail: { work, photo: detail } })));
    }
    return work;
  }

  forget(id) {
    this.#works.delete(id);
  }

  /** Lets go of a work that needs no saving. */
  leave(work) {
    if (work?.clean) this.forget(work.id);
  }

  get unsaved() {
    return [...this.#works.values()].some((work) => !work.clean);
  }

  /** Ends when every edit of every photo is saved. */
  async saved() {
    for (const work of this.#works.values()) await work.saved();
  }

  /** Tries at once what was to be saved later. */
  hurry() {
    for (const work of this.#works.values()) work.hurry();
  }
}
