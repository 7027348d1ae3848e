import assert from "node:assert/strict";
import { test } from "node:test";
import { tick } from "./timers.js";
import { Stream } from "../../service/api/page/core/stream.js";


/** A socket that keeps what it is given and says what the test lets it say. */
class Socket {
  sent = [];
  send(text) { this.sent.push(JSON.parse(text)); }
  close() { this.closed = true; }
  hear(message) { this.onmessage({ data: JSON.stringify(message) }); }
}

function begun({ key = "" } = {}) {
  const sockets = [];
  const times = [];
  const open = () => { sockets.push(new Socket()); return sockets.at(-1); };
  return { sockets, times, stream: new Stream({ open, key: () => key, timed: (t) => times.push(t) }) };
}

test("one socket serves all subscriptions, and each hears its own channel", () => {
  const { sockets, stream, times } = begun();
  const [readings, feeds] = [[], []];
  stream.subscribe({ name: "readings" }, (message) => readings.push(message));
  stream.subscribe({ name: "feeds" }, (message) => feeds.push(message.type));
  assert.equal(sockets.length, 1);
  const [socket] = sockets;
  socket.onopen();
  assert.deepEqual(socket.sent.map((one) => [one.op, one.id, one.channels[0].name]), [["subscribe", "1", "readings"], ["subscribe", "2", "feeds"]]);
  socket.hear({ type: "subscribed", id: "2", t: 5, channels: [{ channel: 7, books: [] }] });
  socket.hear({ type: "subscribed", id: "1", t: 6, channels: [{ channel: 8, books: [] }] });
  socket.hear({ type: "update", channel: 8, t: 7, values: { a: 1 } });
  assert.deepEqual(readings.map((one) => one.type), ["up", "subscribed", "update"]);
  assert.deepEqual(feeds, ["up", "subscribed"]);
  assert.deepEqual(times, [5, 6, 7]);
});

test("what was released is unsubscribed, also where the answer comes later, and hears no more", () => {
  const { sockets, stream } = begun();
  const heard = [];
  const early = stream.subscribe({ name: "readings" }, (message) => heard.push(message.type));
  const [socket] = sockets;
  socket.onopen();
  early.close();
  socket.hear({ type: "subscribed", id: "1", t: 1, channels: [{ channel: 1, books: [] }] });
  const late = stream.subscribe({ name: "feeds" }, (message) => heard.push(message.type));
  socket.hear({ type: "subscribed", id: "2", t: 1, channels: [{ channel: 2, books: [] }] });
  late.close();
  socket.hear({ type: "update", channel: 2, t: 1 });
  assert.deepEqual(socket.sent.filter((one) => one.op === "unsubscribe").map((one) => one.channels), [[1], [2]]);
  assert.deepEqual(heard, ["up", "subscribed"]);
});

test("it says when the connection is gone, waits longer each time, and subscribes anew", () => {
  const { sockets, stream } = begun({ key: "sesame" });
  const heard = [];
  const connection = [];
  stream.watch(({ connected, wait }) => connection.push([connected, wait]));
  stream.subscribe({ name: "readings" }, (message) => heard.push(message.type));
  sockets[0].onopen();
  sockets[0].hear({ type: "subscribed", id: "1", t: 1, channels: [{ channel: 1, books: [] }] });
  sockets[0].onclose();
  sockets[0].onclose();
  tick(500);
  sockets[1].onclose();
  tick(1000);
  sockets[2].onopen();
  assert.deepEqual(sockets[2].sent.map((one) => one.op), ["auth", "subscribe"]);
  sockets[2].hear({ type: "subscribed", id: "1", t: 1, channels: [{ channel: 4, books: [] }] });
  assert.deepEqual(heard, ["up", "subscribed", "down", "down", "up", "subscribed"]);
  assert.deepEqual(connection, [[true, 0], [false, 500], [false, 1000], [true, 0]]);
});

test("a socket that says nothing, not even a heartbeat, is given up", () => {
  const { sockets, stream } = begun();
  const heard = [];
  stream.subscribe({ name: "readings" }, (message) => heard.push(message.type));
  sockets[0].onopen();
  tick(19_000);
  sockets[0].hear({ type: "heartbeat", t: 1 });
  tick(19_000);
  assert.deepEqual(heard, []);
  tick(1_000);
  assert.ok(sockets[0].closed);
  assert.deepEqual(heard, ["down"]);
});

test("a refusal goes to who asked", () => {
  const { sockets, stream } = begun();
  const heard = [];
  stream.subscribe({ name: "alerts" }, (message) => heard.push(message.code ?? message.type));
  sockets[0].onopen();
  sockets[0].hear({ type: "error", id: "1", code: "alerts_off", message: "alerts are switched off" });
  assert.deepEqual(heard, ["alerts_off"]);
});
