// All that is known of one book and its last minutes: by the stream what is new, by REST what lies back.

import { DepthPast } from "./depth.js";
import { alertSpans, episodeEvents, liquidationEvents } from "./events.js";
import { Moments } from "./moments.js";

const REACH = 900; // seconds
const MOST_NAMES = 100; // that one subscription may ask for
const EVERY = 1000; // ms between two questions for depth and prints
const EVENTS_EVERY = 4000;
const OVERLAP = 3; // seconds that are asked for again, as prints may come late
const ns = (second) => String(BigInt(Math.floor(second)) * 1_000_000_000n);

export class BookFeed {
  /** `told(what)` is called with "reading", "levels", "depth", "series", "prints" or "events" when that is new. */
  constructor(app, book, told) {
    Object.assign(this, { app, told, venue: book.venue, market: book.market, symbol: book.symbol });
    this.moments = new Moments();
    this.depth = new DepthPast();
    this.prints = [];
    this.forced = new Map();
    this.episodes = [];
    this.alerts = [];
    this.reading = null;
    this.levels = null;
    this.said = ""; // why nothing lies back
    this.names = [];
    this.subscriptions = [];
    this.levelsDepth = 0;
    this.open = true;
    this.connected = true;
    this.timers = [
      setInterval(() => this.#second(), 1000),
      setInterval(() => this.#poll(), EVERY),
      setInterval(() => this.#askEvents(), EVENTS_EVERY),
    ];
    this.#askDepth(true);
    this.#askPrints();
    this.#askEvents();
  }

  close() {
    this.open = false;
    for (const timer of this.timers) clearInterval(timer);
    for (const one of this.subscriptions) one.close();
    this.books?.close();
  }

  get events() {
    return [...this.alerts, ...this.episodes, ...this.forced.values()].sort((one, other) => other.from - one.from);
  }

  get #path() {
    return `${this.venue}/${encodeURIComponent(this.symbol)}`;
  }

  /** These outputs are wanted. */
  follow(names) {
    const wanted = [...new Set(names)];
    if (wanted.length === this.names.length && wanted.every((name) => this.names.includes(name))) return;
    const fresh = wanted.filter((name) => !this.names.includes(name));
    this.names = wanted;
    for (const one of this.subscriptions) one.close();
    this.subscriptions = [];
    for (let k = 0; k < wanted.length; k += MOST_NAMES) {
      this.subscriptions.push(this.app.stream.subscribe(
        { ...this.#one("readings"), metrics: wanted.slice(k, k + MOST_NAMES), min_interval_ms: 100 }, (message) => this.#read(message)));
    }
    if (fresh.length) this.#askSeries(fresh);
  }

  /** So many levels a side are wanted. */
  watchLevels(depth) {
    if (depth === this.levelsDepth) return;
    this.levelsDepth = depth;
    this.books?.close();
    this.books = this.app.stream.subscribe({ ...this.#one("books"), depth, min_interval_ms: 100 }, (message) => {
      if (message.type === "down") this.levels = null;
      else if (message.bids === undefined) return;
      else this.levels = message.bids === null ? null : message;
      this.told("levels");
    });
  }

  #one(name) {
    return { name, venue: this.venue, market: this.market, symbol: this.symbol };
  }

  #read(message) {
    if (message.type === "down") {
      this.connected = false;
      if (this.reading) this.reading = { ...this.reading, state: "unknown", reason: "connection lost", values: {} };
    } else if (message.values !== undefined) {
      this.connected = true;
      const same = this.reading?.state === message.state;
      this.reading = { ...message, values: same ? { ...this.reading.values, ...message.values } : message.values };
      this.#note();
    } else return;
    this.told("reading");
  }

  /** The reading holds until another comes, as long as the book is live: quiet seconds are no gaps. */
  #second() {
    if (!this.reading || !this.app.clock.known) return;
    this.#note();
    this.told("second");
  }

  #note() {
    if (!this.connected) return;
    const second = Math.floor(this.app.clock.now() / 1000);
    this.moments.put(second, this.reading.state === "live", this.reading.values);
  }

  // -- what lies back ----------------------------------------------------------------------------------------------

  async #askSeries(names) {
    for (let k = 0; k < names.length; k += MOST_NAMES) {
      const answer = await this.#get("series", { metric: names.slice(k, k + MOST_NAMES) }).catch(() => null);
      if (!this.open) return;
      if (answer) this.moments.fill(answer); // what is not kept begins now
      this.told("series");
    }
  }

  #poll() {
    if (document.hidden || !this.connected) return;
    this.#askDepth(false);
    this.#askPrints();
  }

  async #askDepth(whole) {
    if (this.askingDepth) return;
    this.askingDepth = true;
    const since = whole || !this.depth.last ? {} : { from: ns(this.depth.last + 1) };
    const answer = await this.#get("levels", since).catch((error) => error);
    this.askingDepth = false;
    if (!this.open) return;
    this.said = answer instanceof Error ? answer.message : "";
    if (this.said) this.told("depth");
    else if (!this.depth.take(answer)) this.#askDepth(true);
    else if (answer.times.length) this.told("depth");
  }

  async #askPrints() {
    if (this.askingPrints || !this.open) return;
    this.askingPrints = true;
    const since = this.prints.length ? Math.floor(this.prints.at(-1).time / 1000) - OVERLAP : 0;
    const asked = this.#printing().map((venue) =>
      this.app.api.get(`/api/v1/history/trades/${venue}/${encodeURIComponent(this.symbol)}`, { market: this.market, from: since ? ns(since) : null }));
    const answers = await Promise.all(asked).catch(() => []); // why is said where depth is asked for
    this.askingPrints = false;
    if (this.open && answers.length) this.#took(answers, since * 1000);
  }

  /** Venues whose prints are this book's: its own, or those of its members. */
  #printing() {
    if (!this.reading?.members?.length) return [this.venue];
    return this.reading.members.filter((one) => one.symbol === this.symbol).map((one) => one.venue).slice(0, 8);
  }

  #took(answers, since) {
    const kept = this.prints.filter((one) => one.time < since);
    const found = answers.flatMap(({ trades }) => trades.t.map((time, k) => (
      { time: time / 1e6, price: trades.price[k], size: trades.size[k], side: trades.side[k], count: trades.count[k] })));
    const oldest = (this.app.clock.now() / 1000 - 2 * REACH) * 1000;
    this.prints = [...kept, ...found].filter((one) => one.time > oldest).sort((one, other) => one.time - other.time);
    for (const { liquidations } of answers) for (const one of liquidationEvents(liquidations)) this.forced.set(one.id, one);
    for (const [id, one] of this.forced) if (one.from < oldest) this.forced.delete(id);
    if (found.length) this.told("prints");
  }

  async #askEvents() {
    if (document.hidden || !this.app.clock.known) return;
    const since = ns(this.app.clock.now() / 1000 - REACH);
    const venue = this.reading?.members?.length ? {} : { venue: this.venue };
    const [episodes, alerts] = await Promise.all([
      this.app.api.get("/api/v1/surveillance/episodes", { ...venue, market: this.market, symbol: this.symbol, since, limit: 200 }).catch(() => null),
      this.app.api.get("/api/v1/alerts/history", { venue: this.venue, symbol: this.symbol, since, limit: 300 }).catch(() => null),
    ]);
    if (!this.open) return;
    if (episodes) this.episodes = episodeEvents(episodes.episodes);
    if (alerts) this.alerts = alertSpans(alerts.history.filter((one) => one.alert.labels.market === this.market));
    this.told("events");
  }

  #get(what, params) {
    return this.app.api.get(`/api/v1/history/${what}/${this.#path}`, { market: this.market, ...params });
  }
}
