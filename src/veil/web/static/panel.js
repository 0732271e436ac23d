// The panel of settings: how faces are covered, how far found areas reach, how the next photos are looked at.

import { all, debounce, find, write } from "./dom.js";
import { choose, isWeak, onChoice, settings } from "./settings.js";
import { Voice } from "./voice.js";
import { number, t } from "./words.js";

const FITS = ["shape", "area", "grow"];
const VOICES = ["voice", "voice_in", "background"];

const steady = (value) => Math.round(value * 100) / 100;

/** How strong a weak style is, in words that promise nothing. */
function strengthWord(strength) {
  if (strength < 1) return t("strength.light");
  if (strength === 1) return t("strength.usual");
  return t(strength < 2.5 ? "strength.more" : "strength.most");
}

function styleNote({ style, strength }) {
  if (!isWeak(style) || strength === 1) return t(`style.${style}.more`);
  return t(strength < 1 ? "strength.below" : "strength.above");
}

export class Panel extends EventTarget {
  constructor(form) {
    super();
    this.form = form;
    this.voice = new Voice(find("#sound", form));
    this.fit = null; // shape, area and size of the open photo; null while none is open
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => this.#input(event.target));
    find("#everywhere", form).addEventListener("click", () => this.dispatchEvent(new CustomEvent("everywhere", { detail: this.fit })));
    this.refit = debounce(250, () => this.dispatchEvent(new CustomEvent("fit", { detail: this.fit })));
    onChoice(() => this.render());
    this.render();
  }

  #input({ name, value, checked }) {
    if (VOICES.includes(name)) this.voice.choose({ [name]: value });
    else if (FITS.includes(name)) {
      this.fit = { ...(this.fit ?? {}), [name]: name === "grow" ? Number(value) : value };
      choose({ [name]: this.fit[name] }); // the next photos are looked at in the same way
      this.render();
      this.refit();
    } else if (name === "boxes" || name === "verify") choose({ [name]: checked });
    else if (name === "strength") choose({ strength: Number(value) });
    else if (name === "color") choose({ color: value, style: "solid" });
    else choose({ [name]: value });
  }

  /** Shows how the open photo's areas were made. */
  open(fit) {
    this.fit = fit;
    this.render();
  }

  render() {
    const chosen = settings();
    const values = { ...chosen, ...(this.fit ?? {}) };
    for (const name of ["style", "shape", "area", "profile"]) {
      for (const radio of all(`[name="${name}"]`, this.form)) radio.checked = radio.value === values[name];
    }
    const set = (selector, value) => {
      const field = find(selector, this.form);
      if (field.value !== String(value)) field.value = value;
    };
    set("#color", values.color);
    set("#strength", values.strength);
    set("#grow", values.grow);
    for (const name of ["boxes", "verify"]) find(`#${name}`, this.form).checked = values[name];
    find(".strength", this.form).hidden = !isWeak(values.style);
    find(".color", this.form).hidden = values.style !== "solid";
    const size = t("fit.grow.value", { n: number(steady(values.grow * 100)) });
    this.#say("#strength", strengthWord(values.strength));
    this.#say("#grow", size);
    write(find("#fit-told", this.form), [t(`shape.${values.shape}`), t(`area.${values.area}`), size].join(t("card.comma")));
    write(find("#profile-told", this.form), [t(`profile.${values.profile}`), ...(values.verify ? [t("again.told")] : [])].join(t("card.comma")));
    const note = find("#style-note", this.form);
    write(note, styleNote(values));
    note.dataset.weak = isWeak(values.style);
    document.documentElement.style.setProperty("--chosen-color", values.color);
  }

  /** Writes a slider's value beside it, and for screen readers into it. */
  #say(selector, words) {
    const field = find(selector, this.form);
    field.setAttribute("aria-valuetext", words);
    write(find(`[for="${field.id}"] output`, this.form), words);
  }
}
