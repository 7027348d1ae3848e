// What is drawn on the heatmap: prints as dots, liquidations as diamonds, episodes as frames, alerts along the top.

import { colour } from "../core/paint.js";

const LETTERS = { "Spoof-like wall": "S", Layering: "L", "Quote stuffing": "Q", "Liquidity shock": "D", "Stop run": "R", Cascade: "C" };
const LANE = 12; // pixels at the top for alerts

/** Half discs of which the area says the size: of a buy the upper half, of a sell the lower. */
export function drawPrints(context, map, prints, plot) {
  const { axis } = map;
  const seen = prints.filter((one) => one.time >= axis.first * 1000 && one.time < (axis.end + 1) * 1000);
  if (seen.length === 0) return;
  const most = Math.max(...seen.map((one) => one.size));
  const least = seen.length > 600 ? most / 200 : 0; // where there are many, the smallest would only be dust
  context.lineWidth = 1;
  context.strokeStyle = colour("--heat-ground");
  for (const side of [-1, 0, 1]) {
    context.fillStyle = colour(side > 0 ? "--bid-fill" : side < 0 ? "--ask-fill" : "--quiet");
    context.beginPath();
    for (const one of seen) {
      if (one.side !== side || one.size < least) continue;
      const radius = 1.5 + 7 * Math.sqrt(one.size / most);
      const [x, y] = [axis.x(one.time, plot), map.y(one.price)];
      context.moveTo(x + radius, y);
      if (side === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
      else context.arc(x, y, radius, 0, Math.PI, side > 0);
      context.closePath();
    }
    context.fill();
    context.stroke();
  }
}

/** Alerts, episodes and liquidations. */
export function drawEvents(context, map, feed, plot) {
  for (const one of feed.alerts) drawAlert(context, map, one, plot);
  for (const one of feed.episodes) drawEpisode(context, map, one, plot);
  for (const one of feed.forced.values()) drawForced(context, map, one, plot);
}

function drawAlert(context, map, one, plot) {
  const { axis } = map;
  const [from, to] = [axis.x(one.from, plot), axis.x(one.to ?? (axis.end + 1) * 1000, plot)];
  if (to < 0 || from > plot) return;
  context.fillStyle = colour(one.severity === "critical" ? "--bad" : "--warn");
  context.globalAlpha = 0.35;
  context.fillRect(from, 2, Math.max(1, to - from), LANE - 6);
  context.globalAlpha = 1;
  context.beginPath(); // where it fired: a triangle that points down
  context.moveTo(from - 4, 0);
  context.lineTo(from + 4, 0);
  context.lineTo(from, LANE - 2);
  context.fill();
}

function drawEpisode(context, map, one, plot) {
  const { axis } = map;
  const [from, to] = [axis.x(one.from, plot), axis.x(one.to + 1000, plot)];
  if (to < 0 || from > plot) return;
  const [high, low] = one.prices ? [map.y(one.prices[1]), map.y(one.prices[0])] : [LANE + 2, LANE + 8];
  const [x, y] = [from - 2, Math.min(high, low) - 4];
  context.strokeStyle = colour("--warn");
  context.lineWidth = 1.5;
  context.strokeRect(x, y, Math.max(8, to - from + 4), Math.max(8, Math.abs(low - high) + 8));
  context.fillStyle = colour("--warn");
  context.textAlign = "left";
  context.fillText(LETTERS[one.name] ?? "E", x, y - 3 > 8 ? y - 3 : y + 20);
}

function drawForced(context, map, one, plot) {
  const [x, y] = [map.axis.x(one.from, plot), map.y(one.prices[0])];
  if (x < 0 || x > plot) return;
  const reach = 3 + Math.min(7, Math.max(0, Math.log10(one.quote / 1000)) * 2);
  context.strokeStyle = colour(one.side > 0 ? "--ask" : "--bid"); // closing a long sells
  context.fillStyle = colour("--heat-ground");
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x, y - reach);
  context.lineTo(x + reach, y);
  context.lineTo(x, y + reach);
  context.lineTo(x - reach, y);
  context.closePath();
  context.fill();
  context.stroke();
}
