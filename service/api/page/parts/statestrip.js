// A strip of states over time. Height says it too: what is live fills the strip, what is lost lies at its bottom.

import { REACH } from "../core/clock.js";
import { timeOfDay } from "../core/format.js";
import { Surface, colour, element } from "../core/paint.js";

/** State -> share of the height, and colour. */
const LOOKS = {
  live: [1, "--live"], open: [1, "--live"],
  syncing: [0.7, "--quiet"], connecting: [0.7, "--quiet"],
  stale: [0.5, "--warn"], silent: [0.5, "--warn"], crossed: [0.5, "--warn"],
  lost: [0.3, "--bad"], waiting: [0.3, "--bad"], unknown: [0.15, "--quiet"],
};

/** A column of a table whose cells are such strips. `keyOf(item)` is the row's key in `spans`. */
export function stripColumn({ spans, clock, keyOf, well }) {
  return {
    id: "timeline",
    heading: "Last 15 minutes",
    kind: "node",
    help: "States over the last 15 minutes; a click goes to that moment",
    value: (item) => spans.words(keyOf(item), clock.now() - REACH, clock.now(), well),
    make: (cell) => strip(cell, { spans, clock, keyOf, well }),
  };
}

function strip(cell, { spans, clock, keyOf, well }) {
  const canvas = element("canvas", { class: "states", role: "img" });
  cell.append(canvas);
  let key = null;
  const surface = new Surface(canvas, (context, width, height) => draw(context, width, height, spans, key, clock));
  canvas.onclick = (event) => {
    const share = event.offsetX / canvas.clientWidth;
    clock.seek(clock.now() - (1 - share) * REACH);
    event.stopPropagation();
  };
  canvas.onpointermove = (event) => {
    const time = clock.now() - (1 - event.offsetX / canvas.clientWidth) * REACH;
    const was = spans.at(key, time);
    canvas.title = `${timeOfDay(time)}: ${was ? [was.state, was.reason].filter(Boolean).join(", ") : "not remembered"}`;
  };
  let drawn = "";
  return (item) => {
    key = keyOf(item);
    const now = clock.now();
    // A pixel is some seconds: it is drawn anew when it moved by one, when a state changed, or another moment is looked at.
    const state = `${Math.floor(now / 5000)} ${spans.changes} ${item.state} ${clock.at === null ? "" : Math.round(clock.at / 1000)}`;
    if (state === drawn) return;
    drawn = state;
    canvas.setAttribute("aria-label", spans.words(key, now - REACH, now, well));
    surface.dirty();
  };
}

function draw(context, width, height, spans, key, clock) {
  const to = clock.now();
  const from = to - REACH;
  const place = (time) => ((time - from) / REACH) * width;
  context.fillStyle = colour("--track");
  context.fillRect(0, height - 1, width, 1);
  for (const one of spans.between(key, from, to)) {
    const [share, name] = LOOKS[one.state] ?? LOOKS.unknown;
    context.fillStyle = colour(name);
    const [left, right] = [place(one.from), place(one.to)];
    const high = Math.max(2, Math.round(height * share));
    context.fillRect(left, height - high, Math.max(1, right - left), high);
  }
  if (clock.at !== null) {
    context.fillStyle = colour("--ink");
    context.fillRect(Math.round(place(clock.at)) - 1, 0, 2, height);
  }
}
