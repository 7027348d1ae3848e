// The ladder with its choice of step: of the live book, or of a remembered second.

import { levelsOf, nearest, rounded, steps, tickOf } from "../core/depth.js";
import { price as priceText } from "../core/format.js";
import { element } from "../core/paint.js";
import { Ladder } from "./ladder.js";

const WANTED = 3e-5; // of the price: the step that is chosen at first
const DEPTHS = [50, 200, 1000]; // levels a side that are asked for, as far as the rows reach

export class LadderPanel {
  /** `changed()` is called when the user wants other rows. */
  constructor(address, feed, changed) {
    Object.assign(this, { address, feed, changed });
    this.ladder = new Ladder();
    this.select = element("select", { id: "group", "aria-label": "Step of the ladder", title: "Step (- and +)" });
    this.select.onchange = () => this.#choose(Number(this.select.value));
    this.caption = element("p", { class: "quiet unit" });
    this.element = element("section", { class: "panel ladderpanel" }, element("div", { class: "head" }, element("h2", {}, "Ladder"), element("label", {}, "Step ", this.select)), this.ladder.element, this.caption);
    this.narrow = matchMedia("(max-width: 760px)");
    this.offered = [];
  }

  /** Another book is shown: what one unit of its sizes is has to be asked for. */
  async follow(feed) {
    this.offered = [];
    this.step = null;
    this.units = null;
    this.ladder.recentre();
    this.ladder.size(this.narrow.matches ? 21 : 39);
    this.ladder.withdraw("Waiting for the book.");
    feed.watchLevels(DEPTHS[1]);
    const { symbols } = await feed.app.api.get("/api/v1/symbols", { venue: feed.venue, market: feed.market, symbol: feed.symbol }).catch(() => ({ symbols: [] }));
    if (this.feed() !== feed) return;
    const one = symbols[0];
    this.units = one ? unitsOf(one) : unitsOf({ contract_size: "1", multiplier: "1", contract: "spot", tick: null });
    this.base = one?.base ?? feed.symbol.split("-")[0];
    this.caption.textContent = `Sizes in ${this.base}`;
  }

  coarser(by) {
    const at = this.offered.indexOf(this.step);
    if (at >= 0) this.#choose(this.offered[Math.min(this.offered.length - 1, Math.max(0, at + by))]);
  }

  recentre() {
    this.ladder.recentre();
    this.changed();
  }

  /** Show the book as it is, or was at a moment (ms); gives `{bids, asks}` as numbers where there is something. */
  show(at) {
    const feed = this.feed();
    const levels = at === null ? this.#now(feed) : this.#then(feed, Math.floor(at / 1000));
    if (typeof levels === "string") {
      this.ladder.withdraw(levels);
      return { bids: [], asks: [] };
    }
    if (levels === null) return null;
    this.#offer(feed, levels);
    this.ladder.show(levels.bids, levels.asks, this.step, this.write);
    return levels;
  }

  #now(feed) {
    const { levels, reading } = feed;
    if (reading && reading.state !== "live") return `${reading.state}: ${reading.reason}`;
    if (levels === null || this.units === null) return reading ? "Waiting for the book." : null;
    if (levels === this.seen) return this.numbers;
    this.seen = levels;
    this.numbers = { bids: levels.bids.map(this.units), asks: levels.asks.map(this.units), texts: [...levels.bids, ...levels.asks].map(([price]) => price) };
    return this.numbers;
  }

  #then(feed, second) {
    const column = feed.depth.columns.get(second) ?? feed.depth.columns.get(second - 1);
    if (!column) return column === null ? "Not live at this moment." : "Nothing is remembered of this moment.";
    return { ...levelsOf(column, feed.depth.row), least: feed.depth.row };
  }

  /** The steps that may be chosen: from the book's tick up. */
  #offer(feed, { bids, asks, texts, least }) {
    if (this.offered.length === 0) {
      if (!texts) { this.offered = [least]; this.#steps(least); this.offered = []; return; }
      const price = bids[0]?.[0] ?? asks[0]?.[0];
      if (price === undefined) return;
      this.offered = steps(this.units.tick ?? tickOf(texts), price);
      const asked = Number(this.address.get("group"));
      this.#steps(this.offered.includes(asked) ? asked : nearest(this.offered, price * WANTED));
    } else if (least && this.step < least) this.#steps(this.offered.find((step) => step >= least * 0.999) ?? least);
    else if (!least && this.before) this.#steps(this.before);
  }

  #steps(step) {
    if (this.feed().app.clock.live) this.before = null;
    else this.before ??= this.step;
    this.step = step;
    const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    this.write = (price) => (places > 8 ? priceText(price) : price.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places }));
    const key = this.offered.join(" ");
    if (key !== this.listed) {
      this.listed = key;
      this.select.replaceChildren(...this.offered.map((one) => new Option(String(one), one)));
    }
    this.select.value = step;
  }

  #choose(step) {
    this.before = null;
    this.#steps(step);
    this.address.set({ group: step });
    this.recentre();
    const { numbers } = this;
    const half = (this.ladder.rows.length / 2) * step;
    if (!numbers?.bids.length) return;
    // As many levels as the rows need, as far as the density of the known ones tells.
    const spacing = Math.abs(numbers.bids[0][0] - numbers.bids.at(-1)[0]) / numbers.bids.length;
    this.feed().watchLevels(DEPTHS.find((depth) => depth * spacing > half) ?? DEPTHS.at(-1));
  }
}

/** Of a venue's own text [price, size]: price for one base unit, size in base units. */
export function unitsOf({ contract_size: size, multiplier, contract, tick }) {
  const [lot, times] = [Number(size ?? NaN), Number(multiplier)];
  const units = ([price, amount]) => {
    const paid = Number(price) / times;
    return [paid, contract === "inverse" ? (Number(amount) * lot) / paid : Number(amount) * lot];
  };
  units.tick = tick === null ? null : rounded(Number(tick) / times);
  return units;
}
