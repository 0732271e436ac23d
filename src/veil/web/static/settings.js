// What a person chose: how faces are covered, and how the next photos are looked at. It stays in this browser.

const KEY = "veil-settings";
const WEAK = new Set(["gaussian", "mosaic"]);
const HOW_TO_FIND = ["profile", "shape", "area", "grow"];

const defaults = JSON.parse(document.body.dataset.defaults);
const listeners = new Set();
let chosen = { ...defaults, ...stored() };

function stored() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return Object.fromEntries(Object.entries(kept).filter(([name, value]) => typeof value === typeof defaults[name]));
  } catch {
    return {};
  }
}

export const settings = () => chosen;
export const isWeak = (style) => WEAK.has(style);

/** Changes some settings; those who listen hear which. */
export function choose(changes) {
  const names = Object.keys(changes).filter((name) => chosen[name] !== changes[name]);
  if (!names.length) return;
  chosen = { ...chosen, ...changes };
  localStorage.setItem(KEY, JSON.stringify(chosen));
  for (const listener of listeners) listener(new Set(names));
}

export const onChoice = (listener) => listeners.add(listener);

/** The query that says how to cover; only what matters for the style, so that equal results have equal queries. */
export function coverQuery() {
  const { style, color, strength, boxes } = chosen;
  const query = new URLSearchParams({ style });
  if (style === "solid") query.set("color", color.slice(1));
  if (isWeak(style)) query.set("strength", strength);
  if (boxes) query.set("boxes", "true");
  return query.toString();
}

/** The query for a result: how to cover, and what becomes of a video's sound. */
export function resultQuery() {
  const query = new URLSearchParams(coverQuery());
  if (chosen.voice !== defaults.voice) query.set("voice", chosen.voice);
  return query.toString();
}

/** The query that says how to look at a new photo. */
export const findQuery = () => new URLSearchParams(HOW_TO_FIND.map((name) => [name, chosen[name]])).toString();
