// Which state something was in, from when to when, and why: what the service remembers, and what is heard since.

const MOST = 400; // spans of one thing; the oldest go

export class Spans {
  constructor() {
    this.changes = 0; // counts them, so that who draws sees that there is news
    this.of = new Map(); // key -> [{from, to, state, reason}], ms; `to` null for what still holds
  }

  /** Take what the service remembers: `[{from, to, state, reason}]` in ns. */
  load(key, told) {
    this.changes += 1;
    this.of.set(key, told.map((one) => ({ ...one, from: one.from / 1e6, to: one.to === null ? null : one.to / 1e6 })));
  }

  /** It is so from `time` (ms) on; says whether that is news. */
  note(key, time, state, reason) {
    const spans = this.of.get(key) ?? [];
    const last = spans.at(-1);
    if (last && last.to === null && last.state === state && last.reason === reason) return false;
    this.changes += 1;
    if (last && last.to === null) last.to = Math.max(last.from, time);
    spans.push({ from: Math.max(last?.from ?? 0, time), to: null, state, reason });
    if (spans.length > MOST) spans.shift();
    this.of.set(key, spans);
    return true;
  }

  /** How it was at `time` (ms), null where nobody knows. */
  at(key, time) {
    return this.of.get(key)?.findLast((one) => one.from <= time && (one.to === null || one.to > time)) ?? null;
  }

  /** Spans that touch a time, cut to it. */
  between(key, from, to) {
    return (this.of.get(key) ?? []).filter((one) => one.from < to && (one.to ?? to) > from)
      .map((one) => ({ ...one, from: Math.max(from, one.from), to: Math.min(to, one.to ?? to) }));
  }

  /** In words: how much of a time it was well, and what it was else. `well(state)` says what that is. */
  words(key, from, to, well) {
    const spans = this.between(key, from, to);
    const known = spans.reduce((sum, one) => sum + one.to - one.from, 0);
    if (known === 0) return "nothing remembered";
    const good = spans.filter((one) => well(one.state)).reduce((sum, one) => sum + one.to - one.from, 0);
    const others = spans.filter((one) => !well(one.state));
    const share = good === known ? "100" : Math.min(99.9, (100 * good) / known).toFixed(1);
    if (!others.length) return `${share} % of what is remembered`;
    const why = others.at(-1);
    return `${share} % of what is remembered; ${others.length} times not, last ${why.state}${why.reason ? `: ${why.reason}` : ""}`;
  }
}
