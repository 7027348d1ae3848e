// The one socket of the page: subscribes, hands on messages, comes back by itself and subscribes anew.

const SILENCE = 20_000; // ms without a word, heartbeats included, after which the socket is given up
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const OPEN = 1; // WebSocket.OPEN

export class Stream {
  /** `timed(t)` hears the service's time (ns) of every message; `key()` gives the key to show, or "". */
  constructor({ timed = () => {}, key = () => "", open = connect } = {}) {
    this.timed = timed;
    this.key = key;
    this.open = open;
    this.connected = false;
    this.watchers = new Set();
    this.wanted = new Map(); // request id -> { channel, told, number }
    this.numbers = new Map(); // the service's number of a channel -> the same
    this.requests = 0;
    this.wait = FIRST_WAIT;
    this.socket = null;
  }

  /**
   * Subscribe to a channel, as the API words it. `told` gets its messages (`subscribed`, `snapshot`, `update`, `error`),
   * `{type: "up"}` once it is subscribed, and `{type: "down"}` when the connection is gone: then nothing is known.
   */
  subscribe(channel, told) {
    const id = `${++this.requests}`;
    const one = { channel, told, number: null };
    this.wanted.set(id, one);
    if (!this.socket) this.#connect();
    else if (this.connected) this.#ask(id, one);
    return { close: () => this.#release(id, one) };
  }

  /** Hear of the connection itself: `{connected, wait}`. */
  watch(callback) {
    this.watchers.add(callback);
    return { close: () => this.watchers.delete(callback) };
  }

  #connect() {
    const socket = this.open();
    this.socket = socket;
    socket.onopen = () => {
      const key = this.key();
      if (key) this.#send({ op: "auth", id: "auth", key });
      this.connected = true;
      for (const [id, one] of this.wanted) this.#ask(id, one);
    };
    socket.onmessage = (event) => this.#heard(JSON.parse(event.data));
    socket.onclose = () => this.#lost(socket);
    this.#listen();
  }

  #ask(id, one) {
    this.#send({ op: "subscribe", id, channels: [one.channel] });
  }

  #release(id, one) {
    if (!this.wanted.delete(id) || one.number === null) return;
    this.numbers.delete(one.number);
    if (this.connected) this.#send({ op: "unsubscribe", id: `${id}-`, channels: [one.number] });
  }

  #send(message) {
    if ((this.socket.readyState ?? OPEN) !== OPEN) return; // it is closing: all is asked anew on the next one
    this.socket.send(JSON.stringify(message));
  }

  #heard(message) {
    this.#listen();
    if (message.t) this.timed(message.t);
    if (message.type === "subscribed") this.#subscribed(message);
    else if (message.type === "error") this.wanted.get(message.id)?.told(message);
    else this.numbers.get(message.channel)?.told(message);
  }

  #subscribed(message) {
    const [one, told] = [this.wanted.get(message.id), message.channels[0]];
    if (!one) { // released while the answer was on its way
      this.#send({ op: "unsubscribe", id: `${message.id}-`, channels: [told.channel] });
      return;
    }
    this.wait = FIRST_WAIT;
    one.number = told.channel;
    this.numbers.set(told.channel, one);
    one.told({ type: "up" });
    one.told({ ...message, ...told, type: "subscribed" });
    for (const callback of this.watchers) callback({ connected: true, wait: 0, simulated: message.simulated });
  }

  #listen() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.timer = setTimeout(() => { socket.close(); this.#lost(socket); }, SILENCE);
  }

  #lost(socket) {
    if (socket !== this.socket) return;
    clearTimeout(this.timer);
    this.socket = null;
    this.connected = false;
    this.numbers.clear();
    for (const one of this.wanted.values()) one.number = null;
    for (const one of [...this.wanted.values()]) one.told({ type: "down" });
    for (const callback of this.watchers) callback({ connected: false, wait: this.wait });
    setTimeout(() => { if (!this.socket) this.#connect(); }, this.wait);
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return new WebSocket(`${scheme}://${location.host}/api/v1/stream`);
}
