// Episodes of surveillance: what was found, how sure, and on what it rests. Each leads to its moment in the symbol view.

import { NOTHING, compact, price, timeOfDay } from "../../core/format.js";
import { element, write } from "../../core/paint.js";
import { has } from "../../views/list.js";
import { Table } from "../table.js";
import { subjectLink } from "./entry.js";

const EVERY = 3000;
const MOST = 300;
const KINDS = { spoof: "spoof-like wall", layering: "layering", quote_stuffing: "quote stuffing", liquidity_shock: "liquidity shock", stop_run: "stop-run", cascade: "cascade" };
const BEFORE = 2000; // ms before its end, from which an episode is looked at

export class Episodes {
  constructor(app, fits) {
    this.app = app;
    const at = (one) => subjectLink(app, has, one, one.t / 1e6 - BEFORE);
    this.table = new Table({
      label: "Episodes", now: () => app.clock.now(), name: (one) => `${-one.t}`,
      opened: (one) => { if (at(one)) location.hash = at(one); },
      emptied: (seen, total) => this.#emptied(seen, total),
    });
    this.table.element.id = "episodes";
    this.table.sort = { id: "time", down: true };
    this.empty = element("p", { class: "quiet" }, "No episode was found.");
    this.table.test = (one) => (app.clock.live || one.t / 1e6 <= app.clock.at) && fits(`${one.kind} ${KINDS[one.kind]} ${one.venue} ${one.market} ${one.symbol} ${one.side}`);
    this.table.show(columns(at));
    const said = element("p", { class: "quiet" }, "Patterns in the book, with what each rests on. No identities are visible, so nothing here proves intent.");
    this.element = element("div", {}, said, this.table.element, this.empty);
    this.timer = setInterval(() => this.ask(), EVERY);
    this.ask();
  }

  close() {
    clearInterval(this.timer);
    this.table.close();
  }

  async ask() {
    if (document.hidden) return;
    try {
      const { episodes } = await this.app.api.get("/api/v1/surveillance/episodes", { limit: MOST });
      const keys = new Set();
      for (const one of episodes) {
        const key = `${one.venue} ${one.symbol} ${one.kind} ${one.side} ${one.t}`;
        keys.add(key);
        if (!this.table.rows.has(key)) this.table.take(key, one);
      }
      for (const key of [...this.table.rows.keys()]) if (!keys.has(key)) this.table.remove(key);
      this.table.paint();
    } catch (error) {
      if (error.status) this.app.say(error.message);
    }
  }

  paint() {
    this.table.paint(true);
  }

  #emptied(seen, total) {
    if (this.empty) this.empty.hidden = seen > 0;
    if (this.empty) write(this.empty, total ? "No episode fits." : "No episode was found.");
  }
}

function columns(link) {
  return [
    { id: "time", heading: "Time", help: "The venue's time", value: (one) => one.t, write: (one) => timeOfDay(one.t / 1e6) },
    { id: "symbol", heading: "Symbol", kind: "link", help: "Leads to its moment", value: (one) => one.symbol, link },
    { id: "venue", heading: "Venue", help: "Where it was seen", value: (one) => one.venue },
    { id: "kind", heading: "Kind", help: "What it looks like", value: (one) => KINDS[one.kind] ?? one.kind },
    { id: "side", heading: "Side", help: "bid or ask of the book, up or down of the price", value: (one) => one.side },
    { id: "score", heading: "Score", kind: "number", help: "How much of it is there, 0 to 1", value: (one) => one.evidence.score ?? null, write: (score) => score.toFixed(2) },
    { id: "components", heading: "What it rests on", kind: "node", help: "Its parts, 0 to 1", value: (one) => one.evidence.score ?? null, make: components },
    { id: "evidence", heading: "Evidence", kind: "node", help: "Prices, sizes, times", value: (one) => one.evidence.size ?? null, make: evidence },
  ];
}

/** The parts of a score as small meters with their words. */
function components(cell) {
  let done = null;
  return (one) => {
    if (done === one) return;
    done = one;
    const parts = Object.entries(one.evidence.components ?? {});
    if (parts.length) cell.replaceChildren(element("span", { class: "meters" }, ...parts.map(([name, value]) => meter(name, value))));
    else cell.replaceChildren(NOTHING);
  };
}

function meter(name, value) {
  const fill = element("i");
  fill.style.transform = `scaleX(${value ?? 0})`;
  const said = value === null ? NOTHING : value.toFixed(2);
  return element("span", { title: `${name} ${said}` }, element("i", { "aria-hidden": "true" }, fill),
    element("small", {}, name, element("span", { class: "unseen" }, ` ${said}`)));
}

function evidence(cell) {
  let done = null;
  return (one) => {
    if (done === one) return;
    done = one;
    const rest = Object.entries(one.evidence).filter(([name]) => !["score", "components"].includes(name));
    cell.replaceChildren(element("details", {}, element("summary", {}, brief(one.evidence)),
      element("dl", { class: "evidence" }, ...rest.flatMap(([name, value]) => [element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, said(name, value))]))));
  };
}

/** What is told first: price and size, else the first two numbers. */
function brief(given) {
  if (given.price !== undefined && given.size !== undefined) return `${compact(given.size)} at ${price(given.price)}`;
  if (given.prices) return `${given.prices.length} levels, ${compact(given.sizes.reduce((sum, one) => sum + one, 0))} in all`;
  const numbers = Object.entries(given).filter(([, value]) => typeof value === "number").slice(0, 2);
  return numbers.map(([name, value]) => `${name.replaceAll("_", " ")} ${said(name, value)}`).join(", ") || "evidence";
}

function said(name, value) {
  if (value === null) return NOTHING;
  if (Array.isArray(value)) return value.map((one) => said(name, one)).join(", ");
  if (typeof value !== "number") return String(value);
  if (value > 1e17) return timeOfDay(value / 1e6);
  if (/price/.test(name)) return price(value);
  return `${value < 0 ? "−" : ""}${compact(value)}`;
}
