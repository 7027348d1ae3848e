// What can be shown: every output of the service's own catalogue, and which of them are the same number.

import * as format from "./format.js";

const PATH = "/api/v1/metrics";
const SETTLE = 1500; // ms after a new book came, in which more of them come

export class Catalogue {
  constructor(api) {
    this.api = api;
    this.metrics = [];
    this.columns = [];
    this.faults = [];
    this.simulated = false;
    this.replayed = false;
    this.watchers = new Set();
    this.books = new Set();
    this.timer = null;
  }

  /** Ask for it. Raises ApiError. */
  async load() {
    const answer = await this.api.get(PATH);
    const before = this.columns.length;
    Object.assign(this, { metrics: answer.metrics, faults: answer.faults, simulated: answer.simulated });
    this.replayed = answer.replayed;
    this.columns = columnsOf(answer.metrics);
    if (this.columns.length !== before) for (const callback of [...this.watchers]) callback(this.columns);
    return answer;
  }

  /** A book was heard of. Where it is new it may have outputs that nobody had before: they are asked for. */
  met(key) {
    if (this.books.has(key)) return;
    this.books.add(key);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load().catch(() => {}), SETTLE); // the stream says when the service is gone
  }

  /** Be called with the columns when there are others. */
  watch(callback) {
    this.watchers.add(callback);
    return { close: () => this.watchers.delete(callback) };
  }

  /** The column that holds an output, by any of its names. */
  column(name) {
    return this.columns.find((one) => one.names.includes(name)) ?? null;
  }

  /** The first column of a metric that has these labels, and this field where one is named. */
  find(key, labels = {}, field = "") {
    return this.columns.find((one) => one.key === key && one.field === field && has(one.labels, labels)) ?? null;
  }
}

/**
 * Columns in the catalogue's order: `{id, names, key, group, field, labels, unit, help, balance, signed, write, value}`.
 * Outputs of one Prometheus family with the same labels are one number under two names: a venue's own book has the
 * one, a consolidated book the other. They are one column, and `value(book)` the first of them that is not null.
 */
export function columnsOf(metrics) {
  const found = new Map();
  for (const metric of metrics) {
    for (const output of metric.outputs) {
      const family = output.prometheus ? `${output.prometheus} ${JSON.stringify(sorted(output.labels))}` : output.name;
      const known = found.get(family);
      if (known) known.names.push(output.name);
      else found.set(family, column(metric, output));
    }
  }
  return [...found.values()];
}

const UNITS = { base_units: "base units", quote_units: "quote units", per_second: "a second", price: "price" };
const SIGNED = new Set(["ofi", "mlofi", "volume_delta", "cvd", "generalized_ofi", "ofi_decomposition", "signed_open_interest"]);

function column(metric, output) {
  const made = {
    id: output.name,
    names: [output.name],
    key: metric.key,
    group: metric.group,
    field: output.field,
    labels: output.labels,
    unit: UNITS[output.unit] ?? output.unit,
    help: output.help || metric.help,
    counter: output.counter,
    balance: isBalance(metric, output),
    heading: headingOf(metric.key, output),
  };
  made.signed = made.balance || isSigned(metric, output);
  made.write = writer(made, output);
  made.value = (book) => firstOf(made.names, book.values);
  return made;
}

function firstOf(names, values) {
  for (const name of names) {
    const value = values[name];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

function isBalance(metric, output) {
  return output.unit === "ratio" && metric.bounds?.[0] === -1 && metric.bounds[1] === 1;
}

function isSigned(metric, output) {
  return SIGNED.has(metric.key) || metric.bounds?.[0] === -1 || (metric.key === "time_above" && output.field === "run");
}

/** Words for an output: its metric, its field, and what its labels say. */
export function headingOf(key, output) {
  const labels = Object.entries(output.labels).filter(([label, value]) => label !== "stat" || value !== "last");
  return [key.replaceAll("_", " "), output.field, ...labels.map(([, value]) => value)].filter(Boolean).join(" ");
}

function writer(column, output) {
  if (column.balance) return format.ratio;
  if (output.unit === "price") return format.price;
  if (output.unit === "seconds" && column.signed) return (number) => format.signed(number, format.duration(Math.abs(number)));
  if (column.signed) return (number) => format.signed(number, format.compact(number));
  return (number) => (number < 0 ? format.MINUS : "") + format.compact(number);
}

function sorted(labels) {
  return Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
}

function has(labels, wanted) {
  const given = { stat: "last", ...labels };
  return Object.entries({ stat: "last", ...wanted }).every(([label, value]) => given[label] === value);
}
