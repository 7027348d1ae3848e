// Heat by venue: symbols down, venues across, each cell coloured by one number, which is written in it too.

import { TOGETHER, keyOf, whyOf } from "../core/books.js";
import { MINUS, NOTHING } from "../core/format.js";
import { element, write } from "../core/paint.js";

export class Heat {
  /** `link(book)` is the address of a book, or null. */
  constructor({ link }) {
    this.link = link;
    this.head = element("tr");
    this.body = element("tbody");
    this.table = element("table", { class: "heat" }, element("thead", {}, this.head), this.body);
    this.element = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Heat by venue" }, this.table);
    this.shape = "";
    this.cells = new Map();
  }

  /** Bring it up to date: `books` that are to be seen, `column` that they are coloured by. */
  paint(books, column) {
    const venues = [...new Set(books.map((book) => book.venue))].sort((one, other) =>
      (other === TOGETHER) - (one === TOGETHER) || one.localeCompare(other));
    const symbols = [...new Map(books.map((book) => [`${book.symbol} ${book.market}`, book])).entries()]
      .sort(([one], [other]) => one.localeCompare(other)).map(([, book]) => book);
    this.#build(symbols, venues);
    const numbers = new Map(books.map((book) => [keyOf(book), column.value(book)]));
    const scale = scaleOf(column, [...numbers.values()]);
    for (const book of books) this.#cell(this.cells.get(keyOf(book)), book, numbers.get(keyOf(book)), column, scale);
  }

  #build(symbols, venues) {
    const shape = JSON.stringify([symbols.map((book) => [book.symbol, book.market]), venues]);
    if (shape === this.shape) return;
    this.shape = shape;
    this.cells.clear();
    this.head.replaceChildren(element("th", { scope: "col" }, "Symbol"), ...venues.map((venue) =>
      element("th", { scope: "col" }, venue === TOGETHER ? "all venues" : venue.replaceAll("_", " "))));
    this.body.replaceChildren(...symbols.map(({ symbol, market }) => element("tr", {},
      element("th", { scope: "row" }, symbol, market === "spot" ? "" : element("small", {}, ` ${market}`)),
      ...venues.map((venue) => {
        const link = element("a");
        const cell = element("td", {}, link);
        this.cells.set(keyOf({ venue, market, symbol }), { cell, link });
        return cell;
      }))));
  }

  #cell({ cell, link }, book, number, column, scale) {
    const text = number === null ? (book.state === "live" ? NOTHING : book.state) : column.write(number);
    const address = this.link(book);
    if (address !== null && link.getAttribute("href") !== address) link.setAttribute("href", address);
    if (write(link, text)) {
      const off = book.state !== "live";
      cell.className = off ? "off" : text.startsWith("+") ? "bid" : text.startsWith(MINUS) ? "ask" : "even";
      cell.title = `${book.symbol}, ${book.venue}: ${off ? `${book.state}, ` : ""}${whyOf(book)}`;
    }
    const heat = number === null ? 0 : Math.round(Math.min(1, Math.abs(number) / scale) * 20) / 20;
    if (cell.heat !== heat) cell.style.setProperty("--heat", cell.heat = heat);
  }
}

/** What full colour stands for: 1 for a balance, else the largest number there is. */
function scaleOf(column, numbers) {
  if (column.balance) return 1;
  return Math.max(1e-12, ...numbers.filter((number) => number !== null).map(Math.abs));
}
