import assert from "node:assert/strict";
import { test } from "node:test";
import { Address, read, write } from "../../service/api/page/core/address.js";

function place(hash) {
  const listeners = [];
  return {
    location: { hash },
    history: { replaceState(state, title, next) { this.last = next; } },
    addEventListener: (name, listener) => listeners.push(listener),
    move(next) { this.location.hash = next; for (const one of listeners) one(); },
  };
}

test("views, subjects and parameters survive the way there and back", () => {
  for (const [view, subject, params] of [
    ["overview", "", {}],
    ["symbol", "BTC-USD-PERP:BTC", { venue: "okx", at: "1790000000000" }],
    ["overview", "", { columns: "depth.base{band_bps=10,side=bid}|ofi{window=10s}", q: "a&b=c ?#" }],
    ["symbol", "BTC/USDT", {}],
  ]) {
    const found = read(write({ view, subject, params }));
    assert.deepEqual([found.view, found.subject, Object.fromEntries(found.params)], [view, subject, params]);
  }
});

test("nothing is the overview, and what cannot be decoded stays as it is", () => {
  assert.equal(read("").view, "overview");
  assert.equal(read("#/").view, "overview");
  assert.equal(read("#/symbol/%E0%A4%A").subject, "%E0%A4%A");
});

test("a change of one's own replaces the address and calls nobody; a move from outside calls", () => {
  const here = place("#/overview?sort=ofi");
  const address = new Address(here);
  let called = 0;
  const watching = address.watch(() => { called += 1; });
  address.set({ sort: null, q: "btc" });
  assert.equal(here.history.last, "#/overview?q=btc");
  assert.equal(called, 0);
  here.move("#/venues?q=okx");
  assert.deepEqual([address.view, address.get("q"), address.get("sort"), called], ["venues", "okx", null, 1]);
  watching.close();
  here.move("#/alerts");
  assert.equal(called, 1);
});
