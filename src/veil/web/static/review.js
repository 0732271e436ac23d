// Reviewing the open photo: joins its regions with the stage, the list of areas, the preview and the panel.

import * as api from "./api.js";
import { Areas } from "./areas.js";
import { Cinema } from "./cinema.js";
import { Compare } from "./compare.js";
import { all, announce, find, tell, write } from "./dom.js";
import { downloadOne, downloadReport, makingOf, stopMaking } from "./download.js";
import { Edits } from "./edits.js";
import { Gestures, drawsShape } from "./gestures.js";
import { Listening } from "./listening.js";
import * as model from "./model.js";
import { presentAt } from "./moving.js";
import { openPlaces, Places, Spots } from "./places.js";
import { Preview } from "./preview.js";
import { coverQuery, onChoice } from "./settings.js";
import { Stage } from "./stage.js";
import { tellFacts, tellMaking, tellOnward, tellProgress, tellSaving, tellVerdict, tellWithout } from "./telling.js";
import { number, t } from "./words.js";
import { Works } from "./works.js";

const LOAD_AGAIN_MS = 2000;

export class Review {
  #works = new Works();
  #turn = 0;
  #entry = null;
  #work = null;
  #trial = null; // regions while something is dragged
  #numbers = { of: null, all: null };
  #told = ""; // of second looks, by the server
  selected = null;
  tool = "select";

  constructor(batch, panel, root = find("#review")) {
    this.batch = batch;
    this.panel = panel;
    this.root = root;
    this.stage = new Stage(find("#stage"));
    this.gestures = new Gestures(this.stage, this);
    this.preview = new Preview(this.stage);
    this.cinema = new Cinema(this);
    this.listening = new Listening(find("#listen"));
    this.compare = new Compare(this.stage, find("#compare"), find("#hold"));
    const picture = find(".before", this.stage.root);
    this.areas = new Areas(find("#areas"), { picture, film: this.cinema.film, faces: this.cinema.faces });
    this.places = new Places(find("#places"), picture);
    this.spots = new Spots(this.stage);
    this.edits = new Edits(this);
    this.#listen();
    this.#wire();
  }

  // ---- what is asked of it

  get ready() {
    return this.#work?.loaded === true && this.#entry.ready;
  }

  /** Whether it can be looked at, or listened to, and fetched. */
  get presentable() {
    return this.ready || (this.#entry?.isSound === true && this.#entry.ready);
  }

  /** Whether a person can say that they have looked: places that hold its result back want more than that. */
  get settleable() {
    return this.presentable && !this.#stillOpen.length;
  }

  get entry() {
    return this.#entry;
  }

  get regions() {
    return this.#trial ?? this.#work?.regions ?? [];
  }

  /** Shape, area and size of found regions. */
  get fit() {
    return this.#work.fit;
  }

  get unsaved() {
    return this.#works.unsaved;
  }

  /** Ends when every edit of every photo is saved. */
  allSaved() {
    return this.#works.saved();
  }

  // ---- wiring

  #listen() {
    this.batch.addEventListener("open", ({ detail }) => this.#open(detail));
    this.batch.addEventListener("change", () => this.#refresh());
    this.batch.addEventListener("progress", ({ detail }) => detail === this.#entry && this.#refresh());
    this.batch.addEventListener("drop", ({ detail }) => {
      this.#works.forget(detail.id);
      this.cinema.follower.keep(detail.id, new Set());
    });
    onChoice((names) => {
      const covering = ["style", "color", "strength", "boxes"].some((name) => names.has(name));
      if (covering && this.ready) this.#want(true);
      if (this.#entry) tellWithout(this.#entry);
    });
    this.panel.addEventListener("fit", ({ detail }) => this.#refit(detail));
    this.preview.addEventListener("failed", ({ detail }) => tell(detail.sentence, "bad"));
    addEventListener("look-there", ({ detail }) => detail === this.#entry && this.#stillOpen.length && this.#goTo(this.#stillOpen[0]));
    addEventListener("online", () => this.#works.hurry());
  }

  #wire() {
    const { edits } = this;
    const on = (target, handlers) => {
      for (const [name, handler] of Object.entries(handlers)) target.addEventListener(name, ({ detail }) => handler(detail));
    };
    on(this.stage, {
      toggle: (uid) => edits.toggle(uid),
      cover: (uid) => edits.decide(uid, true),
      leave: (uid) => edits.decide(uid, false),
      reach: (uid) => this.select(uid, true),
      view: () => write(find("#zoom-value"), t("zoom.value", { n: number(Math.round(this.stage.zoom * 100)) })),
    });
    on(this.cinema, {
      open: () => this.#opened(),
      frame: () => {
        this.#renderStage();
        this.panel.voice.moved();
      },
      failed: (problem) => tell(problem.sentence, "bad"),
    });
    on(this.listening, {
      moved: () => this.panel.voice.moved(),
      failed: (problem) => tell(problem.sentence, "bad"),
    });
    on(this.#works, {
      edit: ({ work }) => work === this.#work && this.#show(true),
      save: ({ work }) => work === this.#work && this.#saved(),
      conflict: () => tell(t("save.conflict"), "warn"),
      photo: ({ photo }) => this.batch.learn(photo),
    });
    on(this.areas, {
      pick: (uid) => this.pick(uid),
      cover: (uid) => edits.decide(uid, true),
      leave: (uid) => edits.decide(uid, false),
      remove: (uid) => edits.remove(uid),
      reason: ({ uid, reason }) => edits.reason(uid, reason),
      hint: ({ uid, on }) => this.stage.hint(uid, on),
    });
    on(this.places, {
      go: (place) => this.#goTo(place),
      cover: (place) => edits.settlePlaces([place], true),
      leave: (place) => edits.settlePlaces([place], false),
      all: () => edits.settlePlaces(this.#stillOpen, true),
      release: () => this.download(),
    });
    on(this.spots, {
      cover: (place) => edits.settlePlaces([place], true),
      leave: (place) => edits.settlePlaces([place], false),
    });
    const press = (selector, action) => find(selector).addEventListener("click", action);
    press("#zoom-in", () => this.stage.zoomBy(1.4));
    press("#zoom-out", () => this.stage.zoomBy(1 / 1.4));
    press("#zoom-fit", () => this.stage.fit());
    press("#undo", () => this.undo());
    press("#redo", () => this.redo());
    press("#marks", () => this.showMarks());
    press("#cover-all", () => edits.settle(true));
    press("#leave-all", () => edits.settle(false));
    press("#looked", () => this.looked());
    press("#download", () => this.download());
    press("#stop-making", () => stopMaking(this.#entry));
    press("#report", () => this.report());
    press("#draw-here", () => this.use("ellipse"));
    press("#retry", () => this.batch.again(this.#entry));
    for (const button of all("[data-tool]", find("#tools"))) button.addEventListener("click", () => this.use(button.dataset.tool));
  }

  // ---- opening a photo

  #open(entry) {
    this.#turn += 1;
    this.gestures.cancel();
    if (!this.cinema.follower.isBusy(this.#work?.id)) this.#works.leave(this.#work);
    this.selected = null;
    this.#entry = entry;
    this.#work = this.#trial = null;
    this.use("select");
    this.preview.clear();
    this.cinema.clear();
    this.#renderStage();
    this.#renderLists();
    this.#refresh();
  }

  async #load() {
    const entry = this.#entry;
    const turn = this.#turn;
    const work = (this.#work = this.#works.of(entry));
    try {
      if (!work.loaded) await work.load(entry.leaving.signal);
      if (turn !== this.#turn) return;
      this.stage.show(work.picture);
      this.#show(true);
      if (!this.cinema.on) await this.preview.open(entry.id);
      if (turn !== this.#turn) return;
      this.#show(true);
      this.#refresh();
    } catch (error) {
      if (turn !== this.#turn || api.isAbort(error)) return;
      if (api.problemOf(error).passing) setTimeout(() => turn === this.#turn && this.#load(), LOAD_AGAIN_MS);
      else this.#fail(error);
    }
  }

  /** A film can be watched: before its faces have been looked for, nothing else is known of it. */
  #opened() {
    if (!this.#work?.loaded) this.stage.show(this.cinema.screening.size);
    this.#show(true);
    this.#refresh();
  }

  #fail(error) {
    const problem = api.problemOf(error);
    tell(problem.sentence, "bad");
    this.stage.root.dataset.preview = "failed";
  }

  // ---- showing

  /** Brings stage, list and preview up to date with the regions. */
  #show(settled = false) {
    const { regions } = this;
    if (!regions.some(({ uid }) => uid === this.selected)) this.selected = null;
    this.#renderStage();
    if (!settled) return (this.cinema.on ? this.cinema : this.preview).patch(regions);
    this.#renderLists();
    if (this.#work?.loaded) {
      this.panel.open(this.#work.fit);
      this.#want();
    }
    find("#undo").disabled = !this.#work?.canUndo;
    find("#redo").disabled = !this.#work?.canRedo;
    this.#tellVerdict();
    this.#tellSaving();
  }

  /** The areas that are to be seen now, where they lie now: of what does not play, in its first frame. */
  get #present() {
    return presentAt(this.regions, this.cinema.frame);
  }

  /** The places that a second look names and that are still open: the server knows which, but not yet of unsaved edits. */
  get #stillOpen() {
    return this.ready ? openPlaces(this.#entry.facts, this.#work.clean ? [] : this.regions) : [];
  }

  #renderStage() {
    this.stage.render(this.#present, this.selected, this.#numbered);
    this.spots.render(this.#stillOpen.filter((place) => (this.cinema.on ? this.cinema.isNear(place) : place.frame === 0)), this.selected);
  }

  /** The place of each area in the list, by uid. */
  get #numbered() {
    const { regions } = this;
    if (this.#numbers.of !== regions) {
      this.#numbers = { of: regions, all: new Map(model.listed(regions).map(({ uid }, index) => [uid, index + 1])) };
    }
    return this.#numbers.all;
  }

  #renderLists() {
    const { regions, selected } = this;
    if (this.#work?.loaded) this.areas.width = this.#work.picture.width;
    this.areas.render(regions, selected);
    const places = this.#stillOpen;
    this.places.render(places, this.cinema.on ? 0 : this.stage.size.width, selected);
    this.cinema.render(regions, this.#numbered, places);
  }

  #want(later = false) {
    if (this.cinema.on) this.cinema.want(this.#work, coverQuery());
    else if (this.preview.before.src) this.preview.want(this.#work, coverQuery(), later);
  }

  /** Follows what the list says of the open photo. */
  #refresh() {
    const entry = this.#entry;
    this.root.dataset.state = entry ? entry.state : "none";
    this.root.classList.toggle("ready", entry?.ready === true);
    this.#refreshCinema();
    if (!entry) return;
    tellFacts(entry);
    if (entry.isSound) this.#work = null;
    else if (entry.ready && (this.#work === null || this.#work.id !== entry.id)) this.#load();
    else if (entry.ready) this.#work.heard(entry.facts.revision).catch(() => null);
    this.#lookedAgain();
    tellProgress(entry);
    this.#tellResult();
    this.#tellVerdict();
    find("#looked").disabled = !this.settleable;
    tellOnward(this.batch.doubtful() !== null);
  }

  #saved() {
    this.#tellSaving();
    if (!this.#work.clean || !this.#entry.facts?.second_look) return;
    // Now the server knows which places are settled.
    this.#told = "";
    this.#lookedAgain();
    this.#tellVerdict();
  }

  /** Shows the places of a second look that has just been told. */
  #lookedAgain() {
    const told = JSON.stringify(this.#entry.facts?.second_look ?? null);
    if (told === this.#told) return;
    this.#told = told;
    this.#renderStage();
    this.#renderLists();
  }

  #refreshCinema() {
    const { cinema } = this;
    const entry = this.#entry;
    cinema.on = entry?.isFilm === true;
    this.areas.ofFilm = cinema.on;
    const isSound = entry?.isSound === true;
    this.panel.voice.open(entry?.hasSound ? entry : null, () => this.#place);
    this.listening.open(isSound && entry.ready ? entry : null);
    this.root.classList.toggle("sound", isSound);
    document.body.classList.toggle("on-sound", isSound);
    if (isSound && entry.ready) tellSaving("saved");
    if (cinema.on && entry.watchable) cinema.open(entry.id, !entry.isVideo);
    this.root.classList.toggle("video", cinema.on);
    this.root.classList.toggle("watching", cinema.on && entry.watchable && !entry.ready && cinema.screening.isOpen);
    document.body.classList.toggle("on-video", cinema.on);
    document.body.classList.toggle("in-work", entry?.ready === false);
  }

  /** Where the open video or sound file is, in seconds. */
  get #place() {
    const { film } = this.cinema;
    return this.#entry?.isSound ? this.listening.place : (film.times?.[film.frame] ?? 0);
  }

  #tellVerdict() {
    if (this.#entry?.ready) tellVerdict(this.root, this.#entry, this.#work?.loaded ? this.regions : null, this.#stillOpen);
  }

  #tellResult() {
    tellMaking(this.#entry);
    tellWithout(this.#entry);
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

  /** Takes the region that follows what an area held, of the open photo or of one that was left meanwhile. */
  followed({ id, uid, region }) {
    const work = this.#works.known({ id });
    if (!work?.regions.some((one) => one.uid === uid)) return;
    const regions = model.replaced(work.regions, uid, region);
    if (work === this.#work) this.edit(regions);
    else work.edit(regions);
    announce(t("live.followed"));
  }

  /** Shows regions that are not decided on: something is being dragged. */
  trial(regions) {
    this.#trial = regions;
    this.cinema.film.pause();
    this.#show();
  }

  select(uid, reveal = false) {
    this.selected = uid;
    this.#renderStage();
    this.#renderLists();
    const place = this.#stillOpen.find((one) => one.uid === uid);
    if (place && reveal) this.stage.reveal(place);
    if (!this.regions.some((one) => one.uid === uid)) return;
    this.areas.reveal(uid);
    const region = this.#present.find((one) => one.uid === uid);
    if (reveal && region) this.stage.reveal(region);
  }

  #goTo(place) {
    if (this.cinema.on) this.cinema.look(place);
    else this.select(place.uid, true);
    this.root.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
  }

  /** From the list: shows the area on the stage and goes there, so that keys work on it. */
  pick(uid) {
    this.select(uid, true);
    const focus = () => {
      this.select(uid, true);
      this.stage.focus(uid);
    };
    if (this.cinema.on) this.cinema.visit(uid, focus);
    else this.stage.focus(uid);
    this.root.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
  }

  moved(regions, uid, dx, dy) {
    return model.moved(regions, uid, dx, dy, this.stage.size, this.cinema.frame);
  }

  resized(regions, uid, handle, dx, dy) {
    return model.resized(regions, uid, handle, dx, dy, this.cinema.frame);
  }

  draw(shape, points, least) {
    this.edits.draw(shape, points, least);
  }

  undo() {
    this.#work?.undo();
  }

  redo() {
    this.#work?.redo();
  }

  /** Has the found areas of a photo made anew; of the open one as a step that can be undone. */
  async refit(entry, fit) {
    const work = this.#works.known(entry);
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
    if (!drawsShape(tool)) return;
    this.cinema.film.pause();
    this.stage.root.focus({ preventScroll: true });
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
    if (!this.settleable) return;
    const next = this.batch.doubtful();
    try {
      await this.#work?.saved();
      this.batch.learn(await api.patch(entry.id, { looked: true }));
      if (entry !== this.batch.current) return;
      if (next) this.batch.open(next);
      announce(t(next ? "live.looked" : "live.looked-all"));
      if (!next) tell(t("live.looked-all"));
    } catch (error) {
      this.#fail(error);
    }
  }

  download() {
    return this.#fetch(downloadOne);
  }

  report() {
    return this.#fetch(downloadReport);
  }

  async #fetch(how) {
    const entry = this.#entry;
    if (!this.presentable || makingOf(entry)) return;
    try {
      await how(entry, () => this.#works.known(entry)?.saved(), () => entry === this.#entry && this.#tellResult());
    } catch (error) {
      if (!api.isAbort(error)) this.#fail(error);
    }
  }
}
