import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf, ordered } from "../../service/api/page/core/order.js";

const names = (rows, down) => ordered([...rows], { value: (row) => row[1], name: (row) => row[0], down }).map(([name]) => name);

test("what has no value stands at the end both ways, and names decide between equals", () => {
  const rows = [["c", 1], ["none", null], ["b", 1], ["a", -2]];
  assert.deepEqual(names(rows, false), ["a", "b", "c", "none"]);
  assert.deepEqual(names(rows, true), ["b", "c", "a", "none"]);
});

test("texts are put in the order in which people read them", () => {
  assert.deepEqual(names([["x", "L10"], ["y", "L2"], ["z", "l1"]], false), ["z", "y", "x"]);
});

test("each word of a filter has to be somewhere", () => {
  const fits = filterOf("  BTC okx ");
  assert.ok(fits("okx spot btc-usdt live"));
  assert.ok(!fits("okx spot eth-usdt live"));
  assert.ok(filterOf("")("anything"));
});
