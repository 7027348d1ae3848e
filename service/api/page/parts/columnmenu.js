// The menu that chooses columns: every output of the catalogue, by group, found by its words.

import { element } from "../core/paint.js";
import { filterOf } from "../core/order.js";

export class ColumnMenu {
  /** `chose(ids)`: a choice was made; null: as at first. */
  constructor(chose) {
    this.chose = chose;
    this.search = element("input", { type: "search", placeholder: "Find an output", "aria-label": "Find an output", autocomplete: "off" });
    this.search.oninput = () => this.#find();
    this.list = element("div");
    const reset = element("button", { type: "button" }, "As at first");
    reset.onclick = () => this.chose(null);
    const box = element("div", { class: "choices" }, element("div", { class: "row" }, this.search, reset), this.list);
    this.element = element("details", { id: "columns", class: "menu" }, element("summary", {}, "Columns"), box);
    this.ids = [];
    this.outside = (event) => { if (!this.element.contains(event.target)) this.element.open = false; };
    document.addEventListener("click", this.outside);
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.element.open = false;
      this.element.querySelector("summary").focus();
    });
    this.element.addEventListener("toggle", () => { if (this.element.open) this.#fill(); });
  }

  close() {
    document.removeEventListener("click", this.outside);
  }

  toggle() {
    this.element.open = !this.element.open;
    if (this.element.open) requestAnimationFrame(() => this.search.focus());
  }

  offer(columns) {
    this.columns = columns;
    this.filled = false;
    if (this.element.open) this.#fill();
  }

  mark(ids) {
    this.ids = ids;
    for (const box of this.list.querySelectorAll("input")) box.checked = ids.includes(box.value);
  }

  /** Hundreds of boxes are made when they are looked at, not before. */
  #fill() {
    if (this.filled) return;
    this.filled = true;
    const groups = new Map();
    for (const column of this.columns) groups.set(column.group, [...(groups.get(column.group) ?? []), column]);
    this.list.replaceChildren(...[...groups].map(([group, columns]) =>
      element("fieldset", {}, element("legend", {}, group), ...columns.map((column) => this.#choice(column)))));
    this.#find();
  }

  #choice(column) {
    const box = element("input", { type: "checkbox", value: column.id });
    box.checked = this.ids.includes(column.id);
    box.onchange = () => this.chose([...this.list.querySelectorAll("input:checked")].map((one) => one.value));
    const label = element("label", { title: column.help }, box, column.id);
    label.dataset.words = `${column.names.join(" ")} ${column.help}`;
    return label;
  }

  #find() {
    const fits = filterOf(this.search.value);
    for (const set of this.list.children) {
      let any = false;
      for (const label of set.querySelectorAll("label")) {
        label.hidden = !fits(label.dataset.words);
        any ||= !label.hidden;
      }
      set.hidden = !any;
    }
  }
}
