// The columns of the table of books: those that name it, the metrics, its age.

import { TOGETHER, ageOf, whyOf } from "../core/books.js";
import * as format from "../core/format.js";

/** The metrics shown at first: key, labels, and a short heading. A missing one is left out. */
const FIRST = [
  { key: "mid_price", heading: "Mid" },
  { key: "spread", field: "ratio", heading: "Spread, bp", write: format.basisPoints },
  { key: "depth_imbalance", labels: { levels: "5" }, heading: "Imb L5" },
  { key: "band_imbalance", labels: { band_bps: "10" }, heading: "Imb 10 bp" },
  { key: "time_above", field: "run", labels: { metric: "depth_imbalance_10" }, heading: "Leaning for" },
  { key: "ofi", labels: { window: "10s" }, heading: "OFI 10 s" },
  { key: "trade_flow_imbalance", field: ["ratio", ""], labels: { window: "10s" }, heading: "Flow 10 s" },
  { key: "depth", field: "base", labels: { band_bps: "10", side: "bid" }, heading: "Bids 10 bp" },
  { key: "depth", field: "base", labels: { band_bps: "10", side: "ask" }, heading: "Asks 10 bp" },
];

/** The stack of small bars, from the touch outwards. */
const STACK = [
  { key: "queue_imbalance", heading: "L1" },
  { key: "depth_imbalance", labels: { levels: "5" }, heading: "L5" },
  { key: "depth_imbalance", labels: { levels: "10" }, heading: "L10" },
  { key: "depth_imbalance", labels: { levels: "20" }, heading: "L20" },
  { key: "band_imbalance", labels: { band_bps: "10" }, heading: "10 bp" },
  { key: "band_imbalance", labels: { band_bps: "25" }, heading: "25 bp" },
];

/** Shorter words for the columns that are shown at first. */
export function named(column) {
  const known = FIRST.find((wanted) => fits(column, wanted));
  const kind = column.balance ? "bar" : "number";
  const unit = column.unit ? `, ${column.unit}` : "";
  const said = { ...column, kind, help: `${column.help}\n${column.names.join(", ")}${unit}` };
  return known ? { ...said, heading: known.heading, write: known.write ?? column.write } : said;
}

/** The ids of the columns that are shown to who never chose. */
export function shownAtFirst(columns) {
  return FIRST.map((wanted) => columns.find((one) => fits(one, wanted))?.id).filter(Boolean);
}

/** Those of the first sight in their order, then the catalogue's order. */
export function inOrder(columns) {
  const place = (column) => {
    const found = FIRST.findIndex((wanted) => fits(column, wanted));
    return found < 0 ? FIRST.length : found;
  };
  return [...columns].sort((one, two) => place(one) - place(two));
}

function fits(column, { key, field = "", labels = {} }) {
  if (column.key !== key || ![field].flat().includes(column.field)) return false;
  const given = { stat: "last", ...column.labels };
  return Object.entries({ stat: "last", ...labels }).every(([label, value]) => given[label] === value);
}

/** The outputs of the stack that there are. */
export function stack(catalogue) {
  const parts = STACK.map(({ key, labels, heading }) => {
    const column = catalogue.find(key, labels);
    return column && { heading, names: column.names, value: column.value };
  }).filter(Boolean);
  return {
    id: "stack",
    heading: "L1 … 25 bp",
    kind: "bars",
    help: `Imbalance from the touch outwards: ${parts.map((one) => one.heading).join(", ")}. Right is bids, left is asks.`,
    parts,
    names: parts.flatMap((one) => one.names),
    value: (book) => {
      const said = parts.map((part) => part.value(book)).filter((number) => number !== null);
      return said.length ? said.reduce((sum, number) => sum + number, 0) / said.length : null;
    },
  };
}

/** Columns that say which book it is. `link(book)` is the address of its symbol, or null. */
export function identity(link) {
  return [
    { id: "symbol", heading: "Symbol", kind: "link", help: "Canonical symbol", value: (book) => book.symbol, link },
    { id: "venue", heading: "Venue", help: "Where it trades", value: (book) => book.venue,
      write: (book) => (book.venue === TOGETHER ? "all venues" : book.venue) },
    { id: "market", heading: "Market", help: "spot, perp, future or option", value: (book) => book.market },
    { id: "state", heading: "State", help: "Only a live book has values; beside it, by what the venue proves its book",
      kind: "state", value: (book) => book.state, why: whyOf },
  ];
}

export const AGE = { id: "age", heading: "Age", help: "Time since the last message of this book", kind: "age", value: ageOf };
