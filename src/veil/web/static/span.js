// When the selected area of a video covers: always, in some frames, or following what is in it.

import { all, find, write } from "./dom.js";
import { isDrawn } from "./model.js";
import { isMoving } from "./moving.js";
import { percent, t } from "./words.js";

/** Tells "always", "onward", "follow", "start", "end" and "stop", as its buttons are called. */
export class Span extends EventTarget {
  constructor(root = find("#span")) {
    super();
    this.root = root;
    for (const button of all("[data-span]", root)) button.addEventListener("click", () => this.dispatchEvent(new Event(button.dataset.span)));
  }

  /** Shows what can be done with an area; `following` is how far it is followed, {done, total}, or null. */
  render(region, following = null) {
    this.root.hidden = !region;
    if (!region) return;
    const drawn = isDrawn(region);
    const hidden = {
      always: !drawn || !region.frames,
      onward: !drawn || Boolean(region.frames),
      follow: !drawn || region.shape === "polygon",
      start: drawn && !region.frames,
      end: drawn && !region.frames,
      stop: !following,
    };
    for (const button of all("[data-span]", this.root)) button.hidden = hidden[button.dataset.span] || (Boolean(following) && button.dataset.span !== "stop");
    const told = drawn ? t(`span.${note(region)}`) : "";
    write(find("p", this.root), following ? t("span.following", { n: share(following) }) : told);
  }
}

const share = ({ done = 0, total = 0 }) => percent(total ? done / total : 0);

function note(region) {
  if (isMoving(region)) return "moves";
  return region.frames ? "some" : "all";
}
