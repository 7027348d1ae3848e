"""Deribit, JSON-RPC over WebSocket: rows with actions, chained change ids that jump, heartbeats that must be answered.

Source: the fact sheet deribit. Unknown channels are left out of a result in silence; `.raw` without a key refuses the
whole request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from .. import derivative
from ..book import Side
from ..connection import MS, NS, Connection, asked, parsed
from ..counters import Contiguous, Counter
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, FullFeed, joined, written
from ..frames import Answer, Frame
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

INTERVALS = {"100ms": 100 * MS, "agg2": NS}
CALLS_A_SECOND = 20
BURST = 100


def number(text: str) -> str:
    """A number as the venue's JSON has it: ``42500.0``."""
    return text if "." in text else f"{text}.0"


class DeribitConnection(Connection):
    """A socket on ``/ws/api/v2``."""

    venue: Deribit

    def opened(self, now: int) -> None:
        self.interval = 0
        self.asked_at = 0
        self.beats = 0
        self.spare, self.spare_at = float(BURST), now

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        if message is None:
            self._fail(None, -32700, "Parse error", now)
            return
        method, given = message.get("method"), message.get("params")
        params: dict[str, Any] = given if isinstance(given, dict) else {}
        self.spare = min(BURST, self.spare + (now - self.spare_at) / NS * CALLS_A_SECOND) - 1
        self.spare_at = now
        if self.spare < 0:
            self._fail(message.get("id"), 10028, "too_many_requests", now)
            return
        match method:
            case "public/subscribe" | "public/unsubscribe":
                names = [str(name) for name in asked(params, "channels")]
                self._change(method == "public/subscribe", names, message.get("id"), now)
            case "public/set_heartbeat":
                self._beat_every(params.get("interval"), message.get("id"), now)
            case "public/test":
                self.asked_at = 0
                self._succeed(message.get("id"), {"version": "1.2.26"}, now)
            case _:
                self._fail(message.get("id"), -32601, "Method not found", now)

    def _change(self, joins: bool, names: list[str], request: Any, now: int) -> None:
        if joins and any(name.endswith(".raw") for name in names):
            self._fail(request, 13778, "raw_subscriptions_not_available_for_unauthorized", now)
            return
        known = [name for name in dict.fromkeys(names) if self._fits(name, joins)]
        self._succeed(request, self.random.sample(known, len(known)), now)
        for name in known:
            kind, native, interval = name.split(".")
            if not joins:
                self.unfollow(name)
                self.venue.leave(self, f"{kind}:{native}")
            elif kind != "book":
                self.venue.join(self, f"{kind}:{native}")
            elif name not in self.feeds:
                market = self.venue.markets["public", native]
                feed = self.venue.feed(name, partial(self.venue.full, name, market, INTERVALS[interval]))
                self.follow(feed)
                self.venue.send_snapshot(self, feed, now)

    def _fits(self, name: str, joins: bool) -> bool:
        parts = name.split(".")
        if len(parts) != 3 or parts[0] not in ("book", "trades", "ticker") or parts[2] not in INTERVALS:
            return False
        if ("public", parts[1]) not in self.venue.markets:
            return False
        if not joins or parts[0] == "ticker":
            return True
        return self.venue.faults.take(Reject, "public", parts[1], self.number) is None

    def _beat_every(self, seconds: Any, request: Any, now: int) -> None:
        if not isinstance(seconds, (int, float)) or seconds < 10:
            self._fail(request, -32602, "Invalid params", now)
            return
        if not self.interval:
            self.at(now + int(seconds * NS), self._beat)
        self.interval = int(seconds * NS)
        self._succeed(request, "ok", now)

    def _beat(self, now: int) -> None:
        if self.asked_at:
            self.close(now, 1000, "no answer to a test request")
            return
        kinds = ["heartbeat"]
        self.beats += 1
        if self.beats % 2 == 0:
            kinds.append("test_request")
            self.asked_at = now
        for kind in kinds:
            text = f'{{"jsonrpc":"2.0","method":"heartbeat","params":{{"type":"{kind}"}}}}'
            self.say(text, now, kind="heartbeat")
        self.at(now + self.interval, self._beat)

    def _succeed(self, request: Any, result: Any, now: int) -> None:
        self._answer(request, {"result": result}, now)

    def _fail(self, request: Any, code: int, message: str, now: int) -> None:
        self._answer(request, {"error": {"code": code, "message": message}}, now)

    def _answer(self, request: Any, body: dict[str, Any], now: int) -> None:
        times = {"usIn": now // 1000, "usOut": now // 1000 + 90, "usDiff": 90, "testnet": False}
        said = {"jsonrpc": "2.0", "id": request, **body, **times}
        self.say(json.dumps(said, separators=(",", ":")), now)


class Deribit(SimulatedVenue):
    """The public socket and the same methods over HTTP."""

    name = "deribit"
    last_id = 33_195_894_133
    real_hosts: ClassVar = {"public": {"ws": "wss://www.deribit.com", "rest": "https://www.deribit.com"}}
    catalogue = (
        Listing(
            "BTC-PERPETUAL", "public", "BTC", "USD", Scale("0.5"), Scale("10"), inverse=True, basis_bps=-2.4
        ),
        Listing(
            "ETH-PERPETUAL", "public", "ETH", "USD", Scale("0.05"), Scale("1"), inverse=True, basis_bps=-2.4
        ),
        Listing("BTC_USDC-PERPETUAL", "public", "BTC", "USDC", Scale("1"), Scale("0.001"), basis_bps=-1.9),
    )

    def counter(self, listing: Listing) -> Counter:
        return Contiguous(0)  # never shown

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> DeribitConnection:
        if path != "/ws/api/v2":
            raise HandshakeRefusedError(404)
        return DeribitConnection(self, number, path, query, now)

    # -- books --------------------------------------------------------------------------------------

    def full(self, topic: str, market: Market, interval: int) -> FullFeed:
        """A feed whose ``last`` is a change id; all books draw theirs from one engine's counter."""
        feed = FullFeed(topic, market, interval)
        feed.last = self._next_id()
        return feed

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        previous, feed.last = feed.last, self._next_id()
        frame = self._frame(feed, f'"prev_change_id":{previous},', "change", delta.bids, delta.asks, now)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    def send_snapshot(self, connection: Connection, feed: Feed, now: int) -> None:
        """All levels as the feed last said them; no id stands before it."""
        connection.put(self._frame(feed, "", "snapshot", *feed.levels(), now), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            self.send_snapshot(connection, feed, now)

    def _frame(self, feed: Feed, previous: str, kind: Any, bids: Any, asks: Any, now: int) -> Frame:
        listing = feed.market.listing

        def fragment(_side: Side, price: str, size: str) -> str:
            action = "new" if kind == "snapshot" else "delete" if not float(size) else "change"
            return f'["{action}",{price},{size}]'

        levels = written(
            (("bid", bids), ("ask", asks)),
            lambda tick: number(listing.tick.plain(tick)),
            lambda lots: number(listing.lot.plain(lots)),
            fragment,
        )
        text = (
            f'{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"{feed.topic}","data":{{"type":"{kind}",'
            f'"timestamp":{now // MS},{previous}"instrument_name":"{listing.native}","change_id":{feed.last},'
            f'"bids":[{joined(levels, "bid")}],"asks":[{joined(levels, "ask")}]}}}}}}'
        )
        sent: Any = "update" if kind == "change" else "snapshot"
        return Frame(text, sent, "public", listing.native, levels, feed.rank)

    def _next_id(self) -> int:
        self.last_id += self.random.randint(1, 400)
        return self.last_id

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        rows = ",".join(
            f'{{"trade_seq":{trade.id},"trade_id":"{trade.id * 3}","timestamp":{trade.time // MS},"tick_direction":2,'
            f'"price":{number(listing.tick.plain(trade.tick))},"mark_price":{number(listing.tick.plain(trade.tick))},'
            f'"instrument_name":"{listing.native}","index_price":{number(listing.tick.plain(trade.tick))},'
            f"{_forced(trade)}"
            f'"direction":"{trade.taker}","contracts":1.0,"amount":{number(listing.lot.plain(trade.lots))}}}'
            for trade in trades
        )
        text = (
            f'{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"trades.{listing.native}.100ms",'
            f'"data":[{rows}]}}}}'
        )
        for connection in self.members(f"trades:{listing.native}"):
            connection.put(Frame(text, "trade", "public", listing.native), now)

    def second(self, now: int) -> None:
        for market in self.markets.values():
            native = market.listing.native
            if members := self.members(f"ticker:{native}"):
                # The slower of the two intervals that are open without a key.
                said = {"channel": f"ticker.{native}.agg2", "data": _ticker(market, now)}
                body = {"jsonrpc": "2.0", "method": "subscription", "params": said}
                text = json.dumps(body, separators=(",", ":"))
                for connection in members:
                    connection.put(Frame(text, "other", "public", native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        market = self.markets.get(("public", query.get("instrument_name", "")))
        match path.removeprefix("/api/v2/public/"):
            case "get_instruments":
                wanted = query.get("currency", "any")
                listings = [market.listing for market in self.markets.values()]
                rows = [self._instrument(one) for one in listings if wanted in ("any", one.base, one.quote)]
                return _json(rows)
            case "get_order_book" if market is not None:
                listing, sheet, depth = (
                    market.listing,
                    market.sheet(now, age_ns),
                    int(query.get("depth", "5")),
                )
                sides = {
                    name: [
                        [float(listing.tick.plain(t)), float(listing.lot.plain(n))] for t, n in side[:depth]
                    ]
                    for name, side in (("bids", sheet.bids), ("asks", sheet.asks))
                }
                return _json({**sides, "instrument_name": listing.native, "timestamp": now // MS})
        return Answer(404, '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"}}')

    def _instrument(self, listing: Listing) -> dict[str, Any]:
        coin = listing.base if listing.inverse else listing.quote
        return {
            "instrument_name": listing.native,
            "kind": "future",
            "instrument_type": "reversed" if listing.inverse else "linear",
            "settlement_period": "perpetual",
            "settlement_currency": coin,
            "base_currency": listing.base,
            "quote_currency": listing.quote,
            "contract_size": float(listing.lot.plain(1)),
            "tick_size": float(listing.tick.plain(1)),
            "min_trade_amount": float(listing.lot.plain(1)),
            "is_active": True,
        }


def _forced(trade: Trade) -> str:
    """Whose position a print closed by force, where it did: the taker's, the maker's, or both."""
    who = ("T", "T", "M", "MT")[trade.id // derivative.ONE_IN % 4]
    return f'"liquidation":"{who}",' if derivative.forced([trade]) else ""


def _ticker(market: Market, now: int) -> dict[str, Any]:
    listing, mark = market.listing, round(derivative.mark(market), 2)
    return {
        "timestamp": now // MS,
        "state": "open",
        "open_interest": float(listing.lot.plain(derivative.open_interest(market, now))),
        "mark_price": mark,
        "last_price": mark,
        "instrument_name": listing.native,
        "index_price": round(derivative.index(market, now), 2),
        "funding_8h": derivative.funding_rate(market, now),
        "current_funding": derivative.funding_rate(market, now),
    }


def _json(result: Any) -> Answer:
    return Answer(200, json.dumps({"jsonrpc": "2.0", "result": result}, separators=(",", ":")))
