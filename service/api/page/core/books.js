// The newest reading of every book, put together from what the stream says.

export const TOGETHER = "consolidated"; // the venue that stands for all of them

/** Does the service tell of several symbols together here? That has no price, and is not one of the books that are listed. */
export const isBasket = (book) => book.venue === TOGETHER && book.symbol.includes(":ALL-");

export const keyOf = (book) => `${book.venue} ${book.market} ${book.symbol}`;

export class Books {
  constructor() {
    this.all = new Map();
    this.changed = new Set();
  }

  /** Take a message of the readings channel; says the book's key. */
  take(message) {
    const key = keyOf(message);
    const known = this.all.get(key);
    // Where more outputs are wanted than one subscription may name, several messages make one reading.
    const same = known && known.state === message.state;
    const values = same ? { ...known.values, ...message.values } : message.values;
    this.all.set(key, shaped(message, values));
    this.changed.add(key);
    return key;
  }

  /** Nothing is known any more. */
  withdraw(reason) {
    for (const [key, book] of this.all) {
      this.all.set(key, { ...book, state: "unknown", reason, values: {}, truncated: [] });
      this.changed.add(key);
    }
  }

  /** Only these books are there; what is no more goes. */
  keep(keys) {
    for (const key of [...this.all.keys()]) if (!keys.has(key)) this.all.delete(key);
  }

  /** Keys that changed since this was asked last. */
  news() {
    const news = this.changed;
    this.changed = new Set();
    return news;
  }
}

/** A reading as rows show it, whether it came by stream or by REST. */
export function shaped(reading, values = reading.values) {
  return {
    venue: reading.venue,
    market: reading.market,
    symbol: reading.symbol,
    state: reading.state,
    reason: reading.reason,
    proof: reading.proof,
    received: reading.received,
    members: reading.members ?? [],
    truncated: reading.truncated ?? [],
    values,
    group: reading.venue === TOGETHER ? "all" : "",
  };
}

/** Seconds since a book's last message, at `now` (ms); null if there was none. */
export function ageOf(book, now) {
  return book.received === null || book.received === undefined ? null : Math.max(0, now / 1e3 - book.received / 1e9);
}

/** What stands beside a state: by what it is proven, or why it is not live. */
export function whyOf(book) {
  if (book.state !== "live") return book.reason;
  if (book.group === "all" && book.members.length) {
    const taking = book.members.filter((one) => one.takes_part).length;
    const venues = new Set(book.members.map((one) => one.venue)).size;
    return `${taking} of ${book.members.length} ${venues === book.members.length ? "venues" : "books"}`;
  }
  if (book.group === "all") return "";
  return book.proof === "none" ? "unproven" : `by ${book.proof}`;
}

/** For how long a number of each book has had one sign, as far as it was heard here. */
export class Runs {
  constructor() {
    this.held = new Map(); // key -> {sign, since, whole}
  }

  /** A book's number at `t` (ns); null where there is none, and then its run is over. */
  note(key, number, t) {
    const sign = number === null ? 0 : Math.sign(number);
    const known = this.held.get(key);
    if (known?.sign === sign) return;
    // A run that was there when the first word came may be longer than we know.
    this.held.set(key, { sign, since: t, whole: known !== undefined });
  }

  /** `{seconds, whole}` at `t` (ns) for who leans, else null; not whole: it is at least as long. */
  of(key, t) {
    const known = this.held.get(key);
    if (!known || known.sign === 0) return null;
    return { seconds: Math.max(0, (t - known.since) / 1e9), whole: known.whole };
  }

  clear() {
    this.held.clear();
  }
}

/**
 * Which symbols lean, most first: `[{market, symbol, value, agree, live, book}]`.
 *
 * Of a symbol speaks its consolidated book, else its only one. `value(book)` is its imbalance; `agree` counts the live
 * venues whose own leans to the same side.
 */
export function leaning(books, value, least = 0.2) {
  const symbols = new Map();
  for (const book of books) {
    const key = `${book.market} ${book.symbol}`;
    const one = symbols.get(key) ?? { whole: null, venues: [] };
    if (book.group === "all") one.whole = book;
    else one.venues.push(book);
    symbols.set(key, one);
  }
  return [...symbols.values()].map((one) => leanOf(one, value)).filter((one) => one !== null && Math.abs(one.value) >= least)
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
}

function leanOf({ whole, venues }, value) {
  const book = whole?.state === "live" ? whole : venues.length === 1 ? venues[0] : null;
  const said = book === null || book.state !== "live" ? null : value(book);
  if (said === null) return null;
  const live = venues.filter((one) => one.state === "live" && value(one) !== null);
  const agree = live.filter((one) => Math.sign(value(one)) === Math.sign(said)).length;
  return { market: book.market, symbol: book.symbol, value: said, agree, live: live.length, book };
}
