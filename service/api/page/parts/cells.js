// Cells of a table that know how to paint themselves; they touch the page only where their text changes.

import { MINUS, NOTHING, age, ratio } from "../core/format.js";
import { element, write } from "../core/paint.js";

/** A column's cell: `{element, paint(item, now)}`. */
export function painter(column) {
  const kind = column.kind ?? "text";
  const cell = element("td", { role: "cell", class: kind === column.id ? kind : `${kind} ${column.id.replace(/\W.*/, "")}` });
  cell.dataset.label = column.heading;
  return { element: cell, paint: KINDS[kind](cell, column) };
}

const KINDS = { text: textCell, link: linkCell, state: stateCell, age: ageCell, number: numberCell, bar: barCell, bars: barsCell, node: nodeCell };

function textCell(cell, column) {
  return (item, now) => {
    const text = column.write ? column.write(item, now) : column.value(item, now) ?? NOTHING;
    if (write(cell, text) && column.help !== undefined && text.length > 24) cell.title = text;
  };
}

/** A cell that its column makes once and then brings up to date: `column.make(cell)` gives `paint(item, now)`. */
function nodeCell(cell, column) {
  return column.make(cell);
}

function linkCell(cell, column) {
  const link = element("a", {});
  cell.append(link);
  return (item) => {
    const address = column.link(item);
    if (address === null) link.removeAttribute("href");
    else if (link.getAttribute("href") !== address) link.setAttribute("href", address);
    write(link, column.value(item));
  };
}

function stateCell(cell, column) {
  const [word, why] = [element("b"), element("small")];
  cell.append(word, " ", why);
  return (item) => {
    const said = column.why(item);
    write(word, item.state);
    if (write(why, said)) cell.title = said;
    if (cell.dataset.state !== item.state) cell.dataset.state = item.state;
  };
}

function ageCell(cell, column) {
  return (item, now) => {
    const seconds = column.value(item, now);
    write(cell, seconds === null ? NOTHING : age(seconds));
  };
}

function numberCell(cell, column) {
  const text = cell.appendChild(element("span"));
  return (item, now) => {
    const number = column.value(item, now);
    explain(cell, column, item, number);
    if (!write(text, number === null ? NOTHING : column.write(number))) return;
    cell.classList.toggle("none", number === null);
    if (column.signed) side(cell, text.textContent);
  };
}

function barCell(cell, column) {
  const bar = track(true);
  const text = cell.appendChild(element("span"));
  cell.append(bar.element);
  return (item, now) => {
    const number = column.value(item, now);
    explain(cell, column, item, number);
    if (!write(text, number === null ? NOTHING : column.write(number))) return;
    cell.classList.toggle("none", number === null);
    side(cell, text.textContent);
    bar.set(number);
  };
}

/** Several imbalances under each other, the nearest to the touch on top: place says the depth, direction the side. */
function barsCell(cell, column) {
  const bars = column.parts.map(() => track(false));
  const [box, text] = [element("span", { class: "stack", "aria-hidden": "true" }), element("span", { class: "unseen" })];
  box.append(...bars.map((bar) => bar.element));
  cell.append(box, text);
  return (item) => {
    const said = [];
    column.parts.forEach((part, place) => {
      const number = part.value(item);
      bars[place].set(number);
      said.push(`${part.heading} ${number === null ? NOTHING : ratio(number)}`);
    });
    if (write(text, said.join(", "))) cell.title = said.join("\n");
  };
}

/** A bar that grows to the right for bids (plus) and to the left for asks (minus). */
function track(alone) {
  const fill = element("i");
  const bar = element("i", { class: alone ? "track none" : "track thin none", "aria-hidden": "true" }, fill);
  let shown = null;
  return {
    element: bar,
    set(number) {
      const size = number === null ? null : Math.round(Math.max(-1, Math.min(1, number)) * 100) / 100;
      if (size === shown) return;
      if ((size === null) !== (shown === null)) bar.classList.toggle("none", size === null);
      shown = size;
      fill.style.transform = `scaleX(${size ?? 0})`;
      fill.className = size < 0 ? "ask" : "bid";
    },
  };
}

/** Why there is no number, where a live book has none. */
function explain(cell, column, item, number) {
  const beyond = number === null && column.names?.some((name) => item.truncated?.includes(name));
  const said = beyond ? "Reaches beyond the levels that the venue has proven" : "";
  if (cell.title !== said) cell.title = said;
}

/** By the sign as it is written: what rounds to zero leans to no side. */
function side(cell, text) {
  cell.classList.toggle("bid", text.startsWith("+"));
  cell.classList.toggle("ask", text.startsWith(MINUS));
}
