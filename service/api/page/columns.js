// What the table's columns are: a few that name the book, and metrics as the service's own catalogue describes them.

import * as format from "./format.js";

/** The metrics shown at first: key, labels, and a short heading. A missing one is left out. */
const FIRST = [
  { key: "mid_price", heading: "Mid" },
  { key: "spread", field: "ratio", heading: "Spread, bp", write: format.basisPoints },
  { key: "queue_imbalance", heading: "Imb L1" },
  { key: "depth_imbalance", labels: { levels: "5" }, heading: "Imb L5" },
  { key: "depth_imbalance", labels: { levels: "20" }, heading: "Imb L20" },
  { key: "band_imbalance", labels: { band_bps: "10" }, heading: "Imb 10 bp" },
  { key: "ofi", labels: { window: "10s" }, heading: "OFI 10 s" },
  { key: "trade_flow_imbalance", labels: { window: "10s" }, heading: "Flow 10 s" },
];

const UNITS = { base_units: "base units", quote_units: "quote units", per_second: "a second", price: "price" };
const SIGNED = new Set(["ofi", "mlofi", "volume_delta", "cvd"]);

export const IDENTITY = [
  { id: "symbol", heading: "Symbol", help: "Canonical symbol", value: (book) => book.symbol },
  { id: "venue", heading: "Venue", help: "Where it trades", value: (book) => book.venue },
  { id: "market", heading: "Market", help: "spot, perp, future or option", value: (book) => book.market },
  { id: "state", heading: "State", help: "Only a live book has values; beside it, by what the venue proves its book",
    kind: "state", value: (book) => book.state },
];

export const AGE = { id: "age", heading: "Age", help: "Time since the last message of this book", kind: "age",
  value: (book, now) => book.age(now) };

/** Every output of the catalogue as a column, in the catalogue's order. */
export function columnsOf(catalogue) {
  return catalogue.flatMap((metric) => metric.outputs.map((output) => column(metric, output)));
}

/** Columns in the order in which they stand: those of the first sight, then the catalogue's order. */
export function inOrder(columns) {
  const place = (column) => {
    const found = FIRST.findIndex((wanted) => fits(column, wanted));
    return found < 0 ? FIRST.length : found;
  };
  return [...columns].sort((one, two) => place(one) - place(two));
}

/** The ids of the columns that are shown to who never chose. */
export function shownAtFirst(columns) {
  return FIRST.map((wanted) => columns.find((one) => fits(one, wanted))?.id).filter(Boolean);
}

function fits(column, wanted) {
  const { key, field, labels } = column.output;
  if (key !== wanted.key || (wanted.field && field !== wanted.field)) return false;
  if (column.output.name.includes("stat=")) return false;
  return Object.entries(wanted.labels ?? {}).every(([label, value]) => labels[label] === value);
}

function column(metric, output) {
  const made = { id: output.name, heading: output.name, output: { ...output, key: metric.key } };
  const known = FIRST.find((wanted) => fits(made, wanted));
  const unit = UNITS[output.unit] ?? output.unit;
  return {
    ...made,
    group: metric.group,
    heading: known?.heading ?? heading(metric.key, output),
    help: `${output.help || metric.help}\n${output.name}${unit ? `, ${unit}` : ""}`,
    kind: isBalance(metric, output) ? "bar" : "number",
    write: known?.write ?? writer(metric, output),
    value: (book) => book.values[output.name] ?? null,
  };
}

function isBalance(metric, output) {
  return output.unit === "ratio" && metric.bounds?.[0] === -1 && metric.bounds[1] === 1;
}

function heading(key, output) {
  const labels = Object.entries(output.labels).filter(([label, value]) => label !== "stat" || value !== "last");
  return [key.replaceAll("_", " "), output.field, ...labels.map(([, value]) => value)].filter(Boolean).join(" ");
}

function writer(metric, output) {
  if (isBalance(metric, output)) return format.ratio;
  if (output.unit === "price") return format.price;
  if (SIGNED.has(metric.key) || metric.bounds?.[0] === -1) return (number) => format.signed(number, format.compact(number));
  return (number) => (number < 0 ? format.MINUS : "") + format.compact(number);
}
