// What each venue proves, and what a loss would leave unseen: said by the service, not hidden.

import { element } from "../core/paint.js";

export class BlindSpots {
  constructor() {
    this.element = element("div", { class: "cards" });
    this.cards = [];
  }

  /** Take the catalogue of venues. */
  show(venues) {
    this.cards = venues.map((venue) => ({ venue, element: card(venue) }));
    this.element.replaceChildren(...this.cards.map((one) => one.element));
  }

  /** Only venues that are watched, and of them the parts that are connected to, and that fit the filter. */
  only(venues, parts, fits) {
    for (const { venue, element: shown } of this.cards) {
      const here = venues.has(venue.name) && (parts.has(`${venue.name} ${venue.product}`) || ![...parts].some((one) => one.startsWith(`${venue.name} `)));
      shown.hidden = !here || !fits(`${venue.name} ${venue.product} ${venue.proof} ${venue.blind_spots.join(" ")}`);
    }
  }
}

function card(venue) {
  const facts = [
    ["Proof", venue.proof === "none" ? "none: nothing proves its books" : venue.proof],
    ["Sees a loss by", venue.detects],
    ["A loss costs", venue.scope],
    ["Sends", `${venue.depth ? `${venue.depth} levels a side` : "the full book"}, ${venue.interval}`],
    ["Liquidations", told(venue.derivatives)],
  ].filter(([, said]) => said);
  const spots = venue.blind_spots.length
    ? element("ul", {}, ...venue.blind_spots.map((one) => element("li", {}, one)))
    : element("p", { class: "quiet" }, "Nothing that is known of.");
  return element("article", {}, element("h3", {}, `${venue.name} ${venue.product}`),
    element("dl", {}, ...facts.flatMap(([name, said]) => [element("dt", {}, name), element("dd", {}, said)])),
    element("h4", {}, "Not seen"), spots);
}

function told(derivatives) {
  if (!derivatives) return "";
  return { all: "all", none: "none are told", sample: `a sample: ${derivatives.sampled}` }[derivatives.liquidations];
}
