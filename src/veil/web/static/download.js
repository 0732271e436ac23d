// Results: one by itself, or many as one ZIP file with their report.

import * as api from "./api.js";
import { confirm, make, tell } from "./dom.js";
import { coverQuery } from "./settings.js";
import { count, t } from "./words.js";

/** Has the browser fetch an address into a file. */
function fetchInto(address, name) {
  const link = make("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}

/** Fetches one result, once every edit has been saved and the server has made it. */
export async function downloadOne(entry, saved) {
  await saved();
  const { url, extension } = await api.result(entry.id, coverQuery(), entry.leaving.signal);
  fetchInto(url, `${entry.name.replace(/\.[^.]*$/, "")}.veiled${extension ?? entry.facts.extension}`);
}

export const downloadReport = (entry) => fetchInto(api.reportAddress(entry.id), `${entry.name.replace(/\.[^.]*$/, "")}.report.json`);

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

/** Fetches many results as one ZIP file; `progressed(done, total)` hears how far it is. */
export async function downloadAll(batch, saved, progressed) {
  const entries = await wanted(batch);
  if (!entries?.length) return;
  await saved();
  const query = coverQuery();
  const packed = [];
  for (const [index, entry] of entries.entries()) {
    progressed(index + 1, entries.length);
    try {
      await api.result(entry.id, query, entry.leaving.signal);
      packed.push(entry);
    } catch (error) {
      if (!api.isAbort(error)) tell(t("live.ready", { name: entry.name, result: api.problemOf(error).sentence }), "bad");
    }
  }
  if (packed.length) submit(packed, query);
}

/** A form and not fetch(), so that the browser writes the file to disk piece by piece. */
function submit(packed, query) {
  const form = make("form", { method: "post", action: api.archiveAddress(query), hidden: true });
  for (const entry of packed) {
    for (const [name, value] of [["id", entry.id], ["name", entry.resultName]]) {
      form.append(make("input", { type: "hidden", name, value }));
    }
  }
  document.body.append(form);
  form.submit();
  form.remove();
}
