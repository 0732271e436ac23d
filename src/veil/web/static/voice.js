// What becomes of sound: the choice, in the panel, and a few seconds before and after to hear what it does.

import * as api from "./api.js";
import { all, find, tell, write } from "./dom.js";
import { length } from "./moving.js";
import { alters, chooseVoice, onChoice, voiceOf, voiceQuery } from "./settings.js";
import { count, t } from "./words.js";

const CHOICES = ["voice", "voice_in", "background"];
const WEAK = new Set(["keep", "disguise"]);

export class Voice {
  #entry = null; // a video with sound or a sound file; null for others
  #place = () => 0; // where its player is, in seconds
  #leaving = new AbortController();
  #heard = null; // the query that what can be heard was made with

  constructor(root) {
    this.root = root;
    this.tried = find("#try", root);
    for (const button of all("[data-try]", root)) {
      button.addEventListener("click", () => this.#try(button.dataset.try === "here" ? this.#place() : null));
    }
    for (const audio of all("audio", root)) {
      audio.addEventListener("play", () => all("audio").filter((other) => other !== audio).forEach((other) => other.pause()));
    }
    onChoice(() => this.render());
  }

  /** Offers what a video or sound file has; `place` tells where it is being watched or listened to. */
  open(entry, place) {
    this.#place = place;
    if (entry !== this.#entry) {
      this.#entry = entry;
      this.#forget();
    }
    this.root.hidden = entry === null;
    if (entry) this.render();
  }

  choose(changes) {
    if (this.#entry) chooseVoice(this.#entry, changes);
  }

  /** Says where a part of the sound would begin that is heard from here. */
  moved() {
    if (this.#entry) write(find("[data-try=here] span", this.root), t("try.here", { time: length(this.#place()) }));
  }

  render() {
    const entry = this.#entry;
    if (!entry) return;
    const values = voiceOf(entry);
    for (const name of CHOICES) {
      for (const radio of all(`[name="${name}"]`, this.root)) radio.checked = radio.value === values[name];
    }
    const keep = find("#voice-keep", this.root);
    for (const part of [keep, keep.labels[0]]) part.hidden = entry.isSound; // it would be the same file
    write(find("[for=voice-mute]", this.root), t(entry.isSound ? "voice.silence" : "voice.mute"));
    const inSpeech = alters(entry) && values.voice_in === "speech";
    find("#voice-in", this.root).hidden = values.voice === "keep" || (entry.isSound && values.voice === "mute");
    find("#background", this.root).hidden = !inSpeech;
    const note = find("#voice-note", this.root);
    const told = values.voice === "mute" && inSpeech ? "silence" : values.voice;
    write(note, t(`voice.${told}.more`) + (inSpeech ? ` ${t("voice.missed")}` : ""));
    note.dataset.weak = WEAK.has(values.voice);
    this.tried.hidden = !(entry.ready && alters(entry));
    this.moved();
    if (this.#heard !== null && this.#heard !== voiceQuery(entry)) this.#forget();
  }

  #forget() {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#heard = null;
    this.#say("");
    find(".heard", this.tried).hidden = true;
    for (const audio of all("audio", this.tried)) {
      audio.pause();
      audio.removeAttribute("src");
    }
  }

  #say(text) {
    write(find("[role=status]", this.tried), text);
  }

  async #try(at) {
    this.#forget();
    const entry = this.#entry;
    const { signal } = this.#leaving;
    const query = (this.#heard = voiceQuery(entry));
    this.#say(t("try.making"));
    try {
      const made = await api.trial(entry.id, query, at, signal);
      if (signal.aborted) return;
      for (const audio of all("audio", this.tried)) audio.src = made[audio.dataset.which];
      const heard = find(".heard", this.tried);
      heard.hidden = false;
      heard.scrollIntoView({ block: "nearest" });
      const where = t("try.from", { time: length(made.start) });
      this.#say(`${where} ${made.stretches ? count("try.changed", made.stretches) : t("try.nothing")}`);
    } catch (error) {
      if (signal.aborted || api.isAbort(error)) return;
      this.#say("");
      const { kind, sentence, message } = api.problemOf(error);
      tell(kind === "usage" && message ? t("try.none") : sentence, "bad");
    }
  }
}
