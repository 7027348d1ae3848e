"""One suite over all venues: frames written after the fact sheets, and what must never happen whatever is sent."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import all_venues
from connectors.actions import Close, Connect, Fetch, Send
from connectors.session import Session
from connectors.sync import CROSSED, LIVE, LOST, STALE, SYNCING, Listener, Pair
from connectors.venue import Channel, Venue
from service.engine import Engine
from service.plan import Plan
from tests.support import wires
from tests.support.wires import MS, START, Levels, Wire
from tests.support.wires_flat import FLAT
from tests.support.wires_transport import TRANSPORT

SECOND = 1_000_000_000
WIRES = wires.WIRES | FLAT | TRANSPORT
VENUES = sorted(WIRES)
PLAN = Plan()  # the same for all: making it costs more than a test
every_venue = pytest.mark.parametrize("key", VENUES, ids=" ".join)
BIDS: Levels = [("100.0", "5.000"), ("99.5", "3.000"), ("99.0", "8.000")]
ASKS: Levels = [("100.5", "2.000"), ("101.0", "6.000"), ("101.5", "4.000")]


class Prints(Listener):
    """Keeps the prints it is told of."""

    def __init__(self) -> None:
        self.found: list[tuple[float, float, float, int]] = []

    def traded(self, pair: Pair, price: float, size: float, quote: float, side: int, t: int, now: int) -> int:
        self.found.append((price, size, quote, side))
        return 0


class Line:
    """A session with a wire: frames are delivered one by one, a tenth of a second apart."""

    def __init__(self, key: tuple[str, str]) -> None:
        self.venue: Venue = all_venues()[key]()
        self.wire: Wire = WIRES[key]()
        # The route that carries books; USD-M has another for its prints.
        route = next(name for name in self.venue.routes if Channel.BOOK in self.venue.channels(name))
        self.session = Session(self.venue, route)
        self.keeper = self.session.keeper
        self.pair = self.session.add(Pair(self.venue, self.venue.infer(self.wire.native)))
        self.keeper.prepare(self.pair)
        self.now = START * MS
        self.done: list[Any] = []
        self.readings = Engine(PLAN).attach(self.pair)

    def opened(self) -> Line:
        self.keeper.start(self.now)
        assert isinstance(self.acts()[0], Connect)
        self.keeper.opened(self.now)
        self.acts()
        if self.wire.welcome:
            self.hear(self.wire.welcome)
        for _ in range(20):
            self.wait(0.5, but=("fetch",))
        for frame in self.wire.greeting():
            self.hear(frame)
        return self

    def acts(self) -> list[Any]:
        """What the session wants done since the last time."""
        found: list[Any] = self.keeper.take_actions()
        self.done += found
        return found

    def hear(self, frame: str | bytes) -> Line:
        self.now += SECOND // 10
        for one in frame.split("\n") if isinstance(frame, str) else [frame]:
            self.session.received(self.wire.packed(one) if isinstance(one, str) else one, self.now)
            self.acts()
        return self

    def whole(self, bids: Levels = BIDS, asks: Levels = ASKS) -> Line:
        """A whole book arrives the way this venue sends it, and is followed by a message that changes nothing."""
        if self.wire.overlaps:
            self.hear(self.wire.changed([], []))
        body = self.wire.whole(bids, asks)
        if not self.wire.by_rest and not self.wire.asked:
            return self.hear(body)
        self.hear(self.wire.changed(bids[:1], asks[:1]))
        if self.wire.asked:
            return self.hear(body)
        self.now += SECOND // 10
        self.keeper.fetched(self.wire.native, 200, body.encode(), self.now)
        self.acts()
        return self

    def wait(self, seconds: float, but: tuple[str, ...] = ()) -> Line:
        """Time goes on, and what is due is done."""
        until = self.now + int(seconds * SECOND)
        while (due := self.keeper.deadline()) <= until:
            self.now = max(self.now, due)
            self.keeper.timer(self.now)
            self.acts()
            if self.keeper.deadline() <= due:
                self.keeper.put_off(self.now)
        self.now = until
        return self

    @property
    def top(self) -> Levels:
        bids, asks = self.pair.book.levels(1)
        return [(price, size) for price, size in (*bids, *asks)]

    def right(self) -> bool:
        """Is the book that of the wire?"""
        wanted = [(Decimal(price), Decimal(size)) for price, size in self.wire.best()]
        return [(Decimal(price), Decimal(size)) for price, size in self.top] == wanted


def live(key: tuple[str, str]) -> Line:
    line = Line(key).opened().whole()
    assert line.pair.state == LIVE, (line.pair.state, line.pair.reason)
    assert line.right()
    return line


def changes(seed: int, count: int) -> list[tuple[Levels, Levels]]:
    """Changes that keep both sides apart and within ten levels of each."""
    drawn = random.Random(seed)
    found = []
    for _ in range(count):
        size = f"{drawn.randint(1, 9000) / 1000:.3f}" if drawn.random() < 0.8 else "0.000"
        away = drawn.randrange(8) * 0.5
        bids = [(f"{100 - away:.1f}", size)] if drawn.random() < 0.5 else []
        found.append((bids, [] if bids else [(f"{100.5 + away:.1f}", size)]))
    return found


def test_every_venue_has_a_wire() -> None:
    assert set(all_venues()) == set(WIRES)


# -- books -------------------------------------------------------------------------------------------------------------


@every_venue
def test_a_book_follows_its_venue(key: tuple[str, str]) -> None:
    line = live(key)
    for bids, asks in changes(1, 200):
        line.hear(line.wire.changed(bids, asks))
        assert line.pair.state == LIVE, line.pair.reason
        assert line.right()
    assert (line.pair.gaps, line.pair.checksums_failed, line.pair.resyncs) == (0, 0, 0)
    assert line.pair.updates == 200 + (line.wire.joining or line.wire.images)


@every_venue
def test_a_book_with_an_empty_side_is_live(key: tuple[str, str]) -> None:
    line = live(key)
    line.hear(line.wire.changed([], [(price, "0.000") for price, _ in ASKS]))
    assert (line.pair.state, line.top) == (LIVE, [("100", "5")])
    line.hear(line.wire.changed([(price, "0.000") for price, _ in BIDS], []))
    assert (line.pair.state, line.top) == (LIVE, [])
    line.hear(line.wire.changed([("98.0", "1.000")], [("98.5", "2.000")]))
    assert (line.pair.state, line.top) == (LIVE, [("98", "1"), ("98.5", "2")])


@every_venue
@pytest.mark.parametrize(("bids", "asks"), [(BIDS, []), ([], ASKS), ([], [])])
def test_a_whole_book_may_lack_a_side(key: tuple[str, str], bids: Levels, asks: Levels) -> None:
    line = Line(key).opened().whole(bids, asks)
    assert line.pair.state == LIVE
    assert line.right()


@every_venue
def test_a_lost_message_is_seen_and_healed(key: tuple[str, str]) -> None:
    line = live(key)
    if not line.wire.proven:  # nothing on this wire shows a loss, and the venue says so
        proof = "image" if line.wire.images else "none"
        assert (line.venue.proof, line.readings.proof) == (proof, proof)
        assert any("loss" in spot or "lost" in spot or "gap" in spot for spot in line.venue.blind_spots)
        if line.wire.images:
            line.wire.changed([("100.0", "7.000")], [])
            assert line.hear(line.wire.changed([], [("100.5", "9.000")])).right(), "the next one heals it"
        return
    line.wire.changed([("100.0", "7.000")], [])
    line.hear(line.wire.changed([], [("100.5", "9.000")]))
    assert (line.pair.state, line.top) == (LOST, [])
    assert line.pair.gaps + line.pair.checksums_failed == 1
    assert line.readings.state == "lost"
    line.wait(5)
    assert any(isinstance(action, (Fetch, Send)) for action in line.done[1:]), "a new book is asked for"
    line.whole()
    assert line.pair.state == LIVE
    assert line.right()
    assert line.pair.resyncs == 1


@every_venue
def test_a_repeated_message_is_no_loss(key: tuple[str, str]) -> None:
    line = live(key)
    before = line.pair.dropped
    frame = line.wire.changed([("100.0", "7.000")], [])
    line.hear(frame).hear(frame)
    line.hear(line.wire.changed([("100.0", "8.000")], []))
    assert (line.pair.state, line.pair.gaps) == (LIVE, 0)
    assert line.right()
    assert line.pair.dropped - before == 1


@every_venue
def test_a_late_message_is_a_loss(key: tuple[str, str]) -> None:
    line = live(key)
    if not line.wire.proven:
        assert line.venue.rule.detects == "nothing"
        return
    first, second = line.wire.changed([("100.0", "7.000")], []), line.wire.changed([], [("100.5", "9.000")])
    line.hear(second)
    assert line.pair.state == LOST
    line.hear(first)
    assert line.pair.state == LOST


@every_venue
def test_a_second_whole_book_replaces_the_first(key: tuple[str, str]) -> None:
    line = live(key)
    if line.wire.by_rest or line.wire.asked:
        line.keeper.fetched(
            line.wire.native, 200, b'{"lastUpdateId":1,"bids":[["1","1"]],"asks":[["2","1"]]}', line.now
        )
        assert (line.pair.state, line.right()) == (LIVE, True), "a book that is live needs no snapshot"
        return
    line.hear(line.wire.whole([("90.0", "1.000")], [("91.0", "2.000")]))
    assert (line.pair.state, line.pair.gaps, line.right()) == (LIVE, 0, True)


@every_venue
def test_an_image_unlike_a_book_that_stood_still_tells_of_a_loss(key: tuple[str, str]) -> None:
    line = live(key)
    if line.wire.by_rest or line.wire.asked or line.wire.images:
        return  # compared at the same update, or replaced by each message
    line.pair.compared = True  # as when the keeper has asked for the image
    line.now += 61 * SECOND
    line.hear(line.wire.whole([("99.5", "4.000")], [("100.0", "2.000")]))
    assert line.pair.resyncs_by_reason == {"image": 1}
    assert (line.pair.state, line.right()) == (LIVE, True)


@every_venue
def test_values_of_a_crossed_book_are_withdrawn_at_once_and_the_book_is_given_up_later(
    key: tuple[str, str],
) -> None:
    line = live(key)
    line.hear(line.wire.changed([("100.5", "1.000")], []))
    if line.venue.uncrosses:  # by design: the older level is not shown
        assert (line.pair.state, line.top) == (LIVE, [("100.5", "1"), ("101", "6")])
        return
    assert line.pair.state == CROSSED
    assert not any(value == value for value in line.readings.values(line.now))
    line.hear(line.wire.changed([("100.5", "0.000")], []))
    assert line.pair.state == LIVE
    line.hear(line.wire.changed([("100.5", "1.000")], []))
    for n in range(15):
        line.hear(line.wire.changed([("99.0", f"{n + 1}.000")], []))
    assert (line.pair.state, line.pair.reason) == (LOST, "crossed")
    assert line.readings.state == "lost"


@every_venue
def test_updates_that_come_before_the_book_make_none(key: tuple[str, str]) -> None:
    line = Line(key).opened()
    for bids, asks in changes(2, 3):
        line.hear(line.wire.changed(bids, asks))
    if line.wire.images:
        assert (line.pair.state, line.right()) == (LIVE, True)
    else:
        assert (line.pair.state, line.top) == (SYNCING, [])


# -- prints ------------------------------------------------------------------------------------------------------------


@every_venue
def test_prints_are_read_with_their_taker(key: tuple[str, str]) -> None:
    line = live(key)
    prints = Prints()
    line.pair.listener = prints
    for taker in ("buy", "sell", "sell"):
        line.hear(line.wire.fill("100.5", "2.000", taker))
    assert [side for _, _, _, side in prints.found] == [1, -1, -1]
    assert (line.pair.trades, line.pair.taker_buy, line.pair.taker_sell) == (3, 1, 2)
    assert line.pair.state == LIVE
    price, size, quote, _ = prints.found[0]
    assert price == 100.5
    contract = line.pair.instrument.contract_size
    if contract is None:
        assert size != size, "without a contract size nothing is known in base"
    elif line.pair.instrument.inverse:
        assert [size, quote] == pytest.approx([2 * float(contract) / 100.5, 2 * float(contract)])
    else:
        assert (size, quote) == (2.0, 201.0)


@every_venue
def test_a_print_that_cannot_be_read_costs_no_book(key: tuple[str, str]) -> None:
    line = live(key)
    frame = line.wire.fill("100.5", "2.000", "buy")
    for length in range(len(frame) * 3 // 4, len(frame)):
        line.session.received(line.wire.packed(frame[:length]), line.now)
    if line.venue.counts_connection or line.wire.kind_last:
        return
    assert (line.pair.state, line.pair.gaps, line.pair.trades) == (LIVE, 0, 0)


# -- life of a connection ----------------------------------------------------------------------------------------------


def asked_for(line: Line) -> list[str]:
    """Frames that subscribe, by a word such as subscribe or sub or, in Korea, by their ticket."""
    sent = [action.text for action in line.done if isinstance(action, Send)]
    return [text for text in sent if "sub" in text.lower() or "ticket" in text]


@every_venue
def test_what_is_sent_subscribes_to_the_symbol_and_is_accepted(key: tuple[str, str]) -> None:
    line = Line(key).opened()
    sent = asked_for(line)
    assert any(line.wire.native.lower() in text.lower() for text in sent)
    for text in sent:
        for frame in line.wire.accepted(text):
            line.hear(frame)
    assert line.pair.state == SYNCING
    assert not line.pair.reason.startswith("refused")
    assert line.whole().pair.state == LIVE


@every_venue
def test_a_rejected_subscription_is_told_in_the_venues_words(key: tuple[str, str]) -> None:
    line = Line(key).opened()
    sent = asked_for(line)
    asked = next(text for text in sent if line.wire.native.lower() in text.lower())
    line.hear(line.wire.refused(asked))
    assert line.pair.state != LIVE
    assert line.pair.reason.startswith("refused: ")


@every_venue
def test_silence_withdraws_values_and_a_frame_brings_them_back(key: tuple[str, str]) -> None:
    line = live(key)
    silent = line.venue.heartbeat.silent_after
    line.wait(silent * 0.9)
    assert line.pair.state == LIVE
    line.wait(silent * 0.2)
    assert (line.pair.state, line.pair.reason) == (STALE, "silent")
    assert line.right(), "the book is kept"
    line.hear(line.wire.changed([("100.0", "7.000")], []))
    assert line.pair.state == LIVE
    assert line.right()
    assert line.pair.gaps == 0


@every_venue
def test_lasting_silence_closes_the_socket(key: tuple[str, str]) -> None:
    line = live(key)
    line.wait(line.venue.heartbeat.silent_after * 2.1)
    assert any(isinstance(action, Close) for action in line.done)
    line.keeper.closed("silent", line.now)
    assert (line.pair.state, line.top) == (LOST, [])
    line.done.clear()
    line.wait(60)
    assert any(isinstance(action, Connect) for action in line.done), "and is opened again"


@every_venue
def test_a_lost_connection_loses_its_books_and_the_next_one_brings_them_back(key: tuple[str, str]) -> None:
    line = live(key)
    line.keeper.closed("reset by peer", line.now)
    assert (line.pair.state, line.pair.reason, line.top) == (LOST, "disconnected", [])
    line.wait(60)
    line.keeper.opened(line.now)
    line.wire.anew()
    if hasattr(line.wire, "number") and key[0] in ("coinbase", "dydx"):
        line.wire.number = -1  # each connection counts from 0
    for frame in line.wire.greeting():
        line.hear(frame)
    line.whole()
    assert line.pair.state == LIVE
    assert line.right()


# -- whatever is sent --------------------------------------------------------------------------------------------------


def sound(key: tuple[str, str]) -> list[bytes]:
    """Frames of all kinds, as they should be."""
    wire = WIRES[key]()
    frames = [
        wire.whole(BIDS, ASKS),
        *(wire.changed(*change) for change in changes(3, 4)),
        wire.fill("100.5", "2.000", "buy"),
    ]
    return [one.encode() for frame in frames for one in frame.split("\n")]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
SNIPPETS = (
    b"",
    b"-",
    b"1E999",
    b"NaN",
    b'"',
    b"\\",
    b"\\u12",
    b"null",
    b"{}",
    b"[]",
    b"[[]]",
    b"9" * 40,
    b"\x00",
    b"\xff",
    b"0.",
    b",",
    b":",
)


@every_venue
@given(data=st.data())
def test_no_bytes_whatever_raise(key: tuple[str, str], data: st.DataObject) -> None:
    """And a book that still says live after them is the one that was there, or one the venue has sent."""
    line = live(key)
    originals = sound(key)
    for _ in range(data.draw(st.integers(1, 5))):
        what = data.draw(st.sampled_from(["bytes", "json", "cut", "spliced", "revalued"]))
        frame = data.draw(st.sampled_from(originals))
        if what == "bytes":
            frame = data.draw(st.binary(max_size=60))
        elif what == "json":
            frame = json.dumps(data.draw(values)).encode()
        elif what == "cut":
            frame = frame[: data.draw(st.integers(0, len(frame)))]
        elif what == "spliced":
            start = data.draw(st.integers(0, len(frame)))
            end = data.draw(st.integers(start, min(len(frame), start + 12)))
            frame = frame[:start] + data.draw(st.sampled_from(SNIPPETS)) + frame[end:]
        else:
            message = json.loads(frame)
            revalue(message, data)
            frame = json.dumps(message).encode()
        line.hear(frame)
    line.wait(1)
    assert line.pair.state in (SYNCING, LIVE, STALE, CROSSED, LOST)
    line.readings.values(line.now)


def revalue(message: Any, data: st.DataObject) -> None:
    """Put something else in place of one value, however deep."""
    places: list[tuple[Any, Any]] = []

    def walk(one: Any) -> None:
        for key in one if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ():
            places.append((one, key))
            walk(one[key])

    walk(message)
    where, key = data.draw(st.sampled_from(places))
    where[key] = data.draw(values)


@every_venue
@given(
    body=st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"{}", b'{"bids":5}', b'{"lastUpdateId":"x","bids":[[]],"asks":[{}]}']),
    )
)
def test_no_answer_whatever_raises(key: tuple[str, str], body: bytes) -> None:
    line = Line(key).opened()
    if not line.wire.images:
        line.hear(line.wire.changed([("100.0", "7.000")], []))
    for status in (200, 400, 418, 429, 500):
        line.keeper.fetched(line.wire.native, status, body, line.now)
        line.wait(0.5)
    line.keeper.fetched("NOSUCH", 200, body, line.now)
    assert line.pair.state != LIVE or line.wire.images
