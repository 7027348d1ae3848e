"""One suite over all venues' connections: counters that start over, books that never come, frames of any size."""

from __future__ import annotations

import re

import pytest

from connectors.actions import Close, Fetch, Send
from connectors.session import MOST_REPEATS
from connectors.sync import LIVE, LOST, SYNCING
from tests.support.wires import Levels
from tests.test_every_venue import BIDS, SECOND, WIRES, Line, changes, every_venue, live

LARGE = 4_000_000  # bytes; no venue sends a tenth of it


@every_venue
def test_a_sequence_that_starts_over_is_no_repetition(key: tuple[str, str]) -> None:
    """The venue was restarted: ids are low again, times go on. The book is not taken for the newer one it was."""
    line = live(key)
    for bids, asks in changes(5, 300):
        line.hear(line.wire.changed(bids, asks))
    assert line.pair.state == LIVE
    fresh = WIRES[key]()
    fresh.ms, fresh.sides = line.wire.ms + 1000, (dict(line.wire.sides[0]), dict(line.wire.sides[1]))
    line.wire = fresh
    for frame in fresh.greeting():
        line.hear(frame)
    for at in range(MOST_REPEATS + 1 if line.venue.counts_connection else 1):
        line.hear(fresh.changed([("99.5", f"{at + 1}.000")], []))
    if line.venue.rule.detects == "nothing" and not line.venue.counts_connection:  # it has no sequence
        assert line.pair.state == LIVE
        assert line.right()
    else:
        assert (line.pair.state, line.top) == (LOST, [])
    line.wait(5)
    line.whole()
    assert line.pair.state == LIVE
    assert line.right()


@every_venue
def test_a_book_that_never_comes_is_asked_for_again(key: tuple[str, str]) -> None:
    """Prints come, so that the connection lives; the book does not."""
    line = Line(key).opened()
    asked = len(line.done)
    for _ in range(60):
        line.hear(line.wire.fill("100.5", "2.000", "buy"))
        line.wait(2.0)
    assert line.pair.state in (SYNCING, LOST)
    assert line.top == []
    again = [one for one in line.done[asked:] if isinstance(one, (Send, Fetch, Close))]
    told = [one for one in again if not isinstance(one, Send) or line.wire.native.lower() in one.text.lower()]
    assert told, "neither subscribed to anew, nor asked for, nor closed"
    assert len(again) < 60, "nobody is stormed"


@every_venue
def test_a_snapshot_that_fails_is_asked_for_again_and_stands_when_it_comes(key: tuple[str, str]) -> None:
    line = Line(key).opened()
    if not line.wire.by_rest:
        assert line.venue.snapshot is None or not line.venue.snapshot.path
        return
    line.hear(line.wire.changed(BIDS[:1], []))
    for status in (500, 0, 429):
        line.wait(70, but=("fetch",)) if line.keeper.state != "open" else line.wait(8)
        before = sum(isinstance(one, Fetch) for one in line.done)
        line.keeper.fetched(line.wire.native, status, b"", line.now)
        for _ in range(20):
            line.hear(line.wire.changed(BIDS[:1], []))
            line.wait(3)
        assert sum(isinstance(one, Fetch) for one in line.done) > before, status
        assert line.pair.state != LIVE
    line.whole()
    assert line.pair.state == LIVE
    assert line.right()


@every_venue
def test_a_frame_of_any_size_costs_its_book_at_the_most(key: tuple[str, str]) -> None:
    line = live(key)
    frame = line.wire.changed([("99.5", "7.000")], [])
    line.hear(line.wire.packed(frame + " " * LARGE))
    if line.pair.state == LIVE:
        assert line.right()
    else:
        assert (line.pair.state, line.top) == (LOST, [])
        assert line.pair.reason
    line.hear(b"[" * LARGE).hear(b'{"a":' * (LARGE // 5)).hear(b'"' + b"x" * LARGE)
    assert line.session.malformed >= 3


@every_venue
def test_more_levels_than_are_kept_leave_the_nearest(key: tuple[str, str]) -> None:
    line = Line(key).opened()
    deep: Levels = [(f"{100 - at * 0.01:.2f}", "1.000") for at in range(2_000)]
    line.whole(deep, [("100.5", "2.000")])
    assert line.pair.state == LIVE
    assert line.right()
    assert line.pair.book.bids.count <= 2_000
    line.now += SECOND
    assert line.readings.levels(1)[0][0][0] in ("100", "100.0", "100.00")


@every_venue
def test_what_the_venue_wants_to_hear_is_said_in_time(key: tuple[str, str]) -> None:
    """Pings go out as declared while the connection lives, however much or little is heard."""
    line = live(key)
    ping, every = line.venue.heartbeat.ping, line.venue.heartbeat.every
    line.done.clear()
    for _ in range(100):
        line.wait(1)
        line.hear(line.wire.changed([], []) if line.wire.images else line.wire.fill("100.5", "1.000", "buy"))
    sent = [one.text for one in line.done if isinstance(one, Send)]
    if not ping:
        assert every == 0
        return
    written = (
        re.escape(ping)
        .replace(re.escape("{id}"), r"\d+")
        .replace(re.escape("$SECONDS"), r"(?:[\d.]+|\$SECONDS)")
    )
    pings = [text for text in sent if re.fullmatch(written, text)]
    assert len(pings) == pytest.approx(110 / every, abs=1.5)
