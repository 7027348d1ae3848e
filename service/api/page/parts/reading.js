// What stands under the crosshair, as text: the moment, the price, what rests there, the touch, the prints of the second.

import { rowOf } from "../core/depth.js";
import { NOTHING, compact, price as priceText, timeOfDay } from "../core/format.js";
import { element, write } from "../core/paint.js";

export class Reading {
  constructor(axis, feed) {
    Object.assign(this, { axis, feed });
    this.texts = new Map(["time", "price", "resting", "bid", "ask", "bought", "sold"].map((name) => [name, element("dd")]));
    const words = { time: "At", price: "Price", resting: "Resting", bid: "Bid", ask: "Ask", bought: "Bought", sold: "Sold" };
    this.element = element("dl", { class: "readout", id: "readout", "aria-live": "polite", "aria-label": "Under the crosshair" },
      ...[...this.texts].map(([name, text]) => element("div", { "data-name": name }, element("dt", {}, words[name]), text)));
  }

  show() {
    const { axis } = this;
    const { depth, prints, moments } = this.feed();
    const cursor = axis.cursor;
    const second = cursor ? Math.floor(cursor.time / 1000) : Math.min(axis.end, depth.last || axis.end);
    const kept = depth.columns.get(second);
    const gone = kept === null || moments.wasLive(second) === false;
    const column = gone ? null : kept;
    const price = cursor?.price ?? null;
    const resting = price === null || !column ? null : depth.size(second, rowOf(price, depth.row));
    const said = { time: gone ? `${timeOfDay(second * 1000)} not live` : timeOfDay(second * 1000) };
    said.price = price === null ? NOTHING : priceText(price);
    said.resting = resting === null ? NOTHING : compact(resting);
    said.bid = column ? priceText(column.bid) : NOTHING;
    said.ask = column ? priceText(column.ask) : NOTHING;
    let [bought, sold] = [0, 0];
    for (let k = prints.length - 1; k >= 0 && prints[k].time >= second * 1000; k--) {
      if (prints[k].time >= (second + 1) * 1000) continue;
      if (prints[k].side > 0) bought += prints[k].size;
      else if (prints[k].side < 0) sold += prints[k].size;
    }
    said.bought = bought ? `+${compact(bought)}` : NOTHING;
    said.sold = sold ? `−${compact(sold)}` : NOTHING;
    for (const [name, text] of this.texts) write(text, said[name]);
  }
}
