"""Staged episodes."""

from simulator.episodes import CALM, EPISODES, NS, ROUND_NS, Episode, scheduled
from tests.simulator.clients import T0


def test_calm_outside() -> None:
    episode = Episode("shock", T0, 10 * NS)
    assert episode.stage(T0 - 1) == episode.stage(T0 + 10 * NS) == CALM
    assert episode.stage(T0 + NS // 2).thin > 0


def test_every_episode_has_a_stage_at_any_moment() -> None:
    for name in EPISODES:
        for k in range(100):
            stage = Episode(name, T0, 100 * NS).stage(T0 + k * NS)
            assert stage.bid_size > 0 < stage.ask_size
            assert 0 <= stage.buy_share <= 1


def test_round_covers_every_moment() -> None:
    seen = set()
    for k in range(0, ROUND_NS, NS):
        episode = scheduled(T0 + k, 5)
        assert episode.start <= T0 + k < episode.start + episode.duration
        seen.add(episode.name)
    assert seen == set(EPISODES)
