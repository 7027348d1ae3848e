// A table of many rows, painted at most four times a second, only where it can be seen and only where a text changed.

import { element } from "../core/paint.js";
import { ordered } from "../core/order.js";
import { painter } from "./cells.js";

const PAINT_EVERY = 250; // ms
const SORT_EVERY = 2000;
const AHEAD = "300px"; // rows this far outside the window are kept painted

export class Table {
  /**
   * `label`: for who cannot see it; `now()`: time for ages (ms); `name(item)`: the last word in every order;
   * `opened(item)`: a row was clicked; `emptied(seen, total)`: how many rows are left to see; `sorted(sort)`: told of a choice.
   */
  constructor({ label, now, name, opened = null, emptied = () => {}, sorted = () => {} }) {
    Object.assign(this, { now, name, opened, emptied, sorted });
    this.head = element("tr", { role: "row" });
    this.body = element("tbody", { role: "rowgroup" });
    this.element = element("table", { role: "table", "aria-label": label, class: "rows" },
      element("thead", { role: "rowgroup" }, this.head), this.body);
    this.columns = [];
    this.rows = new Map();
    this.byElement = new WeakMap();
    this.test = () => true;
    this.sort = { id: "", down: false };
    this.orderedAt = 0;
    this.held = false;
    this.sight = new IntersectionObserver((seen) => this.#saw(seen), { rootMargin: AHEAD });
    this.timer = setInterval(() => requestAnimationFrame(() => this.paint()), PAINT_EVERY);
    this.#listen();
  }

  close() {
    clearInterval(this.timer);
    this.sight.disconnect();
  }

  /** Show these columns; rows keep what they have. */
  show(columns) {
    const focused = document.activeElement?.closest("tr");
    this.columns = columns;
    this.head.replaceChildren(...columns.map((column) => this.#heading(column)));
    for (const row of this.rows.values()) this.#fill(row);
    this.#mark();
    this.paint(true);
    if (focused && this.body.contains(focused)) focused.querySelector("a, button")?.focus({ preventScroll: true });
  }

  /** Take the newest of a row. */
  take(key, item) {
    let row = this.rows.get(key);
    if (!row) {
      row = { element: element("tr", { role: "row" }), cells: [], item, seen: false };
      this.rows.set(key, row);
      this.byElement.set(row.element, row);
      this.sight.observe(row.element);
      this.#fill(row);
      this.#paintRow(row, this.now());
      this.orderedAt = 0;
    }
    row.item = item;
  }

  remove(key) {
    const row = this.rows.get(key);
    if (!row) return;
    this.sight.unobserve(row.element);
    row.element.remove();
    this.rows.delete(key);
  }

  clear() {
    for (const key of [...this.rows.keys()]) this.remove(key);
  }

  filter(test) {
    this.test = test;
    this.paint(true);
  }

  sortBy(id, down = this.sort.id === id ? !this.sort.down : false) {
    this.sort = { id, down };
    this.#mark();
    this.paint(true);
    this.sorted(this.sort);
  }

  /** Move the focus by so many rows. */
  step(by) {
    const rows = [...this.body.rows];
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const there = rows[Math.min(rows.length - 1, Math.max(0, here < 0 ? 0 : here + by))];
    there?.querySelector("a, button")?.focus();
  }

  /** Bring the page up to date. */
  paint(all = false) {
    if (document.hidden && !all) return;
    const now = this.now();
    for (const row of this.rows.values()) if (row.seen || all) this.#paintRow(row, now);
    const time = performance.now();
    if (all || (time - this.orderedAt >= SORT_EVERY && !this.held) || this.orderedAt === 0) this.#order(now, time);
  }

  #listen() {
    if (this.opened) this.body.classList.add("open");
    this.body.addEventListener("click", (event) => {
      const row = this.byElement.get(event.target.closest("tr"));
      if (row && this.opened && !event.target.closest("a, button, input")) this.opened(row.item);
    });
    // Under the pointer rows keep their places, so that nobody clicks another one than was meant.
    this.body.addEventListener("pointerenter", () => { this.held = true; });
    this.body.addEventListener("pointerleave", () => { this.held = false; });
  }

  #saw(entries) {
    const now = this.now();
    for (const { target, isIntersecting } of entries) {
      const row = this.byElement.get(target);
      if (isIntersecting && !row.seen) this.#paintRow(row, now);
      row.seen = isIntersecting;
    }
  }

  #heading(column) {
    const button = element("button", { type: "button", title: column.help }, column.heading);
    button.onclick = () => this.sortBy(column.id);
    return element("th", { role: "columnheader", scope: "col", class: column.kind ?? "text" }, button);
  }

  #mark() {
    this.columns.forEach((column, place) => {
      const order = column.id === this.sort.id ? (this.sort.down ? "descending" : "ascending") : null;
      if (order) this.head.cells[place].setAttribute("aria-sort", order);
      else this.head.cells[place].removeAttribute("aria-sort");
    });
  }

  #fill(row) {
    row.cells = this.columns.map((column) => painter(column));
    row.element.replaceChildren(...row.cells.map((cell) => cell.element));
  }

  #paintRow(row, now) {
    const { item } = row;
    const off = item.state !== undefined && item.state !== "live" && item.state !== "open";
    if (row.off !== off) row.element.classList.toggle("off", row.off = off);
    const group = item.group ?? "";
    if (row.group !== group) row.element.dataset.group = row.group = group;
    for (const cell of row.cells) cell.paint(item, now);
  }

  #order(now, time) {
    this.orderedAt = time;
    const column = this.columns.find((one) => one.id === this.sort.id) ?? this.columns[0];
    if (!column) return;
    const seen = [...this.rows.values()].filter((row) => this.test(row.item));
    ordered(seen, { value: (row) => column.value(row.item, now), name: (row) => this.name(row.item), down: this.sort.down });
    this.emptied(seen.length, this.rows.size);
    const rows = this.body.rows;
    if (seen.length !== rows.length || seen.some((row, place) => rows[place] !== row.element)) this.#place(seen);
  }

  #place(seen) {
    const focused = document.activeElement;
    this.body.replaceChildren(...seen.map((row) => row.element));
    if (focused && focused !== document.activeElement && this.body.contains(focused)) focused.focus({ preventScroll: true });
  }
}
