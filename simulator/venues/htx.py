"""HTX: spot (increments on /feed, prints on /ws), linear swaps and coin swaps. Every frame is gzip'd.

Source: the fact sheet htx. Spot chains ``prevSeqNum`` -> ``seqNum`` and answers a ``req`` with the whole window, whose
number may be old by then or lie between two increments; swaps begin with a snapshot and count per socket.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import derivative
from ..book import Level, Side
from ..connection import MS, NS, Connection, parsed
from ..faults import Reject
from ..feeds import Delta, Feed, WindowFeed, joined, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue
from ._htx_swaps import NOTICES, NoticeConnection, elite, forced, funding, index, interest, minute

PATHS = {"/feed": "spot", "/ws": "spot", "/linear-swap-ws": "linear", "/swap-ws": "inverse"}
WINDOWS = {"mbp.5": 5, "mbp.20": 20, "mbp.150": 150, "mbp.400": 400}
SWAP_WINDOWS = {"depth.size_20.high_freq": 20, "depth.size_150.high_freq": 150}
PING_NS = 5 * NS


class HtxConnection(Connection):
    """One socket; its path tells what it offers."""

    venue: Htx

    def opened(self, now: int) -> None:
        self.product = PATHS[self.path]
        self.versions: dict[str, int] = {}
        self.missed = 0
        self.at(now + PING_NS, self._ping)

    def packed(self, text: str) -> bytes:
        return gzip.compress(text.encode(), 1, mtime=0)

    def received(self, text: str, now: int) -> None:
        message = parsed(text) or {}
        if "pong" in message:
            self.missed = 0
        for verb, work in (("sub", self._subscribe), ("unsub", self._unsubscribe), ("req", self._request)):
            topic = message.get(verb)
            if isinstance(topic, str):
                work(topic, message, now)

    def _offered(self, topic: str) -> tuple[Market, str] | None:
        """The market of a topic and what of it; None for what this path does not offer."""
        symbol, _, what = topic.removeprefix("market.").partition(".")
        market = self.venue.markets.get((self.product, symbol))
        books = SWAP_WINDOWS if self.product != "spot" else WINDOWS if self.path == "/feed" else {}
        prints = what == "trade.detail" and self.path != "/feed"
        if market is None or not topic.startswith("market.") or not (what in books or prints):
            return None
        return market, what

    def _subscribe(self, topic: str, message: dict[str, Any], now: int) -> None:
        offered = self._offered(topic)
        symbol = topic.split(".")[1] if "." in topic else ""
        if offered is None or self.venue.faults.take(Reject, self.product, symbol, self.number):
            self._refuse(topic, message, now)
            return
        market, what = offered
        if what == "trade.detail":
            if market.last_trade is not None:
                self.put(self.venue.prints(market, [market.last_trade], now), now)
            self.venue.join(self, f"{self.product}/{topic}")
            self._ack("subbed", topic, message, now)
            return
        self._ack("subbed", topic, message, now)
        feed = self.venue.feed(f"{self.product}/{topic}", lambda: self.venue.window(market, topic, what))
        self.follow(feed)
        if self.product != "spot":
            self.versions[feed.topic] = self.random.randint(1, 10**6)
            self.venue.send_whole(self, feed, now)

    def _unsubscribe(self, topic: str, message: dict[str, Any], now: int) -> None:
        self.unfollow(f"{self.product}/{topic}")
        self.venue.leave(self, f"{self.product}/{topic}")
        self._ack("unsubbed", topic, message, now)

    def _request(self, topic: str, message: dict[str, Any], now: int) -> None:
        if self.path != "/feed" or self._offered(topic) is None:
            self._refuse(topic, message, now)
            return
        feed = self.feeds.get(f"{self.product}/{topic}")
        if feed is not None:
            self.venue.answer_request(self, feed, str(message.get("id", "")), now)

    def _ack(self, done: str, topic: str, message: dict[str, Any], now: int) -> None:
        answer = {"id": message.get("id"), "status": "ok", done: topic, "ts": now // MS}
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _refuse(self, topic: str, message: dict[str, Any], now: int) -> None:
        answer = {"id": message.get("id"), "status": "error", "err-code": "bad-request"}
        answer |= {"err-msg": f"invalid topic {topic}", "ts": now // MS}
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _ping(self, now: int) -> None:
        if self.missed == 2:
            self.close(now, None)
            return
        self.missed += not self.venue.faults.silent(self.number, now)
        self.say(f'{{"ping":{now // MS}}}', now, kind="heartbeat")
        self.at(now + PING_NS, self._ping)


class Htx(SimulatedVenue):
    """The market sockets and the lists of instruments."""

    name = "htx"
    _contracts: ClassVar = {"ws": "wss://api.hbdm.com", "rest": "https://api.hbdm.com"}
    real_hosts: ClassVar = {
        "spot": {"ws": "wss://api.huobi.pro", "rest": "https://api.huobi.pro"},
        "linear": _contracts,
        "inverse": _contracts,
    }
    catalogue: ClassVar[Sequence[Listing]] = (
        Listing("btcusdt", "spot", "BTC", "USDT", Scale("0.01"), Scale("0.000001"), basis_bps=0.2),
        Listing("ethusdt", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.0001"), basis_bps=0.2),
        Listing(
            "BTC-USDT", "linear", "BTC", "USDT", Scale("0.1"), Scale("1"), contract=0.001, basis_bps=-3.0
        ),
        Listing(
            "ETH-USDT", "linear", "ETH", "USDT", Scale("0.01"), Scale("1"), contract=0.01, basis_bps=-4.0
        ),
        Listing(
            "BTC-USD",
            "inverse",
            "BTC",
            "USD",
            Scale("0.1"),
            Scale("1"),
            contract=100,
            inverse=True,
            basis_bps=-2.0,
        ),
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
        self._sequences: dict[str, int] = {}
        super().__init__(listings, seed=seed, rate=rate, start=start, staged=staged)

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> Connection:
        if path in NOTICES:
            return NoticeConnection(self, number, path, query, now)
        if path not in PATHS:
            raise HandshakeRefusedError(404)
        return HtxConnection(self, number, path, query, now)

    # -- books --------------------------------------------------------------------------------------

    def window(self, market: Market, topic: str, what: str) -> WindowFeed:
        """A feed whose ``last`` is a seqNum; numbers go on where the last feed of the topic ended."""
        spot = market.listing.product == "spot"
        depth = WINDOWS[what] if spot else SWAP_WINDOWS[what]
        topic = f"{market.listing.product}/{topic}"
        feed = WindowFeed(topic, market, 100 * MS if spot else 30 * MS, depth)
        feed.last = self._sequences.setdefault(topic, self.random.randrange(10**11, 2 * 10**11))
        return feed

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        previous = feed.last
        feed.last += self.random.randint(2, 60)
        self._sequences[feed.topic] = feed.last
        bids, asks = sorted(delta.bids, reverse=True), sorted(delta.asks)
        for connection in list(feed.subscribers):
            if feed.market.listing.product == "spot":
                ids = f'"seqNum":{feed.last},"prevSeqNum":{previous}'
                frame = self._push(feed, "update", ids, bids, asks, now)
            else:
                assert isinstance(connection, HtxConnection)
                frame = self._versioned(connection, feed, "update", bids, asks, now)
            connection.put(frame, now)

    def send_whole(self, connection: HtxConnection, feed: Feed, now: int) -> None:
        """The snapshot with which a swap's channel begins."""
        connection.put(self._versioned(connection, feed, "snapshot", *feed.levels(), now), now)

    def answer_request(self, connection: HtxConnection, feed: Feed, request: str, now: int) -> None:
        """The whole window: as of the last increment, or between two of them, or nothing."""
        listing, chance = feed.market.listing, self.random.random()
        topic = feed.topic.partition("/")[2]
        head = f'{{"id":"{request}","rep":"{topic}","status":"ok","ts":{now // MS},"data":'
        if chance < 0.03:
            frame = Frame(head + "null}", "snapshot", listing.product, listing.native)
        else:
            bids, asks, number = *feed.levels(), feed.last
            if chance < 0.15:
                bids, asks = feed.market.book.top(int(topic.rpartition(".")[2]))
                number += 1
            levels = self._written(listing, bids, asks)
            data = f'{{"seqNum":{number},"bids":[{joined(levels, "bid")}],"asks":[{joined(levels, "ask")}]}}'
            frame = Frame(head + data + "}", "snapshot", listing.product, listing.native, levels, feed.rank)
        connection.put(frame, now, delay_ns=self.random.randint(5, 250) * MS)

    def _versioned(
        self,
        connection: HtxConnection,
        feed: Feed,
        event: Kind,
        bids: list[Level],
        asks: list[Level],
        now: int,
    ) -> Frame:
        version = connection.versions[feed.topic] = connection.versions[feed.topic] + 1
        topic = feed.topic.partition("/")[2]
        ids = f'"ch":"{topic}","event":"{event}","id":{feed.last},"mrid":{feed.last},"ts":{now // MS},"version":{version}'
        return self._push(feed, event, ids, bids, asks, now)

    def _push(
        self, feed: Feed, kind: Kind, ids: str, bids: list[Level], asks: list[Level], now: int
    ) -> Frame:
        listing = feed.market.listing
        levels = self._written(listing, bids, asks)
        topic = feed.topic.partition("/")[2]
        sides = [f'"{side}s":[{joined(levels, side)}]' for side, its in (("ask", asks), ("bid", bids)) if its]  # type: ignore[arg-type]  # of two literals
        text = f'{{"ch":"{topic}","ts":{now // MS},"tick":{{{",".join([*sides, ids])}}}}}'
        return Frame(text, kind, listing.product, listing.native, levels, feed.rank)

    def _written(self, listing: Listing, bids: list[Level], asks: list[Level]) -> list[Any]:
        def size(lots: int) -> str:
            return listing.lot.plain(lots) if lots or listing.product != "spot" else "0.0"

        return written((("bid", bids), ("ask", asks)), listing.tick.plain, size, _row)

    # -- prints -------------------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        topic = f"{market.listing.product}/market.{market.listing.native}.trade.detail"
        for connection in self.members(topic):
            connection.put(self.prints(market, trades, now), now)
        if market.listing.product != "spot" and (found := derivative.forced(trades)):
            self._notify(market, "liquidation_orders", [forced(market.listing, one) for one in found], now)

    def second(self, now: int) -> None:
        """Funding each minute."""
        for market in self.markets.values():
            if market.listing.product != "spot" and now // NS % 60 == 0:
                self._notify(market, "funding_rate", [funding(market, now)], now)

    def _notify(self, market: Market, what: str, rows: list[dict[str, Any]], now: int) -> None:
        listing, topic = market.listing, f"public.{market.listing.native}.{what}"
        text = json.dumps(
            {"op": "notify", "topic": topic, "ts": now // MS, "data": rows}, separators=(",", ":")
        )
        for connection in self.members(f"{listing.product}/{topic}"):
            connection.put(Frame(text, "other", listing.product, listing.native), now)

    def prints(self, market: Market, trades: list[Trade], now: int) -> Frame:
        """Fills of one step in one message."""
        listing = market.listing
        newest_first = listing.product == "spot"
        rows = [self._print(listing, trade) for trade in (trades[::-1] if newest_first else trades)]
        tick = f'{{"id":{trades[0].id},"ts":{now // MS},"data":[{",".join(rows)}]}}'
        text = f'{{"ch":"market.{listing.native}.trade.detail","ts":{now // MS},"tick":{tick}}}'
        return Frame(text, "trade", listing.product, listing.native)

    def _print(self, listing: Listing, trade: Trade) -> str:
        price, size = listing.tick.plain(trade.tick), listing.lot.plain(trade.lots)
        if listing.product == "spot":
            ids = f'"id":10018{trade.id:021d},"ts":{trade.time // MS},"tradeId":{trade.id},"amount":{size}'
        else:
            base = trade.lots * listing.contract / (float(price) if listing.inverse else 1.0)
            ids = f'"amount":{size},"quantity":{base:.12f},"ts":{trade.time // MS},"id":{trade.id}0000'
        return f'{{{ids},"price":{price},"direction":"{trade.taker}"}}'

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        match path:
            case "/v1/common/symbols":
                return self._list("spot", _spot, now)
            case "/linear-swap-api/v1/swap_contract_info":
                return self._list("linear", _contract, now)
            case "/swap-api/v1/swap_contract_info":
                return self._list("inverse", _contract, now)
            case "/market/depth" if ("spot", query.get("symbol", "")) in self.markets:
                market = self.markets["spot", query["symbol"]]
                bids, asks = market.book.top(150)
                levels = self._written(market.listing, bids, asks)
                tick = f'{{"bids":[{joined(levels, "bid")}],"asks":[{joined(levels, "ask")}],"version":1}}'
                return Answer(200, f'{{"status":"ok","ts":{now // MS},"tick":{tick}}}')
        found = self._of_swaps(path, query.get("contract_code", ""), now)
        return Answer(404, "{}") if found is None else found

    def _of_swaps(self, path: str, code: str, now: int) -> Answer | None:
        """What is asked of swaps beside their list: open interest, index, the last minute of the mark price."""
        product = "linear" if "linear" in path else "inverse"
        swaps = [
            market
            for (its, native), market in self.markets.items()
            if its == product and code in ("", native)
        ]
        match path.rpartition("/")[2]:
            case "swap_open_interest":
                rows = [interest(market, now) for market in swaps]
            case "swap_index":
                rows = [index(market, now) for market in swaps]
            case "linear_swap_mark_price_kline" | "swap_mark_price_kline" if code:
                rows = [minute(market, now) for market in swaps]
            case "swap_elite_account_ratio" | "swap_elite_position_ratio" as call if code and swaps:
                data = elite(swaps[0], now, positions="position" in call)
                return Answer(200, json.dumps({"status": "ok", "data": data, "ts": now // MS}))
            case _:
                return None
        return Answer(200, json.dumps({"status": "ok", "data": rows, "ts": now // MS}))

    def _list(self, product: str, row: Any, now: int) -> Answer:
        rows = [row(market.listing) for (its, _), market in self.markets.items() if its == product]
        return Answer(200, json.dumps({"status": "ok", "data": rows, "ts": now // MS}))


def _row(_side: Side, price: str, size: str) -> str:
    return f"[{price},{size}]"


def _spot(listing: Listing) -> dict[str, Any]:
    return {
        "base-currency": listing.base.lower(),
        "quote-currency": listing.quote.lower(),
        "price-precision": listing.tick.decimals,
        "amount-precision": listing.lot.decimals,
        "symbol": listing.native,
        "state": "online",
    }


def _contract(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.base,
        "contract_code": listing.native,
        "contract_size": listing.contract,
        "price_tick": float(listing.tick.step),
        "contract_status": 1,
        "settlement_period": "8",
    }
