// What a person chose: how faces are covered, and how the next photos are looked at. It stays in this browser.

const KEY = "veil-settings";
const WEAK = new Set(["gaussian", "mosaic"]);
const HOW_TO_FIND = ["profile", "shape", "area", "grow"];

// What becomes of the sound of videos, and, in settings of their own, of sound files: who has a tone put over the speech
// of a recording has not said that a video is to have sound.
const OF_VIDEOS = { voice: "voice", voice_in: "voice_in", background: "background" };
const OF_SOUNDS = { voice: "sound_voice", voice_in: "sound_voice_in", background: "sound_background" };
const BARE = { sound_voice: "beep", sound_voice_in: "auto", sound_background: "keep" };

const defaults = { ...JSON.parse(document.body.dataset.defaults), ...BARE };
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

/** What becomes of the sound of a video or sound file: {voice, voice_in, background}. */
export function voiceOf(entry) {
  const names = entry.isSound ? OF_SOUNDS : OF_VIDEOS;
  const { voice, voice_in, background } = Object.fromEntries(Object.entries(names).map(([name, kept]) => [name, chosen[kept]]));
  const usual = voice === "mute" && !entry.isSound ? "everywhere" : "speech"; // a sound file is never left out as a whole
  return { voice, voice_in: voice_in === "auto" || (entry.isSound && voice === "mute") ? usual : voice_in, background };
}

/** Changes what becomes of sound. Another voice begins with where it is usual: nobody has chosen a place for it. */
export function chooseVoice(entry, changes) {
  const names = entry.isSound ? OF_SOUNDS : OF_VIDEOS;
  const all = "voice" in changes ? { voice_in: "auto", ...changes } : changes;
  choose(Object.fromEntries(Object.entries(all).map(([name, value]) => [names[name], value])));
}

/** Whether sound is kept with something changed in it. */
export function alters(entry) {
  const { voice, voice_in } = voiceOf(entry);
  return voice === "mute" ? voice_in === "speech" : voice !== "keep";
}

/** The query that says what becomes of sound; only what matters, so that equal results have equal queries. */
export function voiceQuery(entry) {
  const { voice, voice_in, background } = voiceOf(entry);
  const query = new URLSearchParams({ voice });
  if (voice !== "keep") query.set("voice_in", voice_in); // in so many words: the server may have another default
  if (alters(entry) && voice_in === "speech") query.set("background", background);
  return query.toString();
}

/** The query for a result: how to cover, whether to look at it again, what becomes of sound. */
export function resultQuery(entry) {
  if (entry.isSound) return voiceQuery(entry);
  const query = `${coverQuery()}&verify=${chosen.verify}`; // in so many words: the server may have another default
  return entry.hasSound ? `${query}&${voiceQuery(entry)}` : query;
}

/** The query that says how to look at a new photo, and whether at its result again. */
export const findQuery = () => new URLSearchParams([...HOW_TO_FIND, "verify"].map((name) => [name, chosen[name]])).toString();
