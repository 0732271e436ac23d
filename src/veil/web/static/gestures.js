// Mouse, pen and fingers on the stage: pan, pinch, draw, move, resize.

import { find, svg } from "./dom.js";
import { between, simplified } from "./geometry.js";

const FAR = { mouse: 4, pen: 5, touch: 9 }; // how far a press may stray and still be a click
const LEAST_DRAWN = 6; // smaller drawings, in pixels of the stage, were not meant
const DRAWING = { box: "box", ellipse: "ellipse", freehand: "polygon" };
const WHEEL_LINE = 16;

export const drawsShape = (tool) => DRAWING[tool] ?? null;

/**
 * Wires the stage. `desk` answers for the photo: `regions`, `selected`, `tool`, and what regions are once one was `moved`
 * or `resized`; and is told: `select(uid)`, `trial(regions)` while something is dragged, `edit(regions)` at its end,
 * `draw(shape, points, least)`.
 */
export class Gestures {
  #now = null; // the gesture going on
  #fingers = new Map();
  #pinch = null;
  #space = false;
  #dragged = false;

  constructor(stage, desk) {
    this.stage = stage;
    this.desk = desk;
    this.rubber = find(".rubber", stage.root);
    const { root } = stage;
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#moved(event));
    root.addEventListener("pointerup", (event) => this.#up(event));
    root.addEventListener("pointercancel", (event) => this.#up(event, true));
    root.addEventListener("lostpointercapture", (event) => this.#fingers.delete(event.pointerId));
    root.addEventListener("click", (event) => this.#click(event), { capture: true });
    root.addEventListener("auxclick", (event) => event.button === 1 && event.preventDefault());
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    root.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
  }

  /** While the space bar is held, dragging pans whatever the tool is. */
  hold(space) {
    this.#space = space;
    this.stage.root.classList.toggle("holding", space);
  }

  get busy() {
    return this.#now !== null && this.#now.started;
  }

  cancel() {
    this.#now?.cancel?.();
    this.#now = null;
    this.rubber.replaceChildren();
    this.stage.root.classList.remove("dragging");
  }

  // ---- events

  #down(event) {
    this.#dragged = false;
    if (event.target.closest(".divider, .quick")) return;
    if (event.pointerType === "touch") {
      this.#fingers.set(event.pointerId, this.stage.stagePoint(event));
      if (this.#fingers.size === 2) return this.#startPinch();
    }
    if (this.#now) return;
    const gesture = this.#gestureFor(event);
    if (!gesture) return;
    this.#now = { id: event.pointerId, start: this.stage.stagePoint(event), far: FAR[event.pointerType] ?? 4, started: false, ...gesture };
    if (gesture.atOnce) this.#start(event);
    if (event.button === 1) event.preventDefault();
  }

  #gestureFor(event) {
    const { tool, selected } = this.desk;
    const shape = DRAWING[tool];
    if (event.button === 1 || (event.button === 0 && (this.#space || tool === "hand"))) return this.#pan();
    if (event.button !== 0) return null;
    if (shape) return shape === "polygon" ? this.#freehand(event) : this.#corners(shape, event);
    const handle = event.target.closest(".handle")?.dataset.handle;
    if (handle) return this.#drag(selected, (regions, dx, dy) => this.desk.resized(regions, selected, handle, dx, dy));
    const uid = Number(event.target.closest(".mark")?.dataset.uid);
    // A finger that only passes over an area pans; it moves an area that was tapped before.
    if (uid && (event.pointerType !== "touch" || uid === selected)) {
      return this.#drag(uid, (regions, dx, dy) => this.desk.moved(regions, uid, dx, dy));
    }
    return this.#pan();
  }

  #start(event) {
    this.#now.started = true;
    this.#dragged = true;
    this.stage.root.setPointerCapture(event.pointerId);
    this.stage.root.classList.add("dragging");
  }

  #moved(event) {
    const point = this.stage.stagePoint(event);
    if (this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, point);
    if (this.#pinch) return this.#movePinch();
    const now = this.#now;
    if (!now || now.id !== event.pointerId) return;
    if (!now.started) {
      if (Math.hypot(point[0] - now.start[0], point[1] - now.start[1]) < now.far) return;
      this.#start(event);
    }
    const coalesced = event.getCoalescedEvents?.() ?? [];
    now.move(coalesced.length ? coalesced : [event], point);
  }

  #up(event, cancelled = false) {
    this.#fingers.delete(event.pointerId);
    if (this.#pinch) {
      if (!this.#fingers.size) this.#pinch = null;
      return;
    }
    const now = this.#now;
    if (!now || now.id !== event.pointerId) return;
    if (cancelled) return this.cancel();
    this.#now = null;
    this.stage.root.classList.remove("dragging");
    if (now.started) now.end?.(event);
    this.rubber.replaceChildren();
  }

  /** A drag ends with a click, which must not toggle anything; a click beside all areas lets go of the selected one. */
  #click(event) {
    if (this.#dragged) {
      event.stopPropagation();
      event.preventDefault();
      this.#dragged = false;
    } else if (this.desk.tool === "select" && !event.target.closest(".mark, .handle, .divider")) {
      this.desk.select(null);
    }
  }

  #wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? WHEEL_LINE : 1;
    if (event.shiftKey && !event.ctrlKey) return this.stage.pan(-(event.deltaX || event.deltaY) * unit, 0);
    // Pinching a touchpad comes as a wheel with Ctrl and small steps.
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    this.stage.zoomBy(Math.exp(-event.deltaY * unit * speed), this.stage.stagePoint(event));
  }

  // ---- pinch: two fingers zoom and pan at once

  #startPinch() {
    this.cancel();
    this.#dragged = true;
    this.#pinch = this.#grip();
    for (const id of this.#fingers.keys()) this.stage.root.setPointerCapture(id);
  }

  #grip() {
    const [[x0, y0], [x1, y1]] = this.#fingers.values();
    return { middle: [(x0 + x1) / 2, (y0 + y1) / 2], span: Math.max(Math.hypot(x1 - x0, y1 - y0), 1) };
  }

  #movePinch() {
    if (this.#fingers.size < 2) return;
    const before = this.#pinch;
    const after = (this.#pinch = this.#grip());
    this.stage.pan(after.middle[0] - before.middle[0], after.middle[1] - before.middle[1]);
    this.stage.zoomBy(after.span / before.span, after.middle);
  }

  // ---- single gestures

  #pan() {
    let last = null;
    return {
      move: (_, point) => {
        const from = last ?? this.#now.start;
        this.stage.pan(point[0] - from[0], point[1] - from[1]);
        last = point;
      },
    };
  }

  /** Moves or resizes an area: shown while it goes on, one edit at its end. */
  #drag(uid, change) {
    const before = this.desk.regions;
    let after = before;
    return {
      move: (_, point) => {
        if (this.desk.selected !== uid) this.desk.select(uid);
        const { scale } = this.stage.view;
        after = change(before, (point[0] - this.#now.start[0]) / scale, (point[1] - this.#now.start[1]) / scale);
        this.desk.trial(after);
      },
      end: () => this.desk.edit(after),
      cancel: () => this.desk.trial(before),
    };
  }

  #corners(shape, event) {
    const from = this.stage.pointOf(event);
    const start = this.stage.stagePoint(event);
    const line = this.#line(shape === "ellipse" ? "ellipse" : "rect");
    let to = from;
    return {
      atOnce: true,
      move: (events, point) => {
        to = this.stage.pointOf(events.at(-1));
        const [left, top, right, bottom] = between(start, point);
        const place = shape === "ellipse"
          ? { cx: (left + right) / 2, cy: (top + bottom) / 2, rx: (right - left) / 2, ry: (bottom - top) / 2 }
          : { x: left, y: top, width: right - left, height: bottom - top };
        for (const part of line) for (const [name, value] of Object.entries(place)) part.setAttribute(name, value);
      },
      end: () => this.desk.draw(shape, [from, to], LEAST_DRAWN / this.stage.view.scale),
    };
  }

  #freehand(event) {
    const points = [this.stage.pointOf(event)];
    const trail = [this.stage.stagePoint(event)];
    const line = this.#line("path");
    return {
      atOnce: true,
      move: (events) => {
        for (const each of events) {
          points.push(this.stage.pointOf(each));
          trail.push(this.stage.stagePoint(each));
        }
        for (const part of line) part.setAttribute("d", `M${trail.map((point) => point.join(" ")).join("L")}Z`);
      },
      end: () => {
        const { scale } = this.stage.view;
        this.desk.draw("polygon", simplified(points, 0.75 / scale), LEAST_DRAWN / scale);
      },
    };
  }

  /** What shows a drawing while it is drawn. */
  #line(tag) {
    const parts = ["halo", "line"].map((name) => svg(tag, { class: name }));
    this.rubber.replaceChildren(...parts);
    return parts;
  }
}
