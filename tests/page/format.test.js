import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../../service/api/page/core/format.js";

const CASES = [
  ["ratio", 0.426, "+0.43"], ["ratio", -0.004, "0.00"], ["ratio", -0.006, "−0.01"],
  ["price", 64_000.5, "64,000.50"], ["price", 0.5, "0.50000"], ["price", 7.445e-7, "0.00000074"],
  ["basisPoints", 0.00002, "0.20"], ["basisPoints", 0.012, "120"],
  ["compact", 12_345, "12.3k"], ["compact", 0, "0"], ["compact", 0.0001, "1.0e-4"], ["compact", 2.5e9, "2.50G"],
  ["age", 0.4, "<1 s"], ["age", 61, "1 min"],
  ["duration", 4.26, "4.3 s"], ["duration", 59.9, "59 s"], ["duration", 185, "3 min 5 s"], ["duration", 7800, "2 h 10 min"],
  ["latency", 0.0042, "4.2 ms"], ["latency", 0.25, "250 ms"], ["latency", 2.04, "2.0 s"],
  ["instant", 1_790_000_000_000, "2026-09-21 14:13:20"],
];

for (const [name, given, wanted] of CASES) {
  test(`${name}(${given})`, () => assert.equal(format[name](given), wanted));
}
