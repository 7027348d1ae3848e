"""Alerts of a running service: rules, evaluation, keeping and telling put together; what the API asks and commands."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from connectors.errors import UsageError

from ..across import across
from ..external.series import External
from ..metrics import metrics
from .alert import Acknowledgement, Alert, Happening
from .awaited import EXTERNAL, waits_for
from .delivery import DeadLetter, Delivery
from .folder import Loaded, chosen
from .pushed import PushedBooks
from .records import Message, Record, shown
from .senders import kinds
from .senders.sender import SECOND, Sender
from .settings import AlertSettings
from .silences import MOST, Silence, Silences
from .store import Store
from .watch import News, Watch

log = structlog.get_logger()


class Desk:
    """All alerts of one engine. Everything is called on the event loop; `delivery.run()` is its only task."""

    def __init__(
        self,
        engine: Any,
        settings: AlertSettings,
        clock: Callable[[], int],
        *,
        database: Path | None,
        environ: Mapping[str, str],
    ) -> None:
        """UsageError where a rule, a sender's secret or the database is not as it should be."""
        self.engine, self.settings, self.clock = engine, settings, clock
        self.loaded = rules_of(settings, engine)
        self._later = later(engine)
        self._pushed: PushedBooks | None = None
        self.senders = senders_of(settings, environ)
        self.store = _store(database, settings)
        self.delivery = Delivery(self.senders, clock, self._bury)
        self.delivery.active = self._repeated
        self.listeners: list[Callable[[Record], None]] = []
        self.watch = Watch(
            engine,
            [one.rule for one in self.loaded if not one.fault],
            clock,
            self._tell,
            give_up=round(settings.unproven_seconds * SECOND),
            silences=Silences(self.store.silences(), self.store.unsilence),
        )
        self._lost = 0
        self._restore(clock())
        for one in self.loaded:
            if one.fault:
                log.warning(
                    "alert rule cannot run", alert=one.rule.alert, file=str(one.path), reason=one.fault
                )

    def _restore(self, now: int) -> None:
        rows = self.store.active()
        self.watch.restore([_restored(row) for row in rows], now)
        for row in rows:
            if row["id"] not in self.watch.alerts:  # its rule is gone
                over = row | {"state": "resolved", "reason": "its rule runs no more", "resolved_at": now}
                self.store.happened(Happening.RESOLVED, over, now, active=False)

    def attend(self, external: External) -> None:
        """Let rules look at pushed series, too."""
        self._pushed = PushedBooks(external, self.clock, self.watch.pushed)
        self.watch.beside = self._pushed.books

    def waits_for(self, loaded: Loaded) -> str:
        """What a rule that can run names and no book has yet, "" where it runs."""
        if loaded.fault:
            return ""
        pushed = [] if self._pushed is None else self._pushed.books()
        outputs = (output for one in (self.engine, *pushed) for output in one.outputs)
        return waits_for(loaded.rule, outputs, self._later)

    def close(self) -> None:
        """Write what waits."""
        self.store.close()

    # -- what happens ------------------------------------------------------------------------------------------

    def _tell(self, news: News) -> None:
        record = shown(news.alert, news.happening)
        active = news.happening is not Happening.RESOLVED
        self.store.happened(news.happening, record, news.now, active=active)
        if self.store.lost != self._lost:
            self._lost = self.store.lost
            for alert in self.watch.active():
                self.store.keep(shown(alert), active=True)
        if news.notify:
            self.delivery.put(self._message(news.happening, record, news.now))
        for listener in self.listeners:
            listener(record)
        say = log.warning if news.happening is Happening.FIRED else log.info
        say(f"alert {news.happening}", alert=record["alert"], **record["labels"], summary=record["summary"])

    def _message(self, happening: str, record: Record, now: int) -> Message:
        return Message(f"msg_{secrets.token_hex(12)}", happening, now, record, self.engine.simulated)

    def _repeated(self) -> Sequence[Message]:
        return [
            self._message(Happening.FIRED, shown(alert), alert.fired_at)
            for alert in self.watch.active()
            if alert.notified and not alert.silenced_by
        ]

    def _bury(self, letter: DeadLetter) -> None:
        self.store.bury(
            {"t": letter.t, "sender": letter.sender, "error": letter.error, "attempts": letter.attempts}
            | {"message": letter.message.told()}
        )

    # -- what is asked and commanded ---------------------------------------------------------------------------

    def find(self, id: str) -> Alert | None:
        """An active alert by its id."""
        found = self.watch.alerts.get(id)
        return found if found is not None and found.active else None

    def acknowledge(self, alert: Alert, who: str, why: str) -> Record:
        """Somebody has seen it: it is told no more, but that it resolved."""
        now = self.clock()
        alert.acknowledged = Acknowledgement(who, why, now)
        self._tell(News(Happening.ACKNOWLEDGED, alert, now, False))
        return shown(alert)

    def silence(self, matchers: Mapping[str, str], starts: int, until: int, who: str, why: str) -> Silence:
        """Silence what fits. UsageError where there are too many."""
        if len(self.watch.silences.held) >= MOST:
            raise UsageError(f"{MOST} silences are held already; end one first")
        made = Silence(secrets.token_hex(8), dict(matchers), starts, until, who, why)
        self.put_silence(made)
        return made

    def put_silence(self, silence: Silence) -> None:
        self.watch.silences.put(silence)
        self.store.silence(silence)

    def unsilence(self, id: str) -> Silence | None:
        found = self.watch.silences.end(id)
        if found is not None:
            self.store.unsilence(id)
        return found

    def test(self, sender: str = "") -> Message:
        """Send a message that says that it is a test, to one sender or all."""
        now = self.clock()
        record = {
            "id": "test",
            "alert": "SteelyardTest",
            "severity": "info",
            "state": "firing",
            "reason": "",
            "labels": {"venue": "test", "symbol": "TEST"},
            "value": 1.0,
            "peak": 1.0,
            "output": "",
            "books": "",
            "since": now,
            "fired_at": now,
            "resolved_at": now,
            "lasted": "",
            "summary": "Steelyard can reach you",
            "description": "Somebody asked for this message, to see whether alerts arrive.",
            "runbook": "",
            "notified": True,
            "silenced_by": "",
            "acknowledged": None,
        }
        message = self._message("test", record, now)
        self.delivery.put(message, sender)
        return message


def rules_of(settings: AlertSettings, engine: Any) -> list[Loaded]:
    """The rules that the settings ask for, held against what an engine's books have or may have."""
    return chosen(
        outputs_of(engine),
        [*metrics(), *across(), EXTERNAL],
        folder=settings.folder,
        defaults=settings.defaults,
        disabled=settings.disabled,
        later=later(engine),
    )


def later(engine: Any) -> list[str]:
    """Keys of what is known only once venues meet, or somebody pushes it."""
    met = engine.across.declarations if getattr(engine, "across", None) is not None else ()
    return [*(declaration.key for declaration in met), EXTERNAL]


def outputs_of(engine: Any) -> list[Any]:
    """Outputs of all books, and of those that may come: metrics that run for some books alone."""
    here = list(engine.outputs)
    keys = {output.key for output in here}
    others = [one for one in engine.declarations if one.key not in keys and hasattr(one, "outputs")]
    return [*here, *(output for one in others for output in one.outputs())]


def senders_of(settings: AlertSettings, environ: Mapping[str, str]) -> list[Sender]:
    """Senders with their secrets. UsageError names one that is missing."""
    return [kinds()[one.kind](name, one, environ) for name, one in settings.senders.items() if one.enabled]


def _store(database: Path | None, settings: AlertSettings) -> Store:
    """The store; in memory, said so, where the user's own folder cannot be used and no file was asked for."""
    try:
        return Store(database, settings.history)
    except UsageError as failure:
        if settings.database:
            raise
        log.warning("alerts are kept in memory only", reason=str(failure))
        return Store(None, settings.history)


def _restored(row: Record) -> Record:
    seen = row["acknowledged"]
    return row | {"acknowledged": None if seen is None else Acknowledgement(**seen)}
