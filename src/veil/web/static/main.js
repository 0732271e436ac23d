// The studio's page: joins the batch, the review and the settings.

import * as api from "./api.js";
import { Batch } from "./batch.js";
import { all, confirm, find, tell, write } from "./dom.js";
import { downloadAll } from "./download.js";
import { Keys } from "./keys.js";
import { List, summary } from "./list.js";
import { Panel } from "./panel.js";
import { keepWhileUsed } from "./presence.js";
import { Review } from "./review.js";
import { count, percent, t } from "./words.js";
import { openWays } from "./ways.js";

const batch = new Batch();
const panel = new Panel(find("#look form"));
const list = new List(batch, find("#groups"));
const review = new Review(batch, panel);

/** Goes to the next photo that wants an eye, or back to the one before. */
function goOn(step) {
  const next = batch.doubtful(step);
  if (next) batch.open(next);
  else tell(t("doubtful.none"));
  return true;
}

new Keys(review, { again: goOn });
openWays((files) => {
  if (files.length) batch.add(files);
});

// ---- the batch as a whole

batch.addEventListener("change", () => {
  const { entries, ready } = batch;
  document.body.classList.toggle("has-photos", entries.length > 0);
  find("#summary").replaceChildren(...summary(batch));
  const doubtful = entries.filter((entry) => entry.group === "review").length;
  find("#doubtful").hidden = doubtful === 0;
  for (const button of [find("#next"), find("#previous")]) button.disabled = batch.doubtful() === null;
  find("#download-all").disabled = !ready.length;
  write(find("#tab-photos .number"), doubtful ? String(doubtful) : "");
});
batch.addEventListener("open", ({ detail }) => detail && list.reveal(detail));

find("#next").addEventListener("click", () => goOn(1));
find("#previous").addEventListener("click", () => goOn(-1));

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    if (!api.isAbort(error)) tell(api.problemOf(error).sentence, "bad");
  }
}

let stopAll = null; // while all results are made

find("#download-all").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  const label = find("span", button);
  if (stopAll) return;
  stopAll = new AbortController();
  button.setAttribute("aria-busy", "true");
  await attempt(() => downloadAll(batch, () => review.allSaved(), stopAll.signal, (done, total, share) => {
    write(label, t(share ? "all.preparing.share" : "all.preparing", { done, total, share: percent(share) }));
    find("#stop-all").hidden = false;
  }));
  stopAll = null;
  if (document.activeElement === find("#stop-all")) button.focus();
  find("#stop-all").hidden = true;
  button.removeAttribute("aria-busy");
  write(label, t("all.download"));
});

find("#stop-all").addEventListener("click", () => stopAll?.abort());

find("#delete-all").addEventListener("click", async () => {
  const answer = await confirm(count("ask.delete", batch.entries.length), t("ask.delete.more"), [["delete", t("all.delete"), "danger"]]);
  if (answer !== "delete") return;
  closeSheets();
  await attempt(() => batch.removeAll());
  find("#choose").focus();
});

async function quit(entry) {
  const neighbour = batch.entries[batch.entries.indexOf(entry) + 1] ?? batch.entries[batch.entries.indexOf(entry) - 1];
  const gone = attempt(() => batch.remove(entry));
  if (neighbour) list.focus(neighbour);
  else find("#choose").focus();
  await gone;
}

find("#groups").addEventListener("quit", ({ detail }) => quit(detail));
for (const button of all("[data-quit]")) button.addEventListener("click", () => quit(review.entry));

panel.addEventListener("everywhere", ({ detail }) => attempt(async () => {
  for (const entry of batch.ready) await review.refit(entry, detail);
  tell(count("fit.done", batch.ready.length));
}));

// ---- sheets: on narrow screens, the list and the panels come up from below

const tabs = all(".tabs [aria-controls]");

function showSheet(name) {
  if (name) document.body.dataset.sheet = name;
  else delete document.body.dataset.sheet;
  for (const tab of tabs) tab.setAttribute("aria-expanded", String(tab.getAttribute("aria-controls") === name));
}

function closeSheets() {
  showSheet(null);
}

for (const tab of tabs) {
  const name = tab.getAttribute("aria-controls");
  tab.addEventListener("click", () => showSheet(document.body.dataset.sheet === name ? null : name));
}
for (const button of all(".sheet-close")) {
  button.addEventListener("click", () => {
    const open = document.body.dataset.sheet;
    closeSheets();
    find(`.tabs [aria-controls="${open}"]`)?.focus();
  });
}
addEventListener("chosen", closeSheets);
addEventListener("picked", closeSheets);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !document.body.dataset.sheet) return;
  find(`.tabs [aria-controls="${document.body.dataset.sheet}"]`).focus();
  closeSheets();
  event.preventDefault();
}, { capture: true });

// ---- the rest

find("#toast button").addEventListener("click", () => (find("#toast").hidden = true));
find("#show-help").addEventListener("click", () => find("#help").showModal());
for (const dialog of all("dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close("")); // beside it
}
addEventListener("beforeunload", (event) => review.unsaved && event.preventDefault());

keepWhileUsed(batch);
api.watch((photos) => batch.hear(photos), (lost) => {
  if (find("#lost").hidden === lost) find("#lost").hidden = !lost;
});
