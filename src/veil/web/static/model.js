// The regions of one photo and what a person does to them. Pure: no page, nothing is changed in place.
// A region is what the plan holds of it, and besides: `uid`, which never leaves this page, and `unsure`, whether it was
// only suggested (2) or had doubtful moments (1) when it was loaded, so that it keeps its place in the list when it is decided.

import { boundsOf, clipped, height, meet, refitted, round, rounded, shifted, stretched, width } from "./geometry.js";
import { isMoving, movedAt, resizedAt, settledAt, spanning, staying } from "./moving.js";

const USER = "user"; // the source of drawn regions, as plans call it
let nextUid = 1;

// ---- plans

/** The regions of a plan; those of `before` hand on their uids if they are as many (a refit keeps number and order). */
export function regionsOf(plan, before = []) {
  const same = before.length === plan.regions.length;
  return plan.regions.map((region, index) =>
    Object.freeze({
      ...region,
      uid: same ? before[index].uid : nextUid++,
      unsure: same ? before[index].unsure : unsureOf(region),
    }),
  );
}

/** The plan with other regions, as the server takes it. */
export function planOf(plan, regions) {
  return { ...plan, regions: regions.map(({ uid, unsure, ...region }) => region) };
}

const unsureOf = ({ state, doubtful }) => (state === "suggested" ? 2 : doubtful?.length ? 1 : 0);

// ---- states

export const isCovered = ({ state }) => state === "covered" || state === "drawn";
export const isDrawn = ({ source }) => source === USER;
const into = (region, state) => ({ ...region, state, reason: region.state === state ? region.reason : null });
const covered = (region) => into(region, isDrawn(region) ? "drawn" : "covered");
const visible = (region) => into(region, "kept");

const change = (regions, uid, how) => regions.map((one) => (one.uid === uid ? Object.freeze(how(one)) : one));

/** Covers a visible region and leaves a covered one visible; a suggested one is covered. */
export const toggled = (regions, uid) => change(regions, uid, (one) => (isCovered(one) ? visible(one) : covered(one)));
export const covering = (regions, uid) => change(regions, uid, covered);
export const leaving = (regions, uid) => change(regions, uid, visible);

/** Says why a person decided so; null takes that back. */
export const reasoned = (regions, uid, reason) => change(regions, uid, (one) => ({ ...one, reason }));

/** Decides on all suggestions at once. */
export function settled(regions, cover) {
  const how = cover ? covered : visible;
  return regions.map((one) => (one.state === "suggested" ? Object.freeze(how(one)) : one));
}

/** Takes a drawn region away; a found one stays in the plan as left visible, so that reports count it. */
export function removed(regions, uid) {
  const gone = regions.find((one) => one.uid === uid);
  return gone && isDrawn(gone) ? regions.filter((one) => one !== gone) : leaving(regions, uid);
}

export function counted(regions) {
  const counts = { covered: 0, drawn: 0, kept: 0, suggested: 0, doubtful: 0 };
  for (const region of regions) {
    counts[region.state] += 1;
    if (isCovered(region)) counts.doubtful += region.doubtful?.length ?? 0;
  }
  return counts;
}

// ---- places

/** A new region as drawn; null where it is too small to have been meant. */
export function drawn(shape, points, size, least) {
  const bounds = boundsOf(points);
  if (width(bounds) < least || height(bounds) < least) return null;
  const outline = shape === "polygon" ? points.map((point) => inside(point, size)) : null;
  const box = outline ? boundsOf(outline) : clipped(bounds, size);
  if (width(box) <= 0 || height(box) <= 0) return null;
  return Object.freeze(placed(fresh(shape), box, outline));
}

/** A new region in the middle of what is to be seen, for those who cannot draw one. */
export function dropped(shape, box, size) {
  const here = clipped(box, size);
  return drawn(shape, shape === "polygon" ? round(here) : [here.slice(0, 2), here.slice(2)], size, 1);
}

/** A place that a second look names, as an area: covered, or left visible. `fit` is how found areas reach. */
export function settledPlace({ box }, cover, { shape, grow }, size) {
  const [across, down] = [(width(box) * (grow - 1)) / 2, (height(box) * (grow - 1)) / 2];
  const region = drawn(shape, [[box[0] - across, box[1] - down], [box[2] + across, box[3] + down]], size, 0);
  return region && Object.freeze({ ...region, state: cover ? "drawn" : "kept" });
}

const inside = ([x, y], size) => [Math.min(Math.max(x, 0), size.width), Math.min(Math.max(y, 0), size.height)];

function fresh(shape) {
  return {
    uid: nextUid++, unsure: 0, shape, state: "drawn", score: null, source: USER, face: null, points: [], frames: null,
    reason: null,
  };
}

/** A region in another box. What was found of the face is dropped: a refit must leave by hand what was put by hand. */
function placed(region, box, outline = null) {
  const corners = outline ?? (region.shape === "polygon" ? refitted(region.outline, region.box, box) : null);
  const points = corners?.map((point) => point.map(rounded));
  return {
    ...region,
    face: null,
    points: [],
    box: points ? boundsOf(points) : box.map(rounded),
    ...(points && { outline: points }),
  };
}

/** Moves a region; one that moves by itself, in the frame that is shown. */
export const moved = (regions, uid, dx, dy, size, frame = 0) =>
  change(regions, uid, (one) => (isMoving(one) ? movedAt(one, frame, dx, dy, size) : placed(one, shifted(one.box, dx, dy, size))));

export const resized = (regions, uid, handle, dx, dy, frame = 0) =>
  change(regions, uid, (one) => (isMoving(one) ? resizedAt(one, frame, handle, dx, dy) : placed(one, stretched(one.box, handle, dx, dy))));

/** Has a region be in some frames only, from the first to before the last. */
export const spanned = (regions, uid, frames) => change(regions, uid, (one) => spanning(one, frames));

/** Has a region stay through the whole video where it is in a frame. */
export const stayed = (regions, uid, frame) => change(regions, uid, (one) => staying(one, frame));

/** Puts another region in the place of one: what followed it, for one that stayed. */
export const replaced = (regions, uid, other) => change(regions, uid, (one) => ({ ...other, uid, unsure: one.unsure }));

/** Takes a doubtful moment for a right one. */
export const confirmed = (regions, uid, first) => change(regions, uid, (one) => settledAt(one, first));

// ---- orders

/** For the list: what was doubtful comes first, the least sure ahead; deciding on a region does not move it. */
export function listed(regions) {
  const rank = (one) => -one.unsure;
  const sure = (one) => one.score ?? 2;
  const start = (one) => one.frames?.[0] ?? 0;
  return [...regions].sort((a, b) => rank(a) - rank(b) || start(a) - start(b) || sure(a) - sure(b) || a.box[1] - b.box[1]);
}

/** For the stage: the largest at the bottom, so that a small one on it can still be reached. */
export function stacked(regions) {
  const area = ({ box }) => width(box) * height(box);
  return [...regions].sort((a, b) => area(b) - area(a));
}

// ---- between two previews

const place = (region) => JSON.stringify([region.shape, region.box]);

/**
 * What to put over a covered preview until the next one is there: `bare` holds regions that it covers and that are to be
 * seen now, `fresh` those that are to be covered now and are bare in it, and all that the bare ones would uncover.
 */
export function patches(shown, regions) {
  const wanted = regions.filter(isCovered);
  const now = new Set(wanted.map(place));
  const then = new Set(shown.filter(isCovered).map(place));
  const bare = shown.filter((one) => isCovered(one) && !now.has(place(one)));
  const fresh = wanted.filter((one) => !then.has(place(one)) || bare.some(({ box }) => meet(box, one.box)));
  return { bare, fresh };
}

// ---- undo

/** All states that a photo went through; `state` is the present one. */
export class History {
  #past = [];
  #future = [];

  constructor(state) {
    this.state = state;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  push(state) {
    this.#past.push(this.state);
    this.#future = [];
    this.state = state;
  }

  /** Takes the present state for the same step as the last one: many presses of an arrow are one move. */
  amend(state) {
    this.#future = [];
    this.state = state;
  }

  undo() {
    if (!this.canUndo) return false;
    this.#future.push(this.state);
    this.state = this.#past.pop();
    return true;
  }

  redo() {
    if (!this.canRedo) return false;
    this.#past.push(this.state);
    this.state = this.#future.pop();
    return true;
  }
}
