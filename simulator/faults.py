"""Faults on command: what goes wrong, for whom, and how often.

A fault is a small dataclass. ``Faults`` keeps those that wait for a frame, a subscription or a REST call; the
venue asks it before anything leaves. All is deterministic, so that a generated test can be repeated.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from .frames import Frame, Kind

NS = 1_000_000_000
FOREVER = 1 << 62
NEAR_RANKS = 10


@dataclass(slots=True, kw_only=True)
class Fault:
    """What all faults share. A field left None means any; ``count`` is how often the fault strikes."""

    product: str | None = None
    symbol: str | None = None
    connection: int | None = None
    count: int = 1

    def hits(self, product: str, symbol: str, connection: int | None = None) -> bool:
        """Whether this fault is meant for them."""
        return (
            self.product in (None, product)
            and self.symbol in (None, symbol)
            and (connection is None or self.connection in (None, connection))
        )


@dataclass(slots=True, kw_only=True)
class FrameFault(Fault):
    """A fault of one kind of frame: ``update``, ``snapshot``, ``trade`` …"""

    frame: Kind = "update"


class Drop(FrameFault):
    """The next frame is lost."""


class Double(FrameFault):
    """The next frame is sent twice."""


class Swap(FrameFault):
    """The next frame changes places with the one of its symbol after it."""


class Cut(FrameFault):
    """The next frame ends in the middle."""


@dataclass(slots=True, kw_only=True)
class Corrupt(FrameFault):
    """One digit of one size is changed, all else (a checksum too) stays.

    ``rank`` is ``near`` (a level of the best ten), ``deep`` (a level behind them) or ``any``. The fault waits
    for a frame with such a level.
    """

    rank: str = "any"


@dataclass(slots=True, kw_only=True)
class Lasting(Fault):
    """A fault that holds for some seconds, or without end."""

    seconds: float | None = None
    until: int = FOREVER


class Silence(Lasting):
    """The socket stays open and says nothing: no data, no heartbeat, no ping, no answer."""


class QuietSymbol(Lasting):
    """The feed of one symbol stops while its market goes on."""


class QuietMarket(Lasting):
    """Nothing happens in one market, so its feed is rightly quiet."""


@dataclass(slots=True, kw_only=True)
class CrossedBook(Lasting):
    """The venue itself shows a bid above its best ask."""

    seconds: float | None = 2.0


class Reject(Fault):
    """The next subscription to a symbol is refused in the venue's words (Binance: acked, then silent)."""


class Disconnect(Fault):
    """The socket ends abruptly."""


@dataclass(slots=True, kw_only=True)
class RefuseConnection(Fault):
    """The next WebSocket handshakes fail with an HTTP status."""

    status: int = 503


@dataclass(slots=True, kw_only=True)
class ShutdownNotice(Fault):
    """The venue says that it will close (serverShutdown, 64008, maintenance); ``seconds`` later it does."""

    seconds: float = 10.0


class SequenceReset(Fault):
    """OKX: the next update continues from a lower ``seqId``, which is legal."""


class SnapshotAgain(Fault):
    """An unasked snapshot; Bybit's has ``u`` 1, as after a restart of the service."""


@dataclass(slots=True, kw_only=True)
class RestFault(Fault):
    """A fault of REST answers. ``path`` is a part of the path; by default snapshots and all else are hit."""

    path: str = ""


@dataclass(slots=True, kw_only=True)
class StaleSnapshot(RestFault):
    """The REST book is some seconds old; the venue remembers about five."""

    seconds: float = 2.0


@dataclass(slots=True, kw_only=True)
class SlowRest(RestFault):
    """The REST answer takes so much longer; its content is of the moment it was asked for."""

    seconds: float = 5.0


@dataclass(slots=True, kw_only=True)
class RestStatus(RestFault):
    """The REST answer is an error: 429 and 418 with ``Retry-After``, 500 and others without."""

    status: int = 429
    retry_after: int = 5


class MalformedRest(RestFault):
    """The REST answer's body ends in the middle."""


F = TypeVar("F", bound=Fault)


def _leaves(kind: type[Fault]) -> dict[str, type[Fault]]:
    found: dict[str, type[Fault]] = {}
    for child in kind.__subclasses__():
        found |= _leaves(child) or {_snake(child.__name__): child}
    return found


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


def named(name: str, fields: Mapping[str, object]) -> Fault:
    """A fault from its name (``drop``, ``rest_status``) and fields; ValueError says what is wrong."""
    kinds = _leaves(Fault)
    if name not in kinds:
        raise ValueError(f"no fault {name!r}; there are {', '.join(sorted(kinds))}")
    known = {field.name for field in dataclasses.fields(kinds[name])}
    if unknown := set(fields) - known:
        raise ValueError(
            f"fault {name!r} has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}"
        )
    return kinds[name](**fields)  # type: ignore[arg-type]  # the names are checked above


class Faults:
    """The faults that wait or last, and how many have struck, by name."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []
        self.struck: dict[str, int] = {}
        self._kept_back: dict[tuple[int, str, str], list[str]] = {}

    def arm(self, fault: Fault, now: int) -> None:
        """Let a fault wait for its occasion."""
        if isinstance(fault, Lasting) and fault.seconds is not None:
            fault.until = now + int(fault.seconds * NS)
        self.armed.append(fault)

    def clear(self) -> None:
        """Forget all that wait or last."""
        self.armed.clear()
        self._kept_back.clear()

    def take(self, kind: type[F], product: str, symbol: str, connection: int | None = None) -> F | None:
        """The first fault of a kind that hits, used up by one."""
        for fault in self.armed:
            if isinstance(fault, kind) and fault.hits(product, symbol, connection):
                self._use(fault)
                return fault
        return None

    def take_rest(self, path: str, product: str, symbol: str) -> list[RestFault]:
        """All faults for one REST call, each used up by one."""
        found = [
            fault
            for fault in self.armed
            if isinstance(fault, RestFault) and fault.path in path and fault.hits(product, symbol)
        ]
        for fault in found:
            self._use(fault)
        return found

    def silent(self, connection: int, now: int) -> bool:
        """Whether nothing at all may leave on a connection."""
        return self._lasts(Silence, connection, "", "", now)

    def withholds(self, connection: int, product: str, symbol: str, now: int) -> bool:
        """Whether frames of a symbol may not leave on a connection."""
        if not self.armed:
            return False
        return self.silent(connection, now) or self._lasts(QuietSymbol, connection, product, symbol, now)

    def sent(self, frame: Frame, connection: int) -> list[str]:
        """The texts that leave in place of a frame: none, one or several."""
        if not self.armed and not self._kept_back:
            return [frame.text]
        key = (connection, frame.product, frame.symbol)
        texts = self._spoilt(frame, connection)
        if texts is None:
            self._kept_back.setdefault(key, []).append(frame.text)
            return []
        if frame.kind in ("update", "snapshot", "trade"):
            texts += self._kept_back.pop(key, [])
        return texts

    def _spoilt(self, frame: Frame, connection: int) -> list[str] | None:
        for fault in self.armed:
            if not isinstance(fault, FrameFault) or fault.frame != frame.kind:
                continue
            if not fault.hits(frame.product, frame.symbol, connection):
                continue
            if isinstance(fault, Corrupt):
                text = _corrupted(frame, fault.rank)
                if text is None:
                    continue
                self._use(fault)
                return [text]
            if isinstance(fault, Swap) and (connection, frame.product, frame.symbol) in self._kept_back:
                continue
            self._use(fault)
            match fault:
                case Drop():
                    return []
                case Double():
                    return [frame.text, frame.text]
                case Cut():
                    return [frame.text[: len(frame.text) // 2]]
                case Swap():
                    return None
        return [frame.text]

    def _lasts(self, kind: type[Lasting], connection: int, product: str, symbol: str, now: int) -> bool:
        for fault in self.armed:
            if type(fault) is kind and now < fault.until:
                if kind is Silence and fault.connection in (None, connection):
                    return True
                if kind is not Silence and fault.hits(product, symbol, connection):
                    return True
        return False

    def _use(self, fault: Fault) -> None:
        name = _snake(type(fault).__name__)
        self.struck[name] = self.struck.get(name, 0) + 1
        fault.count -= 1
        if fault.count <= 0:
            self.armed.remove(fault)


def _corrupted(frame: Frame, rank: str) -> str | None:
    for level in reversed(frame.levels):  # of a price named twice the last word counts
        if not level.size.strip("0.") or not level.fragment:  # nothing to change, or it is not told where
            continue
        is_near = frame.rank is None or frame.rank(level.side, level.tick) < NEAR_RANKS
        if rank != "any" and is_near != (rank == "near"):
            continue
        start = level.fragment.find(level.size, level.fragment.index(level.price) + len(level.price))
        at = start + next(i for i, digit in enumerate(level.size) if digit in "123456789")
        other = str(int(level.fragment[at]) % 9 + 1)
        spoilt = level.fragment[:at] + other + level.fragment[at + 1 :]
        return frame.text.replace(level.fragment, spoilt, 1)
    return None
