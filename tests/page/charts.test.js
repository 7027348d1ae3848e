import assert from "node:assert/strict";
import test from "node:test";

import { FIRST, chartsOf, chosen } from "../../service/api/page/core/charts.js";

const output = (name, field, labels) => ({ name, field, labels, help: "" });
const METRICS = [
  { key: "depth_imbalance", group: "imbalance", help: "h", outputs: [
    output("depth_imbalance{levels=1}", "", { levels: "1", stat: "last" }), output("depth_imbalance{levels=5}", "", { levels: "5", stat: "last" }),
    output("depth_imbalance{levels=5,stat=min}", "", { levels: "5", stat: "min" })] },
  { key: "brand_new", group: "own", help: "h", outputs: [output("brand_new.score{window=10s}", "score", { window: "10s", stat: "last" })] },
  { key: "lives", group: "own", help: "h", outputs: [output("lives.bucket{le=1}", "bucket", { le: "1", stat: "last" })] },
  { key: "mlofi", group: "flow", help: "h", outputs: [1, 2].map((level) => output(`mlofi{level=${level},window=10s}`, "", { level: `${level}`, window: "10s", stat: "last" })) },
];
const column = () => ({ balance: false, signed: true, write: String, help: "" });

test("a metric and field is a chart with a line for each label, and a new metric is one by itself", () => {
  const charts = chartsOf(METRICS, null, column);
  assert.deepEqual(charts.map((one) => one.id), ["depth_imbalance", "brand_new.score", "mlofi"]);
  assert.deepEqual(charts.map((one) => one.title), ["Depth imbalance", "Brand new score", "MLOFI 10s"]);
  assert.deepEqual(charts[0].lines, [{ name: "depth_imbalance{levels=1}", label: "1 lvl" }, { name: "depth_imbalance{levels=5}", label: "5 lvl" }]);
  assert.deepEqual(charts[2].lines.map((line) => line.label), ["1", "2"]);
});

test("only what the book has is offered", () => {
  const charts = chartsOf(METRICS, new Set(["depth_imbalance{levels=5}"]), column);
  assert.deepEqual(charts.map((one) => one.lines.length), [1]);
});

test("charts stand in the order in which they were asked for; without a wish the first ones do", () => {
  const charts = chartsOf(METRICS, null, column);
  const ids = (asked) => chosen(charts, asked).map((one) => one.id);
  assert.deepEqual(ids(["mlofi", "gone", "depth_imbalance"]), ["mlofi", "depth_imbalance"]);
  assert.deepEqual(ids(null), FIRST.filter((id) => id === "depth_imbalance"));
  assert.deepEqual(ids(["gone"]), ids(null));
  assert.deepEqual(ids([]), []);
});
