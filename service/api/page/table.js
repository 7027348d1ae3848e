// The table: one row a book, painted at most four times a second and only where the text changed.

import { MINUS, NOTHING, age } from "./format.js";

const PAINT_EVERY = 250; // ms
const SORT_EVERY = 1000;

export class Table {
  constructor(element, { emptied }) {
    this.head = element.tHead.rows[0];
    this.body = element.tBodies[0];
    this.emptied = emptied; // told whether rows are left to see
    this.columns = [];
    this.rows = new Map();
    this.words = [];
    this.sort = { id: "symbol", down: false };
    this.sorted = 0;
    setInterval(() => requestAnimationFrame(() => this.paint()), PAINT_EVERY);
  }

  /** Show these columns; rows keep their books. */
  show(columns) {
    this.columns = columns;
    this.head.replaceChildren(...columns.map((column) => this.#heading(column)));
    for (const row of this.rows.values()) this.#fill(row);
    this.#mark();
    this.paint(true);
  }

  /** Take a book's newest reading. */
  take(book) {
    const key = `${book.venue} ${book.market} ${book.symbol}`;
    let row = this.rows.get(key);
    if (!row) {
      row = { element: element("tr", { role: "row" }), cells: [], book };
      this.rows.set(key, row);
      this.#fill(row);
      this.sorted = 0;
    }
    row.book = book;
    row.dirty = true;
  }

  /** Withdraw every value: nothing is known any more. */
  withdraw(state, reason) {
    for (const row of this.rows.values()) {
      row.book = { ...row.book, state, reason, values: {} };
      row.dirty = true;
    }
    this.paint(true);
  }

  clear() {
    this.rows.clear();
    this.body.replaceChildren();
  }

  filter(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.paint(true);
  }

  sortBy(id, down = this.sort.id === id ? !this.sort.down : false) {
    this.sort = { id, down };
    this.#mark();
    this.paint(true);
  }

  /** Bring the page up to date. */
  paint(now = false) {
    if (document.hidden && !now) return;
    const time = performance.now();
    for (const row of this.rows.values()) this.#paintRow(row, time);
    if (now || time - this.sorted >= SORT_EVERY) this.#order(time);
  }

  #heading(column) {
    const button = element("button", { type: "button", title: column.help });
    button.textContent = column.heading;
    button.onclick = () => this.sortBy(column.id);
    const cell = element("th", { role: "columnheader", scope: "col", class: column.kind ?? "text" });
    cell.append(button);
    return cell;
  }

  #mark() {
    this.columns.forEach((column, place) => {
      const mine = column.id === this.sort.id;
      const order = mine ? (this.sort.down ? "descending" : "ascending") : null;
      if (order) this.head.cells[place].setAttribute("aria-sort", order);
      else this.head.cells[place].removeAttribute("aria-sort");
    });
  }

  #fill(row) {
    row.cells = this.columns.map((column) => painter(column));
    row.element.replaceChildren(...row.cells.map((cell) => cell.element));
    row.dirty = true;
  }

  #paintRow(row, time) {
    const { book } = row;
    if (row.dirty) {
      row.dirty = false;
      row.element.classList.toggle("off", book.state !== "live");
    }
    for (const cell of row.cells) cell.paint(book, time);
  }

  #order(time) {
    this.sorted = time;
    const column = this.columns.find((one) => one.id === this.sort.id) ?? this.columns[0];
    const seen = [...this.rows.values()].filter((row) => this.#fits(row.book));
    const sign = this.sort.down ? -1 : 1;
    const name = ({ book }) => `${book.symbol} ${book.venue}`;
    seen.sort((one, two) => {
      const [a, b] = [column.value(one.book, time), column.value(two.book, time)];
      if (a === null || b === null) return (a === null) - (b === null) || name(one).localeCompare(name(two));
      const order = typeof a === "string" ? a.localeCompare(b) : a - b;
      return sign * order || name(one).localeCompare(name(two));
    });
    this.emptied(seen.length, this.rows.size);
    const elements = seen.map((row) => row.element);
    if (elements.length !== this.body.rows.length || elements.some((one, place) => this.body.rows[place] !== one)) {
      this.#place(elements);
    }
  }

  #place(elements) {
    const focused = document.activeElement;
    this.body.replaceChildren(...elements);
    if (focused && focused !== document.activeElement && this.body.contains(focused)) focused.focus();
  }

  #fits(book) {
    const text = `${book.venue} ${book.market} ${book.symbol} ${book.state} ${book.proof}`.toLowerCase();
    return this.words.every((word) => text.includes(word));
  }
}

/** A cell that knows how to paint itself; it touches the page only where its text changes. */
function painter(column) {
  const kind = column.kind ?? "text";
  const cell = element("td", { role: "cell", class: column.output ? kind : `${kind} ${column.id}` });
  cell.dataset.label = column.heading;
  const set = { text: plain, state: stateCell, age: ageCell, number: numberCell, bar: barCell }[kind](cell, column);
  return { element: cell, paint: set };
}

function plain(cell, column) {
  return (book) => write(cell, column.value(book));
}

function stateCell(cell) {
  const [word, why] = [element("b", {}), element("small", {})];
  cell.append(word, " ", why);
  return (book) => {
    const said = book.state === "live" ? proof(book.proof) : book.reason;
    write(word, book.state);
    write(why, said);
    if (cell.dataset.state !== book.state) cell.dataset.state = book.state;
    if (cell.title !== said) cell.title = said;
  };
}

function proof(kind) {
  return kind === "none" ? "unproven" : `by ${kind}`;
}

function ageCell(cell) {
  return (book, time) => {
    const seconds = book.age(time);
    write(cell, seconds === null ? NOTHING : age(seconds));
  };
}

function numberCell(cell, column) {
  const text = element("span", {});
  cell.append(text);
  return (book) => {
    const number = column.value(book);
    explain(cell, column, book, number);
    if (write(text, number === null ? NOTHING : column.write(number))) colour(cell, text);
  };
}

function barCell(cell, column) {
  const [text, track, fill] = [element("span", {}), element("i", { "aria-hidden": "true" }), element("i", {})];
  track.append(fill);
  cell.append(text, track);
  return (book) => {
    const number = column.value(book);
    explain(cell, column, book, number);
    if (!write(text, number === null ? NOTHING : column.write(number))) return;
    track.hidden = number === null;
    colour(cell, text);
    fill.style.transform = `scaleX(${number ?? 0})`;
  };
}

/** Why there is no number, where a live book has none. */
function explain(cell, column, book, number) {
  const beyond = number === null && book.truncated?.includes(column.id);
  const said = beyond ? "Reaches beyond the levels that the venue has proven" : "";
  if (cell.title !== said) cell.title = said;
}

/** By the sign as it is written: what rounds to zero leans to no side. */
function colour(cell, text) {
  cell.classList.toggle("bid", text.textContent.startsWith("+"));
  cell.classList.toggle("ask", text.textContent.startsWith(MINUS));
}

function write(node, text) {
  if (node.textContent === text) return false;
  node.textContent = text;
  return true;
}

export function element(name, attributes) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
