// One symbol: ladder, liquidity over time, imbalance, flow and whatever else the catalogue has, at one venue or all.

import { BookFeed } from "../core/bookfeed.js";
import { isBasket, keyOf, shaped } from "../core/books.js";
import { chartsOf, chosen } from "../core/charts.js";
import { nearestEvent } from "../core/events.js";
import { element } from "../core/paint.js";
import { Axis } from "../parts/axis.js";
import { ChartMenu } from "../parts/chartmenu.js";
import { DepthChart } from "../parts/depthchart.js";
import { EventList } from "../parts/eventlist.js";
import { Facts } from "../parts/facts.js";
import { Heatmap } from "../parts/heatmap.js";
import { LadderPanel } from "../parts/ladderpanel.js";
import { Members } from "../parts/members.js";
import { Reading } from "../parts/reading.js";
import { TimeChart } from "../parts/timechart.js";
import { VenueTabs } from "../parts/venuetabs.js";

const SPANS = [120, 300, 900]; // seconds
const QUICK = 200; // ms between two paintings of texts
const SLOWLY = 5000; // what is said to who does not see
const FIRST_SYMBOLS = ["BTC-USDT-PERP", "BTC-USDT", "BTC-USD"];

const LEGEND = "Half discs: buys above, sells below, by size. Diamonds: liquidations. Triangles: alerts. Frames: S spoof-like wall, L layering, "
  + "D liquidity shock, Q quote stuffing, R stop run, C cascade. Hatched: not live. Even grey: beyond what the venue has proven.";

export function mount(root, app) {
  const view = new SymbolView(root, app);
  return { unmount: () => view.close(), keys: view.keys };
}

class SymbolView {
  constructor(root, app) {
    this.app = app;
    this.axis = new Axis();
    this.charts = [];
    this.feed = null;
    this.offered = null;
    this.symbols = [];
    this.#build(root);
    this.watching = [
      app.address.watch(() => this.#fromAddress()),
      app.clock.watch(() => this.#moment()),
      app.catalogue.watch(() => this.#arrange()),
      this.axis.watch(() => this.#pointed()),
    ];
    this.timers = [setInterval(() => this.#paint(), QUICK), setInterval(() => this.#describe(), SLOWLY)];
    this.#start();
  }

  close() {
    for (const timer of this.timers) clearInterval(timer);
    for (const one of [...this.watching, this.feed, this.quotes, this.menu, this.heatmap, this.depth, ...this.charts]) one?.close();
    this.closed = true;
  }

  get keys() {
    const move = (by) => (event) => this.#step(by * (event.shiftKey ? 10 : 1));
    return [
      { key: "ArrowLeft", does: "Read a second before (Shift: ten)", run: move(-1) },
      { key: "ArrowRight", does: "Read a second after (Shift: ten)", run: move(1) },
      { key: "ArrowUp", does: "Read a price above", run: () => this.#climb(1) },
      { key: "ArrowDown", does: "Read a price below", run: () => this.#climb(-1) },
      { key: "Escape", does: "Read nothing, follow the newest", run: () => this.axis.point(null) },
      { key: "v", does: "Next venue", run: () => this.#venueAfter(1) },
      { key: "V", does: "Venue before", run: () => this.#venueAfter(-1) },
      { key: "=", does: "Coarser ladder", run: () => this.ladder.coarser(1) },
      { key: "+", does: "Coarser ladder", run: () => this.ladder.coarser(1) },
      { key: "-", does: "Finer ladder", run: () => this.ladder.coarser(-1) },
      { key: "g", does: "Centre the ladder", run: () => this.ladder.recentre() },
      { key: "w", does: "Two, five or fifteen minutes", run: () => this.#spanOf(SPANS[(SPANS.indexOf(this.axis.span) + 1) % SPANS.length]) },
      { key: "z", does: "Fewer prices", run: () => this.heatmap.zoomBy(-1) },
      { key: "x", does: "More prices", run: () => this.heatmap.zoomBy(1) },
      { key: "n", does: "Next event", run: () => this.events.step(1) },
      { key: "p", does: "Event before", run: () => this.events.step(-1) },
      { key: "c", does: "Choose charts", run: () => this.menu.toggle() },
    ];
  }

  #build(root) {
    const { app, axis } = this;
    const feed = () => this.feed;
    const leans = ["band_imbalance", "consolidated_imbalance"].map((key) => app.catalogue.find(key, { band_bps: "10" }));
    this.tabs = new VenueTabs(leans.filter(Boolean), (book) => this.#chose(book));
    this.facts = new Facts(app.catalogue);
    this.picker = element("select", { id: "symbol", "aria-label": "Symbol" });
    this.picker.onchange = () => app.address.go("symbol", this.picker.value, { at: app.address.get("at") });
    this.spans = SPANS.map((span) => {
      const button = element("button", { type: "button", "data-span": span }, `${span / 60} min`);
      button.onclick = () => this.#spanOf(span);
      return button;
    });
    this.menu = new ChartMenu((ids) => this.#choseCharts(ids));
    this.ladder = new LadderPanel(app.address, feed, () => { this.pending = true; });
    this.heatmap = new Heatmap({ axis, feed, pinned: () => {} });
    this.reading = new Reading(axis, feed);
    this.depth = new DepthChart();
    this.members = new Members((one) => app.address.link("symbol", one.symbol, { venue: one.venue, at: app.address.get("at") }));
    this.events = new EventList((event) => this.#looked(event));
    this.stack = element("div", { class: "stack" });
    this.missing = element("p", { class: "quiet missing", hidden: true });
    this.heading = element("h1");
    this.body = element("div", { class: "symbol" },
      element("div", { class: "left" }, this.ladder.element),
      element("div", { class: "middle" }, this.heatmap.element, this.reading.element, this.stack, element("p", { class: "legend quiet" }, LEGEND)),
      element("div", { class: "right" }, this.depth.element, this.members.element, this.events.element));
    root.append(
      element("div", { class: "symbolhead" }, this.heading, element("label", {}, element("span", { class: "unseen" }, "Symbol "), this.picker), this.tabs.element,
        element("div", { class: "switch", role: "group", "aria-label": "Time shown" }, ...this.spans), this.menu.element),
      this.facts.element, this.missing, this.body);
  }

  // -- which book --------------------------------------------------------------------------------------------------

  async #start() {
    try {
      const { readings } = await this.app.api.get("/api/v1/readings", { metric: this.facts.names[0] });
      this.symbols = [...new Set(readings.filter((one) => !isBasket(one)).map((one) => one.symbol))].sort();
    } catch (error) {
      this.app.say(error.message);
    }
    if (this.closed) return;
    this.picker.replaceChildren(...this.symbols.map((symbol) => new Option(symbol, symbol)));
    this.#fromAddress();
  }

  #fromAddress() {
    const { address } = this.app;
    if (address.view !== "symbol") return;
    if (!address.subject) {
      const first = FIRST_SYMBOLS.find((one) => this.symbols.includes(one)) ?? this.symbols[0];
      if (first) address.go("symbol", first, { at: address.get("at") });
      else this.#nothing("Waiting for the first book.");
      return;
    }
    const span = Number(address.get("span")) * 60;
    this.axis.span = SPANS.includes(span) ? span : 300;
    for (const button of this.spans) button.setAttribute("aria-pressed", Number(button.dataset.span) === this.axis.span);
    if (this.subject !== address.subject) this.#subjectOf(address.subject);
    else this.#pick();
    this.#arrange();
  }

  #subjectOf(symbol) {
    this.subject = symbol;
    if (!this.symbols.includes(symbol)) {
      this.symbols.push(symbol);
      this.picker.append(new Option(symbol, symbol));
    }
    this.picker.value = symbol;
    this.heading.textContent = symbol;
    document.title = document.title.replace(/^[^·]*·/, `${symbol} ·`);
    this.quotes?.close();
    this.tabs.clear();
    this.feed?.close();
    this.feed = null;
    this.#nothing(`No book of ${symbol} is kept here.`);
    const names = [this.facts.names[0], ...this.tabs.columns.flatMap((column) => column.names)];
    this.quotes = this.app.stream.subscribe({ name: "readings", symbol, metrics: names, min_interval_ms: 500 }, (message) => {
      if (message.type === "down") this.tabs.withdraw();
      else if (message.values !== undefined) {
        this.tabs.take(message);
        this.#pick();
      }
    });
  }

  #nothing(text) {
    this.missing.textContent = text;
    this.missing.hidden = false;
    this.body.hidden = this.facts.element.hidden = true;
  }

  /** Follow the book that the address asks for, else the first there is. */
  #pick() {
    const { address } = this.app;
    const venue = address.get("venue");
    const book = this.tabs.find(venue, address.get("market"));
    if (!book || (this.feed && keyOf(book) === keyOf(this.feed))) return;
    if (this.feed && venue && book.venue !== venue) return; // the one that is meant has not been heard of yet
    this.#follow(book);
  }

  #chose(book) {
    this.app.address.set({ venue: book.venue, market: this.tabs.books.size > 1 && this.#ambiguous(book) ? book.market : null });
    this.#follow(book);
  }

  #ambiguous(book) {
    return [...this.tabs.books.values()].some((one) => one.venue === book.venue && one.market !== book.market);
  }

  #venueAfter(by) {
    const book = this.feed && this.tabs.after(keyOf(this.feed), by);
    if (book) this.#chose(book);
  }

  async #follow(book) {
    this.feed?.close();
    this.missing.hidden = true;
    this.body.hidden = this.facts.element.hidden = false;
    const feed = this.feed = new BookFeed(this.app, book, (what) => this.#told(feed, what));
    this.offered = null;
    this.described = false;
    this.heatmap.reset();
    this.ladder.follow(feed);
    this.events.show([]);
    this.tabs.paint(keyOf(book));
    try {
      const { values } = await this.app.api.get(`/api/v1/readings/${book.venue}/${encodeURIComponent(book.symbol)}`, { market: book.market });
      if (this.feed !== feed) return;
      this.offered = new Set(Object.keys(values));
      this.facts.offer(this.offered);
      this.#arrange();
    } catch (error) {
      this.app.say(error.message);
    }
  }

  // -- charts ------------------------------------------------------------------------------------------------------

  #arrange() {
    if (!this.feed || this.offered === null) return;
    const { catalogue, address } = this.app;
    const all = chartsOf(catalogue.metrics, this.offered, (name) => catalogue.column(name));
    const asked = address.get("charts");
    const shown = chosen(all, asked === null ? null : asked.split("|").filter(Boolean));
    const ids = shown.map((one) => one.id);
    this.menu.offer(all, ids);
    const key = `${keyOf(this.feed)} ${shown.map((one) => one.lines.map((line) => line.name)).join("|")}`;
    if (key !== this.arranged) {
      this.arranged = key;
      for (const chart of this.charts) chart.close();
      this.charts = shown.map((chart) => new TimeChart(chart, { axis: this.axis, feed: () => this.feed, remove: () => this.#choseCharts(ids.filter((id) => id !== chart.id)) }));
      this.stack.replaceChildren(...this.charts.map((chart) => chart.element));
    }
    const shares = [...this.offered].filter((name) => name.startsWith("venue_depth_share.share"));
    this.feed.follow([...this.facts.names, ...shares, ...shown.flatMap((chart) => chart.lines.map((line) => line.name))].filter((name) => this.offered.has(name)));
    this.#moment();
  }

  #choseCharts(ids) {
    this.app.address.set({ charts: ids === null ? null : ids.length ? ids.join("|") : "|" });
    this.#arrange();
  }

  #spanOf(span) {
    this.app.address.set({ span: span === 300 ? null : span / 60 });
    this.#fromAddress();
  }

  // -- time --------------------------------------------------------------------------------------------------------

  /** Another second, or another moment that is looked at. */
  #moment() {
    const { clock } = this.app;
    this.axis.end = Math.floor((clock.at ?? clock.now()) / 1000) - (clock.live ? 1 : 0);
    this.#dirty();
    this.pending = true;
    if (!clock.live) this.#events();
  }

  /** What had happened by the moment that is looked at. */
  #events() {
    const last = (this.axis.end + 2) * 1000;
    this.events.show(this.feed === null ? [] : this.feed.events.filter((one) => this.app.clock.live || one.from < last));
  }

  #dirty() {
    this.heatmap.dirty();
    for (const chart of this.charts) chart.dirty();
  }

  #told(feed, what) {
    if (feed !== this.feed) return;
    if (what === "second") {
      if (this.app.clock.live) this.#moment();
      this.members.show(feed.reading.members ?? [], (venue) => this.#share(venue));
    } else if (what === "events") this.#events();
    else if (what === "series" || what === "depth") this.#dirty();
    if (what === "depth" && !this.described) {
      this.described = true;
      this.#describe();
    }
    this.pending = true;
  }

  #share(venue) {
    const name = [...this.offered ?? []].find((one) => one.startsWith("venue_depth_share.share") && one.includes(`venue=${venue}}`));
    return (name && this.feed.reading.values[name]) ?? null;
  }

  #paint() {
    if (!this.feed || !this.pending || document.hidden) return;
    this.pending = false;
    this.tabs.paint(keyOf(this.feed));
    this.facts.show(this.#shown());
    const levels = this.ladder.show(this.app.clock.at);
    if (levels) {
      const second = Math.floor(performance.now() / 1000);
      if (second !== this.depthShown) {
        this.depthShown = second;
        this.depth.show(levels.bids, levels.asks);
      }
    }
    this.#tell();
  }

  /** The book as it is, or was at the moment that is looked at. */
  #shown() {
    const { clock } = this.app;
    const { feed } = this;
    if (!feed.reading) return { state: "syncing", reason: "asking", values: {}, members: [], group: "" };
    if (clock.live) return shaped(feed.reading);
    const second = Math.floor(clock.at / 1000);
    const live = feed.moments.wasLive(second);
    const values = Object.fromEntries(this.facts.names.map((name) => [name, feed.moments.at(name, second)]).filter(([, value]) => !Number.isNaN(value)));
    return { ...shaped(feed.reading, values), state: live ? "live" : "not live", reason: live === null ? "nothing is remembered of this moment" : "at this moment" };
  }

  #tell() {
    const second = this.axis.cursor ? Math.floor(this.axis.cursor.time / 1000) : this.axis.end;
    for (const chart of this.charts) chart.tell(second);
    this.reading.show();
  }

  #describe() {
    if (!this.feed || document.hidden) return;
    this.heatmap.describe();
    for (const chart of this.charts) chart.describe();
  }

  // -- reading -----------------------------------------------------------------------------------------------------

  #pointed() {
    this.heatmap.pointed();
    for (const chart of this.charts) chart.pointed();
    if (!this.feed) return;
    const { cursor } = this.axis;
    if (!this.looking) {
      const event = cursor && cursor.price !== null ? nearestEvent(this.feed.events, cursor.time + 500, cursor.price, this.heatmap.perPixel) : null;
      this.events.explain(event);
    }
    this.#tell();
  }

  #looked(event) {
    this.looking = event !== null;
    this.events.explain(event);
    this.axis.point(event === null ? null : { time: event.to ?? event.from, price: event.prices ? (event.prices[0] + event.prices[1]) / 2 : null });
  }

  #step(by) {
    const { axis } = this;
    const time = (axis.cursor?.time ?? axis.end * 1000) + by * 1000;
    axis.point({ time: Math.min(axis.end, Math.max(axis.first, Math.floor(time / 1000))) * 1000, price: axis.cursor?.price ?? this.#middle() });
  }

  #climb(by) {
    const { axis } = this;
    const price = axis.cursor?.price ?? this.#middle();
    if (price === null || !this.heatmap.range) return;
    axis.point({ time: axis.cursor?.time ?? axis.end * 1000, price: price + by * this.heatmap.cell });
  }

  #middle() {
    const column = this.feed?.depth.columns.get(Math.min(this.axis.end, this.feed.depth.last));
    return column ? (column.bid + column.ask) / 2 : null;
  }
}
