// Cumulative depth: how much stands up to a price, bids on the left, asks on the right, on one scale.

import { cumulative } from "../core/depth.js";
import { compact, price as priceText } from "../core/format.js";
import { Surface, colour, element, write } from "../core/paint.js";
import { niceReach, ticks } from "../core/scale.js";

const FOOT = 16;
const FARTHEST = 0.004; // of the price, either way

export class DepthChart {
  constructor() {
    this.bids = [];
    this.asks = [];
    this.at = null; // pixel that is pointed at
    this.canvas = element("canvas", { class: "base", role: "img", tabindex: "0", id: "depth", "aria-label": "Cumulative depth" });
    this.read = element("p", { class: "reading quiet" });
    this.element = element("section", { class: "panel depthchart" }, element("h2", {}, "Cumulative depth"), element("div", { class: "plot" }, this.canvas), this.read);
    this.surface = new Surface(this.canvas, (...given) => this.#draw(...given));
    this.canvas.addEventListener("pointermove", (event) => this.#move(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.#move(null));
    this.canvas.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      event.stopPropagation();
      const width = this.canvas.clientWidth;
      this.#move(Math.min(width, Math.max(0, (this.at ?? width / 2) + (event.key === "ArrowLeft" ? -8 : 8))));
    });
    this.canvas.addEventListener("blur", () => this.#move(null));
  }

  close() {
    this.surface.close();
  }

  /** `bids`, `asks`: [[price, size], …], best first; both empty where nothing is known. */
  show(bids, asks) {
    [this.bids, this.asks] = [cumulative(bids), cumulative(asks)];
    this.surface.dirty();
    this.#tell();
  }

  #move(x) {
    this.at = x;
    this.surface.dirty();
    this.#tell();
  }

  /** As far from the middle as the shorter side reaches; null where nothing is there, or the sides overlap. */
  get #range() {
    const [bid, ask] = [this.bids[0]?.[0], this.asks[0]?.[0]];
    if (bid === undefined || ask === undefined) return null;
    const middle = (bid + ask) / 2;
    const reach = Math.min(middle - this.bids.at(-1)[0], this.asks.at(-1)[0] - middle, middle * FARTHEST);
    return reach > 0 ? { middle, low: middle - reach, high: middle + reach } : null;
  }

  #upTo(price, { middle }) {
    const bids = price < middle;
    const levels = bids ? this.bids : this.asks;
    let sum = 0;
    for (const [level, total] of levels) {
      if (bids ? level < price : level > price) break;
      sum = total;
    }
    return { side: bids ? "bid" : "ask", sum };
  }

  #tell() {
    const range = this.#range;
    if (!range) {
      const why = this.bids.length && this.asks.length ? "Bids and asks overlap: the venues disagree." : "Nothing is known.";
      write(this.read, why);
      this.canvas.setAttribute("aria-label", `Cumulative depth. ${why}`);
      return;
    }
    const at = (share) => range.middle + share * (range.high - range.middle);
    const text = [0.25, 0.5, 1].map((share) => {
      const far = ((at(share) / range.middle - 1) * 1e4).toFixed(1);
      return `within ${far} bp ${compact(this.#upTo(at(-share), range).sum)} bid, ${compact(this.#upTo(at(share), range).sum)} ask`;
    }).join("; ");
    if (this.canvas.getAttribute("aria-label") !== `Cumulative depth: ${text}.`) this.canvas.setAttribute("aria-label", `Cumulative depth: ${text}.`);
    if (this.at === null) { write(this.read, `Within ${text.split("; ")[1].slice(7)}`); return; }
    const price = range.low + (this.at / this.canvas.clientWidth) * (range.high - range.low);
    const { side, sum } = this.#upTo(price, range);
    const points = (price / range.middle - 1) * 1e4;
    write(this.read, `${priceText(price)} (${points > 0 ? "+" : "−"}${Math.abs(points).toFixed(1)} bp): ${compact(sum)} ${side}`);
  }

  #draw(context, width, height) {
    const range = this.#range;
    if (!range) return;
    const { low, high } = range;
    const foot = height - FOOT;
    const x = (price) => ((price - low) / (high - low)) * width;
    const within = ([price]) => price >= low && price <= high;
    const top = niceReach(Math.max(...[...this.bids, ...this.asks].filter(within).map(([, sum]) => sum), 1e-12));
    const y = (sum) => foot - (sum / top) * (foot - 4);
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    this.#axes(context, { low, high, top, x, y, width, height });
    for (const [name, levels] of [["bid", this.bids], ["ask", this.asks]]) {
      context.beginPath();
      let before = foot;
      context.moveTo(x(levels[0][0]), foot);
      for (const [price, sum] of levels.filter(within)) {
        context.lineTo(x(price), before);
        before = y(sum);
        context.lineTo(x(price), before);
      }
      const end = name === "bid" ? 0 : width;
      context.lineTo(end, before);
      context.strokeStyle = colour(`--${name}`);
      context.lineWidth = 1.5;
      context.stroke();
      context.lineTo(end, foot);
      context.closePath();
      context.globalAlpha = 0.16;
      context.fillStyle = colour(`--${name}`);
      context.fill();
      context.globalAlpha = 1;
    }
    if (this.at === null) return;
    context.strokeStyle = colour("--ink");
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(Math.round(this.at) + 0.5, 0);
    context.lineTo(Math.round(this.at) + 0.5, foot);
    context.stroke();
    context.setLineDash([]);
  }

  #axes(context, { low, high, top, x, y, width, height }) {
    context.strokeStyle = colour("--line");
    context.fillStyle = colour("--quiet");
    context.lineWidth = 1;
    context.beginPath();
    for (const price of ticks(low, high, Math.max(2, width / 110))) {
      const at = Math.round(x(price)) + 0.5;
      context.moveTo(at, 0);
      context.lineTo(at, height - FOOT);
      context.textAlign = "center";
      if (at > 30 && at < width - 30) context.fillText(priceText(price), at, height - 3);
    }
    context.stroke();
    context.textAlign = "left";
    for (const sum of [top / 2, top]) context.fillText(compact(sum), 2, y(sum) + (sum === top ? 9 : 4));
  }
}
