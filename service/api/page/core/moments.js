// The last minutes of one book: numbers by second. What was not live, or never came, is a gap and stays one.

export const PLACES = 2048; // seconds that are held; the service remembers 900

export class Moments {
  constructor(places = PLACES) {
    this.places = places;
    this.seconds = new Float64Array(places); // whose second a place is
    this.live = new Uint8Array(places);
    this.values = new Map(); // name -> Float64Array
    this.last = 0; // the newest second
  }

  /** A reading of this second (of 1970); the later of one second holds. `values`: name -> number or null. */
  put(second, live, values) {
    const place = this.#open(second);
    this.live[place] = live ? 1 : 0;
    for (const [name, value] of Object.entries(values)) this.#column(name)[place] = live && value !== null ? value : NaN;
    if (!live) for (const column of this.values.values()) column[place] = NaN;
  }

  /** What the service kept: `{times (ns), live, values}`. What came since by the stream is newer, and is left. */
  fill({ times, live, values }) {
    const columns = Object.entries(values).map(([name, numbers]) => [this.#column(name), numbers]);
    times.forEach((time, k) => {
      const second = Math.floor(time / 1e9);
      const place = second % this.places;
      if (this.seconds[place] > second) return;
      const fresh = this.seconds[place] !== second;
      this.#open(second);
      if (fresh) this.live[place] = live[k] ? 1 : 0;
      for (const [column, numbers] of columns) {
        if (fresh || Number.isNaN(column[place])) column[place] = numbers[k] ?? NaN;
      }
    });
  }

  /** The number of a second, NaN where there is none. */
  at(name, second) {
    const place = second % this.places;
    if (this.seconds[place] !== second) return NaN;
    return this.values.get(name)?.[place] ?? NaN;
  }

  /** Was the book live then? null: nothing is known. */
  wasLive(second) {
    const place = second % this.places;
    return this.seconds[place] === second ? this.live[place] === 1 : null;
  }

  has(name) {
    return this.values.has(name);
  }

  /** Least and greatest of some names from one second to another; null where nothing is. */
  range(names, first, last) {
    let [low, high] = [Infinity, -Infinity];
    for (const name of names) {
      const column = this.values.get(name);
      if (!column) continue;
      for (let second = first; second <= last; second++) {
        const place = second % this.places;
        const value = column[place];
        if (this.seconds[place] !== second || Number.isNaN(value)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    return low > high ? null : [low, high];
  }

  #open(second) {
    const place = second % this.places;
    if (this.seconds[place] !== second) {
      this.seconds[place] = second;
      this.live[place] = 0;
      for (const column of this.values.values()) column[place] = NaN;
    }
    this.last = Math.max(this.last, second);
    return place;
  }

  #column(name) {
    let column = this.values.get(name);
    if (!column) {
      column = new Float64Array(this.places).fill(NaN);
      this.values.set(name, column);
    }
    return column;
  }
}
