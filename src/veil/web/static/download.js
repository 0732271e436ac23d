// Results: one by itself, or many as one ZIP file with their report.

import * as api from "./api.js";
import { confirm, make, tell } from "./dom.js";
import { resultQuery } from "./settings.js";
import { count, t } from "./words.js";

/** Has the browser fetch an address into a file. */
function fetchInto(address, name) {
  const link = make("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}

/** Results that are being made, by photo: how far they are, and what stops them. */
const making = new Map();

/** How far the result of a photo is, {done, total}; null if none is being made. */
export const makingOf = (entry) => making.get(entry)?.told ?? null;

/** Fetches one result, once every edit has been saved and the server has made it; `progressed` hears that it goes on. */
export async function downloadOne(entry, saved, progressed) {
  const made = await finished(entry, saved, progressed);
  if (!made) return;
  const { url, extension } = made;
  fetchInto(url, `${entry.name.replace(/\.[^.]*$/, "")}.veiled${extension ?? entry.facts.extension}`);
}

/** Has one result made; answers with its address, its ending and the query that asks for it. Null if it stays held back. */
async function finished(entry, saved, progressed) {
  const stop = new AbortController();
  const query = resultQuery(entry);
  const made = { stop, query, told: { done: 0, total: 0 } };
  making.set(entry, made);
  progressed();
  try {
    await saved();
    const result = await orReleased(entry, query, api.result(entry.id, query, AbortSignal.any([entry.leaving.signal, stop.signal]), (told) => {
      made.told = told;
      progressed();
    }));
    if (!result) return null;
    warn(entry, result.altered);
    entry.without = { query, dropped: result.dropped };
    return { ...result, query };
  } finally {
    making.delete(entry);
    progressed();
  }
}

/** What was asked for; or, where a face may still show in it, what a person decides about that: null to look there first. */
async function orReleased(entry, query, asked) {
  try {
    return await asked;
  } catch (error) {
    if (error.kind !== "held-back") throw error;
    const { places } = (await api.photo(entry.id)).second_look;
    const choices = [["look", t("ask.held.look"), "primary"], ["release", t("places.release"), "danger"]];
    const answer = await confirm(count("ask.held", places.length), t("ask.held.more"), choices);
    if (answer === "look") dispatchEvent(new CustomEvent("look-there", { detail: entry }));
    return answer === "release" ? api.release(entry.id, query) : null;
  }
}

/** Stops making the result of a photo, here and on the server. */
export async function stopMaking(entry) {
  const made = making.get(entry);
  if (!made) return;
  made.stop.abort();
  await stopped(entry, made.query);
}

/** Has the server stop, too; the result may be done by now, or gone. */
const stopped = (entry, query) => api.stopResult(entry.id, query).catch(() => null);

/** Says loudly that speech was to be altered and none was heard. */
function warn(entry, altered) {
  if (altered && !altered.stretches) tell(t("live.ready", { name: entry.name, result: t("sound.unheard") }), "warn");
}

/** Asks which report to fetch, and fetches it; what the audit log says is there once the result is. */
export async function downloadReport(entry, saved, progressed) {
  const choices = [["html", t("which.page"), "primary"], ["json", t("which.entry"), ""], ["counts", t("which.counts"), ""]];
  const answer = await confirm(t("which.title"), t("which.more"), choices);
  const name = entry.name.replace(/\.[^.]*$/, "");
  if (answer === "counts") fetchInto(api.reportAddress(entry.id, resultQuery(entry)), `${name}.report.json`);
  if (answer !== "html" && answer !== "json") return;
  const made = await finished(entry, saved, progressed);
  if (!made) return;
  const { query } = made;
  fetchInto(api.auditAddress(entry.id, answer === "html" ? ".html" : "", query), `${name}.audit.${answer}`);
}

/** Asks which photos to fetch while some still want an eye; null if none. */
async function wanted(batch) {
  const { ready } = batch;
  const doubtful = ready.filter((entry) => entry.group === "review");
  if (!doubtful.length) return ready;
  const settled = ready.filter((entry) => entry.group !== "review");
  const choices = [["look", t("ask.look"), "primary"]];
  if (settled.length) choices.push(["settled", count("ask.settled", settled.length), ""]);
  choices.push(["all", count("ask.all", ready.length), ""]);
  const answer = await confirm(count("ask.doubtful", doubtful.length), t("ask.doubtful.more"), choices);
  if (answer === "look") batch.open(batch.current?.group === "review" ? batch.current : doubtful[0]);
  return { settled, all: ready }[answer] ?? null;
}

/**
 * Fetches many results as one ZIP file; `progressed` hears which one of how many is made, and which share of it is done.
 * Once `signal` is aborted, nothing more is made and nothing fetched.
 */
export async function downloadAll(batch, saved, signal, progressed) {
  const entries = await wanted(batch);
  if (!entries?.length) return;
  progressed(1, entries.length, 0);
  await saved();
  const packed = [];
  for (const [index, entry] of entries.entries()) {
    const told = ({ done = 0, total = 0 } = {}) => progressed(index + 1, entries.length, total ? done / total : 0);
    told();
    const query = resultQuery(entry);
    try {
      signal.throwIfAborted();
      const { altered, dropped } = await api.result(entry.id, query, AbortSignal.any([entry.leaving.signal, signal]), told);
      warn(entry, altered);
      entry.without = { query, dropped };
      packed.push([entry, query]);
    } catch (error) {
      if (signal.aborted) return stopped(entry, query);
      if (!api.isAbort(error)) tell(t("live.ready", { name: entry.name, result: api.problemOf(error).sentence }), "bad");
    }
  }
  if (packed.length) submit(packed);
}

/** A form and not fetch(), so that the browser writes the file to disk piece by piece. */
function submit(packed) {
  const form = make("form", { method: "post", action: api.archiveAddress, hidden: true });
  for (const [entry, query] of packed) {
    for (const [name, value] of [["id", entry.id], ["name", entry.resultName], ["query", query]]) {
      form.append(make("input", { type: "hidden", name, value }));
    }
  }
  document.body.append(form);
  form.submit();
  form.remove();
}
