// The socket: subscribes, hands on messages, comes back by itself. What is not connected has no values.

const SILENCE = 20_000; // ms without a word, heartbeats included, after which the socket is given up
const LONGEST_WAIT = 10_000;

export class Stream {
  /** `told(message)` for every message, `up()` when subscribed anew, `down(waitMs)` when the connection is gone. */
  constructor({ told, up, down }) {
    this.told = told;
    this.up = up;
    this.down = down;
    this.key = "";
    this.metrics = null;
    this.wait = 500;
    this.socket = null;
    this.timer = null;
  }

  /** Subscribe to these outputs (names); on an open connection instead of those before. */
  follow(metrics) {
    this.metrics = metrics;
    if (this.socket?.readyState === WebSocket.OPEN) this.#subscribe();
    else if (!this.socket) this.#connect();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/stream`);
    this.socket = socket;
    socket.onopen = () => {
      if (this.key) this.#send({ op: "auth", id: "auth", key: this.key });
      this.#subscribe();
    };
    socket.onmessage = (event) => {
      this.#listen();
      const message = JSON.parse(event.data);
      if (message.type === "subscribed") {
        this.wait = 500;
        this.up(message);
      }
      this.told(message);
    };
    socket.onclose = () => this.#lost(socket);
    this.#listen();
  }

  #subscribe() {
    this.#send({ op: "unsubscribe", id: "books" });
    const channel = { name: "readings", metrics: this.metrics, min_interval_ms: 250 };
    this.#send({ op: "subscribe", id: "books", channels: [channel] });
  }

  #send(message) {
    this.socket.send(JSON.stringify(message));
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
    this.down(this.wait);
    setTimeout(() => this.#connect(), this.wait);
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }
}
