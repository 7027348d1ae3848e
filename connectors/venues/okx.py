"""OKX v5 public socket: spot, swaps, dated futures, options. Channels `books` (400 levels, 100 ms) and `trades`.

Each update names the id before it (steps 2 to 5 of the documented procedure); after maintenance ids may fall back.
The checksum is 0 since 2026-06-23 and is compared only where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..checksums import PairedCrc32
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
from ..events import Accepted, Leaving, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Resetting
from ..shape import (
    ACTION,
    CHECKSUM,
    ID,
    KIND,
    LAST,
    PREVIOUS,
    PRICE,
    REPLY,
    SIDE,
    SIZE,
    SYMBOL,
    TIME,
    Kind,
    Leaf,
    Rows,
    asks,
    bids,
)
from ..venue import Channel, Heartbeat, Limits, Route, Venue

ROWS = Rows(orders=3)
CHANNELS = {
    Channel.BOOK: "books",
    Channel.TRADES: "trades",
    Channel.OPEN_INTEREST: "open-interest",
    Channel.FUNDING: "funding-rate",
    Channel.MARK_PRICE: "mark-price",
    Channel.INDEX_PRICE: "index-tickers",
    Channel.LIQUIDATIONS: "liquidation-orders",
}
OF_DERIVATIVES = tuple(channel for channel in CHANNELS if channel not in (Channel.BOOK, Channel.TRADES))
HOUR = 3_600_000  # ms
_RATIO = "/api/v5/rubik/stat/contracts/long-short"
RATIOS = {  # top traders are the 5% with the largest positions
    f"{_RATIO}-account-ratio-contract": Population.ACCOUNTS,
    f"{_RATIO}-account-ratio-contract-top-trader": Population.TOP_ACCOUNTS,
    f"{_RATIO}-position-ratio-contract-top-trader": Population.TOP_POSITIONS,
}
DATED = ("FUTURES", "OPTION")
KINDS = {"SPOT": Market.SPOT, "SWAP": Market.PERP, "FUTURES": Market.FUTURE, "OPTION": Market.OPTION}


class Okx(Venue):
    """One socket serves all kinds of instruments; the id tells the kind."""

    name, product = "okx", "public"
    markets = frozenset(Market)
    ws, rest = "wss://ws.okx.com:8443/ws/v5/public", "https://www.okx.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("ws.okx.com/ws/v5/public", "wspap.okx.com/ws/v5/public")
    layout = {
        "event": REPLY,  # acks name the channel too
        "arg": {"channel": KIND, "instId": SYMBOL},
        "action": ACTION,
        "data": {
            "asks": asks(ROWS),
            "bids": bids(ROWS),
            "ts": TIME,
            "checksum": CHECKSUM,
            "prevSeqId": PREVIOUS,
            "seqId": LAST,
            "instId": SYMBOL,
            "tradeId": ID,
            "px": PRICE,
            "sz": SIZE,
            "side": SIDE,
            "count": Leaf(),
            "source": Leaf(),
        },
    }
    kinds = {
        "books": Kind.BOOK,
        "books-l2-tbt": Kind.BOOK,
        "books50-l2-tbt": Kind.BOOK,
        "trades": Kind.TRADE,
        **{CHANNELS[channel]: Kind.DERIVATIVE for channel in OF_DERIVATIVES},
    }
    routes = {
        "": Route(""),
        "derivatives": Route("", OF_DERIVATIVES, frozenset({Market.PERP, Market.FUTURE})),
    }
    derivatives = Derivatives(
        liquidations=Complete.SAMPLE,
        sampled="not all, by the venue's own word",
        open_interest="socket",
        funding="socket",
        mark="socket",
        index="socket",
        long_short=tuple(RATIOS.values()),
    )
    polls = tuple(
        Poll(f"{path}?instId={{symbol}}&period=5m&limit=1", RATIO_EVERY, 1, perpetual=True) for path in RATIOS
    )
    plain = frozenset({b"pong"})
    taker_bought, taker_sold = "buy", "sell"
    positions = {"sell": Position.LONG, "buy": Position.SHORT}  # the side of the closing order
    rule = Resetting()
    checksum = PairedCrc32()
    heartbeat = Heartbeat(silent_after=25.0, ping="ping", every=15.0)
    limits = Limits(
        symbols=30,
        messages_per_second=2,
        topics_per_message=60,
        weight_per_minute=600,
        connects_per_minute=60,
    )
    depth, depths = 400, (1, 5, 50, 400)
    proof = "sequence"
    interval = "100ms"
    blind_spots = ("only the best 400 levels a side are sent",)

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("subscribe", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("unsubscribe", symbols, channels, request)

    def _request(self, op: str, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> str:
        args = []
        for channel in channels:
            if channel is Channel.LIQUIDATIONS:  # of all contracts of a kind at once, and never undone
                found = {"SWAP" if symbol.endswith("-SWAP") else "FUTURES" for symbol in symbols}
                kinds = sorted(found) if op == "subscribe" else []
                args += [{"channel": CHANNELS[channel], "instType": kind} for kind in kinds]
                continue
            for symbol in symbols:
                if channel is Channel.FUNDING and not symbol.endswith("-SWAP"):
                    continue
                named = self.index_of(symbol) if channel is Channel.INDEX_PRICE else symbol
                args.append({"channel": CHANNELS[channel], "instId": named})
        return orjson.dumps({"id": str(request), "op": op, "args": args}).decode()

    def index_of(self, native: str) -> str:
        return "-".join(native.split("-")[:2])

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        for row in message["data"]:
            if kind == "liquidation-orders":
                for one in row["details"]:  # the side is that of the order that closed the position
                    closed = self.positions[one["side"]]
                    price, size = float(one["bkPx"]), float(one["sz"])
                    yield Liquidation(row["instId"], closed, price, size, nanoseconds(one["ts"]))
                continue
            told = DerivativeTicker(row["instId"], nanoseconds(row.get("ts")))
            match kind:
                case "open-interest":
                    told.open_interest = amount(row["oi"])
                case "mark-price":
                    told.mark = amount(row["markPx"])
                case "index-tickers":
                    told.index = amount(row["idxPx"])
                case "funding-rate":
                    told.funding_rate = amount(row.get("fundingRate"))
                    told.next_funding = nanoseconds(row["fundingTime"]) or None
                    if row.get("nextFundingTime"):
                        told.funding_hours = (int(row["nextFundingTime"]) - int(row["fundingTime"])) / HOUR
            yield told

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        of = RATIOS[poll.path.partition("?")[0]]
        for at, ratio in latest(answer["data"], 0):
            yield DerivativeTicker(symbol, nanoseconds(at), longs={of: share(ratio)})

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        arg = message.get("arg") or {}
        match message.get("event"):
            case "subscribe":
                yield Accepted(symbol=arg.get("instId", ""), channel=arg.get("channel", ""))
            case "unsubscribe":
                yield Unsubscribed(symbol=arg.get("instId", ""))
            case "error":
                yield Refused(f"{message.get('code')} {message.get('msg')}", symbol=self._named_in(message))
            case "notice":
                yield Leaving(f"{message.get('code')} {message.get('msg')}")
            case other:
                yield Noted(str(other or arg.get("channel", "unknown")))

    def _named_in(self, message: dict[str, Any]) -> str:
        """The instrument an error is about: `channel:books,instId:FOO-BAR doesn't exist`."""
        _, found, rest = str(message.get("msg", "")).partition("instId:")
        return rest.split()[0].rstrip(",") if found and rest else ""

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        args = message.get("args") or [message.get("arg") or {}]
        levels = {"books": 400, "books-l2-tbt": 400, "books50-l2-tbt": 50}
        return {
            arg["instId"]: levels[arg["channel"]]
            for arg in args
            if isinstance(arg, dict) and arg.get("channel") in levels and "instId" in arg
        }

    def instrument_paths(self) -> Sequence[str]:
        return tuple(f"/api/v5/public/instruments?instType={kind}" for kind in ("SPOT", "SWAP", "FUTURES"))

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]:
            inverse = row["ctType"] == "inverse"
            size = Decimal(row["ctVal"]) * Decimal(row["ctMult"] or "1") if row["ctVal"] else Decimal(1)
            yield self._instrument(
                row["instId"],
                KINDS.get(row["instType"], Market.SPOT),
                contract_size=size,
                inverse=inverse,
                settle=row["settleCcy"],
                tick=Decimal(row["tickSz"]) if row["tickSz"] else None,
                lot=Decimal(row["lotSz"]) if row["lotSz"] else None,
                active=row["state"] == "live",
                expires=int(row.get("expTime") or 0) * 1_000_000 if row["instType"] in DATED else 0,
            )

    def volume_paths(self) -> Sequence[str]:
        return tuple(f"/api/v5/market/tickers?instType={kind}" for kind in ("SPOT", "SWAP", "FUTURES"))

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """`volCcy24h` is in quote on spot, in base coins of derivatives."""
        for row in answer["data"]:
            price = Decimal(1) if row["instType"] == "SPOT" else Decimal(row["last"] or 0)
            yield row["instId"], Decimal(row["volCcy24h"] or 0) * price

    def infer(self, native: str) -> Instrument:
        parts = native.split("-")
        if len(parts) == 2:
            return self._instrument(native, Market.SPOT, settle="", inferred=True)
        market = Market.PERP if parts[2] == "SWAP" else Market.OPTION if len(parts) == 5 else Market.FUTURE
        inverse = parts[1] == "USD"
        settle = parts[0] if inverse else parts[1]
        inverse = inverse and market is not Market.OPTION
        return self._instrument(
            native, market, contract_size=None, inverse=inverse, settle=settle, inferred=True
        )

    def _instrument(self, native: str, market: Market, *, settle: str, **more: Any) -> Instrument:
        base, quote, *tail = native.split("-")
        expiry = tail[0] if market in (Market.FUTURE, Market.OPTION) else ""
        strike, right = (tail[1], tail[2]) if market is Market.OPTION else ("", "")
        symbol = canonical(base, quote, market, settle=settle, expiry=expiry, strike=strike, right=right)
        return Instrument(
            self.name, native, symbol, market, base, quote, settle or quote, expiry=expiry, **more
        )
