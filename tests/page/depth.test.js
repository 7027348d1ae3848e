import assert from "node:assert/strict";
import test from "node:test";

import { DepthPast, cumulative, grouped, ladder, levelsOf, nearest, rowOf, steps, tickOf } from "../../service/api/page/core/depth.js";

test("steps are 1, 2, 5 times powers of ten of the tick, up to a hundredth of the price", () => {
  assert.deepEqual(steps(0.1, 100), [0.1, 0.2, 0.5, 1]);
  assert.equal(nearest(steps(0.1, 80_000), 80_000 * 3e-5), 2);
  assert.equal(tickOf(["100.10", "99.250", "7"]), 0.01);
});

test("binary fractions do not put a price into the wrong row", () => {
  for (let k = 1; k < 2000; k++) assert.equal(rowOf(k * 0.1, 0.1), k);
  assert.equal(rowOf(0.3, 0.1), 3);
  assert.equal(rowOf(99.99, 0.5), 199);
});

test("no row of the ladder promises a better price than there is", () => {
  assert.deepEqual([...grouped([[100.4, 1], [100.1, 2], [99.9, 4]], 0.5, true)], [[200, 3], [199, 4]]);
  assert.deepEqual([...grouped([[100.6, 1], [101.0, 2], [101.1, 4]], 0.5, false)], [[202, 3], [203, 4]]);
});

test("the ladder is highest first around its centre, and nothing is no zero", () => {
  const rows = ladder([[100, 1]], [[101, 2]], 1, 100, 5);
  assert.deepEqual(rows.map((row) => [row.price, row.bid, row.ask]), [[103, null, null], [102, null, null], [101, null, 2], [100, 1, null], [99, null, null]]);
});

test("sums grow from the touch", () => {
  assert.deepEqual(cumulative([[100, 1], [99, 2.5]]), [[100, 1], [99, 3.5]]);
});

const answer = (seconds, more = {}) => ({
  row: 0.5, times: seconds.map((second) => second * 1e9), bid: seconds.map(() => 100.2), ask: seconds.map(() => 100.7),
  bid_row: seconds.map(() => 200), ask_row: seconds.map(() => 201), bids: seconds.map(() => [3, 0, null]), asks: seconds.map(() => [4, 5]), ...more,
});

test("a remembered column tells what stands in a row, nothing, or that it is not known", () => {
  const past = new DepthPast();
  past.take(answer([7, 8], { bids: [[3, 0, null], null] }));
  assert.deepEqual([200, 199, 198, 197, 201, 202, 203].map((row) => past.size(7, row)), [3, 0, null, null, 4, 5, null]);
  assert.equal(past.size(8, 200), null);
  assert.equal(past.columns.get(8), null);
  assert.equal(past.columns.get(9), undefined);
  assert.deepEqual(past.touch(7, 9), [100.2, 100.7]);
  assert.equal(past.touch(8, 9), null);
  assert.deepEqual(levelsOf(past.columns.get(7), 0.5), { bids: [[100, 3]], asks: [[101, 4], [101.5, 5]] });
});

test("rows of another height are not mixed with those before", () => {
  const past = new DepthPast();
  past.take(answer([1, 2, 3]));
  assert.equal(past.take(answer([4], { row: 0.2 })), false);
  assert.deepEqual([past.row, past.columns.size], [0.5, 3]);
  assert.equal(past.take(answer([4, 5], { row: 1 })), true);
  assert.deepEqual([past.row, past.columns.size, past.version], [1, 2, 1]);
});

test("what is older than half an hour goes", () => {
  const past = new DepthPast();
  past.take(answer([1, 2]));
  past.take(answer([2500]));
  assert.deepEqual([...past.columns.keys()], [2500]);
});
