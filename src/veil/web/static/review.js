// Reviewing the open photo: joins its regions with the stage, the list of areas, the preview and the panel.

import * as api from "./api.js";
import { Areas } from "./areas.js";
import { Compare } from "./compare.js";
import { all, announce, find, tell, write } from "./dom.js";
import { downloadOne, downloadReport } from "./download.js";
import { Gestures, drawsShape } from "./gestures.js";
import * as model from "./model.js";
import { Preview } from "./preview.js";
import { coverQuery, onChoice } from "./settings.js";
import { Stage } from "./stage.js";
import { tellProgress, tellSaving, tellVerdict } from "./telling.js";
import { Work } from "./work.js";
import { count, number, t, time } from "./words.js";

const LOAD_AGAIN_MS = 2000;

export class Review {
  #works = new Map(); // by id; kept while edits of them are unsaved
  #turn = 0;
  #entry = null;
  #work = null;
  #trial = null; // regions while something is dragged
  selected = null;
  tool = "select";

  constructor(batch, panel, root = find("#review")) {
    this.batch = batch;
    this.panel = panel;
    this.root = root;
    this.stage = new Stage(find("#stage"));
    this.gestures = new Gestures(this.stage, this);
    this.preview = new Preview(this.stage);
    this.compare = new Compare(this.stage, find("#compare"), find("#hold"));
    this.areas = new Areas(find("#areas"), find(".before", this.stage.root));
    this.#listen();
    this.#wire();
  }

  // ---- what is asked of it

  get ready() {
    return this.#work?.loaded === true && this.#entry.ready;
  }

  get entry() {
    return this.#entry;
  }

  get regions() {
    return this.#trial ?? this.#work?.regions ?? [];
  }

  get unsaved() {
    return [...this.#works.values()].some((work) => !work.clean);
  }

  /** Ends when every edit of every photo is saved. */
  async allSaved() {
    for (const work of this.#works.values()) await work.saved();
  }

  // ---- wiring

  #listen() {
    this.batch.addEventListener("open", ({ detail }) => this.#open(detail));
    this.batch.addEventListener("change", () => this.#refresh());
    this.batch.addEventListener("progress", ({ detail }) => detail === this.#entry && this.#refresh());
    this.batch.addEventListener("drop", ({ detail }) => this.#works.delete(detail.id));
    onChoice((names) => {
      const covering = ["style", "color", "strength", "boxes"].some((name) => names.has(name));
      if (covering && this.ready) this.preview.want(this.#work, coverQuery(), true);
    });
    this.panel.addEventListener("fit", ({ detail }) => this.#refit(detail));
    this.preview.addEventListener("failed", ({ detail }) => tell(detail.sentence, "bad"));
    addEventListener("online", () => this.#works.forEach((work) => work.hurry()));
  }

  #wire() {
    const on = (target, handlers) => {
      for (const [name, handler] of Object.entries(handlers)) target.addEventListener(name, ({ detail }) => handler(detail));
    };
    on(this.stage, {
      toggle: (uid) => this.toggle(uid),
      cover: (uid) => this.#decide(uid, true),
      leave: (uid) => this.#decide(uid, false),
      reach: (uid) => this.select(uid, true),
      view: () => write(find("#zoom-value"), t("zoom.value", { n: number(Math.round(this.stage.zoom * 100)) })),
    });
    on(this.areas, {
      pick: (uid) => this.pick(uid),
      cover: (uid) => this.#decide(uid, true),
      leave: (uid) => this.#decide(uid, false),
      remove: (uid) => this.remove(uid),
      hint: ({ uid, on }) => this.stage.hint(uid, on),
    });
    const press = (selector, action) => find(selector).addEventListener("click", action);
    press("#zoom-in", () => this.stage.zoomBy(1.4));
    press("#zoom-out", () => this.stage.zoomBy(1 / 1.4));
    press("#zoom-fit", () => this.stage.fit());
    press("#undo", () => this.undo());
    press("#redo", () => this.redo());
    press("#marks", () => this.showMarks());
    press("#cover-all", () => this.settle(true));
    press("#leave-all", () => this.settle(false));
    press("#looked", () => this.looked());
    press("#download", () => this.download());
    press("#report", () => downloadReport(this.#entry));
    press("#draw-here", () => this.use("ellipse"));
    press("#retry", () => this.batch.again(this.#entry));
    for (const button of all("[data-tool]", find("#tools"))) button.addEventListener("click", () => this.use(button.dataset.tool));
  }

  // ---- opening a photo

  #open(entry) {
    this.#turn += 1;
    this.gestures.cancel();
    if (this.#work?.clean) this.#works.delete(this.#work.id);
    this.selected = null;
    this.#entry = entry;
    this.#work = this.#trial = null;
    this.use("select");
    this.preview.clear();
    this.stage.render([], null);
    this.areas.render([], null);
    this.#refresh();
  }

  async #load() {
    const entry = this.#entry;
    const turn = this.#turn;
    const work = this.#works.get(entry.id) ?? this.#startWork(entry);
    this.#work = work;
    try {
      if (!work.loaded) await work.load(entry.leaving.signal);
      if (turn !== this.#turn) return;
      this.stage.show(work.picture);
      this.areas.width = work.picture.width;
      this.#show(true);
      await this.preview.open(entry.id);
      if (turn !== this.#turn) return;
      this.#show(true);
      this.#refresh();
    } catch (error) {
      if (turn !== this.#turn || api.isAbort(error)) return;
      if (api.problemOf(error).passing) setTimeout(() => turn === this.#turn && this.#load(), LOAD_AGAIN_MS);
      else this.#fail(error);
    }
  }

  #startWork(entry) {
    const work = new Work(entry.id, () => {
      const { shape, area, grow } = entry.facts.options;
      return { shape, area, grow: Number(grow) };
    });
    const own = (handler) => (event) => work === this.#work && handler(event);
    work.addEventListener("edit", own(() => this.#show(true)));
    work.addEventListener("save", own(() => this.#tellSaving()));
    work.addEventListener("conflict", () => tell(t("save.conflict"), "warn"));
    work.addEventListener("photo", ({ detail }) => this.batch.learn(detail));
    this.#works.set(entry.id, work);
    return work;
  }

  #fail(error) {
    const problem = api.problemOf(error);
    tell(problem.sentence, "bad");
    this.stage.root.dataset.preview = "failed";
  }

  // ---- showing

  /** Brings stage, list and preview up to date with the regions. */
  #show(settled = false) {
    const { regions, selected } = this;
    if (!regions.some(({ uid }) => uid === selected)) this.selected = null;
    this.stage.render(regions, this.selected);
    if (!settled) return this.preview.patch(regions);
    this.areas.render(regions, this.selected);
    if (this.#work?.loaded) {
      this.panel.open(this.#work.fit);
      if (this.preview.before.src) this.preview.want(this.#work, coverQuery());
    }
    find("#undo").disabled = !this.#work?.canUndo;
    find("#redo").disabled = !this.#work?.canRedo;
    this.#tellVerdict();
    this.#tellSaving();
  }

  /** Follows what the list says of the open photo. */
  #refresh() {
    const entry = this.#entry;
    this.root.dataset.state = entry ? entry.state : "none";
    this.root.classList.toggle("ready", entry?.ready === true);
    if (!entry) return;
    write(find("#photo-name"), entry.name);
    const picture = entry.facts?.picture;
    write(find("#photo-meta"), picture ? t("card.meta", { width: picture.width, height: picture.height, format: picture.format.toUpperCase() }) : "");
    if (entry.ready && (this.#work === null || this.#work.id !== entry.id)) this.#load();
    else if (entry.ready) this.#work.heard(entry.facts.revision).catch(() => null);
    tellProgress(entry);
    this.#tellVerdict();
    write(find("#expires"), entry.facts?.expires ? t("card.expires", { time: time(entry.facts.expires) }) : "");
    find("#looked").disabled = !this.ready;
    const onward = this.batch.doubtful() !== null;
    find("#looked").classList.toggle("onward", onward);
    find("#looked").setAttribute("aria-label", t(onward ? "looked.next" : "looked.title"));
  }

  #tellVerdict() {
    if (this.#entry?.ready) tellVerdict(this.root, this.#entry, this.#work?.loaded ? this.regions : null);
  }

  #tellSaving() {
    const { saving = "saved", trouble } = this.#work ?? {};
    if (!tellSaving(saving)) return;
    if (saving === "failed") tell(trouble.sentence, "bad");
    if (saving === "retrying") announce(t("save.retrying"));
  }

  // ---- editing

  edit(regions, step = null) {
    this.#trial = null;
    if (this.ready) this.#work.edit(regions, step);
  }

  /** Shows regions that are not decided on: something is being dragged. */
  trial(regions) {
    this.#trial = regions;
    this.#show();
  }

  select(uid, reveal = false) {
    this.selected = uid;
    const region = this.regions.find((one) => one.uid === uid);
    this.stage.render(this.regions, uid);
    this.areas.render(this.regions, uid);
    if (!region) return;
    this.areas.reveal(uid);
    if (reveal) this.stage.reveal(region);
  }

  /** From the list: shows the area on the stage and goes there, so that keys work on it. */
  pick(uid) {
    this.select(uid, true);
    this.stage.focus(uid);
    this.root.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
  }

  toggle(uid) {
    this.selected = uid;
    this.edit(model.toggled(this.regions, uid));
    this.#sayState(uid);
  }

  #decide(uid, cover) {
    this.edit(cover ? model.covering(this.regions, uid) : model.leaving(this.regions, uid));
    this.#sayState(uid);
  }

  #sayState(uid) {
    const region = this.regions.find((one) => one.uid === uid);
    if (region) announce(t(model.isCovered(region) ? "live.covered" : "live.visible"));
  }

  settle(cover) {
    const { suggested } = model.counted(this.regions);
    if (!this.ready || !suggested) return;
    this.edit(model.settled(this.regions, cover));
    announce(count(cover ? "live.covered-all" : "live.left-all", suggested));
  }

  remove(uid) {
    const region = this.regions.find((one) => one.uid === uid);
    if (!region) return;
    this.edit(model.removed(this.regions, uid));
    if (!model.isDrawn(region)) return this.#sayState(uid);
    announce(t("live.removed"));
    this.stage.root.focus({ preventScroll: true });
  }

  nudge(uid, dx, dy, resize) {
    const [x, y] = [dx / this.stage.zoom, dy / this.stage.zoom];
    this.selected = uid;
    const regions = resize ? model.resized(this.regions, uid, "se", x, y) : model.moved(this.regions, uid, x, y, this.stage.size);
    this.edit(regions, `${resize ? "resize" : "move"} ${uid}`);
  }

  draw(shape, points, least) {
    this.#add(model.drawn(shape, points, this.stage.size, least));
  }

  /** Places an area in the middle of what is to be seen: drawing, for the keyboard. */
  place() {
    const shape = drawsShape(this.tool);
    if (!shape) return false;
    this.#add(model.dropped(shape, this.stage.middle, this.stage.size));
    return true;
  }

  #add(region) {
    if (!region || !this.ready) return;
    this.selected = region.uid;
    this.edit([...this.regions, region]);
    this.use("select");
    this.stage.focus(region.uid);
    announce(t("live.drawn"));
  }

  undo() {
    this.#work?.undo();
  }

  redo() {
    this.#work?.redo();
  }

  /** Has the found areas of a photo made anew; of the open one as a step that can be undone. */
  async refit(entry, fit) {
    const work = this.#works.get(entry.id);
    this.batch.learn(await (work?.loaded ? work.refit(fit) : api.patch(entry.id, fit)));
  }

  async #refit(fit) {
    if (this.ready) await this.refit(this.#entry, fit).catch((error) => this.#fail(error));
  }

  // ---- tools

  use(tool) {
    this.tool = tool;
    this.stage.root.dataset.tool = tool;
    for (const button of all("[data-tool]", find("#tools"))) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    write(find("#hint"), drawsShape(tool) ? t(`hint.${tool}`) : "");
    if (drawsShape(tool)) this.stage.root.focus({ preventScroll: true });
  }

  showMarks(on = find("#marks").getAttribute("aria-pressed") !== "true") {
    find("#marks").setAttribute("aria-pressed", String(on));
    this.stage.root.classList.toggle("unmarked", !on);
  }

  /** Escape ends what is going on, one thing at a time. */
  escape() {
    if (this.gestures.busy) this.gestures.cancel();
    else if (this.tool !== "select") this.use("select");
    else if (this.compare.on) this.compare.toggle(false);
    else if (this.selected !== null) this.select(null);
    else return false;
    return true;
  }

  // ---- being done

  /** "I have looked": settles the photo and goes on to the next doubtful one. */
  async looked() {
    const entry = this.#entry;
    if (!this.ready) return;
    const next = this.batch.doubtful();
    try {
      await this.#work.saved();
      this.batch.learn(await api.patch(entry.id, { looked: true }));
      if (entry !== this.batch.current) return;
      if (next) this.batch.open(next);
      announce(t(next ? "live.looked" : "live.looked-all"));
      if (!next) tell(t("live.looked-all"));
    } catch (error) {
      this.#fail(error);
    }
  }

  async download() {
    const entry = this.#entry;
    const button = find("#download");
    if (!this.ready || button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    write(find("span", button), t("card.preparing"));
    try {
      await downloadOne(entry, () => this.#works.get(entry.id)?.saved());
    } catch (error) {
      if (!api.isAbort(error)) this.#fail(error);
    } finally {
      button.removeAttribute("aria-busy");
      write(find("span", button), t("card.download"));
    }
  }
}
