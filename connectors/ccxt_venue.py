"""Any exchange that ccxt can watch, as a venue: facts and translations, without ccxt itself.

ccxt runs in a process of its own (`ccxt_watch.py`), which `ccxt_bridge.py` starts and watches. What that process writes
is the venue's wire: one JSON object a line.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import orjson

from .errors import UsageError
from .events import Lost, Noted, Refused, Said, Unsubscribed
from .instruments import Instrument, Market, read_symbol
from .shape import ASKS, BIDS, KIND, PRICE, SIDE, SIZE, SYMBOL, TIME, Kind
from .venue import Channel, Heartbeat, Limits, Venue

PREFIX = "ccxt:"
DEPTH = 200  # levels a side of an image, at most: its JSON has to stay far below the pipe's longest line


class CcxtVenue(Venue):
    """One exchange of ccxt. Native symbols and sizes are ccxt's: `BTC/USDT:USDT`, contracts where it says contracts."""

    product = "ccxt"
    exchange: ClassVar[str]
    markets = frozenset(Market)
    recorded_at: ClassVar[tuple[str, ...]] = ()  # our own recordings name the venue in their lines
    layout = {
        "kind": KIND,
        "symbol": SYMBOL,
        "t": TIME,
        "bids": BIDS,
        "asks": ASKS,
        "price": PRICE,
        "size": SIZE,
        "side": SIDE,
    }
    kinds = {"image": Kind.IMAGE, "trade": Kind.TRADE}
    taker_bought, taker_sold = "buy", "sell"
    images_unproven = True
    # No sign of life but books and trades: ccxt's own pings say nothing about what it hands out.
    heartbeat = Heartbeat(silent_after=20.0)
    quiet_loses_after = 60.0
    resubscribes_all = True
    limits = Limits(symbols=20, messages_per_second=5, topics_per_message=1000)
    proof = "none"
    interval = "newest image, at most every 50 ms"
    blind_spots = (
        "ccxt hands out its book, not the exchange's messages: a loss that it overlooks stays unseen until the book crosses",
        f"at most {DEPTH} levels a side are taken, fewer where ccxt has fewer; beyond the last nothing is known",
        "images in between are skipped: book messages are counts of images, order flow between two is their net change",
        "prices and sizes passed through ccxt's floats",
        "ccxt acknowledges no subscription: trades count from the first one on, and trades that it loses are not missed",
        "a book without a change for 60 s is given up and subscribed to anew, since ccxt may hang without a word",
    )

    def __init__(self, ws: str = "", rest: str = "") -> None:
        """`ws` and `rest` replace scheme and host in all addresses that ccxt knows of the exchange."""
        self.hosts = {"ws": ws, "rest": rest}
        super().__init__()

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield orjson.dumps({"op": "watch", "symbols": list(symbols)}).decode()

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield orjson.dumps({"op": "unwatch", "symbols": list(symbols)}).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        symbol, why = str(message.get("symbol", "")), str(message.get("why", ""))
        match message.get("kind"):
            case "lost" if symbol:
                yield Lost(symbol, why)
            case "refused":
                yield Refused(why, symbol=symbol)
            case "unwatched":
                yield Unsubscribed(symbol=symbol)
            case other:
                yield Noted(why or str(other))

    def instrument_paths(self) -> Sequence[str]:
        return ("/markets",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer:
            asked = read_symbol(row["symbol"])
            if asked is None:
                continue
            contract = row.get("contract_size")
            if asked.market is Market.SPOT:
                size: Decimal | None = Decimal(1)
            else:
                size = None if contract is None or row.get("quanto") else Decimal(contract)
            yield self._instrument(
                row["symbol"],
                contract_size=size,
                inverse=bool(row.get("inverse")),
                tick=_step(row.get("tick")),
                lot=_step(row.get("lot")),
                active=bool(row.get("active", True)),
            )

    def infer(self, native: str) -> Instrument:
        asked = read_symbol(native)
        spot = asked is not None and asked.market is Market.SPOT
        return self._instrument(native, contract_size=Decimal(1) if spot else None, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        asked = read_symbol(native)
        if asked is None:
            return Instrument(self.name, native, native, Market.SPOT, native, "", "", **more)
        return Instrument(
            self.name,
            native,
            asked.symbol,
            asked.market,
            asked.base,
            asked.quote,
            asked.settle,
            expiry=asked.expiry,
            **more,
        )


def _step(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


@cache
def ccxt_venue(name: str) -> type[CcxtVenue]:
    """The class of a venue `ccxt:<id>`; ccxt need not be installed for it."""
    exchange = name.removeprefix(PREFIX)
    if not (name.startswith(PREFIX) and exchange.isidentifier()):
        raise UsageError(f"no venue {name!r}; write ccxt:<id> with the id that ccxt gives the exchange")
    address = f"ccxt://{exchange}"
    facts = {"name": name, "exchange": exchange, "ws": address, "rest": address, "__doc__": CcxtVenue.__doc__}
    return type(f"Ccxt_{exchange}", (CcxtVenue,), facts)


def fault_in(name: str) -> str:
    """What keeps a venue `ccxt:<id>` from being watched on this machine, with the cure; "" if nothing does.

    Looks at ccxt's files without importing it: that costs a second and 110 MB.
    """
    exchange = name.removeprefix(PREFIX)
    found = importlib.util.find_spec("ccxt")
    if found is None or found.origin is None:
        return f"{name} needs ccxt, which is not installed: pip install 'steelyard[ccxt]'"
    folder = Path(found.origin).parent / "pro"
    known = sorted(path.stem for path in folder.glob("[a-z]*.py"))
    if exchange in known:
        return ""
    near = difflib.get_close_matches(exchange, known, 1)
    hint = (
        f"; did you mean {PREFIX}{near[0]}?" if near else f" ({len(known)} exchanges have a WebSocket there)"
    )
    return f"ccxt cannot watch an exchange {exchange!r}{hint}"
