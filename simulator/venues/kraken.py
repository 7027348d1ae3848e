"""Kraken spot, WebSocket v2: no sequence, a CRC32 over the best ten levels, truncation left to the client.

Source: the fact sheet kraken-spot. Numbers are JSON numbers with all decimals of the pair, so frames are
written as text here, and the checksum is computed from the same text.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

from ..book import Level, Side
from ..connection import NS, Connection, asked, parsed
from ..counters import Contiguous, Counter
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, WindowFeed, joined, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Step, Trade
from ..scale import Scale
from ..stamps import rfc3339
from ..venue import HandshakeRefusedError, SimulatedVenue

DEPTHS = (10, 25, 100, 500, 1000)
CHECKED = 10
IDLE_NS = 60 * NS
CHANNELS = ("book", "trade", "ticker", "instrument")


def checksum(listing: Listing, bids: list[Level], asks: list[Level]) -> int:
    """CRC32 of the best ten asks, then the best ten bids: digits without point or leading zeros."""
    price, size = listing.tick.fixed, listing.lot.fixed
    text = "".join(
        price(tick).replace(".", "").lstrip("0") + size(lots).replace(".", "").lstrip("0")
        for side in (asks, bids)
        for tick, lots in side[:CHECKED]
    )
    return zlib.crc32(text.encode())


def _fragment(_side: Side, price: str, size: str) -> str:
    return f'{{"price":{price},"qty":{size}}}'


class KrakenConnection(Connection):
    """A socket on ``/v2``."""

    venue: Kraken

    def opened(self, now: int) -> None:
        self._status("online", now)
        self.subscribed = False
        self.at(now + NS, self._beat)
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        method = message.get("method") if message else None
        if message is None or method not in ("subscribe", "unsubscribe", "ping"):
            self.say('{"error":"Unsupported method","success":false}', now)
            return
        given = message.get("params")
        params: dict[str, Any] = given if isinstance(given, dict) else {}
        if method == "ping":
            self._answer({"method": "pong"}, message, now)
        elif params.get("channel") not in CHANNELS:
            self._answer(
                {"error": "Subscription name invalid", "method": method, "success": False}, message, now
            )
        elif params["channel"] == "instrument":
            self.subscribed = True
            self._answer(
                {"method": method, "result": {"channel": "instrument"}, "success": True}, message, now
            )
            self.venue.send_instruments(self, now)
        else:
            for symbol in asked(params, "symbol"):
                (self._subscribe if method == "subscribe" else self._unsubscribe)(
                    str(symbol), params, message, now
                )

    def notice(self, now: int) -> None:
        self._status("maintenance", now)

    def _subscribe(self, symbol: str, params: dict[str, Any], message: dict[str, Any], now: int) -> None:
        channel, depth, snapshot = params["channel"], params.get("depth", 10), params.get("snapshot", True)
        market = self.venue.markets.get(("spot", symbol))
        if market is None or self.venue.faults.take(Reject, "spot", symbol, self.number) is not None:
            self._refuse(f"Currency pair not supported {symbol}", "subscribe", symbol, message, now)
            return
        if channel == "book" and depth not in DEPTHS:
            self._refuse("Book depth invalid", "subscribe", symbol, message, now)
            return
        if any(t.startswith(f"{channel}:") and t.endswith(f":{symbol}") for t in (*self.feeds, *self.topics)):
            self._refuse("Already subscribed", "subscribe", symbol, message, now)
            return
        self.subscribed = True
        result: dict[str, Any] = {"channel": channel, "snapshot": bool(snapshot), "symbol": symbol}
        if channel == "book":
            result = {"channel": channel, "depth": depth, "snapshot": bool(snapshot), "symbol": symbol}
        self._answer({"method": "subscribe", "result": result, "success": True}, message, now)
        if channel == "book":
            topic = f"book:{depth}:{symbol}"
            feed = self.venue.feed(topic, lambda: WindowFeed(topic, market, 0, depth, keeps_edge=False))
            self.follow(feed)
            if snapshot:
                self.venue.send_book(self, feed, now)
            return
        self.topics[f"{channel}::{symbol}"] = None
        self.venue.join(self, f"{channel}:{symbol}")
        if snapshot and channel == "trade":
            self.venue.send_trades(self, market, now)
        elif snapshot:
            self.venue.send_ticker(self, market, "snapshot", now)

    def _unsubscribe(self, symbol: str, params: dict[str, Any], message: dict[str, Any], now: int) -> None:
        channel, depth = params["channel"], params.get("depth", 10)
        topic = f"book:{depth}:{symbol}" if channel == "book" else f"{channel}::{symbol}"
        if topic not in self.feeds and topic not in self.topics:
            self._refuse("Subscription Not Found", "unsubscribe", symbol, message, now)
            return
        self.unfollow(topic)
        self.topics.pop(topic, None)
        self.venue.leave(self, f"{channel}:{symbol}")
        result: dict[str, Any] = {"channel": channel, "symbol": symbol}
        if channel == "book":
            result["depth"] = depth
        self._answer({"method": "unsubscribe", "result": result, "success": True}, message, now)

    def _refuse(self, error: str, method: str, symbol: str, message: dict[str, Any], now: int) -> None:
        self._answer({"error": error, "method": method, "success": False, "symbol": symbol}, message, now)

    def _answer(self, body: dict[str, Any], message: dict[str, Any], now: int) -> None:
        if "req_id" in message:
            body["req_id"] = message["req_id"]
        body |= {"time_in": rfc3339(now), "time_out": rfc3339(now + 58_000)}
        self.say(json.dumps(body, separators=(",", ":")), now)

    def _status(self, system: str, now: int) -> None:
        number = 806193442143087786 + self.number
        self.say(
            f'{{"channel":"status","type":"update","data":[{{"version":"2.0.10","system":"{system}",'
            f'"api_version":"v2","connection_id":{number}}}]}}',
            now,
        )

    def _beat(self, now: int) -> None:
        if self.subscribed and now - self.spoke_at >= NS:
            self.say('{"channel":"heartbeat"}', now, kind="heartbeat")
        self.at(now + NS, self._beat)

    def _watch(self, now: int) -> None:
        last = max(self.heard_at, self.spoke_at if self.subscribed else 0)
        if now - last >= IDLE_NS:
            self.close(now, 1000, "idle")
        else:
            self.at(last + IDLE_NS, self._watch)


class Kraken(SimulatedVenue):
    """The public v2 socket and the public REST calls."""

    name = "kraken"
    real_hosts: ClassVar = {"spot": {"ws": "wss://ws.kraken.com", "rest": "https://api.kraken.com"}}
    catalogue = (
        Listing(
            "BTC/USD",
            "spot",
            "BTC",
            "USD",
            Scale("0.1"),
            Scale("0.00000001"),
            basis_bps=-0.4,
            levels=1600,
            facts={
                "key": "XXBTZUSD",
                "altname": "XBTUSD",
                "wsname": "XBT/USD",
                "base": "XXBT",
                "quote": "ZUSD",
            },
        ),
        Listing(
            "ETH/USD",
            "spot",
            "ETH",
            "USD",
            Scale("0.01"),
            Scale("0.00000001"),
            basis_bps=-0.4,
            levels=1600,
            facts={
                "key": "XETHZUSD",
                "altname": "ETHUSD",
                "wsname": "ETH/USD",
                "base": "XETH",
                "quote": "ZUSD",
            },
        ),
    )

    def counter(self, listing: Listing) -> Counter:
        return Contiguous(0)  # never shown

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> KrakenConnection:
        if path != "/v2":
            raise HandshakeRefusedError(404)
        return KrakenConnection(self, number, path, query, now)

    # -- books --------------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if delta:
            bids, asks = self._repeated(delta.bids), self._repeated(delta.asks)
            frame = self._book_frame(feed, "update", bids, asks, now)
            for connection in list(feed.subscribers):
                connection.put(frame, now)

    def send_book(self, connection: Connection, feed: Feed, now: int) -> None:
        """The whole window as the feed last said it."""
        bids, asks = feed.levels()
        connection.put(self._book_frame(feed, "snapshot", bids, asks, now), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            self.send_book(connection, feed, now)

    def _repeated(self, levels: list[Level]) -> list[Level]:
        """Now and then an update names a price twice; the last word counts."""
        if levels and levels[-1][1] and self.random.random() < 0.05:
            tick, lots = levels[-1]
            return [*levels[:-1], (tick, lots + 1), (tick, lots)]
        return levels

    def _book_frame(self, feed: Feed, kind: Kind, bids: list[Level], asks: list[Level], now: int) -> Frame:
        listing = feed.market.listing
        levels = written((("bid", bids), ("ask", asks)), listing.tick.fixed, listing.lot.fixed, _fragment)
        crc = checksum(listing, *feed.market.book.top(CHECKED))  # nothing waits: the interval is 0
        text = (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{listing.native}",'
            f'"bids":[{joined(levels, "bid")}],"asks":[{joined(levels, "ask")}],'
            f'"checksum":{crc},"timestamp":"{rfc3339(now)}"}}]}}'
        )
        return Frame(text, kind, "spot", listing.native, levels, feed.rank)

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        if members := self.members(f"trade:{market.listing.native}"):
            rows = ",".join(self._trade_row(market.listing, trade) for trade in trades)
            text = f'{{"channel":"trade","type":"update","data":[{rows}]}}'
            for connection in members:
                connection.put(Frame(text, "trade", "spot", market.listing.native), now)

    def moved(self, market: Market, step: Step, now: int) -> None:
        if step.trades:
            for connection in self.members(f"ticker:{market.listing.native}"):
                self.send_ticker(connection, market, "update", now)

    def send_trades(self, connection: Connection, market: Market, now: int) -> None:
        """The last fifty trades: history, not flow."""
        rows = ",".join(self._trade_row(market.listing, trade) for trade in market.recent)
        text = f'{{"channel":"trade","type":"snapshot","data":[{rows}]}}'
        connection.put(Frame(text, "other", "spot", market.listing.native), now)

    def send_ticker(self, connection: Connection, market: Market, kind: str, now: int) -> None:
        """Touch and last price."""
        listing, book = market.listing, market.book
        bid, ask = book.bids.best() or 0, book.asks.best() or 0
        last = market.last_trade.tick if market.last_trade else bid
        text = (
            f'{{"channel":"ticker","type":"{kind}","data":[{{"symbol":"{listing.native}",'
            f'"bid":{listing.tick.fixed(bid)},"bid_qty":{listing.lot.fixed(book.bids.sizes.get(bid, 0))},'
            f'"ask":{listing.tick.fixed(ask)},"ask_qty":{listing.lot.fixed(book.asks.sizes.get(ask, 0))},'
            f'"last":{listing.tick.fixed(last)},"timestamp":"{rfc3339(now)}"}}]}}'
        )
        connection.put(Frame(text, "other", "spot", listing.native), now)

    def send_instruments(self, connection: Connection, now: int) -> None:
        """Precision and increments of all pairs."""
        pairs = ",".join(
            f'{{"symbol":"{x.native}","base":"{x.base}","quote":"{x.quote}","status":"online",'
            f'"qty_precision":{x.lot.decimals},"qty_increment":{x.lot.fixed(1)},"price_precision":{x.tick.decimals},'
            f'"price_increment":{x.tick.fixed(1)},"qty_min":0.00005,"marginable":true,"has_index":true}}'
            for x in (market.listing for market in self.markets.values())
        )
        text = f'{{"channel":"instrument","type":"snapshot","data":{{"assets":[],"pairs":[{pairs}]}}}}'
        connection.say(text, now, kind="other")

    def _trade_row(self, listing: Listing, trade: Trade) -> str:
        return (
            f'{{"symbol":"{listing.native}","side":"{trade.taker}","price":{listing.tick.fixed(trade.tick)},'
            f'"qty":{listing.lot.fixed(trade.lots)},"ord_type":"market","trade_id":{trade.id},'
            f'"timestamp":"{rfc3339(trade.time)}"}}'
        )

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        market = self._asked_for(query.get("pair", ""))
        return ("spot", market.listing.native) if market else ("spot", "")

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        market = self._asked_for(query.get("pair", ""))
        match path.removeprefix("/0/public/"):
            case "Time":
                return self._result({"unixtime": now // NS, "rfc1123": ""})
            case "SystemStatus":
                return self._result({"status": "online", "timestamp": rfc3339(now, 0).replace(".", "")})
            case "Assets":
                return self._result(self._assets())
            case "AssetPairs":
                chosen = [market] if market else list(self.markets.values())
                return self._result({m.listing.facts["key"]: self._pair(m.listing) for m in chosen})
            case "Depth" if market is not None:
                listing, sheet = market.listing, market.sheet(now, age_ns)
                count, at = min(int(query.get("count", "100")), 500), now // NS
                sides = {
                    name: [
                        [listing.tick.fixed(tick), listing.lot.fixed(lots), at] for tick, lots in side[:count]
                    ]
                    for name, side in (("asks", sheet.asks), ("bids", sheet.bids))
                }
                return self._result({listing.facts["key"]: sides})
            case "Depth":
                return Answer(200, '{"error":["EQuery:Unknown asset pair"]}')
        return Answer(404, '{"error":["EGeneral:Unknown method"]}')

    def error_body(self, status: int) -> str:
        return (
            '{"error":["EGeneral:Too many requests"]}'
            if status == 429
            else '{"error":["EService:Unavailable"]}'
        )

    def _asked_for(self, pair: str) -> Market | None:
        for market in self.markets.values():
            facts = market.listing.facts
            if pair and pair in (facts["key"], facts["altname"], facts["wsname"], market.listing.native):
                return market
        return None

    def _assets(self) -> dict[str, Any]:
        """Each asset under its key, with the name that pairs are called by."""
        found = {}
        for market in self.markets.values():
            facts = market.listing.facts
            for key, name in zip((facts["base"], facts["quote"]), facts["wsname"].split("/"), strict=True):
                found[key] = {
                    "aclass": "currency",
                    "altname": name,
                    "decimals": 10,
                    "display_decimals": 5,
                    "status": "enabled",
                }
        return found

    def _pair(self, listing: Listing) -> dict[str, Any]:
        facts = listing.facts
        return {
            "altname": facts["altname"],
            "wsname": facts["wsname"],
            "aclass_base": "currency",
            "base": facts["base"],
            "aclass_quote": "currency",
            "quote": facts["quote"],
            "lot": "unit",
            "cost_decimals": 5,
            "pair_decimals": listing.tick.decimals,
            "lot_decimals": listing.lot.decimals,
            "lot_multiplier": 1,
            "ordermin": "0.00005",
            "costmin": "0.5",
            "tick_size": listing.tick.fixed(1),
            "status": "online",
        }

    def _result(self, result: Mapping[str, Any]) -> Answer:
        return Answer(200, json.dumps({"error": [], "result": result}, separators=(",", ":")))
