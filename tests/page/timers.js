// Timers on a made-up clock, in place of the real ones of this process.

const due = new Map();
let [now, last] = [0, 0];

globalThis.setTimeout = (run, ms = 0) => { due.set(++last, { at: now + ms, run, every: 0 }); return last; };
globalThis.setInterval = (run, ms) => { due.set(++last, { at: now + ms, run, every: ms }); return last; };
globalThis.clearTimeout = globalThis.clearInterval = (id) => due.delete(id);

/** Let time pass, and run what falls due in it, in order. */
export function tick(ms) {
  const until = now + ms;
  for (;;) {
    const [id, next] = [...due].filter(([, one]) => one.at <= until).sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
    if (next === undefined) break;
    now = next.at;
    if (next.every) next.at += next.every;
    else due.delete(id);
    next.run();
  }
  now = until;
}
