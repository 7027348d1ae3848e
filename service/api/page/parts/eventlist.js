// What happened to the book, newest first: alerts, episodes and liquidations; the evidence of the one that is looked at.

import { duration, timeOfDay } from "../core/format.js";
import { element, write } from "../core/paint.js";

const MOST = 40;
const KINDS = { alert: "Alert", episode: "Episode", liquidation: "Liquidation" };

export class EventList {
  /** `looked(event)` is called with the one that is pointed at or focused, null when it is left. */
  constructor(looked) {
    this.looked = looked;
    this.items = new Map(); // id -> element
    this.list = element("ol", { class: "events" });
    this.empty = element("p", { class: "quiet" }, "Nothing happened in the last 15 minutes.");
    this.evidence = element("div", { class: "proof", "aria-live": "polite" });
    this.kinds = element("select", { "aria-label": "Kinds of events" }, new Option("Alerts, episodes", "alert episode"), new Option("All", ""), ...Object.entries(KINDS).map(([kind, word]) => new Option(`${word}s`, kind)));
    this.kinds.onchange = () => this.show(this.all ?? []);
    this.element = element("section", { class: "panel eventlist" },
      element("div", { class: "head" }, element("h2", {}, "Events"), this.kinds), this.evidence, this.list, this.empty);
  }

  /** Newest first. */
  show(events) {
    this.all = events;
    const seen = events.filter((one) => !this.kinds.value || this.kinds.value.includes(one.kind)).slice(0, MOST);
    this.seen = seen;
    this.empty.hidden = seen.length > 0;
    const known = this.items;
    this.items = new Map(seen.map((one) => [one.id, known.get(one.id) ?? this.#made(one)]));
    for (const one of seen) write(this.items.get(one.id).querySelector("small"), lasted(one));
    const wanted = [...this.items.values()];
    if (wanted.length !== this.list.children.length || wanted.some((item, place) => this.list.children[place] !== item)) {
      const focused = document.activeElement;
      this.list.replaceChildren(...wanted);
      if (focused !== document.activeElement && this.list.contains(focused)) focused.focus({ preventScroll: true });
    }
  }

  /** Show what an event rests on; null: nothing. */
  explain(event) {
    if ((event?.id ?? "") === (this.explained ?? "")) return;
    this.explained = event?.id;
    this.evidence.replaceChildren(...(event === null ? [] : [
      element("h3", {}, event.text),
      element("p", { class: "quiet" }, `${timeOfDay(event.from)}${event.kind === "episode" ? ". No identities are visible: nothing here proves intent." : ""}`),
      element("dl", {}, ...event.details.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)])),
    ]));
  }

  /** Focus the event before or after the one that is focused. */
  step(by) {
    const buttons = [...this.list.querySelectorAll("button")];
    if (buttons.length === 0) return;
    const at = buttons.indexOf(document.activeElement);
    buttons[Math.min(buttons.length - 1, Math.max(0, at < 0 ? 0 : at + by))].focus({ preventScroll: true });
  }

  #made(event) {
    const button = element("button", { type: "button", "data-kind": event.kind, "data-severity": event.severity ?? null },
      element("time", {}, timeOfDay(event.from)), element("b", {}, KINDS[event.kind]), element("span", {}, event.text), element("small"));
    button.onpointerenter = button.onfocus = () => this.looked(event);
    button.onpointerleave = button.onblur = () => this.looked(null);
    return element("li", {}, button);
  }
}

function lasted(event) {
  if (event.kind === "liquidation") return "";
  if (event.to === null) return "fires";
  const seconds = (event.to - event.from) / 1000;
  return seconds >= 0.1 ? duration(seconds) : "";
}
