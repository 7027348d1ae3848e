import assert from "node:assert/strict";
import test from "node:test";

import { Moments } from "../../service/api/page/core/moments.js";

const T = 1_790_000_000;

test("what was not live, or never came, is a gap", () => {
  const moments = new Moments();
  moments.put(T, true, { a: 1, b: null });
  moments.put(T + 1, false, { a: 5 });
  moments.put(T + 3, true, { a: 2 });
  assert.equal(moments.at("a", T), 1);
  for (const second of [T + 1, T + 2]) assert.ok(Number.isNaN(moments.at("a", second)));
  assert.ok(Number.isNaN(moments.at("b", T)));
  assert.deepEqual([T, T + 1, T + 2, T + 3].map((second) => moments.wasLive(second)), [true, false, null, true]);
  assert.deepEqual(moments.range(["a", "b"], T, T + 3), [1, 2]);
  assert.equal(moments.range(["b"], T, T + 3), null);
});

test("the later reading of a second holds, and a loss takes its values", () => {
  const moments = new Moments();
  moments.put(T, true, { a: 1 });
  moments.put(T, true, { a: 2 });
  assert.equal(moments.at("a", T), 2);
  moments.put(T, false, {});
  assert.ok(Number.isNaN(moments.at("a", T)));
});

test("what the service kept fills the past and leaves what came since", () => {
  const moments = new Moments();
  moments.put(T + 2, true, { a: 9 });
  moments.fill({ times: [0, 1, 2].map((k) => (T + k) * 1e9), live: [true, false, true], values: { a: [1, null, 3], b: [4, null, 6] } });
  assert.deepEqual([T, T + 2].map((second) => moments.at("a", second)), [1, 9]);
  assert.equal(moments.at("b", T + 2), 6);
  assert.equal(moments.wasLive(T + 1), false);
});

test("old seconds are written over and not read as new", () => {
  const moments = new Moments(10);
  moments.put(T, true, { a: 1 });
  moments.put(T + 10, true, { b: 2 });
  assert.ok(Number.isNaN(moments.at("a", T)));
  assert.ok(Number.isNaN(moments.at("a", T + 10)));
  moments.fill({ times: [T * 1e9], live: [true], values: { a: [7] } });
  assert.equal(moments.at("b", T + 10), 2);
  assert.equal(moments.wasLive(T), null);
});
