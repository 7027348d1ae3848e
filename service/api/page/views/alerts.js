// Alerts and surveillance: what fires and what happened, episodes with their evidence, rules, silences, delivery.

import { filterOf } from "../core/order.js";
import { element } from "../core/paint.js";
import { Active } from "../parts/alerts/active.js";
import { Delivery } from "../parts/alerts/delivery.js";
import { Episodes } from "../parts/alerts/episodes.js";
import { Rules } from "../parts/alerts/rules.js";
import { Silences } from "../parts/alerts/silences.js";
import { silence } from "../parts/alerts/commands.js";

/** What there is to see: by the word in the address, its name and its key. */
const SHOWN = {
  alerts: ["Alerts", Active],
  surveillance: ["Surveillance", Episodes],
  rules: ["Rules", Rules],
  silences: ["Silences", Silences],
  delivery: ["Delivery", Delivery],
};

export function mount(root, app) {
  const view = new Alerts(root, app);
  return { unmount: () => view.close(), keys: view.keys };
}

class Alerts {
  constructor(root, app) {
    this.app = app;
    this.name = null;
    this.fits = () => true;
    this.place = element("div", { id: "part" });
    this.search = element("input", { type: "search", id: "filter", placeholder: "Filter: rule, symbol, venue", autocomplete: "off", spellcheck: "false" });
    this.search.oninput = () => { app.address.set({ q: this.search.value }); this.#filter(); };
    this.switches = Object.entries(SHOWN).map(([name, [title]]) => {
      const button = element("button", { type: "button", "data-show": name }, title);
      button.onclick = () => this.#show(name);
      return button;
    });
    root.append(element("h1", { class: "unseen" }, "Alerts and surveillance"),
      element("div", { class: "tools" },
        element("div", { class: "switch", role: "group", "aria-label": "Show" }, ...this.switches),
        element("label", { class: "filter" }, element("span", { class: "unseen" }, "Filter by rule, symbol, venue or severity"), this.search)),
      this.place);
    this.watching = [app.address.watch(() => this.#fromAddress()), app.clock.watch(() => this.part.paint())];
    this.#fromAddress();
  }

  close() {
    for (const one of this.watching) one.close();
    this.part.close();
  }

  get keys() {
    const names = Object.keys(SHOWN);
    const step = (by) => this.#show(names[(names.indexOf(this.name) + by + names.length) % names.length]);
    return [
      { key: "/", does: "Filter", run: () => this.search.focus() },
      { key: "n", does: "Next of alerts, surveillance, rules, silences, delivery", run: () => step(1) },
      { key: "N", does: "The one before", run: () => step(-1) },
      { key: "s", does: "New silence", run: () => silence(this.app, null, () => this.part.ask()) },
    ];
  }

  #fromAddress() {
    const { address } = this.app;
    if (address.view !== "alerts") return;
    this.search.value = address.get("q") ?? "";
    const wanted = address.get("show");
    this.#show(SHOWN[wanted] ? wanted : "alerts");
    this.#filter();
  }

  #show(name) {
    if (name === this.name) return;
    this.part?.close();
    this.name = name;
    this.app.address.set({ show: name === "alerts" ? null : name });
    for (const button of this.switches) button.setAttribute("aria-pressed", button.dataset.show === name);
    const Part = SHOWN[name][1];
    this.part = new Part(this.app, (text) => this.fits(text));
    this.place.replaceChildren(this.part.element);
    this.search.parentElement.hidden = ["silences", "delivery"].includes(name);
  }

  #filter() {
    this.fits = filterOf(this.search.value);
    this.part.paint();
  }
}
