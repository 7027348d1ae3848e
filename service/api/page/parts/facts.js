// The few numbers that a trader looks at first: state, touch, spread, imbalance.

import { NOTHING, basisPoints, compact, price as priceText, ratio, signed } from "../core/format.js";
import { element, write } from "../core/paint.js";
import { whyOf } from "../core/books.js";

const FACTS = [
  ["Mid", "mid_price", {}, "", priceText],
  ["Bid", "best_price", { side: "bid" }, "", priceText],
  ["Ask", "best_price", { side: "ask" }, "", priceText],
  ["Spread bp", "spread", {}, "ratio", basisPoints],
  ["Imbalance 10 bp", "consolidated_imbalance", { band_bps: "10" }, "", ratio],
  ["Imbalance 25 bp", "band_imbalance", { band_bps: "25" }, "", ratio],
  ["Imbalance 10 lvl", "depth_imbalance", { levels: "10" }, "", ratio],
  ["OFI 10 s", "ofi", { window: "10s" }, "", (number) => signed(number, compact(Math.abs(number)))],
  ["Delta 10 s", "volume_delta", { window: "10s" }, "", (number) => signed(number, compact(Math.abs(number)))],
];

export class Facts {
  constructor(catalogue) {
    this.facts = FACTS.map(([heading, key, labels, field, text]) => ({ heading, text, column: catalogue.find(key, labels, field), value: element("dd") }))
      .filter((one) => one.column !== null)
      .map((one) => ({ ...one, place: element("div", {}, element("dt", {}, one.heading), one.value) }));
    this.state = element("p", { class: "state", role: "status" }, element("b"), " ", element("small"));
    this.element = element("div", { class: "facts" }, this.state,
      element("dl", {}, ...this.facts.map((one) => one.place)));
  }

  /** A book has these outputs: the others' facts are none of its own. */
  offer(names) {
    for (const { place, column } of this.facts) place.hidden = !column.names.some((name) => names.has(name));
  }

  get names() {
    return this.facts.flatMap((one) => one.column.names);
  }

  /** A shaped book; its values are those of now, or of the moment that is looked at. */
  show(book) {
    const [word, why] = this.state.children;
    write(word, book.state);
    write(why, whyOf(book));
    this.state.dataset.state = book.state;
    this.element.classList.toggle("off", book.state !== "live");
    for (const { value, column, text } of this.facts) {
      const number = column.value(book);
      write(value, number === null || Number.isNaN(number) ? NOTHING : text(number));
      if (column.signed) value.className = number > 0 ? "bid" : number < 0 ? "ask" : "";
    }
  }
}
