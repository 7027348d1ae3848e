import assert from "node:assert/strict";
import test from "node:test";

import { alertSpans, episodeEvents, evidenceLines, liquidationEvents, nearestEvent, pricesOf } from "../../service/api/page/core/events.js";

const T = 1_790_000_000e9;
const alert = (event, t, seq) => ({ seq, t, event, alert: { id: "a", alert: "ObiDepthGone", severity: "warning", summary: "depth fell" } });

test("an alert lasts from when it fired to when it was resolved", () => {
  const spans = alertSpans([alert("fired", T + 9e9, 3), alert("resolved", T + 5e9, 2), alert("fired", T, 1)]);
  assert.deepEqual(spans.map((one) => [one.from, one.to]), [[T / 1e6, T / 1e6 + 5000], [T / 1e6 + 9000, null]]);
  assert.notEqual(spans[0].id, spans[1].id);
});

test("an episode stands at the time and the prices of its evidence", () => {
  const [one] = episodeEvents([{ kind: "layering", side: "bid", t: T + 3e9, evidence: { prices: [100.2, 99.8], placed: T, pulled: T + 2e9, levels: 7, score: 0.65 } }]);
  assert.deepEqual(one.prices, [99.8, 100.2]);
  assert.deepEqual([one.from, one.to], [T / 1e6, T / 1e6 + 2000]);
  assert.equal(one.text, "Layering, bid");
  const [whole] = episodeEvents([{ kind: "liquidity_shock", side: "ask", t: T, evidence: { depth: 0.7, z: -4.9 } }]);
  assert.deepEqual([whole.prices, whole.from], [null, T / 1e6]);
  assert.equal(pricesOf({ size: 5 }), null);
});

test("evidence is told line by line, and what is not known says so", () => {
  const lines = evidenceLines({ score: 0.5, components: { size: 1, life: null }, price: 99.8, against: -2, imbalances: [0.1, null] });
  assert.deepEqual(lines, [["score", "0.500"], ["components: size", "1.00"], ["components: life", "not known"], ["price", "99.800"], ["against", "−2.00"], ["imbalances", "0.100, not known"]]);
});

test("a liquidation says which position was closed", () => {
  const [one] = liquidationEvents({ t: [T], price: [100], size: [2], quote: [200], side: [1] });
  assert.match(one.text, /^Long closed by force: 200 at 100/);
});

test("the nearest event is within reach in time and price", () => {
  const events = [
    { id: "far", from: 0, to: 0, prices: [100, 100] }, { id: "near", from: 10_000, to: 12_000, prices: [101, 102] }, { id: "book", from: 0, to: null, prices: null },
  ];
  const perPixel = { ms: 1000, price: 0.1 };
  assert.equal(nearestEvent(events, 11_000, 101.5, perPixel).id, "near");
  assert.equal(nearestEvent(events, 11_000, 105, perPixel), null);
  assert.equal(nearestEvent(events, 5000, 100.1, perPixel).id, "far");
  assert.equal(nearestEvent(events, 30_000, null, perPixel).id, "book");
});
