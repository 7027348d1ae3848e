// Who takes part in a consolidated book, with its share of the depth; and why the others do not.

import { element, write } from "../core/paint.js";

export class Members {
  /** `link(member)` gives the address of a member's own book. */
  constructor(link) {
    this.link = link;
    this.key = "";
    this.body = element("tbody");
    this.element = element("section", { class: "panel members", hidden: true }, element("h2", {}, "Venues and their share of depth"),
      element("table", {}, element("thead", {}, element("tr", {}, ...["Venue", "Share", "State"].map((text) => element("th", { scope: "col" }, text)))), this.body));
  }

  /** `share(venue)` gives 0..1 or null. */
  show(members, share) {
    this.element.hidden = members.length === 0;
    const key = members.map((one) => `${one.venue} ${one.symbol}`).join("|");
    if (key !== this.key) {
      this.key = key;
      this.rows = members.map((one) => this.#made(one));
      this.body.replaceChildren(...this.rows.map((row) => row.element));
    }
    members.forEach((one, place) => {
      const row = this.rows[place];
      const part = one.takes_part ? share(one.venue) : null;
      write(row.share, part === null ? "–" : `${(part * 100).toFixed(1)} %`);
      row.bar.style.transform = `scaleX(${part ?? 0})`;
      write(row.state, one.takes_part ? (one.reason || "takes part") : one.reason || one.state);
      row.element.classList.toggle("off", !one.takes_part);
    });
  }

  #made(one) {
    const [share, bar, state] = [element("span"), element("i", { "aria-hidden": "true" }), element("td")];
    return { share, bar, state, element: element("tr", {}, element("th", { scope: "row" }, element("a", { href: this.link(one) }, one.venue)), element("td", { class: "share" }, bar, share), state) };
  }
}
