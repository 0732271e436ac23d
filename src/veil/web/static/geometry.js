// Boxes, outlines and the view of a picture on a stage. Pure: no page, no state.
// Boxes are [left, top, right, bottom] in pixels of the picture; points are [x, y].

const LEAST_SIDE = 4; // no area is made smaller than this, in pixels of the picture
const MOST_POINTS = 300;
const MOST_ZOOM = 16;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
export const rounded = (value) => Math.round(value * 100) / 100;

// ---- boxes

export const width = (box) => box[2] - box[0];
export const height = (box) => box[3] - box[1];
export const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

/** The box between two corners, whichever way it was drawn. */
export function between([x0, y0], [x1, y1]) {
  return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
}

/** A box cut off at the picture's edges. */
export function clipped(box, size) {
  const x = (value) => clamp(value, 0, size.width);
  const y = (value) => clamp(value, 0, size.height);
  return [x(box[0]), y(box[1]), x(box[2]), y(box[3])];
}

export const shift = ([left, top, right, bottom], dx, dy) => [left + dx, top + dy, right + dx, bottom + dy];

/** A box moved, so far only that its middle stays in the picture. */
export function shifted(box, dx, dy, size) {
  const middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const x = clamp(middle[0] + dx, 0, size.width) - middle[0];
  const y = clamp(middle[1] + dy, 0, size.height) - middle[1];
  return shift(box, x, y);
}

/** A box with some of its sides moved; `handle` names them by compass: "n", "se" and so on. */
export function stretched(box, handle, dx, dy) {
  let [left, top, right, bottom] = box;
  if (handle.includes("w")) left = Math.min(left + dx, right - LEAST_SIDE);
  if (handle.includes("e")) right = Math.max(right + dx, left + LEAST_SIDE);
  if (handle.includes("n")) top = Math.min(top + dy, bottom - LEAST_SIDE);
  if (handle.includes("s")) bottom = Math.max(bottom + dy, top + LEAST_SIDE);
  return [left, top, right, bottom];
}

/** The box around some boxes. */
export const around = (boxes) => boxes.reduce(([l, t, r, b], [left, top, right, bottom]) => [Math.min(l, left), Math.min(t, top), Math.max(r, right), Math.max(b, bottom)]);

// ---- outlines

export function boundsOf(points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Points that lay in one box, where they belong in another. */
export function refitted(points, from, to) {
  const along = (value, low, span, newLow, newSpan) => newLow + ((value - low) / (span || 1)) * newSpan;
  return points.map(([x, y]) => [
    along(x, from[0], width(from), to[0], width(to)),
    along(y, from[1], height(from), to[1], height(to)),
  ]);
}

/** An ellipse as an outline, for those who place an area without drawing it. */
export function round(box, count = 32) {
  const centre = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  return Array.from({ length: count }, (_, index) => {
    const turn = (index / count) * 2 * Math.PI;
    return [centre[0] + (Math.cos(turn) * width(box)) / 2, centre[1] + (Math.sin(turn) * height(box)) / 2];
  });
}

/** Fewer points along nearly the same line (Douglas and Peucker): as few as the tolerance allows, never more than the limit. */
export function simplified(points, tolerance, limit = MOST_POINTS) {
  let kept = douglasPeucker(points, tolerance);
  for (let looser = Math.max(tolerance, 0.1); kept.length > limit; looser *= 1.5) kept = douglasPeucker(points, looser);
  return kept;
}

function douglasPeucker(points, tolerance) {
  if (points.length < 3) return points;
  const keep = new Set([0, points.length - 1]);
  const spans = [[0, points.length - 1]]; // a list and not recursion: a drawn line may have many thousand points
  while (spans.length) {
    const [first, last] = spans.pop();
    let farthest = 0;
    let at = 0;
    for (let index = first + 1; index < last; index += 1) {
      const distance = distanceTo(points[index], points[first], points[last]);
      if (distance > farthest) [farthest, at] = [distance, index];
    }
    if (farthest <= tolerance) continue;
    keep.add(at);
    spans.push([first, at], [at, last]);
  }
  return [...keep].sort((a, b) => a - b).map((index) => points[index]);
}

/** How far a point lies from the stretch between two others. */
function distanceTo([x, y], [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const along = length ? clamp(((x - x0) * dx + (y - y0) * dy) / length, 0, 1) : 0;
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

// ---- the view: where the picture's corner lies on the stage, and how many stage pixels one of its pixels takes

/** The view that shows all of a picture in the middle of a room, with a margin; small ones are enlarged a little. */
export function fitting(size, room, margin = 0) {
  const across = Math.max(room.width - 2 * margin, 40) / size.width;
  const down = Math.max(room.height - 2 * margin, 40) / size.height;
  const scale = Math.min(across, down, 4);
  return { scale, x: (room.width - size.width * scale) / 2, y: (room.height - size.height * scale) / 2 };
}

/** The view after zooming by a factor around a point of the stage, which stays where it is. */
export function zoomed(view, factor, [x, y], least) {
  const scale = clamp(view.scale * factor, least, Math.max(MOST_ZOOM, least));
  const change = scale / view.scale;
  return { scale, x: x - (x - view.x) * change, y: y - (y - view.y) * change };
}

/** A view pushed back so that the picture cannot get lost: at least a quarter of the room keeps some of it. */
export function kept(view, size, room) {
  const hold = (place, length, space) => clamp(place, space * 0.25 - length, space * 0.75);
  return {
    scale: view.scale,
    x: hold(view.x, size.width * view.scale, room.width),
    y: hold(view.y, size.height * view.scale, room.height),
  };
}

/** The view moved as little as needed to show a box, if it is not wholly to be seen. */
export function showing(view, box, room, margin = 48) {
  const push = (low, high, space) => {
    if (high - low > space - 2 * margin) return space / 2 - (low + high) / 2;
    if (low < margin) return margin - low;
    return Math.min(space - margin - high, 0);
  };
  const [left, top, right, bottom] = onStage(view, box);
  return { scale: view.scale, x: view.x + push(left, right, room.width), y: view.y + push(top, bottom, room.height) };
}

export const toPicture = (view, [x, y]) => [(x - view.x) / view.scale, (y - view.y) / view.scale];

export function onStage(view, [left, top, right, bottom]) {
  const { scale, x, y } = view;
  return [left * scale + x, top * scale + y, right * scale + x, bottom * scale + y];
}
