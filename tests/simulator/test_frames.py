"""What goes over the wire."""

from simulator.frames import Answer, Close, Frame, Ping


def test_defaults() -> None:
    assert Frame("x").kind == "other"
    assert Close(None) != Close()
    assert Ping(b"1") == Ping(b"1")
    assert Answer(200, "{}").headers == {}
