// Liquidity over time: how much stands at each price, second by second, with the touch, prints and what happened.

import { price as priceText } from "../core/format.js";
import { rowOf } from "../core/depth.js";
import { Surface, colour, element } from "../core/paint.js";
import { brightness, contrast, priceRange, ticks } from "../core/scale.js";
import { GUTTER, drawCursor, drawGaps, drawTimes, pointing } from "./axis.js";
import { drawEvents, drawPrints } from "./marks.js";

const FOOT = 18; // pixels for the times
const LATE = 3; // columns that are painted again, as they may have come late
const ZOOMS = [0.0003, 0.0006, 0.0012, 0.0025, 0.005]; // least distance from the middle, as a share of the price

export class Heatmap {
  constructor({ axis, feed, pinned }) {
    Object.assign(this, { axis, feed, pinned });
    this.base = element("canvas", { class: "base", role: "img", id: "heatmap", "aria-label": "Liquidity over time" });
    this.over = element("canvas", { class: "over", "aria-hidden": "true" });
    this.note = element("p", { class: "note quiet", hidden: true });
    this.element = element("div", { class: "plot heatmap" }, this.base, this.over, this.note);
    this.image = document.createElement("canvas");
    this.painter = this.image.getContext("2d", { willReadFrequently: false });
    this.key = "";
    this.zoom = 2;
    this.range = null;
    [this.least, this.most] = [0, 0];
    this.surfaces = [new Surface(this.base, (...given) => this.#draw(...given)), new Surface(this.over, (...given) => this.#point(...given))];
    pointing(this.over, axis, (y) => this.priceAt(y));
    this.over.addEventListener("click", () => this.pinned());
  }

  close() {
    for (const surface of this.surfaces) surface.close();
  }

  dirty() {
    this.surfaces[0].dirty();
  }

  pointed() {
    this.surfaces[1].dirty();
  }

  /** See more, or less, of the prices. */
  zoomBy(step) {
    this.zoom = Math.min(ZOOMS.length - 1, Math.max(0, this.zoom + step));
    this.range = null;
    this.dirty();
  }

  /** Another book is shown. */
  reset() {
    this.range = null;
    this.key = "";
    this.dirty();
  }

  get height() {
    return this.base.clientHeight - FOOT;
  }

  /** The price at a height, null outside of the plot. */
  priceAt(y) {
    if (!this.range || y < 0 || y > this.height) return null;
    const [low, high] = this.range;
    return high - (y / this.height) * (high - low);
  }

  y(price) {
    const [low, high] = this.range;
    return ((high - price) / (high - low)) * this.height;
  }

  /** What a pixel is worth: `{ms, price}`. */
  get perPixel() {
    const width = Math.max(1, this.base.clientWidth - GUTTER);
    return { ms: (this.axis.span * 1000) / width, price: this.range ? (this.range[1] - this.range[0]) / this.height : 1 };
  }

  /** One sentence for who does not see it. */
  describe() {
    const { depth, symbol, venue } = this.feed();
    const { axis } = this;
    const column = depth.columns.get(depth.last);
    const touch = depth.touch(axis.first, axis.end);
    let text = `Liquidity of ${symbol} on ${venue} over the last ${Math.round(axis.span / 60)} minutes.`;
    if (!column || !touch) text += " It is not live: nothing is known.";
    else {
      text += ` Best bid ${priceText(column.bid)}, best ask ${priceText(column.ask)}; the touch moved between ${priceText(touch[0])} and ${priceText(touch[1])}.`;
      const [bid, ask] = [wall(column.bids), wall(column.asks)];
      if (bid !== null) text += ` The largest bid nearby stands at ${priceText((column.bidRow - bid) * depth.row)}.`;
      if (ask !== null) text += ` The largest ask nearby stands at ${priceText((column.askRow + ask) * depth.row)}.`;
    }
    if (this.base.getAttribute("aria-label") !== text) this.base.setAttribute("aria-label", text);
  }

  // -- drawing -----------------------------------------------------------------------------------------------------

  #draw(context, width, height) {
    const { axis } = this;
    const feed = this.feed();
    if (!feed) return;
    const plot = width - GUTTER;
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    this.range = priceRange(feed.depth.touch(axis.first, axis.end), this.range, ZOOMS[this.zoom]);
    this.note.hidden = this.range !== null;
    this.note.textContent = feed.said || (feed.reading && feed.reading.state !== "live" ? `${feed.reading.state}: ${feed.reading.reason}` : "Waiting for the first second.");
    drawTimes(context, axis, plot, height - FOOT, height - 5);
    drawGaps(context, axis, plot, height - FOOT, (second) => live(feed, second));
    if (!this.range) return;
    this.#paint(plot);
    context.save();
    context.beginPath();
    context.rect(0, 0, plot, height - FOOT);
    context.clip();
    context.imageSmoothingEnabled = false;
    const top = this.y((this.lowRow + this.rows) * this.cell);
    const foot = this.y(this.lowRow * this.cell);
    context.drawImage(this.image, 0, 0, this.image.width, this.image.height, 0, top, plot, foot - top);
    this.#touch(context, feed.depth, plot);
    drawPrints(context, this, feed.prints, plot);
    drawEvents(context, this, feed, plot);
    context.restore();
    this.#prices(context, feed, plot, width);
  }

  /** Bring the picture of the sizes up to date: scrolled by the seconds that went by, or made anew. */
  #paint(plot) {
    const { axis } = this;
    const { depth } = this.feed();
    const [low, high] = this.range;
    const group = Math.max(1, Math.ceil((high - low) / depth.row / Math.max(1, this.height / 3)));
    this.cell = depth.row * group;
    this.lowRow = rowOf(low, this.cell);
    this.rows = rowOf(high, this.cell) - this.lowRow + 1;
    const key = [axis.span, this.cell, this.lowRow, this.rows, depth.version, colour("--heat"), feedId(this.feed())].join(" ");
    const gone = axis.end - this.painted;
    if (key === this.key && gone >= 0 && gone < axis.span && axis.end - this.scaled < 30 && depth.columns.size - this.known < 60) {
      if (gone > 0) {
        this.painter.globalCompositeOperation = "copy";
        this.painter.drawImage(this.image, -gone, 0);
        this.painter.globalCompositeOperation = "source-over";
      }
      this.#columns(axis.end - gone - LATE, axis.end, group);
    } else {
      this.key = key;
      [this.image.width, this.image.height] = [axis.span, this.rows];
      this.table = shades();
      [this.least, this.most] = this.#strong(depth, group);
      this.scaled = axis.end;
      this.known = depth.columns.size;
      this.#columns(axis.first, axis.end, group);
    }
    this.painted = axis.end;
  }

  /** The sizes that are shown darkest and brightest. */
  #strong(depth, group) {
    const sizes = [];
    for (let second = this.axis.first; second <= this.axis.end; second += 5) {
      const column = depth.columns.get(second);
      if (column) for (const size of this.#sums(column, group)) if (size > 0) sizes.push(size);
    }
    return contrast(sizes);
  }

  /** Sizes of the rows of the picture, lowest first; -1 where nothing is known. */
  #sums(column, group) {
    const sums = (this.buffer ??= new Float64Array(4096)).subarray(0, this.rows).fill(-1);
    const add = (row, size) => {
      const at = Math.floor(row / group) - this.lowRow;
      if (at < 0 || at >= sums.length || size === null) return;
      sums[at] = Math.max(0, sums[at]) + size;
    };
    for (let k = 0; k < column.bids.length; k++) add(column.bidRow - k, column.bids[k]);
    for (let k = 0; k < column.asks.length; k++) add(column.askRow + k, column.asks[k]);
    for (let row = column.bidRow + 1; row < column.askRow; row++) add(row, 0);
    return sums;
  }

  #columns(first, last, group) {
    const { depth } = this.feed();
    const from = Math.max(first, this.axis.first);
    const wide = last - from + 1;
    const picture = this.painter.createImageData(wide, this.rows);
    const pixels = new Uint32Array(picture.data.buffer);
    for (let k = 0; k < wide; k++) {
      const column = depth.columns.get(from + k);
      if (!column) continue; // stays clear: the hatching of a gap shows through
      const sums = this.#sums(column, group);
      for (let row = 0; row < this.rows; row++) {
        const size = sums[row];
        pixels[(this.rows - 1 - row) * wide + k] = size < 0 ? this.table.unknown : this.table.shades[brightness(size, this.least, this.most)];
      }
    }
    this.painter.putImageData(picture, from - this.axis.first, 0);
  }

  #touch(context, depth, plot) {
    const { axis } = this;
    context.lineWidth = 1.5;
    for (const side of ["bid", "ask"]) {
      context.strokeStyle = colour(`--${side}`);
      context.beginPath();
      let drawn = false;
      for (let second = axis.first; second <= axis.end; second++) {
        const column = depth.columns.get(second);
        if (!column) { drawn = false; continue; }
        const [x, y] = [axis.x(second * 1000, plot), this.y(column[side])];
        if (drawn) context.lineTo(x, y);
        else context.moveTo(x, y);
        context.lineTo(axis.x((second + 1) * 1000, plot), y);
        drawn = true;
      }
      context.stroke();
    }
  }

  #prices(context, feed, plot, width) {
    const [low, high] = this.range;
    const column = feed.depth.columns.get(Math.min(feed.depth.last, this.axis.end));
    const middle = column ? (column.bid + column.ask) / 2 : null;
    const own = middle === null ? -99 : Math.min(this.height - 9, Math.max(9, this.y(middle)));
    context.textAlign = "left";
    context.fillStyle = colour("--quiet");
    for (const price of ticks(low, high, this.height / 45)) {
      const y = this.y(price);
      if (y > 8 && y < this.height - 4 && Math.abs(y - own) > 15) context.fillText(priceText(price), plot + 6, y + 4);
    }
    if (middle === null) return;
    context.fillStyle = colour("--ink");
    context.fillRect(plot + 2, own - 8, width - plot - 2, 16);
    context.fillStyle = colour("--paper");
    context.fillText(priceText(middle), plot + 6, own + 4);
  }

  #point(context, width, height) {
    const plot = width - GUTTER;
    drawCursor(context, this.axis, plot, height - FOOT);
    const price = this.axis.cursor?.price;
    if (!this.range || price === null || price === undefined) return;
    const y = Math.round(this.y(price)) + 0.5;
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    context.strokeStyle = colour("--ink");
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(0, y);
    context.lineTo(plot, y);
    context.stroke();
    context.fillStyle = colour("--raised");
    context.fillRect(plot + 2, y - 8, GUTTER - 2, 16);
    context.fillStyle = colour("--ink");
    context.textAlign = "left";
    context.fillText(priceText(price), plot + 6, y + 4);
  }
}

function feedId(feed) {
  return `${feed.venue} ${feed.market} ${feed.symbol}`;
}

/** Was the book live in this second, by either account; null: nothing is known. */
export function live(feed, second) {
  const column = feed.depth.columns.get(second);
  if (column === undefined) return feed.moments.wasLive(second);
  return column !== null;
}

/** Colours by brightness as pixels, from the ground to the brightest, and that of what is not known. */
function shades() {
  const [ground, heat] = [channels(colour("--heat-ground")), channels(colour("--heat"))];
  const made = new Uint32Array(256);
  for (let k = 0; k < 256; k++) {
    const share = (k / 255) ** 1.15;
    made[k] = pixel(ground.map((part, channel) => part + (heat[channel] - part) * share));
  }
  return { shades: made, unknown: pixel(channels(colour("--track"))) };
}

function channels(text) {
  return text.match(/[\d.]+/g).slice(0, 3).map(Number);
}

function pixel([red, green, blue]) {
  return ((255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}

/** Place of the largest size that stands out (four times the mean), else null. */
function wall(sizes) {
  const known = sizes.filter((size) => size > 0);
  if (known.length < 3) return null;
  const most = Math.max(...known);
  return most > (4 * known.reduce((sum, size) => sum + size, 0)) / known.length ? sizes.indexOf(most) : null;
}
