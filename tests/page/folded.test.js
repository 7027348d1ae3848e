import assert from "node:assert/strict";
import { test } from "node:test";

import { folded } from "../../service/api/page/parts/alerts/folded.js";

const of = (id, ...events) => events.map((event, k) => ({ seq: `${id}${k}`, event, alert: { id } }));

test("of the to and fro of what can be proven the newest stays", () => {
  const events = of("a", "confirmed", "unproven", "confirmed", "unproven", "fired", "confirmed", "unproven");
  assert.deepEqual(folded(events).map((one) => one.event), ["confirmed", "fired", "confirmed"]);
});

test("alerts are folded each by itself", () => {
  const events = [...of("a", "unproven"), ...of("b", "unproven"), ...of("a", "confirmed"), ...of("b", "fired")];
  assert.deepEqual(folded(events).map((one) => [one.alert.id, one.event]), [["a", "unproven"], ["b", "unproven"], ["b", "fired"]]);
});
