// Original and covered picture: a divider that can be moved, and the original for as long as a button is held.

import { find } from "./dom.js";
import { t } from "./words.js";

export class Compare {
  constructor(stage, button, hold) {
    this.stage = stage;
    this.button = button;
    this.divider = find(".divider", stage.root);
    button.addEventListener("click", () => this.toggle());
    this.#follow();
    this.divider.addEventListener("keydown", (event) => this.#key(event));
    for (const name of ["pointerdown", "keydown"]) {
      hold.addEventListener(name, (event) => (name === "pointerdown" || event.key === " " || event.key === "Enter") && this.original(true));
    }
    for (const name of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) {
      hold.addEventListener(name, () => this.original(false));
    }
    this.#set(50);
  }

  get on() {
    return this.stage.root.classList.contains("comparing");
  }

  toggle(on = !this.on) {
    this.stage.root.classList.toggle("comparing", on);
    this.divider.hidden = !on;
    this.button.setAttribute("aria-pressed", String(on));
    this.#set(50);
  }

  /** Shows the original alone. */
  original(on) {
    this.stage.root.classList.toggle("original", on);
  }

  #set(percent) {
    const at = Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
    this.stage.divide(this.on ? at : 0);
    this.divider.setAttribute("aria-valuenow", Math.round(at));
    this.divider.setAttribute("aria-valuetext", t("compare.value", { n: Math.round(at) }));
  }

  #follow() {
    const { divider } = this;
    divider.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      divider.setPointerCapture(event.pointerId);
      divider.focus({ preventScroll: true });
      event.preventDefault();
    });
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const [x] = this.stage.pointOf(event);
      this.#set((x / this.stage.size.width) * 100);
    });
  }

  #key(event) {
    const now = Number(this.divider.getAttribute("aria-valuenow"));
    const moves = { ArrowLeft: now - 2, ArrowDown: now - 2, ArrowRight: now + 2, ArrowUp: now + 2 };
    const places = { ...moves, PageDown: now - 10, PageUp: now + 10, Home: 0, End: 100 };
    if (!(event.key in places)) return;
    this.#set(places[event.key]);
    event.preventDefault();
    event.stopPropagation();
  }
}
