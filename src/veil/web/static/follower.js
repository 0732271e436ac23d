// Having the server follow what is in a drawn area. The area itself stays until what follows it is there.

import * as api from "./api.js";

/** Tells "progress", "ready" with {id, uid, region}, and "failed" with {uid, problem}; also of videos that are not open. */
export class Follower extends EventTarget {
  #going = new Map(); // by uid of the area: the id of its video, how far it is, and what stops it

  #tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** How far an area is followed, {done, total}; null if it is not being followed. */
  progress(uid) {
    return this.#going.get(uid)?.told ?? null;
  }

  async start(id, uid, wish) {
    this.stop(uid);
    const going = { id, leaving: new AbortController(), told: { done: 0, total: 0 } };
    this.#going.set(uid, going);
    this.#tell("progress");
    const { signal } = going.leaving;
    try {
      const region = await api.follow(id, wish, signal, (told) => {
        going.told = told;
        this.#tell("progress");
      });
      this.#going.delete(uid);
      this.#tell("ready", { id, uid, region });
    } catch (error) {
      if (this.#going.get(uid) === going) this.#going.delete(uid);
      if (!api.isAbort(error)) this.#tell("failed", { uid, problem: api.problemOf(error) });
    }
    this.#tell("progress");
  }

  stop(uid) {
    this.#going.get(uid)?.leaving.abort();
    this.#going.delete(uid);
  }

  /** Whether something is followed in a video. */
  isBusy(id) {
    return [...this.#going.values()].some((going) => going.id === id);
  }

  /** Stops following areas of a video that are no longer there. */
  keep(id, uids) {
    for (const [uid, going] of this.#going) if (going.id === id && !uids.has(uid)) this.stop(uid);
  }
}
