// What happened, without the to and fro of what can be proven at one moment and not at the next.

const DOUBTS = new Set(["unproven", "confirmed"]);

/** Of a run of such events of one alert only the newest; events are newest first, and so is what comes out. */
export function folded(events) {
  const told = new Set();
  return events.filter(({ event, alert }) => {
    if (!DOUBTS.has(event)) {
      told.delete(alert.id);
      return true;
    }
    const first = !told.has(alert.id);
    told.add(alert.id);
    return first;
  });
}
