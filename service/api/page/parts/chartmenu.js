// Choosing charts: every metric of the catalogue that this book has, by group, with a filter.

import { filterOf } from "../core/order.js";
import { element } from "../core/paint.js";

export class ChartMenu {
  /** `changed(ids)` is called with the ids that are chosen; null: back to the first ones. */
  constructor(changed) {
    this.changed = changed;
    this.filter = element("input", { type: "search", placeholder: "Filter charts", "aria-label": "Filter charts", autocomplete: "off" });
    this.filter.oninput = () => this.#narrow();
    const reset = element("button", { type: "button" }, "As at first");
    reset.onclick = () => changed(null);
    this.list = element("div");
    this.element = element("details", { class: "menu", id: "charts" },
      element("summary", { title: "Charts (c)" }, "Charts"),
      element("div", { class: "choices" }, element("div", { class: "row" }, this.filter, reset), this.list));
    this.shut = (event) => { if (!this.element.contains(event.target)) this.element.open = false; };
    document.addEventListener("pointerdown", this.shut);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { this.element.open = false; this.element.querySelector("summary").focus(); }
    });
  }

  close() {
    document.removeEventListener("pointerdown", this.shut);
  }

  toggle() {
    this.element.open = !this.element.open;
    if (this.element.open) this.filter.focus();
  }

  /** These can be chosen, and these ids are. */
  offer(charts, ids) {
    const groups = new Map();
    this.boxes = charts.map((chart) => {
      const box = element("input", { type: "checkbox", value: chart.id });
      box.checked = ids.includes(chart.id);
      box.onchange = () => this.changed(this.#chosen(box.value, box.checked));
      const row = element("label", { title: chart.help }, box, chart.title);
      if (!groups.has(chart.group)) groups.set(chart.group, element("fieldset", {}, element("legend", {}, chart.group || "other")));
      groups.get(chart.group).append(row);
      return { box, row, text: `${chart.title} ${chart.group}` };
    });
    this.ids = ids;
    this.list.replaceChildren(...groups.values());
    this.#narrow();
  }

  /** Ids in the order in which they were chosen. */
  #chosen(id, on) {
    this.ids = on ? [...this.ids, id] : this.ids.filter((one) => one !== id);
    return this.ids;
  }

  #narrow() {
    const fits = filterOf(this.filter.value);
    for (const { row, text } of this.boxes ?? []) row.hidden = !fits(text);
    for (const group of this.list.children) group.hidden = [...group.querySelectorAll("label")].every((row) => row.hidden);
  }
}
