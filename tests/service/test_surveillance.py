"""The store of episodes: newest first, filtered, bounded a book."""

from __future__ import annotations

from service.surveillance import Episodes

BTC, ETH = ("binance", "spot", "BTC-USDT"), ("okx", "perp", "ETH-USDT-PERP")


def filled() -> Episodes:
    episodes = Episodes(kept=3)
    for key, kind, t in ((BTC, "spoof", 1), (ETH, "cascade", 2), (BTC, "layering", 3), (BTC, "spoof", 5)):
        episodes.reporter(key)(kind, "bid", t, {"score": 0.7})
    return episodes


def test_the_newest_come_first_and_filters_hold() -> None:
    episodes = filled()
    assert [one.t for one in episodes.select()] == [5, 3, 2, 1]
    assert [one.t for one in episodes.select(limit=2)] == [5, 3]
    assert [one.t for one in episodes.select(kinds=["spoof"])] == [5, 1]
    assert [one.t for one in episodes.select(since=3)] == [5, 3]
    assert [one.symbol for one in episodes.select(lambda one: one.venue == "okx")] == ["ETH-USDT-PERP"]


def test_a_book_keeps_so_many_and_what_is_forgotten_is_gone() -> None:
    episodes = filled()
    for t in range(10, 20):
        episodes.reporter(BTC)("spoof", "ask", t, {})
    assert [one.t for one in episodes.select()] == [19, 18, 17, 2]
    assert len(episodes) == 4
    episodes.forget(BTC)
    assert [one.t for one in episodes.select()] == [2]


def test_evidence_is_kept_as_it_was() -> None:
    episodes, evidence = Episodes(), {"score": 0.7}
    episodes.reporter(BTC)("spoof", "bid", 1, evidence)
    evidence["score"] = 0.1
    assert episodes.select()[0].evidence == {"score": 0.7}
