// What is looked at stands in the address, after the #: it can be shared, and the browser's back button goes back.

const FIRST = "overview";

/** `#/symbol/BTC-USDT?venue=okx` -> { view: "symbol", subject: "BTC-USDT", params } */
export function read(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view, ...subject] = path.split("/");
  return { view: view || FIRST, subject: decoded(subject.join("/")), params: new URLSearchParams(query) };
}

export function write({ view, subject = "", params = {} }) {
  const query = new URLSearchParams();
  for (const [name, value] of params instanceof URLSearchParams ? params : Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `#/${view}${subject ? `/${encodeURIComponent(subject)}` : ""}${text ? `?${text}` : ""}`;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export class Address {
  constructor(place = globalThis) {
    this.place = place;
    this.watchers = new Set();
    this.now = read(place.location.hash);
    place.addEventListener("hashchange", () => this.#moved());
  }

  get view() {
    return this.now.view;
  }

  get subject() {
    return this.now.subject;
  }

  get(name) {
    return this.now.params.get(name);
  }

  /** Change parameters in place, without a step in the history; null takes one away. Watchers are not called. */
  set(changes) {
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === "") this.now.params.delete(name);
      else this.now.params.set(name, value);
    }
    const hash = write(this.now);
    if (hash !== this.place.location.hash) this.place.history.replaceState(null, "", hash);
  }

  /** Go to another view; what is looked at in time goes along. */
  go(view, subject = "", params = {}) {
    this.place.location.hash = this.link(view, subject, params);
  }

  /** The address of another view, for a link. */
  link(view, subject = "", params = {}) {
    return write({ view, subject, params });
  }

  /** Be called when the user went elsewhere: by a link, by the back button, by typing. */
  watch(callback) {
    this.watchers.add(callback);
    return { close: () => this.watchers.delete(callback) };
  }

  #moved() {
    this.now = read(this.place.location.hash);
    for (const callback of [...this.watchers]) callback(this);
  }
}
