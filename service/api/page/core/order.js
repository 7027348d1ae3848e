// How rows stand: by a value, with what has none at the end whichever way round, and by name where values are equal.

const words = new Intl.Collator("en", { numeric: true });

/** Sort `rows` in place; `value(row)` gives a number, a text or null, `name(row)` a text. */
export function ordered(rows, { value, name, down = false }) {
  const sign = down ? -1 : 1;
  const keyed = rows.map((row) => ({ row, value: value(row), name: name(row) }));
  keyed.sort((one, other) => {
    const [a, b] = [one.value, other.value];
    if (a === null || b === null) return (a === null) - (b === null) || words.compare(one.name, other.name);
    const order = typeof a === "string" ? words.compare(a, b) : a - b;
    return sign * order || words.compare(one.name, other.name);
  });
  keyed.forEach((one, place) => { rows[place] = one.row; });
  return rows;
}

/** A test of texts: every word of the query has to be in it somewhere. */
export function filterOf(query) {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  return (text) => wanted.every((word) => text.toLowerCase().includes(word));
}
