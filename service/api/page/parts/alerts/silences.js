// Silences: which hold, who made them and why; a new one; the end of one.

import { duration, timeOfDay } from "../../core/format.js";
import { element, write } from "../../core/paint.js";
import { KeyedList } from "../keyedlist.js";
import { silence, unsilence } from "./commands.js";

export class Silences {
  constructor(app) {
    this.app = app;
    this.list = new KeyedList({ make: (one) => this.#entry(one), key: (one) => one.id, empty: "Nothing is silenced.", label: "Silences" });
    const made = element("button", { type: "button" }, "New silence");
    made.onclick = () => silence(app, null, () => this.ask());
    this.element = element("div", {}, element("p", {}, made), this.list.element);
    this.ask();
  }

  close() {}

  async ask() {
    try {
      this.list.show((await this.app.api.get("/api/v1/alerts/silences")).silences, "Nothing is silenced.");
    } catch (error) {
      this.list.show([], error.message);
    }
  }

  paint() {}

  #entry({ id }) {
    const [what, why, until] = [element("strong"), element("p"), element("p", { class: "quiet" })];
    const end = element("button", { type: "button" }, "End it");
    end.onclick = () => unsilence(this.app, id, () => this.ask());
    const made = element("li", { class: "silence" }, what, why, until, element("div", { class: "verbs" }, end));
    return {
      element: made,
      paint: (one) => {
        write(what, Object.entries(one.matchers).map(([name, glob]) => `${name} ${glob}`).join(", "));
        write(why, `${one.who}: ${one.why}`);
        const left = (one.until / 1e6 - this.app.clock.now()) / 1000;
        const begins = one.active ? "" : `from ${timeOfDay(one.starts / 1e6)}, `;
        write(until, `${begins}until ${timeOfDay(one.until / 1e6)}${left > 0 ? `, ${duration(left)} left` : ""}`);
      },
    };
  }
}
