// Which charts there can be: one for each metric and field of the catalogue, with a line for each of its labels.

export const MOST_LINES = 8;
// Shown where nothing else is chosen, as far as the book has them.
export const FIRST = ["depth_imbalance", "band_imbalance", "consolidated_imbalance", "ofi", "cvd", "venue_depth_share.share", "price_dislocation"];

/**
 * Charts of the catalogue's metrics, for the outputs that a book has (`offered`, a set of names; null: all):
 * `[{id, title, help, group, lines: [{name, label}], balance, signed, write}]`. `column(name)` is the catalogue's.
 */
export function chartsOf(metrics, offered, column) {
  const found = [];
  for (const metric of metrics) {
    for (const [field, outputs] of fieldsOf(metric)) {
      const has = outputs.filter((output) => (output.labels.stat ?? "last") === "last" && (offered === null || offered.has(output.name)));
      if (has.length === 0 || "le" in has[0].labels) continue;
      const { balance, signed, write, help } = column(has[0].name);
      const same = shared(has);
      found.push({
        id: field ? `${metric.key}.${field}` : metric.key,
        title: titleOf([metric.key, metric.key.endsWith(field) ? "" : field, ...Object.values(same)]),
        help: help || metric.help,
        group: metric.group,
        lines: has.slice(0, MOST_LINES).map((output) => ({ name: output.name, label: labelOf(output, same) })),
        balance, signed, write,
      });
    }
  }
  return found;
}

const SHORT = /^(ofi|mlofi|cvd|vpin|hhi)$/;

function titleOf(parts) {
  const words = parts.filter(Boolean).flatMap((part) => part.split("_")).map((word) => (SHORT.test(word) ? word.toUpperCase() : word)).join(" ");
  return words[0].toUpperCase() + words.slice(1);
}

function fieldsOf(metric) {
  const fields = new Map();
  for (const output of metric.outputs) fields.set(output.field, [...(fields.get(output.field) ?? []), output]);
  return fields;
}

/** Labels that all these outputs have alike; none where there is one alone. */
function shared(outputs) {
  const found = {};
  if (outputs.length < 2) return found;
  for (const [label, value] of Object.entries(outputs[0].labels)) {
    if (label !== "stat" && outputs.every((output) => output.labels[label] === value)) found[label] = value;
  }
  return found;
}

function labelOf(output, same) {
  return Object.entries(output.labels).filter(([label]) => label !== "stat" && !(label in same))
    .map(([label, value]) => (label === "band_bps" ? `${value} bp` : label === "levels" ? `${value} lvl` : value)).join(" ");
}

/** Those that are asked for by their ids, in that order; the first ones where none is asked for or none is there. */
export function chosen(charts, ids) {
  const of = (list) => list.map((id) => charts.find((one) => one.id === id)).filter(Boolean);
  const asked = ids === null ? [] : of(ids);
  return asked.length || ids?.length === 0 ? asked : of(FIRST);
}
