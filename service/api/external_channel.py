"""The external channel of the stream: all pushed series whenever one of them changed."""

from __future__ import annotations

from service.external.series import External

from .channels import Channel, Source, Topic
from .wishes import Spec


class ExternalChannel(Channel):
    """One topic: `{"external": [{name, labels, values, …}]}`."""

    def __init__(self, spec: Spec, source: Source, external: External) -> None:
        super().__init__(spec, source)
        self.fits = lambda book: False
        self.topics[None] = None
        self._external = external
        self._stale: list[bool] = []

    def encode(self, topic: Topic) -> str:
        now = self.source.clock()
        rows = [self._external.row(one, now) for one in self._external.series.values()]
        self._stale = [row["stale"] for row in rows]
        for row in rows:
            del row["age_seconds"]  # grows by itself: `t` less `event_time`
        return self.written({"external": rows})

    def refresh(self) -> None:
        now = self.source.clock()
        stale = [self._external.row(one, now)["stale"] for one in self._external.series.values()]
        if stale != self._stale:
            self.note(None)
