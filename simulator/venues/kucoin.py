"""KuCoin's UTA sockets: spot and futures, a welcome before anything, JSON in binary frames.

Source: the fact sheet kucoin. Both have hosts of their own in reality; here the first segment of a path tells them
apart: ``/spot``, ``/futures/api/ua/v1/market/instrument``. A book is the best 500 levels a side, gathered over 10 ms,
whose ids have no hole. An unknown symbol is acknowledged and stays silent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import derivative
from ..book import Level, Side
from ..connection import MS, NS, Connection, parsed
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, WindowFeed, joined, pair, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

DEPTH = 500
GATHERED = "increment@10ms"
OF_DERIVATIVES = ("mark-price", "funding-fee")
IDLE_NS = 60 * NS
WELCOME_NS = 40 * MS


class LateWindow(WindowFeed):
    """A window whose leavers are removed with the frame after: in between a client holds some levels more than it has."""

    def __init__(self, topic: str, market: Market) -> None:
        super().__init__(topic, market, 10 * MS, DEPTH)
        self._late: dict[Side, list[int]] = {"bid": [], "ask": []}

    def _moved(self, side: Side, window: dict[int, int]) -> list[Level]:
        ladder, before, late = self.market.book.side(side), dict(window), self._late[side]
        self._late[side] = leaving = []
        changes: list[Level] = []
        for tick, lots in super()._moved(side, window):
            if lots == 0 and tick in ladder.sizes and tick not in late:
                window[tick] = before[tick]
                leaving.append(tick)
            else:
                changes.append((tick, lots))
        edge = self._edge(ladder)
        for tick in late:
            if tick not in window:  # told above
                continue
            if edge is not None and tick * ladder.sign > edge:
                del window[tick]
                changes.append((tick, 0))
            elif window[tick] != ladder.sizes[tick]:  # inside again
                window[tick] = ladder.sizes[tick]
                changes.append((tick, window[tick]))
        return changes


class KucoinConnection(Connection):
    """A socket of one product."""

    venue: Kucoin

    def opened(self, now: int) -> None:
        self.product = self.path.removeprefix("/")
        self.pinged_at = -NS
        self.awaiting: dict[str, int] = {}  # topics of books that were asked for, and when they come
        welcome = {"sessionId": f"s{self.number}", "message": "welcome", "pingInterval": 18000}
        self.say(json.dumps(welcome, separators=(",", ":")), now, delay_ns=WELCOME_NS)
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        message = parsed(text) or {}
        if now - self.opened_at < WELCOME_NS:
            return
        if message.get("type") == "ping":
            self._pong(message, now)
        elif (fault := self._fault(message)) is not None:
            self._answer({"id": message.get("id"), "result": False, "message": fault}, now)
        else:
            self._answer({"id": message.get("id"), "result": True}, now)
            self._take(message["action"] == "SUBSCRIBE", message["channel"], message["symbol"], now)

    def _pong(self, message: dict[str, Any], now: int) -> None:
        """More than one ping a second, and the socket is dropped."""
        if now - self.pinged_at < NS:
            self.close(now, None)
        self.pinged_at = now
        self._answer({"type": "pong", "id": message.get("id"), "ts": now}, now)

    def _fault(self, message: dict[str, Any]) -> str | None:
        """Why a request is refused, where it is."""
        channel = message.get("channel")
        offered = ("obu", "trade", *(OF_DERIVATIVES if self.product == "futures" else ()))
        understood = message.get("action") in ("SUBSCRIBE", "UNSUBSCRIBE") and channel in offered
        understood = understood and message.get("tradeType") == self.product.upper()
        understood = understood and isinstance(message.get("symbol"), str)
        if not understood or (channel == "obu" and message.get("depth") != GATHERED):
            return "invalid request data"
        return None

    def _take(self, wanted: bool, channel: str, symbol: str, now: int) -> None:
        """Unknown symbols are accepted too, and stay silent; a book comes some time after it was accepted."""
        topic = f"{self.product}/{channel}/{symbol}"
        market = self.venue.markets.get((self.product, symbol))
        if not wanted:
            self.awaiting.pop(topic, None)
            self.unfollow(topic)
            self.venue.leave(self, topic)
        elif market is None:
            return
        elif channel in OF_DERIVATIVES:
            self.venue.join(self, topic)
        elif self.venue.faults.take(Reject, self.product, symbol, self.number):
            return
        elif channel == "trade":
            self.venue.join(self, topic)
        elif topic not in self.feeds:
            when = now + int((0.5 + 5.5 * self.random.random() ** 3) * NS)
            self.awaiting[topic] = when
            self.at(when, lambda then: self._begin(topic, market, when, then))

    def _begin(self, topic: str, market: Market, when: int, now: int) -> None:
        """The whole book, and from now on what changes; unless it was let go, or asked for anew, since."""
        if self.awaiting.get(topic) == when:
            del self.awaiting[topic]
            feed = self.venue.feed(topic, lambda: LateWindow(topic, market))
            self.follow(feed)
            self.venue.send_book(self, feed, now)

    def _answer(self, message: dict[str, Any], now: int) -> None:
        self.say(json.dumps(message, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        """Who asked for nothing and says nothing is thrown out; with a subscription it is left alone."""
        listens = self.feeds or self.awaiting or any(self in its for its in self.venue.topics.values())
        if now - self.heard_at >= IDLE_NS and not listens:
            self.close(now, None)
        else:
            self.at(max(self.heard_at, now - IDLE_NS + NS) + IDLE_NS, self._watch)


class Kucoin(SimulatedVenue):
    """Two sockets and the lists of instruments."""

    name = "kucoin"
    binary = True
    prefixes: ClassVar = {"spot": "/spot", "futures": "/futures"}
    real_hosts: ClassVar = {
        "spot": {"ws": "wss://x-push-spot.kucoin.com", "rest": "https://api.kucoin.com"},
        "futures": {"ws": "wss://x-push-futures.kucoin.com", "rest": "https://api.kucoin.com"},
    }
    catalogue: ClassVar[Sequence[Listing]] = (
        Listing("BTC-USDT", "spot", "BTC", "USDT", Scale("0.1"), Scale("0.00001"), basis_bps=0.1),
        Listing("ETH-USDT", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.0001"), basis_bps=0.1),
        Listing(
            "XBTUSDTM", "futures", "BTC", "USDT", Scale("0.1"), Scale("1"), contract=0.001, basis_bps=-3.0
        ),
        Listing(
            "XBTUSDM",
            "futures",
            "BTC",
            "USD",
            Scale("0.1"),
            Scale("1"),
            contract=1,
            inverse=True,
            basis_bps=-2.0,
        ),
    )

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> KucoinConnection:
        if path not in self.prefixes.values():
            raise HandshakeRefusedError(404)
        return KucoinConnection(self, number, path, query, now)

    # -- what is sent -------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        first, feed.last = feed.last + 1, delta.last_id
        frame = self._book(feed, "update", first, delta.bids, delta.asks, now)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    def send_book(self, connection: Connection, feed: Feed, now: int) -> None:
        """The whole window, as the feed last said it."""
        connection.put(self._book(feed, "snapshot", feed.last, *feed.levels(), now), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            self.send_book(connection, feed, now)

    def _book(
        self, feed: Feed, kind: Kind, first: int, bids: list[Level], asks: list[Level], now: int
    ) -> Frame:
        listing = feed.market.listing
        rows = written((("bid", bids), ("ask", asks)), listing.tick.plain, listing.lot.plain, pair)
        data = (
            f'"a":[{joined(rows, "ask")}],"b":[{joined(rows, "bid")}],"s":"{listing.native}",'
            f'"C":{feed.last},"M":{now - now % MS},"O":{first}'
        )
        word = "snapshot" if kind == "snapshot" else "delta"
        text = (
            f'{{"T":"obu.{listing.product.upper()}","dp":"{GATHERED}","t":"{word}","P":{now},"d":{{{data}}}}}'
        )
        return Frame(text, kind, listing.product, listing.native, rows, feed.rank)

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        for trade in trades:
            price, size = listing.tick.plain(trade.tick), listing.lot.plain(trade.lots)
            data = {"s": listing.native, "S": trade.taker, "p": price, "q": size, "ti": str(trade.id)}
            data |= {"E": str(trade.id), "M": str(trade.time)}
            self._tell(market, "trade", f"trade.{listing.product.upper()}", data, now)

    def second(self, now: int) -> None:
        """Mark, index and open interest each second; each minute the rate that is settled next, beside the last one."""
        for market in self.markets.values():
            if market.listing.product != "futures":
                continue
            data: dict[str, Any] = {"s": market.listing.native, "mp": f"{derivative.mark(market):.2f}"}
            data |= {"ip": f"{derivative.index(market, now):.2f}", "ts": now // NS * 1000}
            data |= {"oi": str(derivative.open_interest(market, now))}
            self._tell(market, "mark-price", "mark-price", data, now)
            if now // NS % 60 == 0:
                following = derivative.next_funding(now) // MS
                data = {"s": market.listing.native, "fr": f"{derivative.funding_rate(market, now):.6f}"}
                data |= {"ft": following - 28_800_000, "lfr": "0.000100", "nt": following, "gl": 28_800_000}
                self._tell(market, "funding-fee", "funding-fee", data | {"fc": "0.003", "ff": "-0.003"}, now)

    def _tell(self, market: Market, channel: str, word: str, data: dict[str, Any], now: int) -> None:
        product, native = market.listing.product, market.listing.native
        members = self.members(f"{product}/{channel}/{native}")
        if not members:
            return
        text = json.dumps({"T": word, "P": now, "d": data}, separators=(",", ":"))
        for connection in members:
            connection.put(Frame(text, "trade" if channel == "trade" else "other", product, native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        asked = query.get("tradeType", "")
        if path not in [f"{prefix}/api/ua/v1/market/instrument" for prefix in self.prefixes.values()]:
            return Answer(404, "{}")
        if asked not in ("SPOT", "FUTURES"):
            return Answer(400, json.dumps({"code": "400100", "msg": "tradeType is not supported"}))
        rows = [_row(one.listing) for (product, _), one in self.markets.items() if product.upper() == asked]
        data = {"tradeType": asked, "list": rows}
        return Answer(200, json.dumps({"code": "200000", "data": data}, separators=(",", ":")))

    def error_body(self, status: int) -> str:
        return json.dumps({"code": f"{status}000", "msg": "Too Many Requests" if status == 429 else "error"})


def _row(listing: Listing) -> dict[str, Any]:
    """An instrument as the list has it."""
    row: dict[str, Any] = {"symbol": listing.native, "quoteCurrency": listing.quote, "tradingStatus": "1"}
    row |= {"tickSize": listing.tick.step}
    if listing.product == "spot":
        return row | {"baseCurrency": listing.base, "baseOrderStep": listing.lot.step}
    row |= {
        "baseCurrency": "XBT" if listing.base == "BTC" else listing.base,
        "settlementCurrency": "XBT" if listing.inverse else listing.quote,
        "contractType": "0",
        "isInverse": listing.inverse,
        "expiryTime": None,
        "lotSize": listing.lot.step,
        "unitSize": str(-listing.contract if listing.inverse else listing.contract),
    }
    return row
