"""Alerts over time: hold, leave, cool-down, books that die, quorum, silences, connections, restart."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from service.alerts.alert import AlertState
from service.alerts.records import shown
from service.alerts.rules import SECOND
from service.alerts.silences import Silence
from tests.support.alerting import LEAN, OUTPUTS, Bench, rule


def test_it_fires_in_the_update_and_leaves_at_its_own_level() -> None:
    bench = Bench(rule())
    bench.set(lean=0.5)
    assert bench.news == []  # above means above
    bench.now += 7
    bench.set(lean=0.51)
    assert bench.told[0].now == bench.now  # the same update, not the next timer
    bench.set(lean=0.31)
    assert bench.happened == ["fired"]
    bench.set(lean=0.3)
    assert bench.happened == ["fired", "resolved"]
    bench.set(lean=0.4)
    assert len(bench.news) == 2  # entered again only above 0.5


def test_what_is_below_is_the_mirror_image() -> None:
    bench = Bench(rule(when={"metric": LEAN, "below": -0.5, "leave": -0.3}))
    for value, count in ((-0.5, 0), (-0.6, 1), (-0.4, 1), (-0.3, 2)):
        bench.set(lean=value)
        assert len(bench.news) == count


def test_it_has_to_hold_without_a_break() -> None:
    bench = Bench(rule("for: 2s"))
    bench.set(lean=0.9)
    bench.pass_time(1.9)
    bench.set(lean=0.45)  # between the levels: not above the one that counts before it fires
    bench.set(lean=0.9)
    bench.pass_time(1.9)
    assert bench.news == []
    bench.pass_time(0.2)
    assert bench.news == [("fired", 3.9)]


def test_after_it_resolved_it_cools_down() -> None:
    bench = Bench(rule("cooldown: 10s"))
    bench.set(lean=0.9)
    bench.pass_time(1)
    bench.set(lean=0.0)
    bench.pass_time(1)
    bench.set(lean=0.9)
    bench.pass_time(5)
    assert bench.happened == ["fired", "resolved"]
    bench.pass_time(10)
    assert bench.news[2] == ("fired", 11.0)


@pytest.mark.parametrize("state", ["syncing", "stale", "crossed", "lost"])
def test_a_firing_alert_whose_book_dies_is_unknown_until_it_can_be_told(state: str) -> None:
    bench = Bench(rule())
    bench.set(lean=0.9)
    bench.state(state)
    assert bench.happened == ["fired", "unproven"]
    record = bench.records[1]
    assert (record["state"], record["reason"]) == ("unknown", f"not live: {state} (case)")
    assert record["fired_at"] is not None
    bench.pass_time(60)
    assert len(bench.news) == 2
    bench.state("live")
    assert bench.happened == ["fired", "unproven", "confirmed"]
    bench.state(state)
    bench.show({LEAN: 0.0}, state="live")
    assert bench.happened[3:] == ["unproven", "resolved"]
    assert bench.records[-1]["reason"] == "cleared"


def test_what_cannot_be_told_for_long_resolves_as_unproven() -> None:
    bench = Bench(rule(), give_up=20 * SECOND)
    bench.set(lean=0.9)
    bench.pass_time(1)
    bench.state("lost")
    bench.pass_time(30)
    assert bench.happened == ["fired", "unproven", "resolved"]
    assert bench.records[-1]["reason"] == "unproven"
    assert 21 <= bench.news[-1][1] <= 22


def test_a_pending_alert_whose_book_dies_starts_over() -> None:
    bench = Bench(rule("for: 5s"))
    bench.set(lean=0.9)
    bench.pass_time(4)
    bench.state("stale")
    bench.pass_time(0.5)
    bench.state("live")
    bench.pass_time(4.9)
    assert bench.news == []
    bench.pass_time(0.2)
    assert bench.happened == ["fired"]


def test_an_undefined_value_is_unknown_and_never_fires() -> None:
    bench = Bench(rule(when={"metric": LEAN, "below": 0.5}))
    bench.set(lean=None)
    bench.pass_time(5)
    (alert,) = bench.watch.alerts.values()
    assert (alert.state, alert.reason) == (AlertState.UNKNOWN, "undefined")
    assert bench.news == []
    bench.now += 1
    bench.set(lean=0.1)
    assert bench.news == [("fired", 5.0)]  # the update that defines it


def test_a_value_beyond_what_is_proven_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(rule())
    monkeypatch.setattr(bench.book(), "truncated", lambda now: [LEAN])
    bench.set(lean=None)
    (alert,) = bench.watch.alerts.values()
    assert alert.reason == "truncated"


def test_together_and_either() -> None:
    both = [{"metric": LEAN, "above": 0.5}, {"metric": "spread.ticks", "above": 3}]
    every = Bench(rule(when={"all": both}))
    either = Bench(rule(when={"any": both}))
    for bench in (every, either):
        bench.show({LEAN: 0.9, "spread.ticks": 1})
        bench.show({LEAN: 0.9, "spread.ticks": None})
        bench.show({LEAN: 0.9, "spread.ticks": 5})
        bench.show({LEAN: 0.1, "spread.ticks": None})  # all: over; any: the spread could still hold
    assert every.happened == ["fired", "resolved"]
    assert either.happened == ["fired", "unproven"]


def test_of_several_outputs_the_one_farthest_beyond_speaks() -> None:
    bench = Bench(rule(when={"metric": "depth.base", "labels": {"band_bps": 10}, "below": 5}))
    bench.show({"depth.base{band_bps=10,side=bid}": 4, "depth.base{band_bps=10,side=ask}": 1})
    assert bench.records[0]["output"] == "depth.base{band_bps=10,side=ask}"
    bench.show({"depth.base{band_bps=10,side=bid}": 2, "depth.base{band_bps=10,side=ask}": 9})
    bench.show({"depth.base{band_bps=10,side=bid}": 8})
    assert bench.records[-1]["peak"] == 1  # the worst of all


QUORUM = "quorum: 2\nsummary: '{symbol}: {count} lean, {books}'"
THREE = ("binance/BTC-USDT", "okx/BTC-USDT", "kraken/BTC-USDT")


def test_a_quorum_counts_venues() -> None:
    bench = Bench(rule(QUORUM), books=THREE)
    for name in THREE:
        bench.set(name, lean=0.0)
    bench.set(THREE[0], lean=0.9)
    assert bench.news == []
    bench.set(THREE[2], lean=0.8)
    assert bench.records[0]["summary"] == "BTC-USDT: 2 lean, binance, kraken"
    assert bench.records[0]["labels"] == {"venue": "several", "market": "spot", "symbol": "BTC-USDT"}
    bench.state("lost", THREE[0])
    assert bench.happened == ["fired", "unproven"]  # the lost one could still make two
    bench.set(THREE[1], lean=0.7)
    bench.set(THREE[2], lean=0.0)
    bench.state("live", THREE[0])
    assert bench.happened == ["fired", "unproven", "confirmed", "unproven", "confirmed"]
    bench.set(THREE[0], lean=0.0)
    assert bench.happened[-1] == "resolved"


def test_a_quorum_keeps_symbols_apart() -> None:
    bench = Bench(rule(QUORUM), books=("binance/BTC-USDT", "okx/ETH-USDT"))
    bench.set("binance/BTC-USDT", lean=0.9)
    bench.set("okx/ETH-USDT", lean=0.9)
    bench.pass_time(3)
    assert bench.news == []


def test_rules_look_only_at_books_that_they_select() -> None:
    bench = Bench(
        rule("select: {venue: [okx, kr*], symbol: 'BTC-*'}"), books=("binance/BTC-USDT", "kraken/BTC-USD")
    )
    bench.set("binance/BTC-USDT", lean=0.9)
    bench.set("kraken/BTC-USD", lean=0.9)
    assert [record["labels"]["venue"] for record in bench.records] == ["kraken"]


def test_a_silence_covers_what_fits_and_is_told_when_it_ends() -> None:
    bench = Bench(rule("severity: info"))
    now = bench.now
    bench.silences.put(
        Silence("a", {"venue": "bin*", "severity": "info"}, now, now + 10 * SECOND, "ada", "tests")
    )
    bench.set(lean=0.9)
    assert (bench.happened, bench.told[0].notify, bench.records[0]["silenced_by"]) == (["fired"], False, "a")
    bench.pass_time(9)
    assert len(bench.news) == 1
    bench.pass_time(3)
    assert bench.silences.held == {}
    assert bench.happened == ["fired", "fired"]
    assert bench.told[1].notify
    bench.set(lean=0.0)
    assert bench.told[2].notify


def test_who_was_not_told_that_it_fired_is_not_told_that_it_resolved() -> None:
    bench = Bench(rule())
    bench.silences.put(Silence("a", {"alert": "Test*"}, 0, bench.now + 60 * SECOND, "ada", "tests"))
    bench.set(lean=0.9)
    bench.set(lean=0.0)
    assert [news.notify for news in bench.told] == [False, False]


def test_windows_slide_without_a_message() -> None:
    bench = Bench(rule(when={"metric": LEAN, "take": "change", "window": "10s", "above": 0.5}))
    bench.set(lean=0.0)
    bench.pass_time(12)
    bench.set(lean=0.6)
    assert bench.news == [("fired", 12.0)]  # in the update, though it is a change over a window
    bench.pass_time(15)
    assert bench.happened == ["fired", "resolved"]
    assert 22 <= bench.news[1][1] <= 24


def test_a_zscore_is_told_in_the_update_too() -> None:
    bench = Bench(
        rule(
            when={"metric": LEAN, "take": "zscore", "window": "1m", "least": 20, "absolute": True, "above": 4}
        )
    )
    for second in range(30):
        bench.set(lean=0.1 if second % 2 else -0.1)
        bench.pass_time(1)
    bench.set(lean=0.39)
    assert bench.news == []
    bench.set(lean=-0.5)
    assert bench.news == [("fired", 30.0)]
    assert bench.records[0]["value"] == pytest.approx(-5, rel=0.05)


def test_a_percentile_is_told_in_the_update_too() -> None:
    bench = Bench(
        rule(when={"metric": LEAN, "take": "percentile", "window": "1m", "least": 20, "above": 0.9})
    )
    for second in range(40):
        bench.set(lean=second / 100)
        bench.pass_time(1)
    bench.set(lean=0.0)
    bench.news.clear()
    bench.set(lean=0.35)  # 36 of 41 samples are below it
    assert bench.news == []
    bench.set(lean=0.37)
    assert bench.happened == ["fired"]


def test_a_counter_is_compared_with_the_oldest_in_its_window() -> None:
    bench = Bench(
        rule(
            when={
                "metric": "trade_volume.count",
                "labels": {"side": "buy"},
                "take": "increase",
                "window": "10s",
                "above": 2.5,
            }
        )
    )
    name = "trade_volume.count{side=buy}"
    for count in (0, 1, 2):
        bench.show({name: count})
        bench.pass_time(1.5)
    assert bench.news == []
    bench.show({name: 3})
    assert bench.happened == ["fired"]
    bench.pass_time(15)
    assert bench.happened == ["fired", "resolved"]


def test_a_book_that_is_let_go_takes_its_alert_with_it() -> None:
    bench = Bench(rule())
    bench.set(lean=0.9)
    bench.engine.books.clear()
    bench.pass_time(2)
    assert bench.happened == ["fired", "resolved"]
    assert bench.records[-1]["reason"] == "no longer watched"
    assert bench.watch.alerts == {}


def feed(venue: str, state: str, product: str = "spot") -> SimpleNamespace:
    return SimpleNamespace(venue=venue, product=product, route="", state=state, reason="refused")


def test_a_venue_that_is_killed_is_told() -> None:
    down = rule("alert: TestDown\nwhen: {venue: down}\nfor: 5s\nsummary: '{venue}: {reason}'")
    one = rule("alert: TestFeed\nwhen: {feed: down}\nfor: 1s\nsummary: '{venue} {product}: {reason}'")
    bench = Bench(down, one)
    bench.engine.feeds = [feed("okx", "open"), feed("okx", "open", "business"), feed("kraken", "open")]
    bench.pass_time(3)
    for each in bench.engine.feeds[:2]:
        each.state = "waiting"
    bench.pass_time(10)
    told = [(record["summary"], record["labels"]) for record in bench.records]
    assert told[-1] == ("okx: waiting (refused)", {"venue": "okx"})
    assert [text for text, _ in told[:2]] == [
        "okx spot: waiting (refused)",
        "okx business: waiting (refused)",
    ]
    assert len(told) == 3
    bench.engine.feeds[0].state = "open"
    bench.pass_time(1)
    assert bench.happened[3:] == ["resolved", "resolved"]
    bench.engine.feeds = []
    bench.pass_time(1)
    assert bench.records[-1]["reason"] == "no longer watched"


def test_after_a_restart_it_is_unknown_until_its_book_says_more() -> None:
    before = Bench(rule())
    before.set(lean=0.9)
    row = before.records[0]
    after = Bench(rule())
    after.watch.restore([row, row | {"alert": "Gone", "id": "x"}], after.now)
    (alert,) = after.watch.active()
    assert (alert.state, alert.id, alert.fired_at) == (AlertState.UNKNOWN, row["id"], row["fired_at"])
    assert shown(alert)["reason"] == "the service was restarted"
    after.set(lean=0.8)
    assert after.happened == ["confirmed"]
    again = Bench(rule())
    again.watch.restore([row], again.now)
    again.set(lean=0.0)
    assert again.happened == ["resolved"]


def test_a_rule_that_looks_at_nothing_here_costs_no_evaluation() -> None:
    bench = Bench(rule())
    bench.set(lean=0.1)
    before = bench.watch.evaluations
    for count in range(1000):
        bench.set(lean=0.1 + count / 10_000, mid_price=float(count))
    assert bench.watch.evaluations == before


def test_a_guard_that_says_what_the_values_do_not_waits_for_the_timer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Trade flow is withheld where the taker's side is in doubt: the row has a number, the values have none."""
    bench = Bench(rule())
    book = bench.book()
    monkeypatch.setattr(book, "values", lambda now: [float("nan")] * len(book.numbers))
    bench.set(lean=0.9)
    before = bench.watch.evaluations
    for _ in range(100):
        bench.set(lean=0.9)
    assert bench.watch.evaluations - before < 5
    assert bench.news == []


class Together:
    """A consolidated book: no row of numbers, and other outputs as venues come and go."""

    venue, market, symbol, native, state, reason = "consolidated", "spot", "BTC-USDT", "BTC-USDT", "live", ""
    members = ({"venue": "binance"},)

    def __init__(self, *keys: str) -> None:
        self.numbers_by_key: dict[str, float] = {}
        self.lay_out(*keys)

    def lay_out(self, *keys: str) -> None:
        self.outputs = tuple(output for output in OUTPUTS if output.name in keys)

    def values(self, now: int) -> list[float]:
        return [self.numbers_by_key.get(output.name, float("nan")) for output in self.outputs]

    def truncated(self, now: int) -> list[str]:
        return []


def test_a_consolidated_book_is_looked_at_each_second_and_may_change_its_outputs() -> None:
    bench = Bench(rule(), rule("alert: TestDead\nwhen: {book: not_live}"))
    bench.engine.books.clear()
    book = Together(LEAN, "mid_price")
    bench.engine.books["consolidated", "spot", "BTC-USDT"] = book  # type: ignore[assignment]  # all that rules look at
    book.numbers_by_key[LEAN] = 0.9
    bench.pass_time(2)
    assert bench.happened == ["fired"]
    book.lay_out("mid_price", "spread.price", LEAN)
    bench.pass_time(2)
    assert bench.happened == ["fired"]
    book.lay_out("mid_price")
    bench.pass_time(2)
    assert bench.happened == ["fired", "unproven"]
    book.lay_out(LEAN)
    book.numbers_by_key[LEAN] = 0.0
    book.state = "lost"
    bench.pass_time(2)
    assert bench.happened == ["fired", "unproven"]  # its members' states are told, not its own
    book.state = "live"
    bench.pass_time(2)
    assert bench.happened == ["fired", "unproven", "resolved"]


def test_a_rule_is_for_the_books_that_have_its_metric() -> None:
    bench = Bench(rule(), books=("binance/BTC-USDT", "okx/BTC-USDT"))
    bench.book("okx/BTC-USDT").outputs = [output for output in OUTPUTS if output.key == "mid_price"]
    for name in ("binance/BTC-USDT", "okx/BTC-USDT"):
        bench.set(name, lean=0.9)
    bench.pass_time(2)
    assert [record["labels"]["venue"] for record in bench.records] == ["binance"]
