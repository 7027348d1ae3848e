"""A multiple of an asset (1000SHIB) gives the numbers that the asset itself would give, and books in native text."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import pytest

from connectors import all_venues
from connectors.session import Session
from connectors.sync import Pair
from service.engine import Engine
from service.plan import Plan

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND
BIDS = [("0.01230", "500"), ("0.01229", "70"), ("0.01200", "9000")]
ASKS = [("0.01231", "300"), ("0.01233", "41"), ("0.01290", "8000")]


def watched(times: int, *, contract: str = "1", inverse: bool = False) -> tuple[Engine, Session]:
    """OKX frames, written for so many of the base: prices grow with it, sizes of linear ones shrink."""
    venue = all_venues()["okx", "public"]()
    instrument = dataclasses.replace(
        venue.infer("SHIB-USDT-SWAP"),
        multiplier=Decimal(times),
        contract_size=Decimal(contract),
        inverse=inverse,
        tick=Decimal("0.00001") * times / 1000,
        inferred=False,
    )
    engine, session = Engine(Plan()), Session(venue)
    pair = session.add(Pair(venue, instrument))
    session.keeper.prepare(pair)
    engine.attach(pair)
    session.keeper.opened(START)

    def price(text: str) -> str:
        return f"{Decimal(text) * times / 1000:f}"

    def size(text: str) -> str:
        return text if inverse else f"{Decimal(text) * 1000 / times:f}"

    def side(levels: list[tuple[str, str]]) -> list[list[str]]:
        return [[price(p), size(s), "0", "1"] for p, s in levels]

    def say(channel: str, now: int, **data: object) -> None:
        arg = {"channel": channel, "instId": "SHIB-USDT-SWAP"}
        action = {"action": data.pop("action")} if "action" in data else {}
        frame = json.dumps({"arg": arg, **action, "data": [data | {"ts": str(now // 1_000_000)}]})
        session.received(frame.encode(), now)

    book = {"checksum": 0, "action": "snapshot", "prevSeqId": -1, "seqId": 1}
    say("books", START + SECOND, bids=side(BIDS), asks=side(ASKS), **book)
    for n in range(1, 40):
        now = START + (n + 1) * SECOND
        levels = {"bids": side([("0.01230", str(500 + 7 * n))]), "asks": side([("0.01232", str(n))])}
        say("books", now, action="update", checksum=0, prevSeqId=n, seqId=n + 1, **levels)
        print_ = {"instId": "SHIB-USDT-SWAP", "tradeId": str(n), "side": "buy" if n % 3 else "sell"}
        say("trades", now + 1000, px=price("0.01231"), sz=size(str(n)), **print_)
    return engine, session


@pytest.mark.parametrize("inverse", [False, True], ids=["linear", "inverse"])
def test_numbers_are_of_the_asset_itself(inverse: bool) -> None:
    now = START + 41 * SECOND
    found = []
    for times in (1000, 1):
        engine, _ = watched(times, contract="1000", inverse=inverse)
        [book] = engine.books.values()
        assert book.state == "live"
        found.append(dict(zip([one.name for one in engine.outputs], book.values(now), strict=True)))
    multiple, itself = found
    known = {name for name, value in itself.items() if value == value}
    assert len(known) > 60
    assert known == {name for name, value in multiple.items() if value == value}
    for name in known:
        assert multiple[name] == pytest.approx(itself[name], rel=1e-9, abs=1e-12), name
    assert multiple["mid_price"] == pytest.approx(0.012305 / 1000)


def test_books_stay_in_native_text() -> None:
    engine, session = watched(1000)
    [book] = engine.books.values()
    bids, asks = book.levels(1)
    assert ([float(x) for x in bids[0]], [float(x) for x in asks[0]]) == ([0.0123, 773.0], [0.01231, 300.0])
    [pair] = session.pairs.values()
    assert pair.instrument.to_base(Decimal(300), Decimal("0.01231")) == 300_000
