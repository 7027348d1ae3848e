// Starts the page: asks what there is to show, follows the stream, and says so when it cannot.

import { AGE, IDENTITY, columnsOf, inOrder, shownAtFirst } from "./columns.js";
import { Stream } from "./stream.js";
import { Table, element } from "./table.js";

const byId = (id) => document.getElementById(id);
const CHOICE = "steelyard.columns";
const KEY = "steelyard.key";

const table = new Table(byId("books"), { emptied: describe });
const stream = new Stream({ told, up, down });
let offered = [];

async function start() {
  stream.key = sessionStorage.getItem(KEY) ?? "";
  const answer = await asked();
  if (answer === null) return;
  byId("key").hidden = true;
  byId("simulated").hidden = !answer.simulated;
  document.title = answer.simulated ? "Steelyard (simulated)" : "Steelyard";
  offered = columnsOf(answer.metrics);
  offerColumns();
  choose(remembered() ?? shownAtFirst(offered));
}

/** The catalogue; null while the service cannot be reached or wants a key. */
async function asked() {
  const headers = stream.key ? { Authorization: `Bearer ${stream.key}` } : {};
  try {
    const answer = await fetch("/api/v1/metrics", { headers });
    if (answer.status === 401) return askKey();
    if (!answer.ok) throw new Error(answer.statusText);
    return await answer.json();
  } catch {
    down(2000);
    setTimeout(start, 2000);
    return null;
  }
}

function askKey() {
  byId("key").hidden = false;
  byId("empty").hidden = true;
  byId("refused").textContent = stream.key ? "This key is not known here." : "";
  byId("secret").focus();
  return null;
}

function told(message) {
  if (message.type === "error" && message.code !== "unknown_channel") lost(message.message);
  if (message.type !== "snapshot" && message.type !== "update") return;
  const [heard, behind] = [performance.now(), message.received === null ? null : (message.t - message.received) / 1e9];
  const old = (now) => (behind === null ? null : Math.max(0, behind) + (now - heard) / 1000);
  table.take({ ...message, age: old });
}

function up(message) {
  byId("lost").hidden = true;
  byId("simulated").hidden = !message.simulated;
  const here = new Set(message.channels[0].books.map((book) => `${book.venue} ${book.market} ${book.symbol}`));
  if ([...table.rows.keys()].some((key) => !here.has(key))) table.clear();
}

function down(wait) {
  lost(`Connection lost. Values are withdrawn; trying again in ${Math.ceil(wait / 1000)} s.`);
  table.withdraw("unknown", "no connection to the service");
}

function lost(text) {
  const banner = byId("lost");
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = false;
}

function describe(seen, total) {
  const live = [...table.rows.values()].filter((row) => row.book.state === "live").length;
  const said = total ? `${live} of ${total} books live` : "";
  if (byId("summary").textContent !== said) byId("summary").textContent = said;
  byId("empty").hidden = seen > 0;
  byId("empty").textContent = total ? "No book fits this filter." : "Waiting for the first book.";
}

function remembered() {
  try {
    const ids = JSON.parse(localStorage.getItem(CHOICE));
    const known = ids?.filter((id) => offered.some((column) => column.id === id));
    return known?.length ? known : null;
  } catch {
    return null;
  }
}

function choose(ids) {
  const metrics = inOrder(offered.filter((column) => ids.includes(column.id)));
  const columns = [...IDENTITY, ...metrics, AGE];
  for (const box of byId("columns").querySelectorAll("input")) box.checked = ids.includes(box.value);
  byId("sort").replaceChildren(...columns.map((column) => new Option(column.heading, column.id)));
  byId("sort").value = table.sort.id;
  table.show(columns);
  stream.follow(ids);
}

function offerColumns() {
  const groups = Map.groupBy ? Map.groupBy(offered, (column) => column.group) : grouped(offered);
  const sets = [...groups].map(([group, columns]) => {
    const set = element("fieldset", {});
    const legend = element("legend", {});
    legend.textContent = group;
    set.append(legend, ...columns.map(choice));
    return set;
  });
  const reset = element("button", { type: "button" });
  reset.textContent = "As at first";
  reset.onclick = () => { localStorage.removeItem(CHOICE); choose(shownAtFirst(offered)); };
  byId("columns").querySelector(".choices").replaceChildren(reset, ...sets);
}

function grouped(columns) {
  const groups = new Map();
  for (const column of columns) groups.set(column.group, [...(groups.get(column.group) ?? []), column]);
  return groups;
}

function choice(column) {
  const label = element("label", { title: column.help });
  const box = element("input", { type: "checkbox", value: column.id });
  box.onchange = () => {
    const ids = [...byId("columns").querySelectorAll("input:checked")].map((one) => one.value);
    localStorage.setItem(CHOICE, JSON.stringify(ids));
    if (ids.length) choose(ids);
  };
  label.append(box, column.output.name);
  return label;
}

byId("filter").oninput = (event) => table.filter(event.target.value);
byId("sort").onchange = (event) => table.sortBy(event.target.value, false);
byId("direction").onclick = () => table.sortBy(table.sort.id);
byId("key").onsubmit = (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, byId("secret").value);
  start();
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") byId("columns").open = false;
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    byId("filter").focus();
  }
});
document.addEventListener("click", (event) => {
  if (!byId("columns").contains(event.target)) byId("columns").open = false;
});
start();
