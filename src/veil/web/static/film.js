// A video that is played and stepped through, frame by frame. It says which frame is on the screen; it draws nothing.

import { frameAt, framesAway, within } from "./moving.js";

const SPEEDS = [1, 2, 0.5];

/** Tells "frame" when another frame is shown, "state" when it starts, stops or is told to go elsewhere. */
export class Film extends EventTarget {
  #seeking = null; // the frame that is being sought
  #wanted = null; // the frame to be sought after that
  #watching = false;

  constructor(video) {
    super();
    this.video = video;
    this.times = [];
    this.frame = 0;
    this.ready = false;
    this.plays = true; // else the browser cannot, and frames are only gone to
    const on = (name, handler) => video.addEventListener(name, () => this.ready && handler());
    // Not "loadeddata": some browsers load no pictures before somebody goes to one.
    video.addEventListener("loadedmetadata", () => this.times.length && this.#loaded());
    on("loadeddata", () => this.#tell("frame"));
    on("seeked", () => this.#seeked());
    on("play", () => this.#played());
    on("pause", () => this.#paused());
  }

  /** Shows a video from an address; `times` says when each of its frames begins, in seconds. */
  load(address, times) {
    this.ready = false;
    this.times = times;
    this.#seeking = this.#wanted = null;
    this.video.src = address;
    this.video.load();
  }

  /** Goes from frame to frame without a video to play. */
  withoutVideo() {
    this.plays = false;
    this.#loaded();
  }

  clear() {
    this.ready = false;
    this.plays = true;
    this.times = [];
    this.frame = 0;
    this.#seeking = this.#wanted = null;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  get count() {
    return this.times.length;
  }

  get playing() {
    return this.ready && this.plays && !this.video.paused;
  }

  /** The frame that is shown, or will be as soon as it is found. */
  get target() {
    return this.#wanted ?? this.#seeking ?? this.frame;
  }

  /** Whether the frame that is wanted is shown, and stays. */
  get resting() {
    return this.ready && !this.playing && this.#seeking === null && this.#wanted === null;
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }

  #show(frame) {
    this.frame = frame;
    this.#tell("frame");
  }

  #loaded() {
    this.ready = true;
    this.#tell("state");
    this.go(this.frame);
  }

  // ---- playing

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  async play() {
    if (!this.ready || !this.plays) return;
    if (this.target === this.count - 1) this.go(0);
    // A browser may refuse, and pausing at once is no error either: the video just stands still.
    await this.video.play().catch(() => null);
  }

  pause() {
    if (this.playing) this.video.pause();
  }

  /** Plays faster or slower, in turn; returns how fast. */
  speed() {
    const { video } = this;
    video.playbackRate = SPEEDS[(SPEEDS.indexOf(video.playbackRate) + 1) % SPEEDS.length];
    return video.playbackRate;
  }

  #played() {
    this.#tell("state");
    if (this.#watching) return;
    this.#watching = true;
    this.#watch();
  }

  /** Follows what is shown while it plays: told by the browser with each frame, or else asked for before each drawing. */
  #watch() {
    const { video } = this;
    const follow = (time) => {
      if (!this.playing) {
        this.#watching = false;
        return;
      }
      if (this.#seeking === null) this.#show(frameAt(this.times, time));
      this.#watch();
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback((_, { mediaTime }) => follow(mediaTime));
    else requestAnimationFrame(() => follow(video.currentTime));
  }

  /** Settles on the frame that was told last: the next one may be on the screen already. */
  #paused() {
    if (this.video.ended) this.#show(this.count - 1);
    if (this.#seeking === null) this.#seek(this.frame);
    this.#tell("state");
  }

  // ---- going somewhere

  /** Goes to a frame. Of many wishes in a row, the last is met. */
  go(frame) {
    if (!this.ready) return;
    this.#wanted = Math.min(Math.max(Math.round(frame), 0), this.count - 1);
    this.#tell("state");
    if (this.#seeking === null) this.#next();
    if (!this.plays) this.#seeked();
  }

  step(frames) {
    this.pause();
    this.go(this.target + frames);
  }

  jump(seconds) {
    this.go(framesAway(this.times, this.target, seconds));
  }

  #next() {
    const frame = this.#wanted;
    this.#wanted = null;
    if (frame !== null) this.#seek(frame);
  }

  #seek(frame) {
    this.#seeking = frame;
    if (this.plays) this.video.currentTime = within(this.times, frame);
  }

  #seeked() {
    const frame = this.#seeking;
    if (frame === null) return;
    this.#seeking = null;
    this.#show(frame);
    // Some browsers have the frame a moment later only.
    this.video.requestVideoFrameCallback?.(() => this.frame === frame && this.resting && this.#tell("frame"));
    if (this.#wanted === null) return this.#tell("state");
    this.#next();
  }
}
