"""States over time: what follows what, what is the same, and how much is kept."""

from service.recent.spans import MOST, Span, Spans


def test_states_follow_each_other() -> None:
    spans = Spans()
    for t, state, reason in ((10, "syncing", ""), (20, "live", ""), (25, "live", ""), (30, "lost", "gap")):
        spans.note(t, state, reason)
    assert spans.between(0, 100) == [
        Span(10, 20, "syncing", ""),
        Span(20, 30, "live", ""),
        Span(30, None, "lost", "gap"),
    ]
    assert [one.state for one in spans.between(20, 29)] == ["live"]
    assert spans.between(0, 9) == []


def test_of_two_at_one_time_the_later_holds() -> None:
    spans = Spans()
    spans.note(10, "lost", "gap")
    spans.note(10, "syncing", "gap")
    assert spans.between(0, 100) == [Span(10, None, "syncing", "gap")]


def test_an_end_ends_the_last() -> None:
    spans = Spans()
    spans.note(10, "live", "")
    spans.end(50)
    assert spans.between(0, 100) == [Span(10, 50, "live", "")]
    assert spans.between(50, 100) == []


def test_it_is_bounded() -> None:
    spans = Spans()
    for t in range(3 * MOST):
        spans.note(t, "live" if t % 2 else "lost", "")
    assert len(spans.between(0, 1 << 62)) == MOST
