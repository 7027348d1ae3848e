import assert from "node:assert/strict";
import { test } from "node:test";
import { tick } from "./timers.js";
import { Catalogue, columnsOf } from "../../service/api/page/core/catalogue.js";


const output = (name, prometheus, labels = {}, more = {}) => ({ name, field: "", labels, unit: "ratio", prometheus, counter: false, help: "", ...more });
const metric = (key, outputs, more = {}) => ({ key, group: "book", unit: "ratio", bounds: null, help: "Help.", outputs, ...more });
const METRICS = [
  metric("mid_price", [output("mid_price", "obi_mid_price", {}, { unit: "price" })]),
  metric("band_imbalance", [output("band_imbalance{band_bps=10}", "obi_band_imbalance_ratio", { band_bps: "10" }),
    output("band_imbalance{band_bps=25}", "obi_band_imbalance_ratio", { band_bps: "25" })], { bounds: [-1, 1] }),
  metric("consolidated_bbo", [output("consolidated_bbo.mid", "obi_mid_price", {}, { field: "mid", unit: "price" })], { group: "across" }),
  metric("consolidated_imbalance", [output("consolidated_imbalance{band_bps=10}", "obi_band_imbalance_ratio", { band_bps: "10" })], { group: "across", bounds: [-1, 1] }),
  metric("cvd", [output("cvd", null), output("cvd.incomplete", null, {}, { field: "incomplete" })]),
];

test("one number under two names is one column, and what is not exported stays apart", () => {
  assert.deepEqual(columnsOf(METRICS).map((one) => one.names), [
    ["mid_price", "consolidated_bbo.mid"],
    ["band_imbalance{band_bps=10}", "consolidated_imbalance{band_bps=10}"],
    ["band_imbalance{band_bps=25}"],
    ["cvd"],
    ["cvd.incomplete"],
  ]);
});

test("its value is the first of its names that has one; 0 is one, null and nothing are none", () => {
  const [mid, band] = columnsOf(METRICS);
  assert.equal(mid.value({ values: { "consolidated_bbo.mid": 64_000.5 } }), 64_000.5);
  assert.equal(mid.value({ values: { mid_price: null, "consolidated_bbo.mid": 1 } }), 1);
  assert.equal(band.value({ values: { "band_imbalance{band_bps=10}": 0, "consolidated_imbalance{band_bps=10}": 0.5 } }), 0);
  assert.equal(band.value({ values: {} }), null);
});

test("balances are written with their sign, by what the catalogue says of their bounds", () => {
  const [mid, band, , cvd] = columnsOf(METRICS);
  assert.deepEqual([band.balance, mid.balance, cvd.signed], [true, false, true]);
  assert.equal(band.write(0.426), "+0.43");
  assert.equal(mid.write(64_000.5), "64,000.50");
});

test("it is asked again once new books have come, and tells who watches when there is more", async () => {
  const answers = [METRICS.slice(0, 2), METRICS];
  let asked = 0;
  const api = { get: async () => ({ metrics: answers[Math.min(asked++, 1)], faults: [], simulated: true, replayed: false }) };
  const catalogue = new Catalogue(api);
  const seen = [];
  catalogue.watch((columns) => seen.push(columns.length));
  await catalogue.load();
  catalogue.met("consolidated spot BTC-USDT");
  catalogue.met("consolidated spot ETH-USDT");
  tick(1500);
  await new Promise(setImmediate);
  catalogue.met("consolidated spot ETH-USDT");
  tick(1500);
  await new Promise(setImmediate);
  assert.equal(asked, 2);
  assert.deepEqual(seen, [3, 5]);
  assert.equal(catalogue.find("band_imbalance", { band_bps: "10" }).names.length, 2);
  assert.equal(catalogue.column("consolidated_bbo.mid").id, "mid_price");
});
