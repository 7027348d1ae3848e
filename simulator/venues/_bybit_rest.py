"""Bybit's REST answers: instruments, books, tickers, open interest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import derivative
from ..book import Level
from ..feeds import Feed
from ..listing import Listing
from ..market import Market

MS = 1_000_000
EIGHT_HOURS_MS = 8 * 3600 * 1000
CONTRACTS = {"linear": "LinearPerpetual", "inverse": "InversePerpetual"}


def writers(listing: Listing) -> tuple[Callable[[int], str], Callable[[int], str]]:
    """How prices and sizes are written: unpadded on spot, two decimals and the step's own on derivatives."""
    if listing.product == "spot":
        return listing.tick.plain, listing.lot.plain
    return (lambda n: listing.tick.padded(n, 2)), (lambda n: listing.lot.fixed(n) if n else "0")


def rows(listing: Listing, levels: Iterable[Level]) -> str:
    """Levels as the inside of a JSON array."""
    price, size = writers(listing)
    return ",".join(f'["{price(tick)}","{size(lots)}"]' for tick, lots in levels)


def wrapped(result: Mapping[str, Any], now: int) -> str:
    """A successful answer."""
    answer = {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now // MS}
    return json.dumps(answer, separators=(",", ":"))


def failed(code: int, message: str, now: int) -> str:
    """A refusal, which comes with HTTP status 200."""
    answer = {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": now // MS}
    return json.dumps(answer, separators=(",", ":"))


def book(market: Market, feed: Feed | None, limit: int, now: int, age_ns: int) -> str:
    """A book: what the stream of depth 1000 last said where it runs, else the state of the moment."""
    listing, u = market.listing, feed.last if feed is not None else market.counter_last % 10**8
    if feed is None or age_ns:
        sheet = market.sheet(now, age_ns)
        bids, asks = sheet.bids, sheet.asks
    else:
        bids, asks = feed.levels()
    at = (now - age_ns) // MS
    return (
        f'{{"retCode":0,"retMsg":"OK","result":{{"s":"{listing.native}","b":[{rows(listing, bids[:limit])}],'
        f'"a":[{rows(listing, asks[:limit])}],"ts":{at},"u":{u},"seq":{market.counter_last},"cts":{at - 2}}},'
        f'"retExtInfo":{{}},"time":{now // MS}}}'
    )


def instruments(category: str, listings: Iterable[Listing], now: int) -> str:
    """``instruments-info``; spot is not paged, the others end with an empty cursor."""
    result: dict[str, Any] = {"category": category, "list": [_instrument(x) for x in listings]}
    if category != "spot":
        result["nextPageCursor"] = ""
    return wrapped(result, now)


def _instrument(listing: Listing) -> dict[str, Any]:
    tick, step = listing.tick.fixed(1), listing.lot.fixed(1)
    names = {"symbol": listing.native, "baseCoin": listing.base, "quoteCoin": listing.quote}
    if listing.product == "spot":
        return {
            **names,
            "innovation": "0",
            "status": "Trading",
            "marginTrading": "utaOnly",
            "lotSizeFilter": {
                "basePrecision": step,
                "quotePrecision": "0.0000001",
                "minOrderQty": step,
                "maxOrderQty": "83",
            },
            "priceFilter": {"tickSize": tick},
        }
    return {
        **names,
        "contractType": CONTRACTS[listing.product],
        "status": "Trading",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "priceScale": "2",
        "priceFilter": {"minPrice": tick, "maxPrice": "1999999.80", "tickSize": tick},
        "lotSizeFilter": {"maxOrderQty": "1190.000", "minOrderQty": step, "qtyStep": step},
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "settleCoin": listing.base if listing.inverse else listing.quote,
    }


def account_ratio(market: Market, now: int) -> str:
    """How the holders of positions are split in the running 5 minutes."""
    share = derivative.longs(market, now, "accounts")
    row = {
        "symbol": market.listing.native,
        "buyRatio": f"{share:.4f}",
        "sellRatio": f"{1 - share:.4f}",
        "timestamp": str(derivative.period(now) // MS),
    }
    return wrapped({"list": [row], "nextPageCursor": ""}, now)


def ticker(market: Market, now: int) -> dict[str, str]:
    """All fields of a derivative's ticker."""
    listing, top = market.listing, market.book
    price, size = writers(listing)
    bid, ask, last = top.bids.best() or 0, top.asks.best() or 0, market.last_trade
    dollars = 2_000_000_000.0 * (1 + 0.02 * (now // MS % 3_600_000) / 3_600_000)
    interest = dollars if listing.inverse else dollars / market.price()
    following = (now // MS // EIGHT_HOURS_MS + 1) * EIGHT_HOURS_MS
    return {
        "symbol": listing.native,
        "lastPrice": price(last.tick if last else bid),
        "markPrice": f"{market.price():.2f}",
        "indexPrice": f"{market.price() / (1 + listing.basis_bps * 1e-4):.2f}",
        "openInterest": f"{interest:.3f}",
        "openInterestValue": f"{dollars / market.price() if listing.inverse else dollars:.2f}",
        "singleOpenInterest": f"{interest / 2:.3f}",
        "nextFundingTime": str(following),
        "fundingRate": "0.0001",
        "fundingIntervalHour": "8",
        "bid1Price": price(bid),
        "bid1Size": size(top.bids.sizes.get(bid, 0)),
        "ask1Price": price(ask),
        "ask1Size": size(top.asks.sizes.get(ask, 0)),
    }
