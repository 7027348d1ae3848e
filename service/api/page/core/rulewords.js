// What a rule looks at, in a line.

/** A condition as a line: `depth.base{band_bps=25} relative_change below -0.7 within 10s`. */
export function wordsOf(when) {
  for (const [joint, word] of [["any", " or "], ["all", " and "]]) {
    if (when[joint]) return when[joint].map(wordsOf).join(word);
  }
  const { metric, labels, take, absolute, above, below, window: within, book, feed, venue } = when;
  if (metric === undefined) {
    const known = Object.entries({ book, feed, venue }).find(([, state]) => state !== undefined);
    return known ? `${known[0]} ${String(known[1]).replaceAll("_", " ")}` : JSON.stringify(when);
  }
  const named = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`).join(",");
  const parts = [absolute ? "size of" : "", metric + (named ? `{${named}}` : ""), take ? take.replaceAll("_", " ") : "",
    above !== undefined ? `above ${level(above)}` : "", below !== undefined ? `below ${level(below)}` : "", within ? `within ${within}` : ""];
  return parts.filter(Boolean).join(" ");
}

function level(given) {
  return typeof given === "object" ? `${given.times ?? 1} times ${given.metric}` : given;
}
