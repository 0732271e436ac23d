// Small pictures for the list. Made one or two at a time, and only for photos that somebody can see.

import * as api from "./api.js";
import { drawThumb } from "./listening.js";

const SIDE = 128; // twice what the list shows, for dense screens
const SHOWN_BY_BROWSERS = /^image\/(jpeg|png|webp|gif|avif|bmp)$/;

/** Returns a function that runs tasks, so many side by side. */
export function lane(width) {
  const waiting = [];
  let running = 0;
  const next = () => {
    if (running >= width || !waiting.length) return;
    running += 1;
    const { task, resolve, reject } = waiting.shift();
    task().then(resolve, reject).finally(() => {
      running -= 1;
      next();
    });
  };
  return (task) => new Promise((resolve, reject) => {
    waiting.push({ task, resolve, reject });
    next();
  });
}

const making = lane(2);
const made = new WeakMap(); // canvas: what it shows
const owners = new WeakMap(); // canvas: its photo

async function draw(canvas, blob) {
  const whole = await createImageBitmap(blob);
  const side = Math.min(whole.width, whole.height);
  const [x, y] = [(whole.width - side) / 2, (whole.height - side) / 2];
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(whole, x, y, side, side, 0, 0, SIDE, SIDE);
  whole.close();
  canvas.classList.add("made");
}

async function show(canvas) {
  const entry = owners.get(canvas);
  const wanted = entry.ready ? "server" : SHOWN_BY_BROWSERS.test(entry.file?.type ?? "") ? "file" : null;
  if (!wanted || made.has(canvas)) return;
  made.set(canvas, wanted);
  const blob = async () => (wanted === "server" ? api.original(entry.id, entry.leaving.signal) : entry.file);
  // Without a thumbnail the list still works: what goes wrong here is told where the photo is opened.
  const shown = async () => (entry.isSound ? drawThumb(canvas, entry) : draw(canvas, await blob()));
  await making(shown).catch(() => made.delete(canvas));
}

const onScreen = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    target.seen = isIntersecting;
    if (isIntersecting) show(target);
  }
}, { rootMargin: "200px" });

export function watchThumb(canvas, entry) {
  owners.set(canvas, entry);
  onScreen.observe(canvas);
}

/** The photo of a thumbnail changed: there may be more to show now. */
export const refreshThumb = (canvas) => canvas.seen && show(canvas);
