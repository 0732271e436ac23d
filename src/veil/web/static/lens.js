// Which part of a video its line of time shows: all of it, or fewer frames and so more of each. Knows no page.

const LEAST = 24; // frames that are shown at most enlarged

const within = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

export class Lens {
  from = 0; // the first frame that is shown; like all places here it may lie between two
  wide = 1; // how many are shown
  count = 1; // how many there are

  /** Shows all of a video with so many frames, unless it is the one that is shown. */
  open(count) {
    if (count === this.count) return;
    Object.assign(this, { from: 0, wide: count, count });
  }

  /** How many times as large as with all frames in sight. */
  get power() {
    return this.count / this.wide;
  }

  get most() {
    return Math.max(this.count / LEAST, 1);
  }

  /** Where a frame begins, as a share of the line: below 0 or above 1 if it is out of sight. */
  place(frame) {
    return (frame - this.from) / this.wide;
  }

  /** What lies at a share of the line. */
  at(share) {
    return this.from + share * this.wide;
  }

  /** Enlarges around a frame, which stays where it is on the line; a factor below 1 shows more again. */
  zoom(factor, frame) {
    const share = within(this.place(frame), 0, 1);
    const middle = this.at(share);
    this.wide = this.count / within(this.power * factor, 1, this.most);
    this.from = within(middle - share * this.wide, 0, this.count - this.wide);
  }

  /** Moves on by a share of what is in sight. */
  move(share) {
    this.from = within(this.from + share * this.wide, 0, this.count - this.wide);
  }

  /** Brings a frame into sight that is not; returns whether it had to. */
  reveal(frame) {
    if (this.from <= frame && frame + 1 <= this.from + this.wide + 1e-9) return false;
    // Onwards it is like turning a page; back, it comes to lie in the middle.
    const before = frame < this.from ? this.wide / 2 : 0;
    this.from = within(frame - before, 0, this.count - this.wide);
    return true;
  }
}
