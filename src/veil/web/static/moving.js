// Areas that move through a video, and time. Pure: no page, nothing is changed in place.
// `keys` holds pairs of a frame and the box in it, from the first of `frames` to the last; between two of them each side
// goes straight. An area without keys stays where it is, in its `frames` or in all of them.

import { around, rounded, shift, shifted, stretched } from "./geometry.js";

const SHORT = 0.004; // seconds, shorter than frames are

export const isMoving = ({ keys }) => Boolean(keys?.length);
export const isPresent = ({ frames }, frame) => !frames || (frames[0] <= frame && frame < frames[1]);

/** The last index of rising values that is not above a limit; -1 if all are. */
function lastUpTo(count, valueOf, limit) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueOf(middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The box in a frame; null before the first key and after the last. */
export function boxAt(keys, frame) {
  const before = lastUpTo(keys.length, (index) => keys[index][0], frame);
  if (before < 0) return null;
  const [start, from] = keys[before];
  if (start === frame) return from;
  if (before === keys.length - 1) return null;
  const [stop, to] = keys[before + 1];
  const share = (frame - start) / (stop - start);
  return from.map((side, index) => side + (to[index] - side) * share);
}

/** The box in the frame nearest to one in which the area is. */
const boxNear = (region, frame) =>
  isMoving(region) ? boxAt(region.keys, Math.min(Math.max(frame, region.frames[0]), region.frames[1] - 1)) : region.box;

/** The areas that lie in a frame, where they are in it. */
export function presentAt(regions, frame) {
  const present = regions.filter((region) => isPresent(region, frame));
  return present.map((region) => (isMoving(region) ? { ...region, box: boxAt(region.keys, frame) } : region));
}

// ---- changing

/** An area with other keys. What was found of the face is dropped: a refit must leave by hand what was put by hand. */
function keyed(region, keys) {
  const neat = keys.map(([frame, box]) => [frame, box.map(rounded)]);
  return { ...region, face: null, points: [], keys: neat, box: around(neat.map(([, box]) => box)), frames: [neat[0][0], neat.at(-1)[0] + 1] };
}

/** An area that moves, changed in one frame: from there on it is changed likewise, and before, it leads up to that. */
function changedFrom(region, frame, how) {
  const before = region.keys.filter(([at]) => at < frame);
  const later = region.keys.filter(([at]) => at > frame).map(([at, box]) => [at, how(box)]);
  return keyed(region, [...before, [frame, how(boxAt(region.keys, frame))], ...later]);
}

/** An area that moves, moved in a frame in which it is. */
export function movedAt(region, frame, dx, dy, size) {
  const here = boxAt(region.keys, frame);
  const there = shifted(here, dx, dy, size);
  return changedFrom(region, frame, (box) => shift(box, there[0] - here[0], there[1] - here[1]));
}

export const resizedAt = (region, frame, handle, dx, dy) => changedFrom(region, frame, (box) => stretched(box, handle, dx, dy));

/** An area for some frames only: cut off at both ends, or made longer, staying as it was where it ended. */
export function spanning(region, [first, stop]) {
  const within = (span) => [Math.max(span[0], first), Math.min(span[1], stop)];
  const doubtful = (region.doubtful ?? []).map(within).filter(([from, to]) => from < to);
  if (region.shape === "polygon") return { ...region, frames: [first, stop], doubtful };
  const last = stop - 1;
  const inner = (region.keys ?? []).filter(([at]) => first < at && at < last);
  const ends = first === last ? [first] : [first, last];
  const outer = ends.map((at) => [at, boxNear(region, at)]);
  return { ...keyed(region, [outer[0], ...inner, ...outer.slice(1)]), doubtful };
}

/** An area that stays where it is in a frame, through the whole video. */
export const staying = (region, frame) => ({ ...region, box: boxNear(region, frame).map(rounded), keys: [], frames: null, doubtful: [], face: null, points: [] });

/** An area without one of its doubtful moments: a person has looked at it. */
export const settledAt = (region, first) => ({ ...region, doubtful: region.doubtful.filter((span) => span[0] !== first) });

// ---- time

/** The frame that is shown at a time, in seconds. */
export const frameAt = (times, time) => Math.max(lastUpTo(times.length, (index) => times[index], time + 1e-4), 0);

/** When a frame ends; the last one is as long as the one before it. */
export function endOf(times, frame) {
  if (frame + 1 < times.length) return times[frame + 1];
  return frame > 0 ? 2 * times[frame] - times[frame - 1] : times[frame];
}

/** A time within a frame, away from its edges, so that rounding cannot show its neighbour, nor the end another one. */
export function within(times, frame) {
  const half = (endOf(times, frame) - times[frame]) / 2;
  return times[frame] + (frame + 1 < times.length ? half : Math.min(half, SHORT));
}

/** The frame some seconds away, at least one frame further. */
export function framesAway(times, frame, seconds) {
  const there = frameAt(times, times[frame] + seconds);
  const step = Math.sign(seconds);
  return Math.min(Math.max(there === frame ? frame + step : there, 0), times.length - 1);
}

/** A time in words of a clock: 0:07.5, or 1:02:03.4. */
export function clock(seconds) {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const [hours, minutes, rest] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
  const tail = rest.toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** A length as shown on a badge: 0:07. */
export const length = (seconds) => clock(Math.round(seconds)).slice(0, -2);
