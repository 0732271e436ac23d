// Photos are deleted when nobody has looked at them for a while. Who reviews a long batch looks at one photo and means all
// of it: as long as somebody uses the page, now and then a look at each photo is told to the server.

import * as api from "./api.js";

const SIGNS = ["pointerdown", "keydown", "wheel"];
const keepMs = Number(document.body.dataset.keep) * 1000;

/** Keeps the photos of a batch while the page is in use. */
export function keepWhileUsed(batch) {
  let used = false;
  for (const sign of SIGNS) addEventListener(sign, () => (used = true), { capture: true, passive: true });
  const look = async () => {
    if (!used) return;
    used = false;
    for (const entry of batch.ready) await api.photo(entry.id).catch(() => null); // who is gone tells so elsewhere
  };
  // Three times in that while: a look that fails, or one that was due a moment before the first sign, does no harm.
  setInterval(look, Math.min(keepMs / 3, 2 ** 31 - 1));
}
