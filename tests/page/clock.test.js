import assert from "node:assert/strict";
import { test } from "node:test";
import { tick } from "./timers.js";
import { Clock, REACH } from "../../service/api/page/core/clock.js";

const NS = 1e6;

function at(time) {
  const passed = { ms: 0 };
  const clock = new Clock({ elapsed: () => passed.ms });
  clock.told(time * NS);
  const seen = [];
  clock.watch((moment) => seen.push(moment));
  return { clock, seen, pass: (ms) => { passed.ms += ms; tick(ms); } };
}

test("it goes on between messages, and the quickest message says it best", () => {
  const { clock, pass } = at(1_000_000);
  pass(500);
  assert.equal(clock.now(), 1_000_500);
  clock.told(1_000_400 * NS); // was on its way for 100 ms longer
  assert.equal(clock.now(), 1_000_500);
  clock.told(1_000_520 * NS);
  assert.equal(clock.now(), 1_000_520);
});

test("a service that was started anew with another time starts over", () => {
  const { clock } = at(1_000_000);
  clock.told(900_000 * NS);
  assert.equal(clock.now(), 900_000);
});

test("a recording's time passes as its messages say", () => {
  const { clock, pass } = at(1_000_000);
  clock.replayed = true;
  pass(5000);
  assert.equal(clock.now(), 1_000_000);
  clock.told(1_060_000 * NS);
  assert.equal(clock.now(), 1_060_000);
});

test("pause stays, play goes on as far behind, live comes back", () => {
  const { clock, seen, pass } = at(1_000_000);
  clock.pause();
  pass(4000);
  assert.equal(clock.at, 1_000_000);
  assert.ok(!clock.playing && !clock.live);
  clock.resume();
  pass(1000);
  assert.equal(clock.at, 1_001_000);
  assert.ok(clock.playing && !clock.live);
  clock.goLive();
  pass(1000);
  assert.equal(clock.at, null);
  assert.equal(seen.at(-1), null);
  assert.ok(clock.live);
});

test("it looks back no further than the service remembers, and never ahead", () => {
  const { clock } = at(10_000_000);
  clock.seek(0);
  assert.equal(clock.at, 10_000_000 - REACH);
  clock.seek(10_000_001);
  assert.equal(clock.at, null);
});
