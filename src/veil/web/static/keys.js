// Keys. Single letters can be switched off, for those who dictate or whose hands stray.

import { find } from "./dom.js";

const KEPT = "veil-keys";
const STEP = 1; // pixels of the stage that an arrow moves an area
const FAR = 10; // with Ctrl
const PAN = 60;

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TOOLS = { v: "select", h: "hand", r: "box", e: "ellipse", f: "freehand" };

const writes = (element) => element.matches("textarea, input:not([type=radio], [type=checkbox], [type=range], [type=color])");
const usesArrows = (element) => element.matches("input, [role=slider]");

export class Keys {
  constructor(review, { again }) {
    this.review = review;
    this.again = again;
    this.letters = localStorage.getItem(KEPT) !== "off";
    const box = find("#letters");
    box.checked = this.letters;
    box.addEventListener("change", () => {
      this.letters = box.checked;
      localStorage.setItem(KEPT, this.letters ? "on" : "off");
    });
    addEventListener("keydown", (event) => this.#down(event));
    addEventListener("keyup", (event) => this.#up(event));
    addEventListener("blur", () => this.#release());
  }

  #down(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]") || writes(event.target)) return;
    if (this.#combined(event) || this.#arrow(event) || this.#plain(event)) event.preventDefault();
  }

  /** With Ctrl (or Cmd): undo, redo, download. */
  #combined(event) {
    if (!event.ctrlKey && !event.metaKey) return false;
    const { review } = this;
    const key = event.key.toLowerCase();
    if (key === "s" && review.presentable) return review.download(), true;
    if (!review.ready) return false;
    if (key === "z") return (event.shiftKey ? review.redo() : review.undo()), true;
    if (key === "y") return review.redo(), true;
    return false;
  }

  /** Arrows move the area that has the focus, with Shift resize it; on the stage itself they move the view. */
  #arrow(event) {
    const arrow = ARROWS[event.key];
    const { review } = this;
    if (!arrow || event.altKey || event.metaKey || usesArrows(event.target) || !review.ready) return false;
    const mark = event.target.closest(".mark");
    if (mark) {
      const step = event.ctrlKey ? FAR : STEP;
      review.edits.nudge(Number(mark.dataset.uid), arrow[0] * step, arrow[1] * step, event.shiftKey);
      return true;
    }
    if (event.target !== review.stage.root) return false;
    review.stage.pan(-arrow[0] * PAN, -arrow[1] * PAN);
    return true;
  }

  #plain(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const { review } = this;
    if (event.key === "Escape") return review.escape();
    const onStage = event.target === review.stage.root || event.target === document.body;
    const area = event.target.closest(".mark, .row")?.dataset.uid ?? (onStage ? review.selected : null);
    if ((event.key === "Delete" || event.key === "Backspace") && area !== null && review.ready) {
      review.edits.remove(Number(area));
      return true;
    }
    // Where the space bar would do nothing else, it plays.
    const onFilm = review.cinema.on && (onStage || event.target.matches(".scrub, :checked[type=radio]"));
    if (event.key === " " && onFilm) return event.repeat || review.cinema.film.toggle(), true;
    if (event.key === " " && onStage && review.presentable && review.entry.isSound) return event.repeat || review.listening.toggle(), true;
    if (event.key === " " && onStage && review.ready) return review.gestures.hold(true), true;
    if (event.key === "Enter" && event.target === review.stage.root && review.ready) return review.edits.place();
    if (event.key === "?") return find("#help").showModal(), true;
    return this.letters && this.#letter(event.key.toLowerCase(), event.shiftKey, event.repeat);
  }

  #letter(key, shift, repeat) {
    const { review } = this;
    if (review.cinema.key(key, shift)) return true;
    if (key === "n") return this.again(1);
    if (key === "p") return this.again(-1);
    if (key === "l" && !repeat && review.presentable) return review.looked(), true;
    if (!review.ready) return false;
    if (key === "+" || key === "=") return review.stage.zoomBy(1.25), true;
    if (key === "-") return review.stage.zoomBy(0.8), true;
    if (key === "0") return review.stage.fit(), true;
    if (key in TOOLS) return review.use(TOOLS[key]), true;
    if (key === "o") return repeat || review.compare.original(true), true;
    const actions = { a: () => review.edits.settle(!shift), b: () => review.compare.toggle(), x: () => review.showMarks() };
    if (!(key in actions) || repeat) return false;
    actions[key]();
    return true;
  }

  #up(event) {
    if (event.key === " ") this.review.gestures.hold(false);
    if (event.key.toLowerCase() === "o") this.review.compare.original(false);
  }

  #release() {
    this.review.gestures.hold(false);
    this.review.compare.original(false);
  }
}
