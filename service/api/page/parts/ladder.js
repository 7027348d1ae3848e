// The depth ladder: prices in the middle, bids on the left, asks on the right, in rows of a chosen step.

import { ladder, rowOf } from "../core/depth.js";
import { compact } from "../core/format.js";
import { element, write } from "../core/paint.js";

const LET_DRIFT = 0.25; // share of the rows that the middle may be off the centre before it is put back

export class Ladder {
  constructor() {
    this.rows = [];
    this.centre = null;
    this.body = element("tbody");
    this.caption = element("caption", { class: "unseen" }, "Depth by price, highest first");
    this.table = element("table", {},
      this.caption,
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Bid"), element("th", { scope: "col" }, "Price"), element("th", { scope: "col" }, "Ask"))),
      this.body);
    this.note = element("p", { class: "note quiet", hidden: true });
    this.element = element("div", { class: "ladder" }, this.table, this.note);
  }

  /** Have so many rows. */
  size(count) {
    if (count === this.rows.length) return;
    this.rows = Array.from({ length: count }, made);
    this.body.replaceChildren(...this.rows.map((row) => row.element));
    this.centre = null;
  }

  /** Put the middle back into the centre. */
  recentre() {
    this.centre = null;
  }

  /** Nothing is known, for this reason. */
  withdraw(reason) {
    this.element.classList.add("off");
    this.note.hidden = false;
    write(this.note, reason);
    for (const row of this.rows) paint(row, { price: null, bid: null, ask: null }, 1, 0);
  }

  /** `bids`, `asks`: [[price, size], …], best first. */
  show(bids, asks, step, priceText) {
    this.element.classList.remove("off");
    this.note.hidden = true;
    const [bid, ask] = [bids[0]?.[0] ?? null, asks[0]?.[0] ?? null];
    if (bid === null && ask === null) { this.withdraw("Both sides are empty."); return; }
    const middle = rowOf(((bid ?? ask) + (ask ?? bid)) / 2, step);
    const count = this.rows.length;
    if (this.centre === null || this.step !== step || Math.abs(middle - this.centre) > count * LET_DRIFT) this.centre = middle;
    this.step = step;
    const rows = ladder(bids, asks, step, this.centre, count);
    const most = Math.max(...rows.map((row) => Math.max(row.bid ?? 0, row.ask ?? 0)), Number.MIN_VALUE);
    const [best, offer] = [bid === null ? null : rowOf(bid, step), ask === null ? null : Math.ceil(ask / step - 1e-7)];
    rows.forEach((row, place) => paint(this.rows[place], row, most, row.row === best ? "bid" : row.row === offer ? "ask" : "", priceText));
  }
}

function made() {
  const cells = ["bid", "price", "ask"].map((name) => element("td", { class: name }));
  const [bid, price, ask] = cells;
  const [bidBar, askBar] = [element("i", { "aria-hidden": "true" }), element("i", { "aria-hidden": "true" })];
  const [bidText, askText] = [element("span"), element("span")];
  bid.append(bidBar, bidText);
  ask.append(askBar, askText);
  return { element: element("tr", {}, ...cells), price, bidBar, askBar, bidText, askText, shares: [null, null], best: null };
}

function paint(row, { price, bid, ask }, most, best, priceText = String) {
  write(row.price, price === null ? "" : priceText(price));
  write(row.bidText, bid === null ? "" : compact(bid));
  write(row.askText, ask === null ? "" : compact(ask));
  [[row.bidBar, bid], [row.askBar, ask]].forEach(([bar, size], side) => {
    const share = Math.round(((size ?? 0) / most) * 100);
    if (row.shares[side] === share) return;
    row.shares[side] = share;
    bar.style.transform = `scaleX(${share / 100})`;
  });
  if (row.best !== best) {
    row.best = best;
    row.element.dataset.best = best || "";
  }
}
