// What a video's areas are in time: when somebody is to be seen, and which moments are doubtful. Pure.

import { isCovered } from "./model.js";
import { endOf, isMoving } from "./moving.js";

/** The frame in which an area is largest, and so best seen. */
export function bestFrame(region) {
  if (!isMoving(region)) return region.frames?.[0] ?? 0;
  const size = ([, [left, top, right, bottom]]) => (right - left) * (bottom - top);
  return region.keys.reduce((best, key) => (size(key) > size(best) ? key : best))[0];
}

/** What is said of each area's time: from when to when, how long, and how many moments are doubtful. */
export function timesOf(region, times) {
  const [first, stop] = region.frames ?? [0, times.length];
  const start = times[first];
  const end = endOf(times, stop - 1);
  return { start, end, seconds: end - start, moments: isCovered(region) ? (region.doubtful ?? []).length : 0 };
}

/** The moments in which a face is covered though it was not seen, in order of time. */
export function moments(regions, times) {
  const all = regions.filter(isCovered).flatMap(({ uid, doubtful = [] }) =>
    doubtful.map(([first, stop]) => ({ uid, first, stop, at: times[first], seconds: endOf(times, stop - 1) - times[first] })));
  return all.sort((a, b) => a.first - b.first || a.uid - b.uid);
}

/** The frames that want an eye, rising: where each doubtful moment is in its middle, and each suggestion is best seen. */
export function eyeFrames(regions) {
  const lost = regions.filter(isCovered).flatMap(({ doubtful = [] }) => doubtful.map(([first, stop]) => (first + stop - 1) >> 1));
  const open = regions.filter(({ state }) => state === "suggested").map(bestFrame);
  return [...new Set([...lost, ...open])].sort((a, b) => a - b);
}

/** The next of some rising frames after the present one, or before it; null if there is none. */
export function nextFrame(frames, frame, step) {
  const found = step > 0 ? frames.find((one) => one > frame) : frames.findLast((one) => one < frame);
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
