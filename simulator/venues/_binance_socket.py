"""Binance's sockets: stream names, acknowledgements, PINGs, message limits."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..connection import MS, NS, Connection, asked, parsed
from ..faults import Reject
from ..feeds import FullFeed
from ..market import Market

if TYPE_CHECKING:
    from .binance import Binance

DAY_NS = 24 * 3600 * NS
ON_PUBLIC = ("depth", "bookTicker", "trade")


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream name, read."""

    name: str
    market: Market | None
    kind: str
    levels: int | None
    speed_ms: int | None


class BinanceConnection(Connection):
    """A socket on ``/ws`` or ``/stream``, with or without stream names in its path."""

    venue: Binance

    def __init__(
        self,
        venue: Binance,
        number: int,
        path: str,
        query: dict[str, str],
        now: int,
        *,
        product: str,
        route: str,
    ) -> None:
        super().__init__(venue, number, path, query, now)
        self.product = product
        self.route = route
        self.rules = venue.rules[product]
        self.combined = path.endswith("/stream")
        self.microseconds = query.get("timeUnit", "").lower() == "microsecond"
        self.streams: dict[str, Stream | None] = {}
        self._messages: deque[int] = deque(maxlen=self.rules.messages_per_second + 1)
        self._pings: list[bytes] = []

    def opened(self, now: int) -> None:
        names = self.query.get("streams", "") if self.combined else self.path.partition("/ws/")[2]
        for name in filter(None, names.split("/")):
            self.subscribe(name)
        self.at(now + self.rules.ping_every * NS, self._ping)
        self.at(now + DAY_NS, lambda t: self.close(t, 1001, "24 hours"))

    def received(self, text: str, now: int) -> None:
        self._count_message(now)
        message = parsed(text)
        if message is None:
            self.say('{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}', now)
            return
        if "method" not in message:
            self.say('{"code":2,"msg":"Invalid request: missing field `method` at line 1 column 2"}', now)
            return
        result: Any = None
        match message["method"]:
            case "SUBSCRIBE":
                for name in asked(message, "params"):
                    self.subscribe(str(name))
            case "UNSUBSCRIBE":
                for name in asked(message, "params"):
                    self.unsubscribe(str(name))
            case "LIST_SUBSCRIPTIONS":
                result = list(self.streams)
            case "SET_PROPERTY":
                self.combined = asked(message, "params")[-1:] == [True]
            case other:
                self.say(f'{{"code":2,"msg":"Invalid request: unknown variant `{other}`"}}', now)
                return
        answer = {"result": result, "id": message.get("id")}
        # Data may come before the acknowledgement.
        self.say(
            json.dumps(answer, separators=(",", ":")), now, delay_ns=self.random.choice((0, 0, 40, 180)) * MS
        )

    def subscribe(self, name: str) -> None:
        """Anything is acknowledged; what does not exist here, or not on this route, stays silent."""
        if name in self.streams:
            return
        stream = self.venue.stream(self.product, name)
        self.streams[name] = None
        if stream is None or not self._routed(stream.kind):
            return
        symbol = stream.market.listing.native if stream.market else ""
        if self.venue.faults.take(Reject, self.product, symbol, self.number) is not None:
            return
        self.streams[name] = stream
        topic = f"{self.product}/{name}"
        if stream.kind == "depth" and stream.levels is None and stream.market is not None:
            market, interval = stream.market, (stream.speed_ms or 0) * MS
            self.follow(self.venue.feed(topic, lambda: FullFeed(topic, market, interval)))
        else:
            self.venue.join(self, topic)

    def unsubscribe(self, name: str) -> None:
        """Forget a stream."""
        self.streams.pop(name, None)
        self.unfollow(f"{self.product}/{name}")
        self.venue.leave(self, f"{self.product}/{name}")

    def wrapped(self, stream: str, raw: str) -> str:
        """A payload, wrapped where this socket is combined."""
        return f'{{"stream":"{stream}","data":{raw}}}' if self.combined else raw

    def pong(self, payload: bytes, now: int) -> None:
        super().pong(payload, now)
        if self.product == "spot":
            self._count_message(now)
        if payload in self._pings:
            self._pings.clear()

    def ping(self, payload: bytes, now: int) -> None:
        super().ping(payload, now)
        self._count_message(now)

    def notice(self, now: int) -> None:
        self.say(self.wrapped("!serverShutdown", f'{{"e":"serverShutdown","E":{now // MS}}}'), now)

    def _routed(self, kind: str) -> bool:
        if self.rules.kind != "um":
            return True
        return (
            kind in ON_PUBLIC
            if self.route in ("", "/public")
            else self.route == "/market" and kind not in ON_PUBLIC
        )

    def _count_message(self, now: int) -> None:
        self._messages.append(now)
        if len(self._messages) == self._messages.maxlen and now - self._messages[0] < NS:
            self.close(now, 1008, "Too many requests")

    def _ping(self, now: int) -> None:
        payload = str(now // MS).encode()
        self._pings.append(payload)
        self.put_ping(payload, now)
        self.at(now + self.rules.ping_every * NS, self._ping)
        self.at(now + self.rules.pong_within * NS, lambda t: self._miss(payload, t))

    def _miss(self, payload: bytes, now: int) -> None:
        if payload in self._pings:
            self.close(now, 1008, "Pong timeout")
