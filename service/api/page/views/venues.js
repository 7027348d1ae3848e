// How the venues fare: books with their proof, latency, gaps and resyncs; connections; and what cannot be seen of them.

import { ageOf, keyOf, whyOf } from "../core/books.js";
import { compact, count, duration, latency } from "../core/format.js";
import { filterOf } from "../core/order.js";
import { element, write } from "../core/paint.js";
import { Spans } from "../core/spans.js";
import { stripColumn } from "../parts/statestrip.js";
import { Table } from "../parts/table.js";
import { BlindSpots } from "../parts/blindspots.js";
import { has } from "./list.js";

const ASK_EVERY = 3000; // ms: counters come by REST
const NO_SERVICE = "no connection to the service";

export function mount(root, app) {
  const view = new Venues(root, app);
  return { unmount: () => view.close(), keys: view.keys };
}

const feedKey = (feed) => `${feed.venue} ${feed.product} ${feed.route}`;
const isLive = (state) => state === "live";
const isOpen = (state) => state === "open";

class Venues {
  constructor(root, app) {
    this.app = app;
    this.books = new Map(); // key -> what a row shows
    this.feeds = new Map();
    this.spans = new Spans();
    this.frames = new Map(); // feed key -> {t, frames, rate}
    this.#build(root);
    this.watching = [
      app.stream.subscribe({ name: "readings", metrics: ["queue_imbalance"], min_interval_ms: 500 }, (message) => this.#heardBook(message)),
      app.stream.subscribe({ name: "feeds" }, (message) => this.#heardFeeds(message)),
      app.address.watch(() => this.#fromAddress()),
      app.clock.watch(() => this.#refill()),
    ];
    this.timer = setInterval(() => this.#ask(), ASK_EVERY);
    this.#fromAddress();
    this.#ask();
    this.#remember();
  }

  close() {
    for (const one of this.watching) one.close();
    clearInterval(this.timer);
    this.table.close();
    this.connections.close();
  }

  get keys() {
    return [
      { key: "/", does: "Filter", run: () => this.search.focus() },
      { key: "j", does: "Next row", run: () => this.table.step(1) },
      { key: "k", does: "Row before", run: () => this.table.step(-1) },
    ];
  }

  #build(root) {
    const { app } = this;
    this.fits = () => true;
    this.empty = element("p", { class: "quiet" }, "Waiting for the first book.");
    const now = () => app.clock.at ?? app.clock.now();
    const name = (book) => `${book.venue} ${book.symbol}`;
    this.table = new Table({ label: "Books by venue", now, name, emptied: (seen, total) => this.#emptied(seen, total) });
    this.table.element.id = "feeds";
    this.table.sort = { id: "venue", down: false };
    this.table.show(bookColumns(app, this.spans));
    this.connections = new Table({ label: "Connections", now, name: feedKey });
    this.connections.element.id = "connections";
    this.connections.sort = { id: "venue", down: false };
    this.connections.show(feedColumns(app, this.spans, this.frames));
    this.blind = new BlindSpots();
    this.search = element("input", { type: "search", id: "filter", placeholder: "Filter: venue, symbol, state", autocomplete: "off", spellcheck: "false" });
    this.search.oninput = () => { app.address.set({ q: this.search.value }); this.#filter(); };
    this.summary = element("p", { id: "summary", class: "quiet" });
    root.append(
      element("h1", { class: "unseen" }, "Venues"),
      element("div", { class: "tools" },
        element("label", { class: "filter" }, element("span", { class: "unseen" }, "Filter by venue, symbol or state"), this.search),
        this.summary, legend()),
      element("section", {}, element("h2", {}, "Books"), this.table.element, this.empty),
      element("section", {}, element("h2", {}, "Connections"), this.connections.element),
      element("section", {}, element("h2", {}, "What they prove, and what a loss would leave unseen"), this.blind.element));
  }

  // -- what is heard ---------------------------------------------------------------------------------------------

  #heardBook(message) {
    if (message.type === "down") {
      for (const [key, book] of this.books) this.#note(key, { ...book, state: "unknown", reason: NO_SERVICE, latency: null });
      for (const [key, feed] of this.feeds) this.#noteFeed(key, { ...feed, state: "unknown", reason: NO_SERVICE });
    } else if (message.type === "up") this.#remember();
    else if ((message.type === "snapshot" || message.type === "update") && !message.members?.length) {
      const key = keyOf(message);
      const { venue, market, symbol, state, reason, proof, received } = message;
      this.#note(key, { ...this.books.get(key), venue, market, symbol, state, reason, proof, received, members: [] });
    }
  }

  #note(key, book) {
    const live = book.state === "live";
    this.books.set(key, live ? book : { ...book, latency: null });
    this.spans.note(key, this.app.clock.now(), book.state, book.reason);
    if (this.app.clock.live) this.table.take(key, this.books.get(key));
  }

  #heardFeeds(message) {
    if (!message.feeds) return;
    for (const feed of message.feeds) {
      const key = feedKey(feed);
      this.#rate(key, message.t, feed.frames);
      this.#noteFeed(key, feed);
    }
    for (const key of this.feeds.keys()) {
      if (!message.feeds.some((one) => feedKey(one) === key)) {
        this.feeds.delete(key);
        this.connections.remove(key);
      }
    }
  }

  #noteFeed(key, feed) {
    this.feeds.set(key, feed);
    this.spans.note(key, this.app.clock.now(), feed.state, feed.reason);
    if (this.app.clock.live) this.connections.take(key, feed);
  }

  #rate(key, t, frames) {
    const known = this.frames.get(key);
    const seconds = known ? (t - known.t) / 1e9 : 0;
    if (known && seconds < 0.5) return;
    this.frames.set(key, { t, frames, rate: seconds > 0 && seconds < 30 ? (frames - known.frames) / seconds : null });
  }

  // -- what is asked ---------------------------------------------------------------------------------------------

  async #ask() {
    if (document.hidden) return;
    try {
      const [symbols, readings] = await Promise.all([
        this.app.api.get("/api/v1/symbols", { watched: true, limit: 5000 }),
        this.app.api.get("/api/v1/readings", { metric: "queue_imbalance", limit: 5000 }),
      ]);
      const late = new Map(readings.readings.map((one) => [keyOf(one), one.state === "live" ? one.latency_seconds : null]));
      for (const one of symbols.symbols) this.#counted(one, late.get(keyOf(one)) ?? null);
      this.#sum();
    } catch (error) {
      if (error.status) this.app.say(error.message); // silence is told by the stream
    }
  }

  #counted(one, late) {
    const key = keyOf(one);
    const { venue, market, symbol, state, reason, proof, received, counters, resyncs_by_reason: reasons } = one;
    const known = this.books.get(key) ?? { venue, market, symbol, state, reason, proof, received, members: [] };
    const book = { ...known, counters, reasons, latency: known.state === "live" ? late : null };
    this.books.set(key, book);
    if (this.app.clock.live) this.table.take(key, book);
  }

  /** What the service remembers of the states. */
  async #remember() {
    this.blind.show((await this.app.api.get("/api/v1/venues").catch(() => ({ venues: [] }))).venues);
    try {
      const told = await this.app.api.get("/api/v1/history/states");
      for (const one of told.feeds) this.spans.load(keyOf(one), one.spans);
      for (const one of told.connections ?? []) this.spans.load(feedKey(one), one.spans);
    } catch (error) {
      if (error.status !== 404) this.app.say(error.message); // where nothing is kept the strips begin now
    }
    for (const [key, book] of this.books) this.spans.note(key, this.app.clock.now(), book.state, book.reason);
    for (const [key, feed] of this.feeds) this.spans.note(key, this.app.clock.now(), feed.state, feed.reason);
    this.#refill();
  }

  // -- what is shown ---------------------------------------------------------------------------------------------

  /** Rows as they are, or as they were at the moment that is looked at: of that only states are remembered. */
  #refill() {
    const { at } = this.app.clock;
    for (const [key, book] of this.books) this.table.take(key, at === null ? book : { ...book, ...this.#then(key, at), received: null, counters: null, reasons: null, latency: null });
    for (const [key, feed] of this.feeds) this.connections.take(key, at === null ? feed : { ...feed, ...this.#then(key, at), last_received: null, frames: null, since: null });
    this.table.paint(true);
    this.connections.paint(true);
    this.#sum();
  }

  #then(key, at) {
    const was = this.spans.at(key, at);
    return was ? { state: was.state, reason: was.reason } : { state: "unknown", reason: "not remembered" };
  }

  #sum() {
    const rows = [...this.table.rows.values()].map((row) => row.item);
    const live = rows.filter((book) => book.state === "live").length;
    write(this.summary, rows.length ? `${live} of ${rows.length} books live, ${this.feeds.size} connections` : "");
    this.blind.only(new Set(rows.map((book) => book.venue)), new Set([...this.feeds.values()].map((feed) => `${feed.venue} ${feed.product}`)), this.fits);
  }

  #fromAddress() {
    if (this.app.address.view !== "venues") return;
    this.search.value = this.app.address.get("q") ?? "";
    this.#filter();
  }

  #filter() {
    this.fits = filterOf(this.search.value);
    this.table.filter((book) => this.fits(`${book.venue} ${book.market} ${book.symbol} ${book.state} ${book.proof}`));
    this.connections.filter((feed) => this.fits(`${feed.venue} ${feed.product} ${feed.route} ${feed.state} ${feed.symbols.join(" ")}`));
    this.#sum();
  }

  #emptied(seen, total) {
    this.empty.hidden = seen > 0;
    write(this.empty, total ? "No book fits this filter." : "Waiting for the first book.");
  }
}

function bookColumns(app, spans) {
  const link = (book) => (has("symbol") ? app.address.link("symbol", book.symbol, { venue: book.venue, at: app.address.get("at") }) : null);
  const counter = (name) => (book) => book.counters?.[name] ?? null;
  return [
    { id: "venue", heading: "Venue", help: "Where it trades", value: (book) => book.venue },
    { id: "symbol", heading: "Symbol", kind: "link", help: "Canonical symbol", value: (book) => book.symbol, link },
    { id: "state", heading: "State", kind: "state", help: "Only a live book has values", value: (book) => book.state, why: whyOf },
    stripColumn({ spans, clock: app.clock, keyOf, well: isLive }),
    { id: "latency", heading: "Latency", kind: "number", help: "Receive time less the venue's time of the last message", value: (book) => book.latency ?? null, write: latency },
    { id: "gaps", heading: "Gaps", kind: "number", help: "Messages that did not follow the one before", value: counter("gaps"), write: count },
    { id: "checks", heading: "Bad checksums", kind: "number", help: "Of those that the venue sent", value: counter("checksums_failed"), write: count },
    { id: "resyncs", heading: "Resyncs", kind: "number", help: "New snapshots that a loss asked for", value: counter("resyncs"), write: count },
    { id: "reasons", heading: "Resynced for", help: "Reasons, and how often", value: (book) => reasonsOf(book), write: reasonsOf },
    { id: "updates", heading: "Updates", kind: "number", help: "Messages applied", value: counter("updates"), write: compact },
    { id: "age", heading: "Last message", kind: "age", help: "Time since the last message of this book", value: ageOf },
  ];
}

function reasonsOf(book) {
  return Object.entries(book.reasons ?? {}).map(([reason, times]) => `${reason} ${times}`).join(", ");
}

function feedColumns(app, spans, frames) {
  return [
    { id: "venue", heading: "Venue", help: "Where it goes", value: (feed) => feed.venue },
    { id: "product", heading: "Part", help: "Product and route", value: (feed) => [feed.product, feed.route].filter(Boolean).join(", ") },
    { id: "state", heading: "State", kind: "state", help: "connecting, open, silent or waiting", value: (feed) => feed.state,
      why: (feed) => feed.reason || (feed.since ? `for ${duration(Math.max(0, app.clock.now() / 1e3 - feed.since / 1e9))}` : "") },
    stripColumn({ spans, clock: app.clock, keyOf: feedKey, well: isOpen }),
    { id: "rate", heading: "Frames a second", kind: "number", help: "Over the last second or so",
      value: (feed) => (feed.frames === null || feed.state === "unknown" ? null : frames.get(feedKey(feed))?.rate ?? null), write: compact },
    { id: "frames", heading: "Frames", kind: "number", help: "Since the service started", value: (feed) => feed.frames, write: compact },
    { id: "reconnects", heading: "Reconnects", kind: "number", help: "Since the service started", value: (feed) => feed.reconnects, write: count },
    { id: "unknown", heading: "Not understood", help: "Frames that were not understood, by kind",
      value: (feed) => Object.entries(feed.unknown).map(([kind, times]) => `${kind} ${times}`).join(", ") },
    { id: "books", heading: "Books", kind: "number", help: "That it carries", value: (feed) => feed.symbols.length, write: count },
    { id: "age", heading: "Last message", kind: "age", help: "Since the last frame",
      value: (feed, now) => (feed.last_received ? Math.max(0, now / 1e3 - feed.last_received / 1e9) : null) },
  ];
}

function legend() {
  const states = [["live", "live, open"], ["syncing", "syncing, connecting"], ["stale", "stale, silent, crossed"], ["lost", "lost, waiting"], ["unknown", "not known"]];
  return element("ul", { class: "legend", "aria-label": "Heights and colours of the strips" },
    ...states.map(([state, words]) => element("li", { "data-state": state }, words)));
}
