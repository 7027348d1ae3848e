// One chart over time: some outputs as lines, gaps as gaps, and the values at the moment that is pointed at as text.

import { NOTHING } from "../core/format.js";
import { Surface, colour, element, write } from "../core/paint.js";
import { rangeOf, ticks } from "../core/scale.js";
import { GUTTER, drawCursor, drawGaps, drawTimes, pointing } from "./axis.js";

const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3], [12, 4]]; // beside the colour, so that lines are told apart without it
const AIR = 5;

export class TimeChart {
  /**
   * `chart`: {id, title, help, lines: [{name, label, column}], balance, signed, write}; `feed()` gives the book's feed;
   * `remove()` is called when the user takes the chart away.
   */
  constructor(chart, { axis, feed, remove }) {
    Object.assign(this, { chart, axis, feed });
    this.texts = chart.lines.map((line, place) => {
      const text = element("b");
      return { text, element: element("span", { class: `line line-${place % DASHES.length}` }, swatch(place), line.label ? `${line.label} ` : "", text) };
    });
    const gone = element("button", { type: "button", class: "remove", "aria-label": `Remove the chart ${chart.title}`, title: "Remove" }, "×");
    gone.onclick = remove;
    this.base = element("canvas", { class: "base", role: "img", "aria-label": chart.title });
    this.over = element("canvas", { class: "over", "aria-hidden": "true" });
    this.note = element("p", { class: "note quiet", hidden: true });
    this.element = element("section", { class: "chart", "data-chart": chart.id },
      element("div", { class: "head" }, element("h2", { title: chart.help }, chart.title), ...this.texts.map((one) => one.element), gone),
      element("div", { class: "plot" }, this.base, this.over, this.note));
    this.surfaces = [new Surface(this.base, (...given) => this.#draw(...given)), new Surface(this.over, (...given) => this.#point(...given))];
    pointing(this.over, axis);
  }

  close() {
    for (const surface of this.surfaces) surface.close();
  }

  /** There is something new to draw. */
  dirty() {
    this.surfaces[0].dirty();
  }

  /** Another moment is pointed at. */
  pointed() {
    this.surfaces[1].dirty();
  }

  /** Write the values at the moment that is pointed at, else the newest. */
  tell(second) {
    const { moments } = this.feed();
    this.chart.lines.forEach((line, place) => {
      const value = moments.at(line.name, second);
      write(this.texts[place].text, Number.isNaN(value) ? NOTHING : this.chart.write(value));
    });
  }

  /** One sentence for who does not see it. */
  describe() {
    const { axis, chart } = this;
    const { moments } = this.feed();
    const parts = chart.lines.map((line) => {
      const found = moments.range([line.name], axis.first, axis.end);
      const now = moments.at(line.name, axis.end);
      const name = line.label || chart.title;
      if (found === null) return `${name}: nothing`;
      return `${name}: ${Number.isNaN(now) ? "no value now" : chart.write(now)}, between ${chart.write(found[0])} and ${chart.write(found[1])}`;
    });
    const text = `${chart.title}, the last ${Math.round(axis.span / 60)} minutes. ${parts.join("; ")}.`;
    if (this.base.getAttribute("aria-label") !== text) this.base.setAttribute("aria-label", text);
  }

  #draw(context, width, height) {
    const { axis, chart } = this;
    if (!this.feed()) return;
    const { moments, said, reading } = this.feed();
    const names = chart.lines.map((line) => line.name);
    const found = moments.range(names, axis.first, axis.end);
    const plot = width - GUTTER;
    const missing = found === null && !names.some((name) => moments.has(name));
    this.note.hidden = found !== null;
    write(this.note, missing && said ? said : reading && reading.state !== "live" ? `${reading.state}: ${reading.reason}` : "No value in this time.");
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    drawTimes(context, axis, plot, height);
    const [low, high] = rangeOf(found, chart);
    const y = (value) => AIR + (1 - (value - low) / (high - low)) * (height - 2 * AIR);
    if (found !== null) this.#scale(context, plot, low, high, y);
    drawGaps(context, axis, plot, height, (second) => moments.wasLive(second));
    context.lineWidth = 1.25;
    chart.lines.forEach((line, place) => {
      context.strokeStyle = colour(`--line-${place % DASHES.length}`);
      context.setLineDash(DASHES[place % DASHES.length]);
      this.#line(context, moments, line.name, plot, y);
    });
    context.setLineDash([]);
  }

  #scale(context, plot, low, high, y) {
    context.textAlign = "left";
    context.fillStyle = colour("--quiet");
    context.strokeStyle = colour("--line");
    const marks = this.chart.balance ? [-1, 0, 1] : low < 0 && high > 0 ? [low, 0, high] : ticks(low, high, 3);
    for (const mark of marks) {
      const at = Math.round(y(mark)) + 0.5;
      context.beginPath();
      context.moveTo(0, at);
      context.lineTo(plot, at);
      context.stroke();
      context.fillText(this.chart.write(mark), plot + 6, Math.min(Math.max(at + 4, 9), y(low) + 3));
    }
  }

  #line(context, moments, name, plot, y) {
    const { axis } = this;
    let drawn = false;
    context.beginPath();
    for (let second = axis.first; second <= axis.end; second++) {
      const value = moments.at(name, second);
      if (Number.isNaN(value)) { drawn = false; continue; }
      const [x, at] = [axis.x(second * 1000 + 500, plot), y(value)];
      if (drawn) context.lineTo(x, at);
      else {
        context.moveTo(x - 0.5, at);
        context.lineTo(x, at);
      }
      drawn = true;
    }
    context.stroke();
  }

  #point(context, width, height) {
    drawCursor(context, this.axis, width - GUTTER, height);
  }
}

/** A piece of the line, as it is drawn. */
function swatch(place) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  for (const [name, value] of Object.entries({ x1: 0, y1: 4, x2: 18, y2: 4, "stroke-dasharray": DASHES[place % DASHES.length].join(" ") || "none" })) line.setAttribute(name, value);
  svg.setAttribute("width", 18);
  svg.setAttribute("height", 8);
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  return svg;
}
