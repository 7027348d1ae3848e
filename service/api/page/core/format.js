// How numbers are written: calm, with a sign where the sign matters, and nothing where there is nothing.

export const NOTHING = "–";
export const MINUS = "−";

export function signed(number, text) {
  return (number > 0 ? "+" : number < 0 ? MINUS : "") + text;
}

export function fixed(number, places) {
  return Math.abs(number).toFixed(places);
}

/** A ratio between -1 and 1: +0.43. */
export function ratio(number) {
  return signed(Math.round(number * 100), fixed(number, 2));
}

/** A price with as many places as its size leaves room for. */
export function price(number) {
  const size = Math.abs(number);
  const places = size >= 1000 ? 2 : size >= 10 ? 3 : size >= 0.1 ? 5 : 8;
  return number.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

/** A relative spread (0.0001 is one basis point) in basis points. */
export function basisPoints(number) {
  const points = number * 1e4;
  return points.toFixed(points >= 100 ? 0 : points >= 10 ? 1 : points >= 0.1 ? 2 : 3);
}

/** Three digits and a letter for thousands, millions, billions. */
export function compact(number) {
  const size = Math.abs(number);
  for (const [limit, letter] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (size >= limit) return trimmed(size / (limit === 1e4 ? 1e3 : limit)) + letter;
  }
  return size === 0 ? "0" : trimmed(size);
}

function trimmed(size) {
  if (size < 0.0005) return size.toExponential(1);
  return size.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** Seconds since something. */
export function age(seconds) {
  if (seconds < 1) return "<1 s";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

/** How long something lasted, two units at most: 4.2 s, 3 min 5 s, 2 h 10 min. */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const [minutes, left] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  if (minutes < 60) return left ? `${minutes} min ${left} s` : `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return rest ? `${hours} h ${rest} min` : `${hours} h`;
}

/** Milliseconds since 1970 as the time of day, in the reader's own zone: 14:03:07. */
export function timeOfDay(ms) {
  return new Date(ms).toLocaleTimeString("en-GB");
}

/** Day and time, UTC: 2026-07-01 14:03:07. */
export function instant(ms) {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/** Seconds that a message took: 4.2 ms. */
export function latency(seconds) {
  const size = Math.abs(seconds);
  if (size >= 1) return `${seconds.toFixed(1)} s`;
  return `${(seconds * 1000).toFixed(size >= 0.1 ? 0 : 1)} ms`;
}

/** A whole number with its thousands apart. */
export function count(number) {
  return number.toLocaleString("en-US");
}

/** Seconds as minutes and seconds: 1:03. */
export function minutes(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${`${whole % 60}`.padStart(2, "0")}`;
}
