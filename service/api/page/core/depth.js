// Depth: levels put together into rows of price, what stands up to a price, and the columns that the service remembers.

/** Steps that a ladder may have, from the book's own: 1, 2, 5 times powers of ten of it. */
export function steps(tick, price) {
  const found = [];
  for (let power = 1; tick * power <= price * 0.01; power *= 10) {
    for (const factor of [1, 2, 5]) found.push(rounded(tick * power * factor));
  }
  return found.filter((step) => step <= price * 0.01);
}

/** The step of these that is nearest to a share of the price. */
export function nearest(offered, wanted) {
  return offered.reduce((best, one) => (Math.abs(Math.log(one / wanted)) < Math.abs(Math.log(best / wanted)) ? one : best), offered[0]);
}

/** The greatest step that all these prices are multiples of, as far as their text tells. */
export function tickOf(prices) {
  const places = Math.max(0, ...prices.map((text) => (text.split(".")[1] ?? "").replace(/0+$/, "").length));
  return rounded(10 ** -places);
}

/** Away with the tail of digits that binary fractions leave. */
export function rounded(number) {
  return Number(number.toPrecision(12));
}

/** Row of a price: what is written as a multiple of the step is one, whatever binary fractions say. */
export function rowOf(price, step) {
  return Math.floor(price / step + 1e-7);
}

/**
 * Levels `[[price, size], …]`, best first, as rows: `Map(row -> size)`. A bid belongs to the row that it is in or above
 * (rounded down), an ask to the row above it (rounded up), so that no row promises a better price than there is.
 */
export function grouped(levels, step, bids) {
  const rows = new Map();
  for (const [price, size] of levels) {
    const row = bids ? rowOf(price, step) : Math.ceil(price / step - 1e-7);
    rows.set(row, (rows.get(row) ?? 0) + size);
  }
  return rows;
}

/** Rows of a ladder around its middle, highest first: `[{row, price, bid, ask}]`, sizes null where there is nothing. */
export function ladder(bids, asks, step, centre, count) {
  const rows = [];
  const [bidRows, askRows] = [grouped(bids, step, true), grouped(asks, step, false)];
  for (let row = centre + Math.ceil(count / 2); rows.length < count; row--) {
    rows.push({ row, price: rounded(row * step), bid: bidRows.get(row) ?? null, ask: askRows.get(row) ?? null });
  }
  return rows;
}

/** Sum of the sizes from the touch outwards: `[[price, sum], …]`. */
export function cumulative(levels) {
  let sum = 0;
  return levels.map(([price, size]) => [price, (sum += size)]);
}

/** Levels of a remembered column, best first: rows as prices at the edge away from the other side's, never a better one. */
export function levelsOf(column, row) {
  const side = (sizes, first, sign) => sizes
    .map((size, k) => [rounded((first + sign * k + (sign > 0 ? 1 : 0)) * row), size])
    .filter(([, size]) => size > 0);
  return { bids: side(column.bids, column.bidRow, -1), asks: side(column.asks, column.askRow, 1) };
}

/** Columns of depth by second. `row` is the height of their rows in price. */
export class DepthPast {
  constructor() {
    this.row = 0;
    this.columns = new Map(); // second -> {bid, ask, bidRow, askRow, bids, asks}; null: not live
    this.version = 0;
    this.last = 0;
  }

  /** An answer of /api/v1/history/levels. Where its rows are of another height, what was there goes. */
  take(answer, keep = 1900) {
    if (answer.row && this.row && Math.abs(answer.row / this.row - 1) > 1e-9) {
      if (answer.row > this.row || answer.times.length > 5) this.columns.clear();
      else return false;
      this.version++;
    }
    if (answer.row) this.row = answer.row;
    answer.times.forEach((time, k) => {
      const second = Math.floor(time / 1e9);
      this.columns.set(second, answer.bids[k] === null ? null : {
        bid: answer.bid[k], ask: answer.ask[k], bidRow: answer.bid_row[k], askRow: answer.ask_row[k],
        bids: answer.bids[k], asks: answer.asks[k],
      });
      this.last = Math.max(this.last, second);
    });
    for (const second of this.columns.keys()) {
      if (second >= this.last - keep) break;
      this.columns.delete(second);
    }
    return true;
  }

  /** The size that stands in a row of price at a second; null where it is not known. */
  size(second, row) {
    const column = this.columns.get(second);
    if (!column) return null;
    if (row <= column.bidRow) {
      const below = column.bids[column.bidRow - row];
      if (row < column.askRow) return below ?? null;
      return below === undefined ? null : (below ?? 0) + (column.asks[row - column.askRow] ?? 0);
    }
    return row >= column.askRow ? column.asks[row - column.askRow] ?? null : 0;
  }

  /** Lowest bid and highest ask of a time, as prices; null where there is none. */
  touch(first, last) {
    let [low, high] = [Infinity, -Infinity];
    for (let second = first; second <= last; second++) {
      const column = this.columns.get(second);
      if (!column) continue;
      low = Math.min(low, column.bid, column.ask);
      high = Math.max(high, column.bid, column.ask);
    }
    return low > high ? null : [low, high];
  }
}
