// What a video's areas are in time: when somebody is to be seen, and which moments are doubtful. Pure.

import { isCovered } from "./model.js";
import { endOf, isMoving } from "./moving.js";

/** The frame in which an area is largest, and so best seen. */
export function bestFrame(region) {
  if (!isMoving(region)) return region.frames?.[0] ?? 0;
  const size = ([, [left, top, right, bottom]]) => (right - left) * (bottom - top);
  return region.keys.reduce((best, key) => (size(key) > size(best) ? key : best))[0];
}

/** From when to when an area is there, in seconds. */
export function timesOf(region, times) {
  const [first, stop] = region.frames ?? [0, times.length];
  return { start: times[first], end: endOf(times, stop - 1) };
}

/** The moments in which a face is covered though it was not seen, in order of time. */
export function moments(regions, times) {
  const all = regions.filter(isCovered).flatMap(({ uid, doubtful = [] }) =>
    doubtful.map(([first, stop]) => ({ uid, first, stop, at: times[first], seconds: endOf(times, stop - 1) - times[first] })));
  return all.sort((a, b) => a.first - b.first || a.uid - b.uid);
}

/** The frame in the middle of a moment, where it is looked at. */
export const middleOf = ({ first, stop }) => (first + stop - 1) >> 1;

/**
 * What wants an eye, in order of time, as {frame, uid}: doubtful moments in their middle, suggestions where they are best
 * seen, and `places` that a second look names.
 */
export function eyes(regions, places = []) {
  const lost = regions.filter(isCovered).flatMap(({ uid, doubtful = [] }) => doubtful.map(([first, stop]) => ({ frame: middleOf({ first, stop }), uid })));
  const open = regions.filter(({ state }) => state === "suggested").map((region) => ({ frame: bestFrame(region), uid: region.uid }));
  return [...lost, ...open, ...places.map(({ frame, uid }) => ({ frame, uid }))].sort(inTime);
}

const inTime = (a, b) => a.frame - b.frame || a.uid - b.uid;

/** The next of some eyes after a frame, or before it; of several in one frame, after the selected one. Null if there is none. */
export function nextEye(all, frame, selected, step) {
  const isHere = all.some((eye) => eye.frame === frame && eye.uid === selected);
  const here = { frame, uid: isHere ? selected : -step * Infinity };
  const found = step > 0 ? all.find((eye) => inTime(eye, here) > 0) : all.findLast((eye) => inTime(eye, here) < 0);
  return found ?? null;
}

/** A lane for each area, so that none meets another in its lane: `placed` holds {region, lane, first, stop}. */
export function lanes(regions, count) {
  const ends = [];
  const spans = regions.map((region) => ({ region, first: region.frames?.[0] ?? 0, stop: region.frames?.[1] ?? count }));
  spans.sort((a, b) => a.first - b.first || a.stop - b.stop);
  const placed = spans.map((span) => {
    const free = ends.findIndex((end) => end <= span.first);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = span.stop;
    return { ...span, lane };
  });
  return { placed, count: ends.length };
}
