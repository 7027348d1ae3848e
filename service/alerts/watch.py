"""All rules beside an engine: within each update, and on a timer for what time alone changes. Synchronous, no I/O.

With a message only the guards of its book are asked (`guards.py`); a rule is evaluated when one of them says that its
answer may differ. Once a second each book's rules are evaluated anyway: windows slide, averages move without a message.
The clock is handed in; replay hands in the recorded one, so a replay does what the live service did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.book import NOWHERE

from ..api.lookup import Selection
from .alert import GIVE_UP, Alert, AlertState, Happening, fingerprint
from .conditions import Verdict, bound
from .folder import fault_of, of_venue, venues_of
from .pushed import PushedBook
from .rules import SECOND, Condition, Rule
from .silences import Silences
from .subjects import LIVE, Book, Entry, Group, Watched, told

SLOTS = 20  # parts of a second; each book has its turn in one of them
TICK = SECOND // SLOTS
_FEEDS_EVERY = 5  # ticks


class News(NamedTuple):
    """Something happened to an alert. `notify`: senders are to tell it (it is not silenced, nor old news)."""

    happening: Happening
    alert: Alert
    now: int
    notify: bool


class Watch:
    """Evaluates rules over an engine's books and feeds; `tell` is called with all that happens to an alert."""

    def __init__(
        self,
        engine: Any,
        rules: Iterable[Rule],
        clock: Callable[[], int],
        tell: Callable[[News], None],
        *,
        give_up: int = GIVE_UP,
        silences: Silences | None = None,
    ) -> None:
        self.engine, self.clock, self.tell, self.give_up = engine, clock, tell, give_up
        self.silences = silences or Silences()
        self.beside: Callable[[], Sequence[Book]] = tuple  # what rules look at besides the engine's books
        self.rules = list(rules)
        self.alerts: dict[str, Alert] = {}
        self.evaluations = 0
        every = [(rule, _test(rule)) for rule in self.rules]
        self._book_rules = [one for one in every if one[0].scope == "book"]
        self._feed_rules = [one[0] for one in every if one[0].scope != "book"]
        self._books: dict[Book, Watched] = {}
        self._slots: list[list[Watched]] = [[] for _ in range(SLOTS)]
        self._groups: dict[str, Group] = {}
        self._pending: dict[str, tuple[Watched, Entry]] = {}
        self._next = NOWHERE
        if self._book_rules:
            engine.listen(self.changed)

    # -- time ------------------------------------------------------------------------------------------------

    def begin(self, now: int) -> None:
        """The clock starts."""
        if self._next == NOWHERE and self.rules:
            self._next = (now // TICK + 1) * TICK

    def deadline(self) -> int:
        """When `timer` is due (ns)."""
        return self._next

    def timer(self, now: int) -> None:
        """A twentieth of a second has passed: the books whose turn it is, holds that end, connections, old news."""
        self._next = (now // TICK + 1) * TICK
        slot = now // TICK % SLOTS
        for watched in list(self._slots[slot]):
            self._turn(watched, now)
        for id, (watched, entry) in list(self._pending.items()):
            if now >= entry.alert.due:
                self._evaluate(watched, [entry], now)
            if entry.alert.state is not AlertState.PENDING:
                self._pending.pop(id, None)
        if slot % _FEEDS_EVERY == 0 and self._feed_rules:
            self._look_at_feeds(now)
        if slot == 0:
            self._tidy(now)

    def _turn(self, watched: Watched, now: int) -> None:
        """A book's turn, once a second: sample its windows and evaluate all its rules."""
        if watched.book.outputs is not watched.outputs:
            self._laid_out_anew(watched, now)
            return
        if watched.book.state != LIVE:
            self._evaluate(watched, watched.entries, now)
            return
        values = watched.book.values(now)
        for entry in watched.averaging:  # an average over a window has the present in it
            self._sample(entry, values, now)
        self._judge(watched, watched.entries, now, values)
        for entry in watched.comparing:  # measured against what came before, so the present joins last
            self._sample(entry, values, now)
        for entry in watched.entries:
            self._arm(watched, entry, values, now)

    def _sample(self, entry: Entry, values: Sequence[float], now: int) -> None:
        if entry.part is not None:
            entry.part.sample(values, now)

    def _tidy(self, now: int) -> None:
        """Once a second: books that are gone, alerts that nobody proves, silences that are over."""
        here = dict.fromkeys([*self.engine.books.values(), *self.beside()])
        for book in [one for one in self._books if one not in here]:
            self._let_go(book, now)
        if self._book_rules:
            for book in [one for one in here if one not in self._books]:
                self._adopt(book, now)
        self.silences.expire(now)
        for alert in list(self.alerts.values()):
            if not alert.active:
                continue
            if alert.state is AlertState.UNKNOWN and now - alert.since >= self.give_up:
                self._happened(alert.resolve(now, "unproven"), alert, now)
            elif not alert.notified:
                self._tell_at_last(alert, now)

    def _tell_at_last(self, alert: Alert, now: int) -> None:
        """It fired under a silence; tell it once no silence covers it any more."""
        silenced_by = self.silences.of(labels_of(alert), now)
        if not silenced_by and not alert.acknowledged and alert.state is AlertState.FIRING:
            alert.notified, alert.silenced_by = True, ""
            self.tell(News(Happening.FIRED, alert, now, True))
        else:
            alert.silenced_by = silenced_by

    # -- books -----------------------------------------------------------------------------------------------

    def changed(self, book: Book) -> None:
        """The engine's listener: a message, a print, or a change of state of this book. Costs next to nothing."""
        watched = self._books.get(book)
        if watched is None:
            self._adopt(book, self.clock())
        elif book.state != watched.state:
            self._evaluate(watched, watched.entries, self.clock())
        elif watched.guards.tripped() >= 0:
            self._tripped(watched)

    def pushed(self, book: Book) -> None:
        """A series was pushed: seldom enough to evaluate its rules each time."""
        watched = self._books.get(book)
        if watched is None:
            self._adopt(book, self.clock())
        elif book.outputs is not watched.outputs:
            self._laid_out_anew(watched, self.clock())
        else:
            self._evaluate(watched, watched.entries, self.clock())

    def _tripped(self, watched: Watched) -> None:
        """Evaluate the rules behind guards that say so; one that goes on saying so waits for the book's turn."""
        if watched.state != LIVE:
            return
        now = self.clock()
        values = watched.book.values(now)
        seen = set()
        while (k := watched.guards.tripped()) >= 0:
            if k in seen:
                watched.guards.mute(k)
                continue
            seen.add(k)
            entry = watched.owners[k][0]
            self._evaluate(watched, [entry], now, values)

    def _adopt(self, book: Book, now: int) -> None:
        """A book that is new here gets the rules that look at it, those whose metrics it has."""
        entries = [
            entry
            for rule, fits in self._book_rules
            if fits(book) and _speaks_of(rule, book)
            for entry in self._entries(rule, book)
        ]
        watched = self._books[book] = Watched(book, entries)
        min(self._slots, key=len).append(watched)
        self._evaluate(watched, entries, now)

    def _laid_out_anew(self, watched: Watched, now: int) -> None:
        """A consolidated book has other outputs now: its rules are bound to them, its alerts go on."""
        for slot in self._slots:
            if watched in slot:
                slot.remove(watched)
        for entry in watched.entries:
            self._pending.pop(entry.alert.id, None)
        self._adopt(watched.book, now)
        kept = {entry.alert.id for entry in self._books[watched.book].entries}
        for alert in {entry.alert.id: entry.alert for entry in watched.entries}.values():
            if alert.id not in kept:
                verdict = Verdict(None, reason="its metric is not there any more")
                self._happened(alert.step(verdict, now, self.give_up), alert, now)

    def _entries(self, rule: Rule, book: Book) -> list[Entry]:
        """One; of what a consolidated book tells by venue, one a venue, as each has an alert of its own."""
        venues = [] if rule.quorum else venues_of(rule.when, book.outputs)
        if not venues:
            return [self._entry(rule, rule.when, book, book.venue)]
        return [self._entry(rule, of_venue(rule.when, book.outputs, one), book, one) for one in venues]

    def _entry(self, rule: Rule, when: Condition, book: Book, venue: str) -> Entry:
        names = [output.name for output in book.outputs]
        part = None if when.book else bound(when, book.outputs, names)
        labels = {"venue": venue, "market": book.market, "symbol": book.symbol}
        if not rule.quorum:
            return Entry(rule, part, self._alert(rule, labels), None)
        labels["venue"] = "several"
        alert = self._alert(rule, labels)
        group = self._groups.setdefault(alert.id, Group(alert))
        return Entry(rule, part, None, group)

    def _let_go(self, book: Book, now: int) -> None:
        watched = self._books.pop(book)
        for slot in self._slots:
            if watched in slot:
                slot.remove(watched)
        for entry in watched.entries:
            self._pending.pop(entry.alert.id, None)
            if entry.group is not None:
                entry.group.verdicts.pop(book, None)
                self._step(watched, entry, entry.group.verdict(), now)
            else:
                self._happened(entry.alert.resolve(now, "no longer watched"), entry.alert, now)
                self.alerts.pop(entry.alert.id, None)

    def _evaluate(
        self, watched: Watched, entries: Sequence[Entry], now: int, values: Sequence[float] | None = None
    ) -> None:
        book = watched.book
        live = book.state == LIVE
        if live and values is None:
            values = book.values(now)
        if not live:
            values = None
            watched.mute()
        self._judge(watched, entries, now, values)
        if values is not None:
            for entry in entries:
                self._arm(watched, entry, values, now)

    def _judge(
        self, watched: Watched, entries: Sequence[Entry], now: int, values: Sequence[float] | None
    ) -> None:
        watched.state = watched.book.state
        for entry in entries:
            self.evaluations += 1
            self._step(watched, entry, entry.judge(watched.book, values, now), now)

    def _arm(self, watched: Watched, entry: Entry, values: Sequence[float], now: int) -> None:
        if watched.state == LIVE:
            watched.arm(entry, values, now)

    def _step(self, watched: Watched, entry: Entry, verdict: Verdict, now: int) -> None:
        alert = entry.alert
        self._happened(alert.step(verdict, now, self.give_up), alert, now)
        if alert.state is AlertState.PENDING:
            self._pending[alert.id] = (watched, entry)

    # -- connections and venues ------------------------------------------------------------------------------

    def _look_at_feeds(self, now: int) -> None:
        """Connections are not told of, they are looked at: several of one route count as one."""
        feeds: dict[tuple[str, str, str], list[Any]] = {}
        venues: dict[str, list[Any]] = {}
        for feed in self.engine.feeds:
            feeds.setdefault((feed.venue, feed.product, feed.route), []).append(feed)
            venues.setdefault(feed.venue, []).append(feed)
        for rule in self._feed_rules:
            fits = Selection(rule.select.venue).venue_test()
            seen = set()
            subjects: Iterable[tuple[dict[str, str], list[Any], bool]]
            if rule.scope == "feed":
                subjects = [
                    ({"venue": venue, "product": product, "route": route}, those, _any_down(those))
                    for (venue, product, route), those in feeds.items()
                ]
            else:
                subjects = [({"venue": venue}, those, _all_down(those)) for venue, those in venues.items()]
            for labels, those, down in subjects:
                if fits(labels["venue"]):
                    alert = self._alert(rule, labels)
                    seen.add(alert.id)
                    verdict = Verdict(down, reason=_why(those) if down else "")
                    self._happened(alert.step(verdict, now, self.give_up), alert, now)
            self._forget_feeds(rule, seen, now)

    def _forget_feeds(self, rule: Rule, seen: set[str], now: int) -> None:
        """Connections that are no more (a placeholder, a venue let go) have no alerts."""
        for id, alert in list(self.alerts.items()):
            restored = alert.state is AlertState.UNKNOWN
            if alert.rule is rule and id not in seen and not restored:
                self._happened(alert.resolve(now, "no longer watched"), alert, now)
                del self.alerts[id]

    # -- alerts ----------------------------------------------------------------------------------------------

    def _alert(self, rule: Rule, labels: dict[str, str]) -> Alert:
        id = fingerprint(rule.alert, labels)
        if id not in self.alerts:
            self.alerts[id] = Alert(rule, labels, id=id)
        return self.alerts[id]

    def _happened(self, happening: Happening | None, alert: Alert, now: int) -> None:
        if happening is None:
            return
        alert.silenced_by = self.silences.of(labels_of(alert), now)
        notify = not alert.silenced_by
        if happening is Happening.FIRED:
            alert.notified = notify
        else:
            notify = notify and alert.notified
            if alert.acknowledged is not None and happening is not Happening.RESOLVED:
                notify = False
        self.tell(News(happening, alert, now, notify))
        if happening is Happening.RESOLVED:
            alert.forget_episode()

    def restore(self, rows: Iterable[Mapping[str, Any]], now: int) -> None:
        """Alerts that were active when the service stopped: unknown until their book says more."""
        by_name = {rule.alert: rule for rule in self.rules}
        for row in rows:
            rule = by_name.get(row["alert"])
            if rule is None:
                continue
            alert = self._alert(rule, dict(row["labels"]))
            alert.state, alert.reason, alert.since = AlertState.UNKNOWN, "the service was restarted", now
            alert.fired_at, alert.notified = row["fired_at"], row["notified"]
            alert.value = alert.peak = float("nan") if row["peak"] is None else row["peak"]
            alert.output = alert.peak_output = row["output"]
            alert.acknowledged = row["acknowledged"]

    def active(self) -> list[Alert]:
        """Alerts that fire, or did when it could last be told; the newest last."""
        return sorted((one for one in self.alerts.values() if one.active), key=lambda one: one.fired_at)


def labels_of(alert: Alert) -> dict[str, str]:
    """What silences match: the alert's labels, its name and severity."""
    return alert.labels | {"alert": alert.rule.alert, "severity": alert.severity.value}


def _test(rule: Rule) -> Callable[[Any], bool]:
    return Selection(rule.select.venue, rule.select.market, rule.select.symbol).test()


def _speaks_of(rule: Rule, book: Book) -> bool:
    """Does this book have what the rule names? A consolidated book's state is told by its members'; a series has none."""
    if rule.when.book:
        return not book.members and not isinstance(book, PushedBook)
    return not fault_of(rule, book.outputs, set())


def _any_down(feeds: Sequence[Any]) -> bool:
    return any(feed.state != "open" for feed in feeds)


def _all_down(feeds: Sequence[Any]) -> bool:
    return all(feed.state != "open" for feed in feeds)


def _why(feeds: Sequence[Any]) -> str:
    """The first connection that is down, in words."""
    return next(told(feed) for feed in feeds if feed.state != "open")
