import assert from "node:assert/strict";
import { test } from "node:test";
import { Spans } from "../../service/api/page/core/spans.js";

const live = (state) => state === "live";

test("what is heard goes on from what was remembered", () => {
  const spans = new Spans();
  spans.load("a", [{ from: 1e9, to: 2e9, state: "syncing", reason: "" }, { from: 2e9, to: null, state: "live", reason: "" }]);
  assert.equal(spans.note("a", 5000, "live", ""), false);
  assert.equal(spans.note("a", 6000, "lost", "gap"), true);
  assert.deepEqual(spans.between("a", 1500, 7000).map((one) => [one.from, one.to, one.state]),
    [[1500, 2000, "syncing"], [2000, 6000, "live"], [6000, 7000, "lost"]]);
  assert.equal(spans.at("a", 3000).state, "live");
  assert.equal(spans.at("a", 500), null);
  assert.equal(spans.at("b", 500), null);
});

test("it says in words what was not well, and never 100 % where something was", () => {
  const spans = new Spans();
  assert.equal(spans.words("a", 0, 1000, live), "nothing remembered");
  spans.note("a", 0, "live", "");
  assert.equal(spans.words("a", 0, 1000, live), "100 % of what is remembered");
  spans.note("a", 999_999, "lost", "gap");
  assert.equal(spans.words("a", 0, 1_000_000, live), "99.9 % of what is remembered; 1 times not, last lost: gap");
});

test("it is bounded", () => {
  const spans = new Spans();
  for (let time = 0; time < 1000; time += 1) spans.note("a", time, time % 2 ? "live" : "lost", "");
  assert.equal(spans.of.get("a").length, 400);
});
