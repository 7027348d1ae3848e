// What fires now, and what happened: by the alerts channel, and by REST for what lies back.

import { REACH } from "../../core/clock.js";
import { element, write } from "../../core/paint.js";
import { has } from "../../views/list.js";
import { KeyedList } from "../keyedlist.js";
import { activeEntry, historyEntry } from "./entry.js";
import { folded } from "./folded.js";

const PAGE = 150;
const MOST = 1500; // events that are kept here, where somebody asked for older ones
const SETTLE = 300; // ms after something happened, in which more of it happens
const ORDER = { critical: 0, warning: 1, info: 2 };

export class Active {
  constructor(app, fits) {
    this.app = app;
    this.fits = fits;
    this.alerts = new Map();
    this.history = [];
    this.cursor = null;
    this.known = false;
    this.paged = false; // whether older events were asked for
    const done = () => this.ask();
    this.firing = new KeyedList({ make: activeEntry(app, has, done), key: (alert) => alert.id, empty: "Waiting for the service.", label: "Firing" });
    this.firing.list.classList.add("alerts");
    this.happened = new KeyedList({ make: historyEntry(app, has), key: (one) => one.seq, empty: "Nothing has happened yet.", tag: "ol", label: "What happened" });
    this.more = element("button", { type: "button", hidden: true }, "Older");
    this.more.onclick = () => this.#older();
    this.heading = element("h2", {}, "Firing");
    this.element = element("div", {}, element("section", {}, this.heading, this.firing.element),
      element("section", {}, element("h2", {}, "What happened"), this.happened.element, this.more));
    this.subscription = app.stream.subscribe({ name: "alerts" }, (message) => this.#told(message));
    this.timer = setInterval(() => this.paint(), 1000);
    this.ask();
  }

  close() {
    this.subscription.close();
    clearInterval(this.timer);
    clearTimeout(this.later);
  }

  #told(message) {
    if (message.type === "up") {
      this.known = true;
      this.alerts.clear();
      this.#soon();
    } else if (message.type === "down") {
      this.known = false;
      this.alerts.clear();
    } else if (message.type === "error") {
      this.off = message.message;
    } else if (message.alert) {
      if (["resolved", "inactive"].includes(message.alert.state)) this.alerts.delete(message.alert.id);
      else this.alerts.set(message.alert.id, message.alert);
      this.#soon();
    }
    this.paint();
  }

  #soon() {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.ask(), SETTLE);
  }

  /** Ask what happened. */
  async ask() {
    try {
      const answer = await this.app.api.get("/api/v1/alerts/history", { limit: PAGE });
      const last = answer.history.at(-1)?.seq ?? 0;
      const older = this.paged ? this.history.filter((one) => one.seq < last) : [];
      this.history = [...answer.history, ...older].slice(0, MOST);
      if (!this.paged) this.cursor = answer.next_cursor;
    } catch (error) {
      this.off = error.status === 404 ? error.message : this.off;
    }
    this.paint();
  }

  async #older() {
    try {
      const answer = await this.app.api.get("/api/v1/alerts/history", { limit: PAGE, cursor: this.cursor });
      this.paged = true;
      this.history.push(...answer.history);
      this.cursor = this.history.length < MOST ? answer.next_cursor : null;
    } catch (error) {
      this.app.say(error.message);
    }
    this.paint();
  }

  paint() {
    if (document.hidden) return;
    const { at } = this.app.clock;
    const fits = (alert) => this.fits(`${alert.alert} ${alert.severity} ${alert.state} ${Object.values(alert.labels).join(" ")}`);
    const then = at === null ? [...this.alerts.values()] : this.#then(at);
    const shown = then.filter(fits).sort((one, other) => ORDER[one.severity] - ORDER[other.severity] || other.fired_at - one.fired_at);
    const none = this.off ?? (at === null && !this.known ? "Waiting for the service." : then.length ? "None fits this filter." : "Nothing fires.");
    this.firing.show(shown, none);
    write(this.heading, at === null ? `Firing${shown.length ? `, ${shown.length}` : ""}` : `Firing at that moment${shown.length ? `, ${shown.length}` : ""}`);
    const happened = this.history.filter((one) => (at === null || one.t / 1e6 <= at) && fits(one.alert));
    this.happened.show(folded(happened), this.off ?? (this.history.length ? "Nothing of this fits." : "Nothing has happened yet."));
    this.more.hidden = this.cursor === null;
  }

  /** What fired at a moment: the last word on each alert until then, as far as what happened is at hand. */
  #then(at) {
    const last = new Map();
    for (const one of this.history) {
      const time = one.t / 1e6;
      if (time <= at && time > at - 4 * REACH && !last.has(one.alert.id)) last.set(one.alert.id, one);
    }
    return [...last.values()].filter((one) => one.event !== "resolved").map((one) => one.alert);
  }
}
