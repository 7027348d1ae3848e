// What leans most now: the answer to the first question of who opens the page.

import { duration, ratio } from "../core/format.js";
import { element, write } from "../core/paint.js";

const MOST = 5;

/** `{element, paint(found)}`; `link(book)` is the address of a book, or null. */
export function leaningList(link) {
  const list = element("ol");
  const none = element("p", { class: "quiet" }, "Nothing leans: every imbalance is below 0.20.");
  const box = element("section", { class: "leaning", "aria-label": "Leaning most" }, element("h2", {}, "Leaning most"), list, none);
  const cards = Array.from({ length: MOST }, () => card());

  function paint(found, quiet) {
    const shown = found.slice(0, MOST);
    if (list.children.length !== shown.length) list.replaceChildren(...cards.slice(0, shown.length).map((one) => one.element));
    shown.forEach((lean, place) => cards[place].paint(lean, link));
    write(none, quiet);
    none.hidden = shown.length > 0;
  }
  return { element: box, paint };
}

function card() {
  const [name, number, said, fill] = [element("a"), element("b"), element("small"), element("i")];
  const made = element("li", {}, name, number, element("i", { class: "track", "aria-hidden": "true" }, fill), said);
  return {
    element: made,
    paint({ symbol, value, agree, live, run, book }, link) {
      const address = link(book);
      if (address !== null && name.getAttribute("href") !== address) name.setAttribute("href", address);
      write(name, symbol);
      if (write(number, ratio(value))) {
        made.className = value > 0 ? "bid" : "ask";
        fill.style.transform = `scaleX(${Math.round(value * 100) / 100})`;
        fill.className = value > 0 ? "bid" : "ask";
      }
      const venues = live === 1 ? book.venue : `${agree} of ${live} venues`;
      const lasted = run === null ? "" : `, for ${run.whole ? "" : "over "}${duration(run.seconds)}`;
      write(said, `${value > 0 ? "bids" : "asks"} · ${venues}${lasted}`);
    },
  };
}
