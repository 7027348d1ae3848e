"""Connections keep order, timers and views."""

from simulator.connection import asked, parsed
from simulator.frames import Close
from simulator.venues.kraken import Kraken
from tests.simulator.clients import MS, T0


def test_order_delay_and_close() -> None:
    its = Kraken(start=T0)
    c = its.connect("/v2", T0)
    c.frames_to_send(T0)
    c.say("late", T0, delay_ns=50 * MS)
    c.say("now", T0)
    assert c.frames_to_send(T0) == ["now"]
    assert not c.due(T0 + 49 * MS)
    c.close(T0 + 60 * MS)
    c.say("after", T0 + 70 * MS)
    assert c.frames_to_send(T0 + 80 * MS) == ["late", Close()]
    assert not c.alive
    c.receive("{}", T0 + 90 * MS)
    assert c.frames_to_send(T0 + 99 * MS) == []


def test_reading_what_clients_send() -> None:
    assert parsed("[1]") is parsed("{") is None
    assert asked({"a": 1}, "a") == asked({}, "a") == []
