"""Packed frames: whole ones are read, broken and overlarge ones cost their own book and nobody else's."""

from __future__ import annotations

import gzip

import pytest

from connectors import all_venues
from connectors.errors import MalformedMessage
from connectors.session import Session
from connectors.sync import LIVE, LOST, Pair
from connectors.unpacking import LARGEST, gunzip
from tests.support.wires_transport import HtxLinear

NOW = 1_790_000_000_000_000_000
TEXT = b'{"ch":"market.BTC-USDT.depth.size_150.high_freq","tick":{}}'
BIDS, ASKS = [("100.0", "5")], [("100.5", "2")]


def test_a_whole_member_is_unpacked() -> None:
    assert gunzip(gzip.compress(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("frame", "part"),
    [
        (b"", b""),
        (TEXT, b""),
        (b"\x1f\x8b" + b"\x00" * 40, b""),
        (
            gzip.compress(TEXT, mtime=0)[:-1],
            TEXT[:-1],
        ),  # all of the text is there, its checksum is not: still refused
        (gzip.compress(TEXT, mtime=0) + b"x", TEXT[:-1]),
    ],
)
def test_anything_else_is_refused_with_what_could_be_read(frame: bytes, part: bytes) -> None:
    with pytest.raises(MalformedMessage) as told:
        gunzip(frame)
    assert told.value.part == part


def test_a_wrong_checksum_is_refused() -> None:
    frame = bytearray(gzip.compress(TEXT))
    frame[-6] ^= 1
    with pytest.raises(MalformedMessage, match="no gzip"):
        gunzip(bytes(frame))


def test_a_bomb_is_inflated_no_further_than_allowed() -> None:
    bomb = gzip.compress(b"[" * (LARGEST * 30))
    assert len(bomb) < LARGEST // 10
    with pytest.raises(MalformedMessage, match="larger") as told:
        gunzip(bomb)
    assert len(told.value.part) < LARGEST


class Two:
    """Two swaps on a connection, live."""

    def __init__(self) -> None:
        self.venue = all_venues()["htx", "linear"]()
        self.session = Session(self.venue)
        self.wires = {native: HtxLinear() for native in ("BTC-USDT", "ETH-USDT")}
        self.pairs: dict[str, Pair] = {}
        for native, wire in self.wires.items():
            wire.native = native
            self.pairs[native] = self.session.add(Pair(self.venue, self.venue.infer(native)))
            self.session.keeper.prepare(self.pairs[native])
        self.session.keeper.opened(NOW)
        for wire in self.wires.values():
            self.session.received(wire.packed(wire.whole(BIDS, ASKS)), NOW)
        assert all(pair.state == LIVE for pair in self.pairs.values())

    def change(self, native: str) -> bytes:
        wire = self.wires[native]
        return wire.packed(wire.changed([("99.5", "3")], []))


@pytest.mark.parametrize("harm", ["cut", "no gzip", "bomb"])
def test_a_broken_frame_costs_its_own_book_at_the_latest_with_the_next(harm: str) -> None:
    two = Two()
    frame = two.change("BTC-USDT")
    broken = {
        "cut": frame[:-9],
        "no gzip": b"\x00" + frame,
        "bomb": gzip.compress(gzip.decompress(frame)[:-3] + b" " * (2 * LARGEST) + b"}}}"),
    }[harm]
    two.session.received(broken, NOW + 1)
    assert two.session.malformed == 1
    if harm != "no gzip":  # nothing of it tells whose it was
        assert two.pairs["BTC-USDT"].state == LOST
        assert two.pairs["BTC-USDT"].reason == "malformed"
    two.session.received(two.change("BTC-USDT"), NOW + 2)
    two.session.received(two.change("ETH-USDT"), NOW + 3)
    assert two.pairs["BTC-USDT"].state == LOST
    assert two.pairs["BTC-USDT"].gaps == 1
    assert (two.pairs["ETH-USDT"].state, two.pairs["ETH-USDT"].gaps) == (LIVE, 0)


def test_a_broken_print_costs_no_book() -> None:
    two = Two()
    wire = two.wires["BTC-USDT"]
    frame = wire.packed(wire.fill("100.5", "2", "buy"))
    for length in range(len(frame)):
        two.session.received(frame[:length], NOW + length)
    assert all((pair.state, pair.gaps, pair.trades) == (LIVE, 0, 0) for pair in two.pairs.values())


def test_a_message_without_levels_counts_in_its_sequence() -> None:
    two = Two()
    wire = two.wires["BTC-USDT"]
    bare = wire.changed([], []).replace('"asks":[],"bids":[],', "")
    assert "bids" not in bare
    two.session.received(wire.packed(bare), NOW + 1)
    two.session.received(two.change("BTC-USDT"), NOW + 2)
    assert (two.pairs["BTC-USDT"].state, two.pairs["BTC-USDT"].updates) == (LIVE, 2)
