// All books as one table that sorts and filters, or as heat by venue; above them what leans most, and the venues.

import { Books, Runs, isBasket, keyOf, leaning } from "../core/books.js";
import { filterOf } from "../core/order.js";
import { element, write } from "../core/paint.js";
import { AGE, identity, inOrder, named, shownAtFirst, stack } from "../parts/book-columns.js";
import { ColumnMenu } from "../parts/columnmenu.js";
import { Heat } from "../parts/heat.js";
import { leaningList } from "../parts/leaning.js";
import { Past } from "../parts/past.js";
import { Table } from "../parts/table.js";
import { byVenue, venueStrip } from "../parts/venuestrip.js";
import { has } from "./list.js";

const CHOICE = "steelyard.columns";
const INTERVAL = 250; // ms between two messages of one book
const MOST_NAMES = 100; // that one subscription may ask for
const SLOWLY = 1000; // what is summed up over all books

export function mount(root, app) {
  const view = new Overview(root, app);
  return { unmount: () => view.close(), keys: view.keys };
}

class Overview {
  constructor(root, app) {
    this.app = app;
    this.books = new Books();
    this.past = new Past(app);
    this.runs = new Runs();
    this.subscriptions = [];
    this.link = (book) => (has("symbol") ? app.address.link("symbol", book.symbol, { venue: book.venue, at: app.address.get("at") }) : null);
    this.#build(root);
    this.#columns();
    this.watching = [
      app.catalogue.watch(() => this.#columns()),
      app.address.watch(() => this.#fromAddress()),
      app.clock.watch(() => this.#moment()),
    ];
    this.timers = [setInterval(() => this.#paint(), INTERVAL), setInterval(() => this.#sum(), SLOWLY)];
    this.#fromAddress();
    this.#moment();
  }

  close() {
    for (const one of [...this.subscriptions, ...this.watching]) one.close();
    for (const timer of this.timers) clearInterval(timer);
    this.past.close();
    this.table.close();
    this.menu.close();
  }

  get keys() {
    return [
      { key: "/", does: "Filter", run: () => this.search.focus() },
      { key: "j", does: "Next row", run: () => this.table.step(1) },
      { key: "k", does: "Row before", run: () => this.table.step(-1) },
      { key: "h", does: "Table, or heat by venue", run: () => this.#show(this.as === "heat" ? "table" : "heat") },
      { key: "c", does: "Choose columns", run: () => this.menu.toggle() },
      { key: "r", does: "Reverse the order", run: () => this.table.sortBy(this.table.sort.id) },
    ];
  }

  #build(root) {
    const { address, clock } = this.app;
    this.leaning = leaningList(this.link);
    this.strip = venueStrip((venue) => (has("venues") ? address.link("venues", "", { q: venue }) : address.link("overview", "", { q: venue })));
    this.heat = new Heat({ link: this.link });
    this.menu = new ColumnMenu((ids) => this.#chose(ids));
    this.table = new Table({
      label: "Order books",
      now: () => clock.at ?? clock.now(),
      name: (book) => `${book.symbol} ${book.market} ${book.group === "all" ? "" : book.venue}`,
      opened: (book) => { if (this.link(book)) location.hash = this.link(book); },
      emptied: (seen, total) => this.#emptied(seen, total),
      sorted: ({ id, down }) => { this.#sorting(); address.set({ sort: id === "symbol" && !down ? null : id, down: down ? 1 : null }); },
    });
    this.table.element.id = "books";
    this.search = element("input", { type: "search", id: "filter", placeholder: "Filter: venue, symbol, state", autocomplete: "off", spellcheck: "false" });
    this.search.oninput = () => { address.set({ q: this.search.value }); this.#filter(); };
    this.sort = element("select", { id: "sort" });
    this.sort.onchange = () => this.table.sortBy(this.sort.value, false);
    this.direction = element("button", { type: "button", class: "sorting", "aria-label": "Reverse the order" }, "Reverse");
    this.direction.onclick = () => this.table.sortBy(this.table.sort.id);
    this.by = element("select", { id: "by", "aria-label": "Colour by" });
    this.by.onchange = () => { address.set({ by: this.by.value }); this.#paint(true); };
    this.switches = ["table", "heat"].map((as) => {
      const button = element("button", { type: "button" }, as === "table" ? "Table" : "Heat by venue");
      button.onclick = () => this.#show(as);
      return button;
    });
    this.summary = element("p", { id: "summary", class: "quiet" });
    this.empty = element("p", { id: "empty", class: "quiet" }, "Waiting for the first book.");
    root.append(
      element("h1", { class: "unseen" }, "Overview"),
      element("div", { class: "top" }, this.leaning.element, this.strip.element),
      element("div", { class: "tools" },
        element("label", { class: "filter" }, element("span", { class: "unseen" }, "Filter by venue, market, symbol or state"), this.search),
        this.summary,
        element("div", { class: "switch", role: "group", "aria-label": "Show as" }, ...this.switches),
        element("label", { class: "sorting" }, "Sort ", this.sort), this.direction,
        this.by, this.menu.element),
      this.table.element, this.heat.element, this.empty);
  }

  // -- what is shown ---------------------------------------------------------------------------------------------

  #columns() {
    const { catalogue } = this.app;
    this.offered = catalogue.columns.map(named);
    this.first = shownAtFirst(this.offered);
    this.lean = catalogue.find("band_imbalance", { band_bps: "10" }) ?? catalogue.find("queue_imbalance");
    this.runs.clear();
    this.menu.offer(this.offered, this.first);
    const heats = this.offered.filter((one) => one.balance || one.signed || this.first.includes(one.id));
    this.by.replaceChildren(...inOrder(heats).map((one) => new Option(one.heading, one.id)));
    this.#choose(this.#chosen());
  }

  /** By the address, else as it was last chosen here, else as at first. */
  #chosen() {
    const known = (ids) => ids?.filter((id) => this.offered.some((column) => column.id === id));
    const shared = known(this.app.address.get("columns")?.split("|"));
    if (shared?.length) return shared;
    const kept = known(remembered());
    return kept?.length ? kept : this.first;
  }

  #chose(ids) {
    if (ids === null) localStorage.removeItem(CHOICE);
    else localStorage.setItem(CHOICE, JSON.stringify(ids));
    const shown = ids ?? this.first;
    this.app.address.set({ columns: ids === null ? null : shown.join("|") });
    if (shown.length) this.#choose(shown);
  }

  #choose(ids) {
    const metrics = inOrder(this.offered.filter((column) => ids.includes(column.id)));
    const bars = stack(this.app.catalogue);
    const place = metrics.findIndex((column) => column.balance);
    const at = place < 0 ? metrics.length : place;
    const columns = [...identity(this.link), ...metrics.slice(0, at), ...(bars.names.length ? [bars] : []), ...metrics.slice(at), AGE];
    this.menu.mark(ids);
    this.sort.replaceChildren(...columns.map((column) => new Option(column.heading, column.id)));
    this.table.show(columns);
    this.#sorting();
    const names = [...metrics.flatMap((column) => column.names), ...bars.names];
    this.#follow([...names, ...(this.lean?.names ?? []), ...this.#heated().names]);
  }

  #heated() {
    const id = this.app.address.get("by") ?? this.by.value;
    const column = this.offered.find((one) => one.id === id) ?? this.lean;
    return column ?? { names: [], value: () => null };
  }

  #follow(names) {
    const wanted = [...new Set(names)];
    const asked = wanted.join("|");
    if (asked === this.asked || wanted.length === 0) return;
    this.asked = asked;
    this.past.follow(wanted);
    for (const one of this.subscriptions) one.close();
    this.subscriptions = [];
    for (let at = 0; at < wanted.length; at += MOST_NAMES) {
      const channel = { name: "readings", metrics: wanted.slice(at, at + MOST_NAMES), min_interval_ms: INTERVAL };
      this.subscriptions.push(this.app.stream.subscribe(channel, (message) => this.#told(message)));
    }
  }

  // -- what is heard ---------------------------------------------------------------------------------------------

  #told(message) {
    if (message.symbol && isBasket(message)) return;
    if (message.type === "snapshot" || message.type === "update") this.#took(this.books.take(message), message.t);
    else if (message.type === "subscribed") this.books.keep(new Set(message.books.map(keyOf)));
    else if (message.type === "down") {
      this.books.withdraw("no connection to the service");
      this.runs.clear();
      this.#paint(true);
    } else if (message.type === "error") this.app.say(message.message);
  }

  #took(key, t) {
    this.app.catalogue.met(key);
    if (this.lean) this.runs.note(key, this.lean.value(this.books.all.get(key)), t);
  }

  /** Another moment is looked at. */
  #moment() {
    if (this.app.clock.live) {
      this.past.leave();
      this.#refill(this.books.all);
    } else this.past.look(this.app.clock.at, (books) => this.#refill(books));
  }

  /** Show these books and no others. */
  #refill(books) {
    for (const key of [...this.table.rows.keys()]) if (!books.has(key)) this.table.remove(key);
    for (const [key, book] of books) this.table.take(key, book);
    this.table.paint(true);
    this.#paint(true);
    this.#sum();
  }

  get #shown() {
    return this.app.clock.live ? this.books.all : this.past.books;
  }

  #paint(all = false) {
    if (document.hidden && !all) return;
    const news = this.books.news();
    if (this.app.clock.live) {
      for (const key of news) this.table.take(key, this.books.all.get(key));
      for (const key of [...this.table.rows.keys()]) if (!this.books.all.has(key)) this.table.remove(key);
    }
    if (all) this.table.paint(true);
    if (this.as === "heat" && (all || news.size)) {
      const column = this.#heated();
      requestAnimationFrame(() => this.heat.paint([...this.#shown.values()].filter(this.test), column));
    }
  }

  #sum() {
    const books = [...this.#shown.values()];
    if (this.lean) {
      const now = this.app.clock.now() * 1e6;
      const run = (book) => (this.app.clock.live ? this.runs.of(keyOf(book), now) : null);
      const found = leaning(books.filter(this.test), this.lean.value).map((one) => ({ ...one, run: run(one.book) }));
      const live = books.some((book) => book.state === "live");
      this.leaning.paint(found, live ? "Nothing leans: every imbalance is below 0.20." : "No book is live, so nothing can be said.");
    }
    this.strip.paint(byVenue(books));
    const own = books.filter((book) => book.group !== "all");
    const live = own.filter((book) => book.state === "live").length;
    write(this.summary, own.length ? `${live} of ${own.length} books live` : "");
  }

  // -- how it is shown -------------------------------------------------------------------------------------------

  #fromAddress() {
    const { address } = this.app;
    if (address.view !== "overview") return;
    this.search.value = address.get("q") ?? "";
    this.table.sort = { id: address.get("sort") ?? "symbol", down: address.get("down") !== null };
    if (this.offered.some((column) => column.id === address.get("by"))) this.by.value = address.get("by");
    else if (this.lean) this.by.value = this.lean.id;
    this.table.show(this.table.columns);
    this.#sorting();
    this.#filter();
    this.#show(address.get("as") ?? "table");
  }

  #filter() {
    const fits = filterOf(this.search.value);
    this.test = (book) => fits(`${book.venue} ${book.market} ${book.symbol} ${book.state} ${book.proof}${book.group ? " all venues" : ""}`);
    this.table.filter(this.test);
    this.heat.shape = "";
    this.#paint(true);
  }

  #sorting() {
    this.sort.value = this.table.sort.id;
  }

  #show(as) {
    this.as = as === "heat" ? "heat" : "table";
    this.app.address.set({ as: this.as === "heat" ? "heat" : null });
    this.table.element.hidden = this.as !== "table";
    this.heat.element.hidden = this.as !== "heat";
    this.by.hidden = this.as !== "heat";
    this.menu.element.hidden = this.as !== "table";
    this.sort.parentElement.hidden = this.direction.hidden = this.as !== "table";
    this.switches.forEach((button, place) => button.setAttribute("aria-pressed", (place === 1) === (this.as === "heat")));
    this.#paint(true);
  }

  #emptied(seen, total) {
    this.empty.hidden = seen > 0;
    const past = this.app.clock.live ? "Waiting for the first book." : this.past.said;
    write(this.empty, total ? "No book fits this filter." : past);
  }
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(CHOICE));
  } catch {
    return null;
  }
}
