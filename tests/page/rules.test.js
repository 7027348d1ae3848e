import assert from "node:assert/strict";
import { test } from "node:test";
import { wordsOf } from "../../service/api/page/core/rulewords.js";

const CASES = [
  [{ metric: "depth.base", labels: { band_bps: "25" }, take: "relative_change", below: -0.7, window: "10s" },
    "depth.base{band_bps=25} relative change below -0.7 within 10s"],
  [{ any: [{ metric: "a", above: 3 }, { metric: "b", absolute: true, above: 0.5 }] }, "a above 3 or size of b above 0.5"],
  [{ metric: "ofi", above: { metric: "depth.base", times: 5 } }, "ofi above 5 times depth.base"],
  [{ book: "not_live" }, "book not live"],
];

for (const [when, wanted] of CASES) test(wanted, () => assert.equal(wordsOf(when), wanted));
