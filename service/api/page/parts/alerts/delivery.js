// Who is told, how that went, and the messages that could not be delivered.

import { duration, timeOfDay } from "../../core/format.js";
import { element } from "../../core/paint.js";
import { KeyedList } from "../keyedlist.js";

export class Delivery {
  constructor(app) {
    this.app = app;
    this.senders = new KeyedList({ make: () => this.#line(), key: (one) => one.name, empty: "No sender is configured; see alerts.senders.", label: "Senders" });
    this.dead = new KeyedList({ make: () => this.#line(), key: (one) => one.seq, empty: "Everything was delivered.", label: "Not delivered" });
    this.test = element("button", { type: "button", hidden: true }, "Send a test");
    this.test.onclick = () => this.#test();
    this.element = element("div", {}, element("section", {}, element("h2", {}, "Senders"), this.test, this.senders.element),
      element("section", {}, element("h2", {}, "Not delivered"), this.dead.element));
    this.ask();
  }

  close() {}

  paint() {}

  async ask() {
    try {
      const [senders, dead] = await Promise.all([this.app.api.get("/api/v1/alerts/senders"), this.app.api.get("/api/v1/alerts/dead-letters")]);
      this.test.hidden = senders.senders.length === 0;
      this.senders.show(senders.senders.map((one) => ({ ...one, head: `${one.name} (${one.kind})`, said: this.#sent(one), more: one.last_error })));
      this.dead.show(dead.dead_letters.map((one) => ({ ...one, head: `${timeOfDay(one.t / 1e6)} to ${one.sender}`,
        said: `${one.error}, after ${one.attempts} attempts`, more: one.message.summary ?? one.message.title ?? "" })));
    } catch (error) {
      this.senders.show([], error.message);
      this.dead.show([], error.message);
    }
  }

  #sent(one) {
    const ago = one.last_sent ? `, last ${duration(Math.max(0, this.app.clock.now() / 1e3 - one.last_sent / 1e9))} ago` : "";
    return `${one.sent} sent${ago}, ${one.waiting} waiting, ${one.retried} retried, ${one.failed} failed; from ${one.least} on`;
  }

  async #test() {
    try {
      const { senders } = await this.app.api.post("/api/v1/alerts/test", {});
      this.app.say(`A test is on its way to ${senders.join(", ")}.`);
    } catch (error) {
      this.app.say(error.message);
    }
    setTimeout(() => this.ask(), 2000);
  }

  #line() {
    const [head, said, more] = [element("strong"), element("p"), element("p", { class: "quiet" })];
    return {
      element: element("li", {}, head, said, more),
      paint: (one) => { [head.textContent, said.textContent, more.textContent] = [one.head, one.said, one.more]; },
    };
  }
}
