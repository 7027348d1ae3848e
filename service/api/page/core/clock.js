// What time the service has, and which moment is looked at: now, or one of the last 15 minutes.

export const REACH = 15 * 60_000; // ms that the service remembers
const STEP = 250;

export class Clock {
  /** `elapsed()` is a clock that only ever grows, in ms. */
  constructor({ elapsed = () => performance.now() } = {}) {
    this.elapsed = elapsed;
    this.at = null; // ms of the service's clock; null: live
    this.replayed = false; // a recording's time passes as its messages say, not by itself
    this.watchers = new Set();
    this.offset = null;
    this.last = 0;
    this.lag = null; // ms behind, while it plays from the past
    this.timer = null;
  }

  /** A message says that it is `t` (ns). */
  told(t) {
    const time = t / 1e6;
    this.last = Math.max(this.last, time);
    const offset = time - this.elapsed();
    // The message that was on its way for the shortest time says it best; a clock that was put right starts over.
    if (this.offset === null || offset > this.offset || this.offset - offset > 2000) this.offset = offset;
  }

  get known() {
    return this.offset !== null;
  }

  /** The service's time in ms. */
  now() {
    if (this.offset === null) return Date.now();
    return this.replayed ? this.last : this.elapsed() + this.offset;
  }

  get live() {
    return this.at === null;
  }

  get playing() {
    return this.at === null || this.lag !== null;
  }

  /** Stay at the moment that is looked at. */
  pause() {
    this.#stop();
    this.#move(this.at ?? this.now());
  }

  /** Go on from the moment that is looked at, as far behind as it is. */
  resume() {
    if (this.playing) return;
    this.lag = Math.max(0, this.now() - this.at);
    if (this.lag < STEP) { this.goLive(); return; }
    this.timer = setInterval(() => this.#play(), STEP);
    this.#move(this.at);
  }

  goLive() {
    this.#stop();
    this.#move(null);
  }

  /** Look at another moment (ms), and stay there. What lies ahead is now. */
  seek(time) {
    if (time >= this.now()) { this.goLive(); return; }
    this.#stop();
    this.#move(this.within(time));
  }

  within(time) {
    return Math.max(time, this.now() - REACH);
  }

  /** Be called with `at` whenever another moment is looked at. */
  watch(callback) {
    this.watchers.add(callback);
    return { close: () => this.watchers.delete(callback) };
  }

  #play() {
    this.#move(this.now() - this.lag);
  }

  #stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.lag = null;
  }

  #move(at) {
    this.at = at;
    for (const callback of [...this.watchers]) callback(at);
  }
}
