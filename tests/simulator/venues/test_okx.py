"""OKX by its fact sheet: the seqId chain, exactly 400 levels, acks, errors, keep-alive, resets."""

import json
from typing import Any

from simulator.faults import QuietMarket, Reject, SequenceReset, ShutdownNotice, SnapshotAgain
from simulator.frames import Close
from simulator.venues.okx import Okx
from tests.simulator.clients import NS, T0, SideBook, drain, run


def subscribe(*args: tuple[str, str], op: str = "subscribe") -> str:
    return json.dumps({"op": op, "args": [{"channel": channel, "instId": inst} for channel, inst in args]})


class Follower:
    """Applies ``books`` messages by the sheet's rule."""

    def __init__(self) -> None:
        self.book, self.last, self.applied, self.resets = SideBook(), 0, 0, 0

    def see(self, message: dict[str, Any]) -> None:
        if message.get("arg", {}).get("channel") != "books" or "data" not in message:
            return
        (data,) = message["data"]
        assert data["checksum"] == 0
        if message["action"] == "snapshot":
            assert data["prevSeqId"] == -1
            self.book.replace(data["bids"], data["asks"])
        else:
            assert data["prevSeqId"] == self.last
            self.resets += data["seqId"] < data["prevSeqId"]
            self.book.apply(data["bids"], data["asks"])
            self.applied += 1
        assert all(len(row) == 4 and row[2] == "0" for row in data["bids"] + data["asks"])
        self.last = data["seqId"]
        assert (len(self.book.bids), len(self.book.asks)) == (400, 400)


def test_chain_and_window() -> None:
    for inst in ("BTC-USDT", "BTC-USD-SWAP"):
        its, follower = Okx(seed=2, start=T0), Follower()
        c = its.connect("/ws/v5/public", T0)
        c.receive(subscribe(("books", inst)), T0)
        texts = run(its, c, 8)
        assert json.loads(texts[0])["event"] == "subscribe"
        for text in texts:
            follower.see(json.loads(text))
        assert follower.applied > 40
        assert follower.book.equals(c.true_book(inst))
        assert len(c.true_book(inst).bids) == 400


def test_acks_errors_and_pong() -> None:
    its = Okx(seed=2, start=T0)
    its.inject(Reject(symbol="ETH-USDT"), T0)
    c = its.connect("/ws/v5/public", T0)
    c.receive("ping", T0)
    c.receive(
        subscribe(
            ("books", "NOPE"), ("books-l2-tbt", "BTC-USDT"), ("books", "ETH-USDT"), ("trades", "BTC-USDT")
        ),
        T0,
    )
    c.receive("nonsense", T0)
    texts = drain(c, T0)
    assert texts[0] == "pong"
    answers = [json.loads(text) for text in texts[1:]]
    assert [a.get("code") for a in answers] == ["60018", "64003", "60018", None, "60012"]
    assert len({a["connId"] for a in answers}) == 1


def test_unsubscribe_and_again_gives_a_new_snapshot() -> None:
    its, follower = Okx(seed=2, start=T0), Follower()
    c = its.connect("/ws/v5/public", T0)
    c.receive(subscribe(("books", "BTC-USDT")), T0)
    run(its, c, 1)
    c.receive(subscribe(("books", "BTC-USDT"), op="unsubscribe"), its.now)
    assert [json.loads(t)["event"] for t in run(its, c, 1)] == ["unsubscribe"]
    c.receive(subscribe(("books", "BTC-USDT")), its.now)
    for text in run(its, c, 2):
        follower.see(json.loads(text))
    assert follower.book.equals(c.true_book("BTC-USDT"))


def test_keep_alive_after_a_quiet_minute() -> None:
    its = Okx(seed=2, start=T0)
    c = its.connect("/ws/v5/public", T0)
    c.receive(subscribe(("books", "BTC-USDT")), T0)
    its.inject(QuietMarket(symbol="BTC-USDT", seconds=70), T0)
    texts = []
    for k in range(1, 64):
        its.advance(T0 + k * NS)
        texts += drain(c, its.now)
        if k % 20 == 0:
            c.receive("ping", its.now)
    (message,) = [json.loads(t) for t in texts if '"update"' in t]
    assert message["data"][0]["seqId"] == message["data"][0]["prevSeqId"]
    assert message["data"][0]["bids"] == message["data"][0]["asks"] == []


def test_reset_snapshot_notice_and_idle() -> None:
    its, follower = Okx(seed=2, start=T0), Follower()
    c = its.connect("/ws/v5/public", T0)
    c.receive(subscribe(("books", "BTC-USDT")), T0)
    texts = run(its, c, 1)
    its.inject(SequenceReset(symbol="BTC-USDT"), its.now)
    texts += run(its, c, 1)
    its.inject(SnapshotAgain(symbol="BTC-USDT"), its.now)
    texts += run(its, c, 1)
    for text in texts:
        follower.see(json.loads(text))
    assert follower.resets == 1
    assert follower.book.equals(c.true_book("BTC-USDT"))
    its.inject(ShutdownNotice(seconds=2), its.now)
    assert json.loads(drain(c, its.now)[-1])["code"] == "64008"
    its.advance(its.now + 2 * NS)
    assert isinstance(c.frames_to_send(its.now)[-1], Close)
    idle = its.connect("/ws/v5/public", its.now)
    its.advance(its.now + 31 * NS)
    assert isinstance(idle.frames_to_send(its.now)[-1], Close)


def test_other_channels() -> None:
    its = Okx(seed=2, start=T0)
    c = its.connect("/ws/v5/public", T0)
    its.advance(T0 + 2 * NS)
    args = [("trades", "BTC-USDT-SWAP"), ("books5", "BTC-USDT-SWAP"), ("bbo-tbt", "BTC-USDT-SWAP")]
    c.receive(subscribe(*args, ("open-interest", "BTC-USDT-SWAP"), ("tickers", "BTC-USDT-SWAP")), its.now)
    c.receive('{"op":"subscribe","args":[{"channel":"liquidation-orders","instType":"SWAP"}]}', its.now)
    found = [json.loads(t) for t in run(its, c, 10)]
    by_channel: dict[str, list[Any]] = {}
    for message in found:
        if "data" in message:
            by_channel.setdefault(message["arg"]["channel"], []).append(message["data"][0])
    assert {"trades", "books5", "bbo-tbt", "open-interest", "tickers", "liquidation-orders"} == set(
        by_channel
    )
    assert {row["side"] for row in by_channel["trades"]} == {"buy", "sell"}
    assert all(len(row["bids"]) == 5 and "checksum" not in row for row in by_channel["books5"])
    history = by_channel["liquidation-orders"][0]["details"][0]
    assert int(history["ts"]) < T0 // 10**6
