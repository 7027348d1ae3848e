// What the charts of one view share: the time they show, and the moment and price under the pointer.

import { timeOfDay } from "../core/format.js";
import { colour } from "../core/paint.js";
import { timeStep } from "../core/scale.js";

export const GUTTER = 62; // pixels on the right for the numbers of the other axis

export class Axis {
  constructor() {
    this.span = 300; // seconds
    this.end = 0; // the last second shown
    this.cursor = null; // {time (ms), price or null}
    this.watchers = new Set();
  }

  get first() {
    return this.end - this.span + 1;
  }

  /** Pixel of a time (ms) in a plot of this width. */
  x(time, width) {
    return ((time / 1000 - this.first) / this.span) * width;
  }

  /** The second that a pixel lies in. */
  second(x, width) {
    return Math.min(this.end, Math.max(this.first, this.first + Math.floor((x / width) * this.span)));
  }

  /** Point at a moment (ms) and a price; null: at nothing. */
  point(cursor) {
    this.cursor = cursor;
    for (const callback of this.watchers) callback(cursor);
  }

  watch(callback) {
    this.watchers.add(callback);
    return { close: () => this.watchers.delete(callback) };
  }

  /** Times to mark, in ms. */
  marks(width) {
    const step = timeStep(this.span, Math.max(2, width / 110));
    const found = [];
    for (let second = Math.ceil(this.first / step) * step; second <= this.end; second += step) found.push(second * 1000);
    return found;
  }
}

/** Lines at the marks of time; with texts below `bottom` where that is given. */
export function drawTimes(context, axis, width, height, bottom = null) {
  context.fillStyle = colour("--quiet");
  context.strokeStyle = colour("--line");
  context.lineWidth = 1;
  context.textAlign = "center";
  context.beginPath();
  for (const time of axis.marks(width)) {
    const x = Math.round(axis.x(time, width)) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
    if (bottom !== null && x > 26 && x < width - 20) context.fillText(timeOfDay(time), x, bottom);
  }
  context.stroke();
}

/** Seconds of which nothing is known, hatched: `known(second)` says false where it was not live, null before and after. */
export function drawGaps(context, axis, width, height, known) {
  context.save();
  context.strokeStyle = colour("--gap");
  context.lineWidth = 1;
  for (const [first, last] of gaps(axis, known)) {
    const [from, to] = [axis.x(first * 1000, width), axis.x((last + 1) * 1000, width)];
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, height);
    context.clip();
    context.beginPath();
    for (let x = Math.floor(from / 7) * 7 - height; x < to; x += 7) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.stroke();
    context.restore();
  }
  context.restore();
}

/** Runs of seconds that `known` says false of, as [first, last]. */
export function gaps(axis, known) {
  const found = [];
  let begun = null;
  for (let second = axis.first; second <= axis.end + 1; second++) {
    const gap = second <= axis.end && known(second) === false;
    if (gap && begun === null) begun = second;
    if (!gap && begun !== null) {
      found.push([begun, second - 1]);
      begun = null;
    }
  }
  return found;
}

/** The upright line at the moment that is pointed at. */
export function drawCursor(context, axis, width, height) {
  if (!axis.cursor) return;
  const x = Math.round(axis.x(Math.floor(axis.cursor.time / 1000) * 1000 + 500, width)) + 0.5;
  if (x < 0 || x > width) return;
  context.strokeStyle = colour("--ink");
  context.setLineDash([3, 3]);
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height);
  context.stroke();
  context.setLineDash([]);
}

/** Have the pointer over this canvas point for all charts. `price(y)` gives the price at a height, or null. */
export function pointing(canvas, axis, price = () => null) {
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const width = box.width - GUTTER;
    const x = event.clientX - box.left;
    if (x < 0 || x > width) { axis.point(null); return; }
    axis.point({ time: axis.second(x, width) * 1000, price: price(event.clientY - box.top) });
  });
  canvas.addEventListener("pointerleave", () => axis.point(null));
}
