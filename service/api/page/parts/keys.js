// Keys of the page and of the view, and the list of them that ? opens.

import { element } from "../core/paint.js";

const NAMES = { " ": "Space", ArrowUp: "Up", ArrowDown: "Down", ArrowLeft: "Left", ArrowRight: "Right" };
const FIELDS = /^(INPUT|SELECT|TEXTAREA)$/;

export class Keys {
  constructor(dialog) {
    this.dialog = dialog;
    this.groups = new Map(); // heading -> [{key, does, run}]
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** These keys hold from now on under this heading, in place of those before. */
  set(heading, keys) {
    this.groups.set(heading, keys);
  }

  /** The keys under this heading hold no more. */
  drop(heading) {
    this.groups.delete(heading);
  }

  /** Show all keys; again, and they go. */
  toggle() {
    if (this.dialog.open) { this.dialog.close(); return; }
    const sections = [...this.groups].filter(([, keys]) => keys.length).map(([heading, keys]) =>
      element("section", {}, element("h3", {}, heading), element("dl", {}, ...keys.flatMap((one) => [
        element("dt", {}, element("kbd", {}, NAMES[one.key] ?? one.key)), element("dd", {}, one.does)]))));
    this.dialog.querySelector(".keys").replaceChildren(...sections);
    this.dialog.showModal();
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const focused = document.activeElement;
    const writing = FIELDS.test(focused?.tagName) && focused.type !== "checkbox";
    if (writing && event.key === "Escape") { focused.blur(); return; }
    if (writing && (focused.type !== "range" || event.key.startsWith("Arrow"))) return;
    if (event.key === " " && /^(BUTTON|SUMMARY|A|INPUT)$/.test(focused?.tagName)) return; // space presses what is focused
    if (this.dialog.open && event.key !== "?") return;
    for (const keys of [...this.groups.values()].reverse()) {
      const found = keys.find((one) => one.key === event.key);
      if (found) {
        event.preventDefault();
        found.run(event);
        return;
      }
    }
  }
}
