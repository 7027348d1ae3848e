// What happened to a book, as one list in the order of time: alerts, episodes of surveillance, liquidations.

import { compact, price as priceText, signed } from "./format.js";

const WORDS = { spoof: "Spoof-like wall", layering: "Layering", quote_stuffing: "Quote stuffing", liquidity_shock: "Liquidity shock", stop_run: "Stop run", cascade: "Cascade" };

/** Entries of /api/v1/alerts/history as spans `{kind, id, name, severity, from, to, text, details}` in ms; `to` null: it fires. */
export function alertSpans(entries) {
  const spans = [];
  const open = new Map();
  for (const { t, event, alert } of [...entries].sort((one, other) => one.seq - other.seq)) {
    if (event === "fired") {
      const span = { kind: "alert", id: `${alert.id} ${t}`, name: alert.alert, severity: alert.severity, from: t / 1e6, to: null, text: alert.summary, details: [] };
      open.set(alert.id, span);
      spans.push(span);
    } else if (event === "resolved") {
      const span = open.get(alert.id);
      if (span) {
        span.to = t / 1e6;
        open.delete(alert.id);
      }
    }
  }
  return spans;
}

/** Episodes as events with a price where their evidence has one; null: they are of the whole book. */
export function episodeEvents(episodes) {
  return episodes.map((one) => ({
    kind: "episode",
    id: `${one.kind} ${one.side} ${one.t}`,
    name: WORDS[one.kind] ?? one.kind,
    side: one.side,
    from: within(one, "placed") / 1e6,
    to: within(one, "pulled") / 1e6,
    prices: pricesOf(one.evidence),
    text: `${WORDS[one.kind] ?? one.kind}, ${one.side}`,
    details: evidenceLines(one.evidence),
  }));
}

/** A time that its evidence names, else when it was complete. */
function within({ t, evidence }, name) {
  return evidence[name] > 0 && evidence[name] <= t ? evidence[name] : t;
}

/** Prices that the evidence names, lowest and highest: null where it names none. */
export function pricesOf(evidence) {
  const found = [];
  for (const [key, value] of Object.entries(evidence)) {
    if (!/price/.test(key)) continue;
    for (const one of Array.isArray(value) ? value.flat() : [value]) if (Number.isFinite(one) && one > 0) found.push(one);
  }
  return found.length ? [Math.min(...found), Math.max(...found)] : null;
}

/** The evidence as `[name, text]`; what lies deeper as `outer inner`. */
export function evidenceLines(evidence, before = "") {
  const lines = [];
  for (const [key, value] of Object.entries(evidence)) {
    const name = `${before}${key.replaceAll("_", " ")}`;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) lines.push(...evidenceLines(value, `${name}: `));
    else lines.push([name, textOf(key, value)]);
  }
  return lines;
}

function textOf(key, value) {
  if (value === null || value === undefined) return "not known";
  if (Array.isArray(value)) return value.slice(0, 6).map((one) => textOf(key, one)).join(", ") + (value.length > 6 ? " …" : "");
  if (typeof value !== "number") return String(value);
  if (value > 1e18) return new Date(value / 1e6).toLocaleTimeString("en-GB");
  if (/price/.test(key)) return priceText(value);
  return signed(value < 0 ? value : 0, compact(value));
}

/** Liquidations of /api/v1/history/trades as events. */
export function liquidationEvents({ t, price, size, quote, side }) {
  return t.map((time, k) => ({
    kind: "liquidation",
    id: `liquidation ${time} ${price[k]}`,
    name: side[k] > 0 ? "Long closed" : "Short closed",
    side: side[k],
    from: time / 1e6,
    to: time / 1e6,
    prices: [price[k], price[k]],
    quote: quote[k],
    text: `${side[k] > 0 ? "Long" : side[k] < 0 ? "Short" : "Position"} closed by force: ${compact(quote[k])} at ${priceText(price[k])}`,
    details: [["size", compact(size[k])], ["worth", compact(quote[k])]],
  }));
}

/** The event nearest to a time and, where both have one, a price; `perPixel` weighs them. null: none within 12 pixels. */
export function nearestEvent(events, time, price, perPixel) {
  let [best, least] = [null, 12];
  for (const one of events) {
    const [from, to] = [one.from, one.to ?? time];
    const across = (time < from ? from - time : time > to ? time - to : 0) / perPixel.ms;
    let up = 0;
    if (one.prices && price !== null) {
      const [low, high] = one.prices;
      up = (price < low ? low - price : price > high ? price - high : 0) / perPixel.price;
    } else if (price !== null) continue;
    const distance = Math.hypot(across, up);
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}
