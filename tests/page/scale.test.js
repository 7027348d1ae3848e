import assert from "node:assert/strict";
import test from "node:test";

import { brightness, contrast, niceReach, niceStep, priceRange, rangeOf, ticks, timeStep } from "../../service/api/page/core/scale.js";

test("marks are round numbers within the range", () => {
  assert.deepEqual(ticks(78_612, 78_930, 4), [78_700, 78_800, 78_900]);
  assert.deepEqual(ticks(0.1, 0.7, 3), [0.2, 0.4, 0.6]);
  assert.deepEqual(ticks(5, 5, 3), []);
  assert.equal(niceStep(0.03), 0.05);
  assert.deepEqual([timeStep(300, 8), timeStep(900, 3), timeStep(120, 8)], [60, 300, 15]);
});

test("a range is even about zero where the sign matters and zero is near", () => {
  assert.deepEqual(rangeOf([-0.2, 0.3], { balance: true }), [-1, 1]);
  assert.deepEqual(rangeOf([-2, 13], { signed: true }), [-15, 15]);
  const [low, high] = rangeOf([-80, -70], { signed: true });
  assert.ok(low < -80 && high > -70 && high < 0);
  assert.deepEqual(rangeOf(null, {}), [0, 1]);
  assert.ok(rangeOf([5, 5], {})[0] < 5);
  assert.equal(rangeOf([0.01, 9], {})[0], 0);
  assert.equal(niceReach(13), 15);
});

test("prices stay where they are until the touch comes near the edge", () => {
  const first = priceRange([100, 100.1], null, 0.001);
  assert.ok(first[0] < 99.99 && first[1] > 100.11);
  assert.deepEqual(priceRange([100.02, 100.12], first, 0.001), first);
  assert.notDeepEqual(priceRange([100.1, 100.2], first, 0.001), first);
  assert.deepEqual(priceRange(null, first, 0.001), first);
});

test("brightness grows with the logarithm, and nothing is dark", () => {
  assert.equal(brightness(0, 1, 100), 0);
  assert.equal(brightness(null, 1, 100), 0);
  assert.deepEqual([0.1, 1, 100, 5000].map((size) => brightness(size, 1, 100)), [24, 24, 255, 255]);
  const middle = brightness(10, 1, 100);
  assert.ok(Math.abs(middle - 139.5) <= 1);
  const [least, most] = contrast([...Array(1000).fill(1), ...Array(1000).fill(10), 1e9]);
  assert.ok(most === 10 && least === 1);
  assert.deepEqual(contrast([]), [0, 0]);
});
