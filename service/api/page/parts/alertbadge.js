// How many alerts fire, beside the word in the navigation; a new critical one is said once, if not right after another.

import { element, write } from "../core/paint.js";

const APART = 20_000; // ms

export class AlertBadge {
  constructor(app, link) {
    this.app = app;
    this.firing = new Map();
    this.begun = null;
    this.saidAt = 0;
    if (!link) return;
    this.count = element("b", { class: "count", hidden: true });
    link.append(" ", this.count);
    app.stream.subscribe({ name: "alerts" }, (message) => this.#told(message));
  }

  #told(message) {
    if (message.type === "up") {
      this.firing.clear();
      this.begun = this.app.clock.now();
    } else if (message.type === "down") this.firing.clear();
    else if (message.alert) this.#take(message.alert);
    this.#paint();
  }

  #take(alert) {
    const known = this.firing.has(alert.id);
    if (alert.state === "resolved" || alert.state === "inactive") this.firing.delete(alert.id);
    else this.firing.set(alert.id, alert.severity);
    const isNew = !known && alert.state === "firing" && alert.fired_at / 1e6 >= this.begun && !alert.silenced_by;
    if (!isNew || alert.severity !== "critical" || this.app.clock.now() < this.saidAt + APART) return;
    this.saidAt = this.app.clock.now();
    this.app.say(`${alert.alert}: ${alert.summary}`);
  }

  #paint() {
    const critical = [...this.firing.values()].filter((one) => one === "critical").length;
    this.count.hidden = this.firing.size === 0;
    this.count.dataset.severity = critical ? "critical" : "warning";
    write(this.count, `${this.firing.size}`);
    this.count.setAttribute("aria-label", `${this.firing.size} firing, ${critical} critical`);
  }
}
