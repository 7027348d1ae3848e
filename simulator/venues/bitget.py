"""Bitget, WebSocket v3: books of up to 1000 levels chained by ``pseq``, spot and USDT futures on one socket.

Source: the fact sheet bitget. A symbol of another ``instType`` is acknowledged and stays silent; a frame with more than
20 arguments ends the socket; without a text ``ping`` it is closed after two minutes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import derivative
from ..connection import MS, NS, Connection, asked, parsed
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, WindowFeed, joined, pair, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

BATCH_NS = 50 * MS
DEPTH = 1000
AGES = tuple(k * derivative.PERIOD_NS for k in range(29, -1, -1))  # of the rows of a ratio
MOST_ARGS = 20
WITHOUT_PING_NS = 125 * NS
OF_DERIVATIVES = ("ticker", "liquidation")
CATEGORIES = {"spot": "spot", "usdt-futures": "usdt"}


class BitgetConnection(Connection):
    """A socket on ``/v3/ws/public``."""

    venue: Bitget

    def opened(self, now: int) -> None:
        self.pinged_at = now
        self.at(now + WITHOUT_PING_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        if text == "ping":
            self.pinged_at = now
            self.say("pong", now, kind="heartbeat")
            return
        message = parsed(text)
        if message is None or message.get("op") not in ("subscribe", "unsubscribe"):
            self._error(30003, "INVALID op", now)
            return
        args = [arg for arg in asked(message, "args") if isinstance(arg, dict)]
        if len(args) > MOST_ARGS:
            self.close(now, None)
            return
        for arg in args:
            self._take(str(message["op"]), arg, now)

    def _take(self, op: str, arg: dict[str, Any], now: int) -> None:
        category, topic, symbol = (str(arg.get(key, "")) for key in ("instType", "topic", "symbol"))
        product = CATEGORIES.get(category)
        offered = ("books", "publicTrade", *(OF_DERIVATIVES if product == "usdt" else ()))
        if product is None or topic not in offered:
            self._error(30016, "Param error", now)
            return
        name = f"{product}/{topic}/{symbol}"
        if op == "unsubscribe":
            self.unfollow(name)
            self.venue.leave(self, name)
            self._event(op, arg, now)
            return
        market = self.venue.markets.get((product, symbol))
        elsewhere = any(native == symbol for _, native in self.venue.markets)
        refused = topic not in OF_DERIVATIVES and (
            self.venue.faults.take(Reject, product, symbol, self.number) is not None
        )
        if refused or (market is None and not elsewhere):
            self._error(
                30001,
                f"instType:{category},channel:{topic},instId:{symbol},precision:null doesn't exist",
                now,
            )
            return
        self._event(op, arg, now)
        if market is None:
            return
        if topic == "books":
            feed = self.venue.feed(name, lambda: self.venue.window(name, market))
            self.follow(feed)
            self.venue.send_book(self, feed, now)
        elif topic in OF_DERIVATIVES:
            self.venue.join(self, name)
        else:
            self.venue.join(self, name)
            self.venue.send_trades(self, market, list(market.recent), "snapshot", now)

    def _event(self, event: str, arg: dict[str, Any], now: int) -> None:
        answer = {"event": event, "arg": arg, "connId": f"conn{self.number}"}
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _error(self, code: int, why: str, now: int) -> None:
        answer = {"event": "error", "code": code, "msg": why, "op": "subscribe"}
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        if now - self.pinged_at >= WITHOUT_PING_NS:
            self.close(now, None)
        else:
            self.at(self.pinged_at + WITHOUT_PING_NS, self._watch)


class Bitget(SimulatedVenue):
    """The public v3 socket, and the lists of v2 by REST."""

    name = "bitget"
    _bases: ClassVar = {"ws": "wss://ws.bitget.com", "rest": "https://api.bitget.com"}
    real_hosts: ClassVar = {"spot": _bases, "usdt": _bases}
    catalogue = (
        Listing(
            "BTCUSDT", "spot", "BTC", "USDT", Scale("0.01"), Scale("0.000001"), basis_bps=0.2, levels=1300
        ),
        Listing("ETHUSDT", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.0001"), basis_bps=0.2, levels=1300),
        Listing("BTCUSDT", "usdt", "BTC", "USDT", Scale("0.1"), Scale("0.0001"), basis_bps=-2.8, levels=1200),
        Listing("ETHUSDT", "usdt", "ETH", "USDT", Scale("0.01"), Scale("0.01"), basis_bps=-3.1, levels=1200),
    )

    def __init__(
        self,
        listings: Sequence[Listing] | None = None,
        *,
        seed: int = 0,
        rate: float = 10.0,
        start: int = 0,
        staged: bool = False,
    ) -> None:
        self._forced: dict[tuple[str, str], Trade] = {}  # of the running second the largest a symbol and side
        super().__init__(listings, seed=seed, rate=rate, start=start, staged=staged)

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> BitgetConnection:
        if path != "/v3/ws/public":
            raise HandshakeRefusedError(404)
        return BitgetConnection(self, number, path, query, now)

    def window(self, topic: str, market: Market) -> WindowFeed:
        """A feed whose ``last`` is a ``seq``; they only grow."""
        feed = WindowFeed(topic, market, BATCH_NS, DEPTH)
        feed.last = 480_000_000_000 + market.counter_last * 1000
        return feed

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        previous, feed.last = feed.last, feed.last + self.random.randint(1, 900)
        bids, asks = sorted(delta.bids, reverse=True), sorted(delta.asks)
        frame = self._frame(feed, "update", bids, asks, previous, now)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    def send_book(self, connection: Connection, feed: Feed, now: int) -> None:
        """The whole window, as the feed last said it."""
        bids, asks = feed.levels()
        connection.put(self._frame(feed, "snapshot", bids, asks, 0, now), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            self.send_book(connection, feed, now)

    def _frame(
        self,
        feed: Feed,
        action: Kind,
        bids: list[tuple[int, int]],
        asks: list[tuple[int, int]],
        previous: int,
        now: int,
    ) -> Frame:
        listing = feed.market.listing
        levels = written((("bid", bids), ("ask", asks)), listing.tick.plain, listing.lot.plain, pair)
        text = (
            f'{{"action":"{action}","arg":{self._arg(listing, "books")},"data":[{{"a":[{joined(levels, "ask")}],'
            f'"b":[{joined(levels, "bid")}],"seq":{feed.last},"pseq":{previous},"ts":"{now // MS}","maxdepth":"1000"}}],'
            f'"ts":{now // MS + 1}}}'
        )
        return Frame(text, action, listing.product, listing.native, levels, feed.rank)

    def _arg(self, listing: Listing, topic: str) -> str:
        category = next(name for name, product in CATEGORIES.items() if product == listing.product)
        return f'{{"instType":"{category}","topic":"{topic}","symbol":"{listing.native}"}}'

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        for trade in derivative.forced(trades) if market.listing.product == "usdt" else ():
            key = (market.listing.native, trade.taker)
            if key not in self._forced or self._forced[key].lots < trade.lots:
                self._forced[key] = trade
        for connection in self.members(f"{market.listing.product}/publicTrade/{market.listing.native}"):
            self.send_trades(connection, market, trades, "update", now)

    def send_trades(
        self, connection: Connection, market: Market, trades: list[Trade], action: str, now: int
    ) -> None:
        """Fills, the newest first; a snapshot of them is history."""
        listing = market.listing
        rows = ",".join(
            f'{{"i":"{1_432_912_000_000_000_000 + trade.id}","p":"{listing.tick.plain(trade.tick)}",'
            f'"v":"{listing.lot.plain(trade.lots)}","S":"{trade.taker}","T":"{trade.time // MS}","L":"1","isRPI":"no"}}'
            for trade in reversed(trades)
        )
        text = f'{{"action":"{action}","arg":{self._arg(listing, "publicTrade")},"data":[{rows}],"ts":{now // MS}}}'
        kind: Kind = "trade" if action == "update" else "other"
        connection.put(Frame(text, kind, listing.product, listing.native), now)

    def second(self, now: int) -> None:
        """Tickers, and the second's liquidations: a message tells of several symbols and its ``arg`` of none."""
        rows: dict[Connection, list[str]] = {}
        for (symbol, taker), trade in self._forced.items():
            market = self.markets.get(("usdt", symbol))
            for connection in self.members(f"usdt/liquidation/{symbol}") if market else ():
                assert market is not None
                rows.setdefault(connection, []).append(_forced(market.listing, trade, taker))
        self._forced.clear()
        for connection, told in rows.items():
            text = (
                '{"action":"update","arg":{"instType":"usdt-futures","topic":"liquidation"},'
                f'"data":[{",".join(told)}],"ts":{now // MS}}}'
            )
            connection.put(Frame(text, "other", "usdt"), now)
        for market in self.markets.values():
            listing = market.listing
            for connection in (
                self.members(f"usdt/ticker/{listing.native}") if listing.product == "usdt" else ()
            ):
                text = (
                    f'{{"action":"snapshot","arg":{self._arg(listing, "ticker")},"data":[{_ticker(market, now)}],'
                    f'"ts":{now // MS}}}'
                )
                connection.put(Frame(text, "other", "usdt", listing.native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        listings = [market.listing for market in self.markets.values()]
        match path:
            case "/api/v2/spot/public/symbols":
                rows = [self._spot(one) for one in listings if one.product == "spot"]
            case "/api/v2/mix/market/contracts" if query.get("productType") == "USDT-FUTURES":
                rows = [self._contract(one) for one in listings if one.product == "usdt"]
            case "/api/v2/mix/market/current-fund-rate" if query.get("productType") == "USDT-FUTURES":
                rows = [
                    _funding(market, now)
                    for market in self.markets.values()
                    if market.listing.product == "usdt"
                ]
            case "/api/v2/mix/market/account-long-short":
                found = self.markets.get(("usdt", query.get("symbol", "")))
                rows = [] if found is None else [_split(found, now - age) for age in AGES]
            case _:
                return Answer(404, '{"code":"40404","msg":"Request URL NOT FOUND"}')
        return Answer(
            200, json.dumps({"code": "00000", "msg": "success", "data": rows}, separators=(",", ":"))
        )

    def _spot(self, listing: Listing) -> dict[str, str]:
        row = {
            "symbol": listing.native,
            "baseCoin": listing.base,
            "quoteCoin": listing.quote,
            "status": "online",
        }
        row |= {"pricePrecision": str(listing.tick.decimals)}
        return row | {"quantityPrecision": str(listing.lot.decimals)}

    def _contract(self, listing: Listing) -> dict[str, str]:
        row = {"symbol": listing.native, "baseCoin": listing.base, "quoteCoin": listing.quote}
        row |= {"symbolType": "perpetual", "symbolStatus": "normal", "pricePlace": str(listing.tick.decimals)}
        row |= {"priceEndStep": str(listing.tick.units), "volumePlace": str(listing.lot.decimals)}
        return row | {"sizeMultiplier": listing.lot.fixed(1), "minTradeNum": listing.lot.fixed(1)}


def _forced(listing: Listing, trade: Trade, taker: str) -> str:
    """A row of ``liquidation``: the side is that of the position, the amount is in quote units."""
    price, side = listing.tick.plain(trade.tick), "buy" if taker == "sell" else "sell"
    amount = (listing.tick.decimal(trade.tick) * listing.lot.decimal(trade.lots)).normalize()
    told = {"symbol": listing.native, "side": side, "price": price, "amount": f"{amount:f}"}
    return json.dumps(told | {"ts": str(trade.time // MS)}, separators=(",", ":"))


def _ticker(market: Market, now: int) -> str:
    listing, bid, ask = market.listing, market.book.bids.best() or 0, market.book.asks.best() or 0
    row = {
        "lastPrice": listing.tick.plain(market.last_trade.tick if market.last_trade else bid),
        "bid1Price": listing.tick.plain(bid),
        "ask1Price": listing.tick.plain(ask),
        "indexPrice": f"{derivative.index(market, now):.10f}",
        "markPrice": f"{derivative.mark(market):.2f}",
        "fundingRate": f"{derivative.funding_rate(market, now):.6f}",
        "openInterest": listing.lot.plain(derivative.open_interest(market, now)),
        "deliveryTime": "",
        "nextFundingTime": str(derivative.next_funding(now) // MS),
    }
    return json.dumps(row, separators=(",", ":"))


def _split(market: Market, now: int) -> dict[str, str]:
    share = derivative.longs(market, now, "accounts")
    return {
        "longAccountRatio": f"{share:.4f}",
        "shortAccountRatio": f"{1 - share:.4f}",
        "longShortAccountRatio": f"{derivative.long_short_ratio(market, now, 'accounts'):.4f}",
        "ts": str(derivative.period(now) // MS),
    }


def _funding(market: Market, now: int) -> dict[str, str]:
    return {
        "symbol": market.listing.native,
        "fundingRate": f"{derivative.funding_rate(market, now):.6f}",
        "fundingRateInterval": "8",
        "nextUpdate": str(derivative.next_funding(now) // MS),
    }
