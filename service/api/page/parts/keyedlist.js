// A list whose entries stay the same elements while what they show changes: focus and open details survive.

import { element } from "../core/paint.js";

export class KeyedList {
  /** `make(item)` gives `{element, paint(item)}`; `key(item)` tells one from another. */
  constructor({ make, key, empty, tag = "ul", label = null }) {
    Object.assign(this, { make, key });
    this.list = element(tag, { class: "entries", "aria-label": label });
    this.empty = element("p", { class: "quiet" }, empty);
    this.element = element("div", {}, this.list, this.empty);
    this.entries = new Map();
  }

  /** Show these, in this order; `empty` says why there are none. */
  show(items, empty = null) {
    if (empty !== null) this.empty.textContent = empty;
    this.empty.hidden = items.length > 0;
    const old = this.entries;
    this.entries = new Map(items.map((item) => {
      const key = this.key(item);
      return [key, old.get(key) ?? this.make(item)];
    }));
    const wanted = items.map((item) => this.entries.get(this.key(item)).element);
    if (wanted.length !== this.list.children.length || wanted.some((one, place) => this.list.children[place] !== one)) {
      this.#place(wanted);
    }
    for (const item of items) this.entries.get(this.key(item)).paint(item);
  }

  /** Entries that stay are not taken out of the page, as that would cost them the focus. */
  #place(wanted) {
    const kept = new Set(wanted);
    for (const one of [...this.list.children]) if (!kept.has(one)) one.remove();
    wanted.forEach((one, place) => {
      if (this.list.children[place] !== one) this.list.insertBefore(one, this.list.children[place] ?? null);
    });
  }
}
