// One alert in a list: how bad, what, where, since when, whether it is proven, and what can be done.

import { compact, duration, signed, timeOfDay } from "../../core/format.js";
import { element, write } from "../../core/paint.js";
import { acknowledge, silence } from "./commands.js";

/** The address of what an alert is about, at a moment (ms) or now; null where it is no symbol. */
export function subjectLink(app, has, labels, at = null) {
  if (!has("symbol") || !labels.symbol) return null;
  return app.address.link("symbol", labels.symbol, { venue: labels.venue, at: at === null ? null : Math.round(at) });
}

export const subject = (labels) => [labels.symbol, labels.venue, labels.product].filter(Boolean).join(" · ");

/** An entry of the list of what fires. `done()` is called after something was done about it. */
export function activeEntry(app, has, done) {
  return (first) => {
    let alert = first;
    const [badge, name, where, said, facts, marks] = ["b", "strong", "a", "p", "p", "p"].map((tag) => element(tag));
    badge.className = "severity";
    said.className = "said";
    facts.className = "facts quiet";
    marks.className = "quiet";
    const seen = element("button", { type: "button" }, "Acknowledge");
    const quiet = element("button", { type: "button" }, "Silence");
    seen.onclick = () => acknowledge(app, alert, done);
    quiet.onclick = () => silence(app, alert, done);
    const made = element("li", { class: "alert" }, element("p", { class: "line" }, badge, name, where), said, facts, marks,
      element("div", { class: "verbs" }, seen, quiet));

    function paint(now) {
      alert = now;
      made.dataset.severity = now.severity;
      made.classList.toggle("off", now.state !== "firing" || Boolean(now.silenced_by) || now.acknowledged !== null);
      write(badge, now.severity);
      write(name, now.alert);
      write(where, subject(now.labels));
      const link = subjectLink(app, has, now.labels, app.clock.at);
      if (link) where.href = link;
      write(said, now.summary);
      made.title = now.description;
      const lasted = now.fired_at ? `for ${duration(Math.max(0, (app.clock.at ?? app.clock.now()) / 1e3 - now.fired_at / 1e9))}` : "";
      const value = now.value === null ? "" : `now ${number(now.value)}`;
      const peak = now.peak === null ? "" : `peak ${number(now.peak)}`;
      write(facts, [lasted, now.fired_at ? `since ${timeOfDay(now.fired_at / 1e6)}` : "", value, peak, now.summary.includes(now.output) ? "" : now.output].filter(Boolean).join(" · "));
      const unproven = now.state === "unknown" ? `Neither over nor proven: ${now.reason || "it cannot be evaluated"}` : "";
      const ack = now.acknowledged ? `Seen by ${now.acknowledged.who}${now.acknowledged.why ? `: ${now.acknowledged.why}` : ""}` : "";
      write(marks, [unproven, ack, now.silenced_by ? "Silenced" : ""].filter(Boolean).join(" · "));
      marks.hidden = marks.textContent === "";
      seen.hidden = now.acknowledged !== null || !app.clock.live;
      quiet.hidden = Boolean(now.silenced_by) || !app.clock.live;
    }
    return { element: made, paint };
  };
}

const EVENTS = { fired: "fired", resolved: "resolved", unproven: "can no longer be proven", confirmed: "is proven again", acknowledged: "was acknowledged" };

/** A line of what happened. */
export function historyEntry(app, has) {
  return ({ t, event, alert }) => {
    const time = element("time", { datetime: new Date(t / 1e6).toISOString() }, timeOfDay(t / 1e6));
    const where = element("a", { href: subjectLink(app, has, alert.labels, t / 1e6) }, subject(alert.labels));
    const more = { resolved: alert.lasted ? `after ${alert.lasted}` : "", acknowledged: alert.acknowledged ? `by ${alert.acknowledged.who}` : "" }[event] ?? "";
    const made = element("li", { class: "event", "data-severity": alert.severity, "data-event": event },
      time, element("b", { class: "severity" }, alert.severity), element("strong", {}, alert.alert),
      element("span", {}, [EVENTS[event] ?? event, more].filter(Boolean).join(" ")), where, element("span", { class: "quiet" }, event === "fired" ? alert.summary : alert.reason));
    return { element: made, paint() {} };
  };
}

function number(value) {
  return signed(value, compact(value));
}
