// The present frame of a video, about as it will look covered: drawn at once, while the video plays or an area is dragged.
// Exact frames come from the server; this only has to look like them.

import { height, width } from "./geometry.js";

const PROBE = 160; // pixels across of the small copy that colours are taken from
const RIM = 24; // places around an area that its filling is taken from
const RIM_AT = 1.18; // how far out they lie
const FILL = 5; // colours across a filling
const MOSAIC_CELLS = 4.6; // across an area, as the server makes them
const BLUR_SPOTS = 13;
const LINE = "#00ff00";

const RIM_TURNS = Array.from({ length: RIM }, (_, index) => [Math.cos((index / RIM) * 2 * Math.PI), Math.sin((index / RIM) * 2 * Math.PI)]);

const pad = (side, options) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [side, side];
  return canvas.getContext("2d", options);
};

export class Rough {
  #probe = pad(1, { willReadFrequently: true });
  #cells = pad(1);

  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d", { alpha: false });
  }

  /**
   * Draws a frame of a video and covers areas in it. `size` is the picture's own size, in whose pixels the areas are;
   * `look` says how: style, color, strength, boxes.
   */
  draw(video, areas, size, look) {
    const { canvas, pen } = this;
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return; // it is told again once there is something
    if (canvas.width !== video.videoWidth || canvas.height !== video.videoHeight) {
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    }
    pen.drawImage(video, 0, 0);
    const [across, down] = [canvas.width / size.width, canvas.height / size.height];
    const placed = areas.map((area) => ({ ...area, box: area.box.map((side, index) => side * (index % 2 ? down : across)) }));
    placed.sort((a, b) => width(a.box) * height(a.box) - width(b.box) * height(b.box));
    const colours = look.style === "veil" && placed.length ? this.#colours(video) : null;
    for (const area of placed) {
      pen.save();
      pen.clip(outline(area, across, down), "nonzero");
      this.#fill(area, look, colours, placed);
      pen.restore();
    }
    if (look.boxes) this.#lines(placed);
  }

  #fill({ box }, { style, color, strength }, colours, all) {
    const { pen, canvas } = this;
    const [left, top, wide, high] = [Math.floor(box[0]), Math.floor(box[1]), Math.ceil(width(box)) + 1, Math.ceil(height(box)) + 1];
    if (style === "solid") {
      pen.fillStyle = color;
      return pen.fillRect(left, top, wide, high);
    }
    const cells = this.#cells;
    pen.imageSmoothingEnabled = style !== "mosaic";
    if (style === "veil") {
      cells.canvas.width = cells.canvas.height = FILL;
      cells.putImageData(filling(box, colours, canvas, all), 0, 0);
    } else {
      const count = Math.max((style === "mosaic" ? MOSAIC_CELLS : BLUR_SPOTS) / Math.max(strength, 0.1), 1);
      cells.canvas.width = Math.max(Math.round(count), 1);
      cells.canvas.height = Math.max(Math.round((count * high) / wide), 1);
      cells.imageSmoothingQuality = "high";
      cells.drawImage(canvas, left, top, wide, high, 0, 0, cells.canvas.width, cells.canvas.height);
    }
    pen.drawImage(cells.canvas, left, top, wide, high);
  }

  #colours(video) {
    const probe = this.#probe;
    const [across, down] = [PROBE, Math.max(Math.round((PROBE * video.videoHeight) / video.videoWidth), 1)];
    if (probe.canvas.width !== across || probe.canvas.height !== down) [probe.canvas.width, probe.canvas.height] = [across, down];
    probe.drawImage(video, 0, 0, across, down);
    return probe.getImageData(0, 0, across, down);
  }

  #lines(areas) {
    const { pen } = this;
    pen.strokeStyle = LINE;
    pen.lineWidth = 2;
    for (const { box } of areas) pen.strokeRect(box[0] + 1, box[1] + 1, width(box) - 2, height(box) - 2);
  }
}

function outline({ shape, box, outline: points }, across, down) {
  const path = new Path2D();
  const [left, top] = box;
  const [wide, high] = [width(box), height(box)];
  if (shape === "box") path.rect(left, top, wide, high);
  else if (shape === "ellipse") path.ellipse(left + wide / 2, top + high / 2, wide / 2, high / 2, 0, 0, 2 * Math.PI);
  else {
    for (const [x, y] of points) path.lineTo(x * across, y * down);
    path.closePath();
  }
  return path;
}

/** Colours for an area from those around it, none from within it: near ones weigh more. */
function filling(box, colours, { width: wide, height: high }, all) {
  const rim = rimOf(box, colours, wide, high, all);
  const filled = new ImageData(FILL, FILL);
  for (let row = 0; row < FILL; row += 1) {
    for (let column = 0; column < FILL; column += 1) {
      const [x, y] = [(2 * column + 1) / FILL - 1, (2 * row + 1) / FILL - 1];
      const sums = [0, 0, 0, 0];
      for (const { at, colour } of rim) {
        const weight = 1 / ((at[0] - x) ** 2 + (at[1] - y) ** 2 + 0.05);
        sums[3] += weight;
        for (let channel = 0; channel < 3; channel += 1) sums[channel] += weight * colour[channel];
      }
      const place = 4 * (row * FILL + column);
      for (let channel = 0; channel < 3; channel += 1) filled.data[place + channel] = sums[3] ? sums[channel] / sums[3] : 128;
      filled.data[place + 3] = 255;
    }
  }
  return filled;
}

/** The places around an area, in halves of its sides from its middle, and their colours; those in other areas count for nothing. */
function rimOf(box, colours, wide, high, all) {
  const [halfWide, halfHigh] = [width(box) / 2, height(box) / 2];
  const [middleX, middleY] = [box[0] + halfWide, box[1] + halfHigh];
  const rim = [];
  for (const [cos, sin] of RIM_TURNS) {
    const at = [cos * RIM_AT, sin * RIM_AT];
    const [x, y] = [middleX + at[0] * halfWide, middleY + at[1] * halfHigh];
    if (x < 0 || y < 0 || x >= wide || y >= high || all.some((one) => one.box !== box && isIn(one.box, x, y))) continue;
    const place = 4 * (Math.floor((y / high) * colours.height) * colours.width + Math.floor((x / wide) * colours.width));
    rim.push({ at, colour: colours.data.subarray(place, place + 3) });
  }
  return rim;
}

const isIn = ([left, top, right, bottom], x, y) => left <= x && x < right && top <= y && y < bottom;
