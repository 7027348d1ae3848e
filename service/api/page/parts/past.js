// The readings of all books at a moment that lies back, as the service remembers them.

import { isBasket, keyOf, shaped } from "../core/books.js";

const PATH = "/api/v1/history/readings";
const APART = 1000; // ms between two questions

export class Past {
  constructor(app) {
    this.app = app;
    this.books = new Map();
    this.said = "";
    this.names = [];
    this.wanted = null; // the moment that is asked for next
    this.asking = false;
    this.timer = null;
  }

  /** These outputs are wanted. */
  follow(names) {
    this.names = names;
  }

  /** Look at a moment (ms); `found(books)` is called with key -> book once it is known. */
  look(at, found) {
    this.wanted = { at, found };
    if (!this.asking && this.timer === null) this.#ask();
  }

  /** Back to now. */
  leave() {
    this.wanted = null;
    this.books = new Map();
  }

  close() {
    this.leave();
    clearTimeout(this.timer);
  }

  async #ask() {
    const { at, found } = this.wanted;
    this.wanted = null;
    this.asking = true;
    try {
      const answer = await this.app.api.get(PATH, { at: String(BigInt(Math.round(at)) * 1_000_000n), metric: this.names.slice(0, 100) });
      this.books = new Map(answer.readings.filter((one) => !isBasket(one)).map((one) => [keyOf(one), shaped(one)]));
      this.said = "Nothing is remembered of this moment.";
    } catch (error) {
      this.books = new Map();
      this.said = error.message;
    }
    this.asking = false;
    if (!this.app.clock.live) found(this.books);
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.wanted) this.#ask();
    }, APART);
  }
}
