import assert from "node:assert/strict";
import { test } from "node:test";
import { Books, Runs, ageOf, isBasket, leaning, shaped, whyOf } from "../../service/api/page/core/books.js";

const reading = (venue, value, more = {}) => ({
  venue, market: "spot", symbol: "BTC-USDT", state: "live", reason: "", proof: "sequence", received: 1e18,
  values: { imbalance: value }, ...more,
});
const imbalance = (book) => book.values.imbalance ?? null;

test("several messages of one book make one reading; another state starts over", () => {
  const books = new Books();
  const key = books.take(reading("okx", 0.5));
  books.take(reading("okx", 0, { values: { ofi: 2 } }));
  assert.deepEqual(books.all.get(key).values, { imbalance: 0.5, ofi: 2 });
  books.take(reading("okx", null, { state: "lost", reason: "gap" }));
  assert.deepEqual(books.all.get(key).values, { imbalance: null });
  assert.equal(whyOf(books.all.get(key)), "gap");
});

test("without a connection nothing is known", () => {
  const books = new Books();
  const key = books.take(reading("okx", 0.5));
  books.withdraw("no connection to the service");
  const { state, values, reason } = books.all.get(key);
  assert.deepEqual([state, values, reason], ["unknown", {}, "no connection to the service"]);
  assert.deepEqual([...books.news()], [key]);
  assert.equal(books.news().size, 0);
});

test("a symbol leans as its consolidated book does; venues that agree are counted, who is not live is not", () => {
  const books = [
    reading("consolidated", 0.4), reading("okx", 0.6), reading("binance", -0.1), reading("kraken", 0.2),
    reading("bybit", null, { state: "lost" }),
  ].map((one) => shaped(one));
  const [found] = leaning(books, imbalance);
  assert.deepEqual([found.value, found.agree, found.live], [0.4, 2, 3]);
});

test("a single venue speaks for its symbol, two without a consolidated book do not, and little is nothing", () => {
  const one = shaped(reading("okx", -0.9, { symbol: "SOL-USDT" }));
  const two = ["okx", "binance"].map((venue) => shaped(reading(venue, 0.9, { symbol: "ETH-USDT" })));
  const flat = shaped(reading("okx", 0.19, { symbol: "XRP-USDT" }));
  assert.deepEqual(leaning([one, ...two, flat], imbalance).map((lean) => lean.symbol), ["SOL-USDT"]);
});

test("a run lasts as long as the sign does; the first one heard may be longer", () => {
  const runs = new Runs();
  runs.note("a", 0.5, 0);
  runs.note("a", 0.1, 1e9);
  assert.deepEqual(runs.of("a", 4e9), { seconds: 4, whole: false });
  runs.note("a", -0.2, 5e9);
  assert.deepEqual(runs.of("a", 7e9), { seconds: 2, whole: true });
  runs.note("a", null, 8e9);
  assert.equal(runs.of("a", 9e9), null);
});

test("an age rests on the receive time, and there is none without a message", () => {
  assert.equal(ageOf({ received: 1_000_000_000_000 }, 1_002_500), 2.5);
  assert.equal(ageOf({ received: null }, 1_002_500), null);
});

test("a basket of symbols is not one of the books that are listed, and says how many of its own take part", () => {
  const members = ["BTC-USDT", "ETH-USDT"].map((symbol, k) => ({ venue: "okx", symbol, takes_part: k === 0 }));
  const basket = reading("consolidated", null, { symbol: "okx:ALL-USDT", members });
  assert.equal(isBasket(basket), true);
  assert.equal(isBasket(reading("consolidated", 0.4)), false);
  assert.equal(whyOf(shaped(basket)), "1 of 2 books");
  const venues = members.map((one, k) => ({ ...one, venue: `v${k}` }));
  assert.equal(whyOf(shaped(reading("consolidated", 0.4, { members: venues }))), "1 of 2 venues");
});
