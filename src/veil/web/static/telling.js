// What is said around the stage: how far a photo is, what was found in it, whether edits are saved.

import { verdict } from "./batch.js";
import { find, icon, write } from "./dom.js";
import { makingOf } from "./download.js";
import { line, share } from "./list.js";
import { counted } from "./model.js";
import { length } from "./moving.js";
import { resultQuery } from "./settings.js";
import { count, knows, percent, t, time } from "./words.js";

const NUMBER = /\d+/;
const SAVE_SIGNS = { saved: "check", saving: "clock", retrying: "warn", failed: "cross" };

/** Says what is known of a photo: its name, its size, until when it is kept. */
export function tellFacts({ name, facts }) {
  write(find("#photo-name"), name);
  const picture = facts?.picture;
  const sound = facts?.sound;
  if (sound) return write(find("#photo-meta"), t("sound.meta", { length: length(facts.seconds), format: sound.format.toUpperCase() })), expires(facts);
  write(find("#photo-meta"), picture ? t("card.meta", { width: picture.width, height: picture.height, format: picture.format.toUpperCase() }) : "");
  expires(facts);
}

function expires(facts) {
  write(find("#expires"), facts?.expires ? t("card.expires", { time: time(facts.expires) }) : "");
}

/** Says whether "I have looked" goes on to another photo. */
export function tellOnward(onward) {
  const looked = find("#looked");
  looked.classList.toggle("onward", onward);
  looked.setAttribute("aria-label", t(onward ? "looked.next" : "looked.title"));
}

/** Says how far a photo is that is still in work, or why it cannot be shown. */
export function tellProgress(entry) {
  const known = share(entry);
  const bar = find("#wait progress");
  write(find("#wait p"), entry.group === "working" ? line(entry) : "");
  if (known === null) bar.removeAttribute("value");
  else bar.value = known;
  const { trouble } = entry;
  write(find("#trouble .what"), trouble?.sentence ?? "");
  find("#trouble details").hidden = !trouble?.message;
  write(find("#trouble details p"), trouble?.message ?? "");
  find("#retry").hidden = !(trouble && entry.file);
}

/** Says what the file holds and its result does not, once a result has been made with the settings as they are. */
export function tellWithout(entry) {
  const { query, dropped = [] } = entry.without ?? {};
  const told = find("#without");
  told.hidden = !dropped.length || query !== resultQuery(entry);
  if (told.hidden) return;
  write(told, t("without.title", { list: dropped.map(named).join(t("card.listed")) }));
}

/** One of the things that reports name in English, in the language of the page if it is known there. */
function named(words) {
  const key = `without.${words.replace(NUMBER, "n").replaceAll(" ", "-").toLowerCase()}`;
  return knows(key) ? t(key, { n: words.match(NUMBER)?.[0] }) : words;
}

/** Says that the result is being made; of what takes long, also how far it is. */
export function tellMaking(entry) {
  const told = makingOf(entry);
  const button = find("#download");
  if (told) button.setAttribute("aria-busy", "true");
  else button.removeAttribute("aria-busy");
  write(find("span", button), t(told ? "card.preparing" : "card.download"));
  const film = find("#making");
  film.hidden = !(told && (entry.isFilm || entry.isSound));
  if (film.hidden) return;
  const known = told.total > 0;
  if (entry.isSound) write(find("p", film), t("making.sound"));
  else write(find("p", film), known ? t("making.frames", { share: percent(told.done / told.total) }) : t("making.begins"));
  const bar = find("progress", film);
  if (known) bar.value = told.done / told.total;
  else bar.removeAttribute("value");
}

/**
 * Says what was found, from the regions as they are on the page and not as they were saved; null before they are there.
 * `places` are those of a second look that are still open.
 */
export function tellVerdict(root, { facts }, regions, places) {
  const counts = regions ? counted(regions) : facts.counts;
  const nothing = facts.sound ? facts.nothing_found : !(counts.covered + counts.drawn + counts.kept + counts.suggested);
  const open = counts.suggested > 0 || counts.doubtful > 0 || (facts.heard_nothing && !facts.looked);
  const held = places.length > 0;
  const kind = held ? "review" : nothing ? "nothing" : open ? "review" : "good";
  root.dataset.verdict = facts.looked && !counts.suggested && !held && kind !== "good" ? "looked" : kind;
  const told = find("#verdict");
  const settled = facts.second_look?.state === "held-back" && !held;
  const again = settled ? null : facts.second_look && { ...facts.second_look, places: held ? places : facts.second_look.places };
  write(find(".result", told), verdict({ ...facts, counts, nothing_found: nothing, second_look: again }));
  const note = counts.suggested ? count("card.review", counts.suggested) : facts.looked ? t("card.looked") : "";
  write(find(".note", told), nothing ? "" : note);
  find("#nothing").hidden = !nothing || held || facts.looked || Boolean(facts.sound);
}

/** Says whether edits are saved; returns whether that is news. */
export function tellSaving(saving) {
  const told = find("#saving");
  if (told.dataset.saving === saving) return false;
  told.dataset.saving = saving;
  told.replaceChildren(icon(SAVE_SIGNS[saving]), t(`save.${saving}`));
  return true;
}
