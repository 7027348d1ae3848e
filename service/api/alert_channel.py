"""The alerts channel of the stream: each alert that is active, and whatever happens to one, newest state first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.alerts.desk import Desk
from service.alerts.records import shown

from .channels import Channel, Source, Topic
from .lookup import one_of
from .wishes import Spec


class AlertsChannel(Channel):
    """One topic an alert, by its id: `{"alert": …}`. Who joins gets a snapshot of each that is active."""

    def __init__(self, spec: Spec, source: Source, desk: Desk) -> None:
        super().__init__(spec, source)
        self.fits = lambda book: False
        self._tests = {
            "venue": one_of(spec.venues),
            "market": one_of(spec.markets),
            "symbol": one_of(spec.symbols),
        }
        self._records: dict[Topic, Mapping[str, Any]] = {}
        for alert in desk.watch.active():
            self.happened(shown(alert))

    def happened(self, record: Mapping[str, Any]) -> bool:
        """Something happened to an alert; says whether this channel tells it."""
        labels = record["labels"]
        if not all(test(labels.get(name, "")) for name, test in self._tests.items()):
            return False
        self._records[record["id"]] = record
        self.note(record["id"])
        return True

    def flush(self) -> None:
        super().flush()
        for topic in [one for one, record in self._records.items() if record["state"] == "resolved"]:
            self.topics.pop(topic, None)  # who joins later is not told of it; who is here, once

    def encode(self, topic: Topic) -> str:
        return self.written({"alert": self._records[topic]})

    def refresh(self) -> None:
        for topic in [one for one in self._records if one not in self.topics and not self._waited_for(one)]:
            del self._records[topic]
            self.forget(topic)

    def _waited_for(self, topic: Topic) -> bool:
        return any(one.waits_for(topic) for one in self.subscriptions)
