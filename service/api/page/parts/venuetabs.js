// The books of one symbol: which venue is looked at, how each fares, how it leans; of a consolidated book, who takes part.

import { NOTHING, ratio } from "../core/format.js";
import { element, write } from "../core/paint.js";
import { TOGETHER, keyOf, shaped, whyOf } from "../core/books.js";

export class VenueTabs {
  /** `columns`: what books lean by, of the catalogue; `chose(book)` is called with the book that is chosen. */
  constructor(columns, chose) {
    Object.assign(this, { columns, chose });
    this.books = new Map();
    this.items = new Map();
    this.element = element("div", { class: "venuetabs", role: "group", "aria-label": "Venue" });
  }

  /** A reading of one of the books. */
  take(message) {
    const key = keyOf(message);
    this.books.set(key, shaped(message));
    if (this.items.has(key)) return;
    this.items.set(key, this.#made(key));
    const order = ([, one], [, other]) => rank(one.book()) - rank(other.book()) || one.name.localeCompare(other.name);
    this.element.replaceChildren(...[...this.items].sort(order).map(([, item]) => item.button));
  }

  withdraw() {
    for (const [key, book] of this.books) this.books.set(key, { ...book, state: "unknown", reason: "connection lost", values: {} });
  }

  clear() {
    this.books.clear();
    this.items.clear();
    this.element.replaceChildren();
  }

  /** The book at a venue, else the first there is. */
  find(venue, market) {
    const all = [...this.books.values()].filter((book) => !market || book.market === market);
    return all.find((book) => book.venue === venue) ?? all.sort((one, other) => rank(one) - rank(other) || one.venue.localeCompare(other.venue))[0] ?? null;
  }

  /** The book that many places after this one. */
  after(key, by) {
    const keys = [...this.element.children].map((button) => button.dataset.key);
    return this.books.get(keys[(keys.indexOf(key) + by + keys.length) % keys.length]) ?? null;
  }

  paint(chosen) {
    for (const [key, item] of this.items) {
      const book = item.book();
      const number = book.state === "live" ? firstOf(this.columns, book) : null;
      write(item.word, book.state === "live" ? "" : book.state);
      write(item.number, number === null ? NOTHING : ratio(number));
      item.number.className = number > 0 ? "bid" : number < 0 ? "ask" : "";
      const pressed = `${key === chosen}`;
      if (item.button.getAttribute("aria-pressed") !== pressed) item.button.setAttribute("aria-pressed", pressed);
      if (item.button.dataset.state !== book.state) item.button.dataset.state = book.state;
      const title = `${book.state}${whyOf(book) ? `: ${whyOf(book)}` : ""}`;
      if (item.button.title !== title) item.button.title = title;
    }
  }

  #made(key) {
    const first = this.books.get(key);
    const [word, number] = [element("small"), element("b")];
    const name = first.venue === TOGETHER ? "All venues" : first.venue;
    const button = element("button", { type: "button", "data-key": key }, element("i", { "aria-hidden": "true" }), element("span", {}, name), number, word);
    button.onclick = () => this.chose(this.books.get(key));
    return { button, word, number, name, book: () => this.books.get(key) };
  }
}

const rank = (book) => (book.venue === TOGETHER ? 1 : 0);

function firstOf(columns, book) {
  for (const column of columns) {
    const value = column.value(book);
    if (value !== null) return value;
  }
  return null;
}
