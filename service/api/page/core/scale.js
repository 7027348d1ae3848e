// Scales: round numbers for axes, a range that moves rarely, brightness by the logarithm of a size.

/** Round numbers within [low, high], about `count` of them. */
export function ticks(low, high, count) {
  if (!(high > low)) return [];
  const step = niceStep((high - low) / count);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

/** 1, 2 or 5 times a power of ten, not below this. */
export function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * (1 - 1e-9));
}

/** Seconds between two marks of a time axis that is so long and has room for so many. */
export function timeStep(seconds, count) {
  const offered = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900];
  return offered.find((step) => seconds / step <= count) ?? 900;
}

/** The range of a chart's numbers: [-1, 1] for a balance, even about zero where the sign matters and it is near, else with some air. */
export function rangeOf(found, { balance = false, signed = false } = {}) {
  if (balance) return [-1, 1];
  if (found === null) return [0, 1];
  let [low, high] = found;
  const apart = Math.min(Math.abs(low), Math.abs(high)) > 0.3 * Math.max(Math.abs(low), Math.abs(high)) && low * high > 0;
  if (signed && !apart) {
    const reach = niceReach(Math.max(Math.abs(low), Math.abs(high)) || 1);
    return [-reach, reach];
  }
  if (low === high) { const air = Math.abs(low) * 0.001 || 1; [low, high] = [low - air, high + air]; }
  const air = (high - low) * 0.08;
  return [low >= 0 && low - air < 0 ? 0 : low - air, high + air];
}

/** A little above: one of 1, 1.5, 2, 3, 5, 7 times a power of ten, so that an axis does not move with each number. */
export function niceReach(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 1.5, 2, 3, 5, 7, 10].map((factor) => factor * power).find((reach) => reach >= size * 0.999999);
}

/**
 * The prices that a heatmap shows: what `touch` (lowest bid, highest ask) needs with air around it. The range before is
 * kept for as long as it still fits.
 */
export function priceRange(touch, before, reach) {
  if (touch === null) return before;
  const [low, high] = touch;
  const middle = (low + high) / 2;
  const half = Math.max((high - low) * 0.65, middle * reach);
  if (before) {
    const [floor, top] = before;
    const air = (top - floor) * 0.08;
    const similar = top - floor < half * 2 * 1.6 && top - floor > half * 2 / 1.3;
    if (similar && low > floor + air && high < top - air) return before;
  }
  return [middle - half, middle + half];
}

/** Brightness 0..255 of a size: logarithmic between `least` and `most`; 0 for nothing, and 24 for all that is smaller. */
export function brightness(size, least, most) {
  if (!(size > 0) || !(most > 0)) return 0;
  const share = Math.log(size / least) / Math.log(most / least);
  return share <= 0 ? 24 : share >= 1 ? 255 : Math.round(24 + share * 231);
}

/** What is dark and what is bright among these sizes: a single wall does not make the rest dark. [least, most] */
export function contrast(sizes) {
  if (sizes.length === 0) return [0, 0];
  const sorted = Float64Array.from(sizes).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const most = at(0.995);
  return [Math.min(at(0.25), most / 8), most];
}
