"""HTX (Huobi): spot by `mbp.150` on /feed, linear and coin swaps by `depth.size_150.high_freq`; every frame is gzip'd.

Spot names the id before each increment and gives the whole book to who asks for it on the same socket. Swaps begin with
the whole book and count their messages by one. Channel and symbol stand in one word, `market.btcusdt.mbp.150`.
Recordings of `depth.step0` are whole books, one a message. Funding and liquidations of swaps come on a socket with other
words, `public.BTC-USDT.funding_rate`; prices and open interest by REST.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import (
    RATIO_EVERY,
    Complete,
    Derivative,
    Derivatives,
    DerivativeTicker,
    Liquidation,
    Poll,
    Population,
    Position,
    amount,
    latest,
    nanoseconds,
    share,
)
from ..events import Accepted, Answer, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Consecutive, Resetting
from ..shape import (
    ACTION,
    ASKS,
    BIDS,
    ID,
    KIND,
    LAST,
    PREVIOUS,
    PRICE,
    REPLY,
    SENT,
    SIDE,
    SIZE,
    TIME,
    Kind,
    Leaf,
)
from ..unpacking import gunzip
from ..venue import Channel, Heartbeat, Limits, Route, SocketSnapshot, Venue

# Longest first where one ends in another; only for recordings without an instrument list.
QUOTES = ("usdt", "usdc", "usdd", "husd", "btc", "eth", "ht", "trx", "eur", "try", "usd")
NOTICES = {Channel.FUNDING: "funding_rate", Channel.LIQUIDATIONS: "liquidation_orders"}
RATIOS = {
    "swap_elite_account_ratio": Population.TOP_ACCOUNTS,
    "swap_elite_position_ratio": Population.TOP_POSITIONS,
}
REPEATED = 2014  # code of a second subscription to the same
PRINT = {"id": Leaf(), "ts": TIME, "amount": SIZE, "quantity": Leaf(), "price": PRICE, "direction": SIDE}


class Htx(Venue):
    """What all HTX products share."""

    name = "htx"
    unpack = staticmethod(gunzip)
    ids_alone = True
    trades_repeat = True  # the last prints come before the ack
    taker_bought, taker_sold = "buy", "sell"
    heartbeat = Heartbeat(silent_after=15.0)  # the venue pings every 5 s
    depth = 150
    depths: ClassVar[tuple[int, ...]] = (5, 10, 20, 150, 400)
    proof = "sequence"
    limits = Limits(symbols=50, messages_per_second=10, topics_per_message=2, weight_per_minute=4800)
    blind_spots = ("only the best 150 levels a side are sent",)
    book_topic: ClassVar[str]
    markets = frozenset({Market.SPOT})

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("sub", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsub", symbols, channels, request)

    def _requests(
        self, verb: str, symbols: Sequence[str], channels: Sequence[Channel], request: int
    ) -> Iterable[str]:
        """A message a topic."""
        wanted = [(symbol, channel) for symbol in symbols for channel in channels]
        for offset, (symbol, channel) in enumerate(wanted):
            topic = self.book_topic if channel is Channel.BOOK else "trade.detail"
            message = {verb: f"market.{symbol}.{topic}", "id": str(request + offset)}
            if "high_freq" in topic:
                message["data_type"] = "incremental"  # without it each message would be the whole book
            yield orjson.dumps(message).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        request = str(message.get("id") or "")
        if "ping" in message:
            yield Answer(orjson.dumps({"pong": message["ping"]}).decode())
        elif message.get("status") == "error":
            why = str(message.get("err-msg"))
            yield Refused(why, request=request, symbol=self.symbol_in(why.rpartition(" ")[2]))
        elif "subbed" in message:
            yield Accepted(request=request, symbol=self.symbol_in(str(message["subbed"])))
        elif "unsubbed" in message:
            yield Unsubscribed(request=request, symbol=self.symbol_in(str(message["unsubbed"])))
        else:
            yield Noted(str(message.get("topic") or message.get("op") or "unknown"))

    def symbol_in(self, kind: str) -> str:
        parts = kind.split(".")
        return parts[1] if len(parts) > 2 and parts[0] in ("market", "public") else ""

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        topic = str(message.get("sub") or message.get("subbed") or "")
        levels = topic.removesuffix(".high_freq").replace("size_", "").rpartition(".")[2]
        incremental = ".mbp." in topic or ".high_freq" in topic
        return {self.symbol_in(topic): int(levels)} if incremental and levels.isdigit() else {}


class HtxSpot(Htx):
    """Spot: increments and whole books on /feed, prints on /ws; sizes in base."""

    product = "spot"
    newest_first = True
    ws, rest = "wss://api.huobi.pro", "https://api.huobi.pro"
    routes = {"feed": Route("/feed", (Channel.BOOK,)), "ws": Route("/ws", (Channel.TRADES,))}
    recorded_at: ClassVar[tuple[str, ...]] = (
        "api.huobi.pro/ws",
        "api.huobi.pro/feed",
        "api-aws.huobi.pro/ws",
        "api-aws.huobi.pro/feed",
    )
    layout = {
        "ch": KIND,
        "rep": KIND,
        "status": ACTION,  # of the answer that is the whole book
        "ts": SENT,
        "tick": {
            "seqNum": LAST,
            "prevSeqNum": PREVIOUS,
            "version": LAST,
            "ts": TIME,
            "bids": BIDS,
            "asks": ASKS,
            "data": {**PRINT, "tradeId": ID},  # `id` has more than 64 bits
        },
        "data": {"seqNum": LAST, "bids": BIDS, "asks": ASKS},
    }
    whole = frozenset({"ok"})
    kinds = {
        "market.*.mbp.150": Kind.BOOK,
        "market.*.mbp.400": Kind.BOOK,
        "market.*.mbp.20": Kind.BOOK,
        "market.*.mbp.5": Kind.BOOK,
        "market.*.depth.step0": Kind.IMAGE,
        "market.*.trade.detail": Kind.TRADE,
        "market.*": Kind.IGNORED,
    }
    rule = Resetting()
    snapshot = SocketSnapshot(
        limit=150, layout={"ts": SENT, "data": {"seqNum": LAST, "bids": BIDS, "asks": ASKS}}
    )
    book_topic = "mbp.150"
    interval = "100ms"

    def ask(self, symbol: str, request: int) -> Iterable[str]:
        yield orjson.dumps({"req": f"market.{symbol}.{self.book_topic}", "id": str(request)}).decode()

    def instrument_paths(self) -> Sequence[str]:
        return ("/v1/common/symbols",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]:
            yield self._instrument(
                row["symbol"],
                row["base-currency"],
                row["quote-currency"],
                tick=Decimal(1).scaleb(-int(row["price-precision"])),
                lot=Decimal(1).scaleb(-int(row["amount-precision"])),
                active=row["state"] == "online",
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/market/tickers",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["symbol"], Decimal(str(row["vol"]))) for row in answer["data"])

    def infer(self, native: str) -> Instrument:
        quote = next((one for one in QUOTES if native.endswith(one) and native != one), "")
        base = native.removesuffix(quote) if quote else native
        return self._instrument(native, base, quote or "unknown", inferred=True)

    def _instrument(self, native: str, base: str, quote: str, **more: Any) -> Instrument:
        base, quote = base.upper(), quote.upper()
        symbol = canonical(base, quote, Market.SPOT)
        return Instrument(self.name, native, symbol, Market.SPOT, base, quote, quote, **more)


def polls_of(api: str, kline: str, everything: str) -> tuple[Poll, ...]:
    """What REST alone tells of swaps: the paths differ by product."""
    return (
        Poll(f"/{api}/v1/swap_open_interest{everything}", 5, 1),
        Poll(f"/{api}/v1/swap_index", 5, 1),
        Poll(f"/index/market/history/{kline}?contract_code={{symbol}}&period=1min&size=1", 10, 1),
        Poll(f"/{api}/v1/swap_contract_info{everything}", 3600, 1),  # the interval of funding
        *(  # their answers cannot be limited to the last period
            Poll(f"/{api}/v1/{name}?contract_code={{symbol}}&period=5min", 2 * RATIO_EVERY, 1, perpetual=True)
            for name in RATIOS
        ),
    )


class HtxSwap(Htx):
    """What the swaps share: sizes are contracts."""

    ws, rest = "wss://api.hbdm.com", "https://api.hbdm.com"
    layout = {
        "ch": KIND,
        "topic": KIND,
        "err-code": REPLY,
        "ts": SENT,
        "tick": {
            "event": ACTION,
            "version": LAST,
            "ts": TIME,
            "bids": BIDS,
            "asks": ASKS,
            "data": {**PRINT, "id": ID},
        },
    }
    kinds = {
        "market.*.depth.size_150.high_freq": Kind.BOOK,
        "market.*.depth.size_20.high_freq": Kind.BOOK,
        "market.*.depth.step0": Kind.IMAGE,
        "market.*.trade.detail": Kind.TRADE,
        "market.*": Kind.IGNORED,
        "public.*.funding_rate": Kind.DERIVATIVE,
        "public.*.liquidation_orders": Kind.DERIVATIVE,
        "public.*": Kind.IGNORED,
    }
    positions = {"sell": Position.LONG, "buy": Position.SHORT}  # the side of the closing order
    derivatives = Derivatives(
        liquidations=Complete.ALL,
        open_interest="REST",
        funding="socket",
        mark="REST",
        index="REST",
        long_short=tuple(RATIOS.values()),
    )
    rule = Consecutive()
    book_topic = "depth.size_150.high_freq"
    interval = "30ms"

    def _requests(
        self, verb: str, symbols: Sequence[str], channels: Sequence[Channel], request: int
    ) -> Iterable[str]:
        """A message a topic, in the words of the socket that carries it."""
        of_books = [channel for channel in channels if channel not in NOTICES]
        yield from super()._requests(verb, symbols, of_books, request)
        request += len(symbols) * len(of_books)
        for symbol in symbols:
            for channel in channels:
                if channel in of_books or (channel is Channel.FUNDING and symbol.count("-") > 1):
                    continue  # dated futures have no funding
                topic = f"public.{symbol}.{NOTICES[channel]}"
                yield orjson.dumps({"op": verb, "cid": str(request), "topic": topic}).decode()
                request += 1

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        request, topic = str(message.get("cid") or ""), str(message.get("topic") or "")
        match message.get("op"):
            case None:
                yield from super().control(message)
            case "ping":  # `ts` goes back as it came, text or number
                yield Answer(orjson.dumps({"op": "pong", "ts": message.get("ts")}).decode())
            case "sub" | "unsub" if message.get("err-code") not in (0, None, REPEATED):
                why = f"{message.get('err-code')} {message.get('err-msg')}"
                yield Refused(why, request=request, symbol=self.symbol_in(topic))
            case "sub":
                yield Accepted(request=request, symbol=self.symbol_in(topic))
            case "unsub":
                yield Unsubscribed(request=request, symbol=self.symbol_in(topic))
            case other:  # "error" and "close" come before the venue closes the socket
                yield Noted(str(other))

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        for row in message["data"]:
            if kind.endswith(".liquidation_orders"):  # the side is that of the order that closed the position
                closed = self.positions[row["direction"]]
                price, size = float(row["price"]), float(row["volume"])
                yield Liquidation(row["contract_code"], closed, price, size, nanoseconds(row["created_at"]))
            else:
                yield DerivativeTicker(
                    row["contract_code"],
                    nanoseconds(message.get("ts")),
                    funding_rate=amount(row.get("funding_rate")),
                    next_funding=nanoseconds(row.get("settlement_time")) or None,
                )

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        if (of := RATIOS.get(poll.path.partition("?")[0].rpartition("/")[2])) is not None:
            for row in latest(answer["data"]["list"], "ts"):  # hedged accounts (`locked_ratio`) are neither
                longs = {of: share(row["buy_ratio"], row["sell_ratio"])}
                yield DerivativeTicker(symbol, nanoseconds(row["ts"]), longs=longs)
            return
        rows, at = answer["data"], nanoseconds(answer.get("ts"))
        if symbol:
            yield DerivativeTicker(symbol, at, mark=amount(rows[-1]["close"]))
            return
        for row in rows:
            told = DerivativeTicker(row["contract_code"], at)
            if "open_interest" in poll.path:  # `volume` counts a long and its short both
                told.open_interest = float(row["volume"]) / 2
            elif "swap_index" in poll.path:
                told.t, told.index = nanoseconds(row.get("index_ts")) or at, amount(row["index_price"])
            else:
                told.funding_hours = amount(row.get("settlement_period"))
            yield told

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]:
            yield self._instrument(
                row["contract_code"],
                contract_size=Decimal(str(row["contract_size"])),
                tick=Decimal(str(row["price_tick"])),
                lot=Decimal(1),
                active=row["contract_status"] == 1,
                expires=int(row.get("delivery_time") or 0) * 1_000_000,
            )

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, contract_size=None, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        base, _, rest = native.partition("-")
        quote, _, expiry = rest.partition("-")
        inverse = self.product == "inverse"
        market = Market.FUTURE if expiry else Market.PERP
        settle = base if inverse else quote
        symbol = canonical(base, quote, market, settle=settle, expiry=expiry)
        return Instrument(
            self.name, native, symbol, market, base, quote, settle, inverse=inverse, expiry=expiry, **more
        )


class HtxLinear(HtxSwap):
    """Swaps and dated futures in USDT: a contract is `contract_size` of base."""

    product, markets = "linear", frozenset({Market.PERP, Market.FUTURE})
    routes = {
        "": Route("/linear-swap-ws"),
        "derivatives": Route("/linear-swap-notification", (Channel.LIQUIDATIONS, Channel.FUNDING)),
    }
    polls = polls_of("linear-swap-api", "linear_swap_mark_price_kline", "?business_type=all")
    recorded_at: ClassVar[tuple[str, ...]] = (
        "api.hbdm.com/linear-swap-ws",
        "api.hbdm.vn/linear-swap-ws",
        "api.hbdm.com/linear-swap-notification",
        "api.hbdm.vn/linear-swap-notification",
    )

    def instrument_paths(self) -> Sequence[str]:
        return ("/linear-swap-api/v1/swap_contract_info?business_type=all",)

    def volume_paths(self) -> Sequence[str]:
        return ("/linear-swap-ex/market/detail/batch_merged",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """Dated ones stand under names of their own (BTC-USDT-CW) and are not ranked."""
        return ((row["contract_code"], Decimal(row["trade_turnover"] or 0)) for row in answer["ticks"])


class HtxInverse(HtxSwap):
    """Coin swaps: a contract is `contract_size` USD, margin in base."""

    product, markets = "inverse", frozenset({Market.PERP})
    routes = {
        "": Route("/swap-ws"),
        "derivatives": Route("/swap-notification", (Channel.LIQUIDATIONS, Channel.FUNDING)),
    }
    polls = polls_of("swap-api", "swap_mark_price_kline", "")
    recorded_at: ClassVar[tuple[str, ...]] = (
        "api.hbdm.com/swap-ws",
        "api.hbdm.vn/swap-ws",
        "api.hbdm.com/swap-notification",
        "api.hbdm.vn/swap-notification",
    )

    def instrument_paths(self) -> Sequence[str]:
        return ("/swap-api/v1/swap_contract_info",)

    def volume_paths(self) -> Sequence[str]:
        return ("/swap-ex/market/detail/batch_merged",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """`amount` is in base."""
        for row in answer["ticks"]:
            yield row["contract_code"], Decimal(row["amount"] or 0) * Decimal(row["close"] or 0)
