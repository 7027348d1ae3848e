"""The service looks at itself: a loop that is held up, a collection of garbage, the worst of the last minute."""

from __future__ import annotations

import asyncio
import gc
import time

from service.health import EVERY, Health, Pulse, Worst

SECOND = 1_000_000_000


def test_the_worst_of_the_last_minute() -> None:
    worst = Worst()
    assert worst.within(0) is None
    worst.see(5, 100 * SECOND)
    worst.see(9, 101 * SECOND)
    worst.see(2, 112 * SECOND)
    assert worst.within(115 * SECOND) == 9
    assert worst.within(149 * SECOND) == 9
    assert worst.within(160 * SECOND) == 2
    assert worst.within(180 * SECOND) is None
    worst.see(1, 181 * SECOND)
    assert worst.within(181 * SECOND) == 1


def test_a_loop_that_is_held_up_is_late() -> None:
    async def play() -> Pulse:
        pulse = Pulse()
        looking = asyncio.create_task(pulse.run())
        await asyncio.sleep(0)
        time.sleep(EVERY + 0.15)  # noqa: ASYNC251  # this is what is looked for
        while not pulse.lag.total:  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.01)
        gc.collect()
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        return pulse

    pulse = asyncio.run(play())
    health = Health(pulse=pulse)
    assert health.worst_lag_seconds is not None
    assert 0.14 < health.worst_lag_seconds < 5
    assert pulse.lag.cumulative()[-1] == 1
    assert pulse.pauses[2].cumulative()[-1] >= 1
    assert pulse.pauses[2].total > 0
    assert not any(getattr(one, "__self__", None) is pulse for one in gc.callbacks)


def test_nothing_is_said_of_what_nobody_looks_at() -> None:
    assert Health().worst_lag_seconds is None
    assert Health(pulse=Pulse()).worst_lag_seconds is None
