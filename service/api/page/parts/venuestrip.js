// Every venue in a line: how many of its books are live, and why the others are not.

import { element, write } from "../core/paint.js";

export function venueStrip(link) {
  const list = element("ul");
  const box = element("section", { class: "strip", "aria-label": "Venues" }, list);
  const chips = new Map();

  function chip(venue) {
    const [name, told] = [element("a", { href: link(venue) }, venue), element("span")];
    const made = element("li", {}, name, " ", told);
    chips.set(venue, { element: made, told });
    list.append(...[...chips].sort(([one], [other]) => one.localeCompare(other)).map(([, one]) => one.element));
    return chips.get(venue);
  }

  /** `venues`: name -> {live, of, reasons}. */
  function paint(venues) {
    for (const [venue, { live, of, reasons }] of venues) {
      const shown = chips.get(venue) ?? chip(venue);
      const state = live === of ? "live" : live ? "some" : "none";
      if (shown.element.dataset.state !== state) shown.element.dataset.state = state;
      if (write(shown.told, live === of ? `${live} live` : `${live} of ${of} live`) || shown.reasons !== reasons) {
        shown.element.title = shown.reasons = reasons;
      }
    }
    for (const [venue, shown] of chips) {
      if (!venues.has(venue)) {
        shown.element.remove();
        chips.delete(venue);
      }
    }
  }
  return { element: box, paint };
}

/** How the venues' own books stand: name -> {live, of, reasons}. */
export function byVenue(books) {
  const venues = new Map();
  for (const book of books) {
    if (book.group === "all") continue;
    const one = venues.get(book.venue) ?? { live: 0, of: 0, why: new Set() };
    one.of += 1;
    if (book.state === "live") one.live += 1;
    else one.why.add(`${book.symbol} ${book.state}${book.reason ? `: ${book.reason}` : ""}`);
    venues.set(book.venue, one);
  }
  return new Map([...venues].map(([name, { live, of, why }]) => [name, { live, of, reasons: [...why].join("\n") }]));
}
