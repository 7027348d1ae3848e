import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, withParams } from "../../service/api/page/core/api.js";

const answer = (status, body) => async () => ({ ok: status < 400, status, json: async () => body });
const store = (key) => ({ getItem: () => key });

test("parameters repeat, and what is empty is left out", () => {
  assert.equal(withParams("/x", { metric: ["a{b=1}", "c"], venue: null, q: "", at: 0 }), "/x?metric=a%7Bb%3D1%7D&metric=c&at=0");
  assert.equal(withParams("/x", {}), "/x");
});

test("the key goes along in the header", async () => {
  const asked = [];
  const api = new Api({ ask: async (path, options) => { asked.push([path, options]); return answer(200, { t: 1 })(); }, store: store("sesame") });
  assert.deepEqual(await api.post("/x", { who: "ada" }), { t: 1 });
  assert.equal(asked[0][1].headers.Authorization, "Bearer sesame");
  assert.equal(asked[0][1].body, '{"who":"ada"}');
});

test("an error says what the service said", async () => {
  const problem = { detail: "A parameter is not as it should be.", errors: [{ where: "body.why", message: "Field required" }] };
  const api = new Api({ ask: answer(422, problem), store: store(null) });
  await assert.rejects(api.get("/x"), (error) => error.status === 422 && error.message === "A parameter is not as it should be. body.why: Field required");
  const silent = new Api({ ask: async () => { throw new TypeError("failed"); }, store: store(null) });
  await assert.rejects(silent.get("/x"), (error) => error.status === 0 && error.message === "The service does not answer.");
});
