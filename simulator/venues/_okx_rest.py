"""OKX's REST answers: instruments, books, open interest, funding, mark prices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import derivative
from ..book import Level, Side
from ..feeds import Feed
from ..listing import Listing
from ..market import Market

MS = 1_000_000
EIGHT_HOURS_MS = 8 * 3600 * 1000
_RATIO = "rubik/stat/contracts/long-short"
RATIOS = {
    f"{_RATIO}-account-ratio-contract": "accounts",
    f"{_RATIO}-account-ratio-contract-top-trader": "top_accounts",
    f"{_RATIO}-position-ratio-contract-top-trader": "top_positions",
}
INST_TYPES = {"spot": "SPOT", "swap": "SWAP", "futures": "FUTURES"}


def wrapped(data: Sequence[Mapping[str, Any] | Sequence[str]]) -> str:
    """A successful answer."""
    return json.dumps({"code": "0", "msg": "", "data": list(data)}, separators=(",", ":"))


def failed(code: str, message: str) -> str:
    """A refusal, which comes with HTTP status 200 or 400."""
    return json.dumps({"code": code, "msg": message, "data": []}, separators=(",", ":"))


def four(_side: Side, price: str, size: str) -> str:
    """A level: price, size, a dead field, number of orders."""
    orders = 0 if size == "0" else 1 + len(size) % 4 + int(price[-1]) % 3
    return f'["{price}","{size}","0","{orders}"]'


def rows(listing: Listing, levels: Iterable[Level]) -> str:
    """Levels as the inside of a JSON array."""
    return ",".join(four("bid", listing.tick.plain(tick), listing.lot.plain(lots)) for tick, lots in levels)


def instrument(listing: Listing) -> dict[str, str]:
    """One row of ``/public/instruments``; derivatives leave base and quote empty."""
    spot, facts = listing.product == "spot", listing.facts
    return {
        "alias": facts.get("alias", ""),
        "baseCcy": listing.base if spot else "",
        "category": "1",
        "ctMult": "" if spot else "1",
        "ctType": "" if spot else "inverse" if listing.inverse else "linear",
        "ctVal": "" if spot else f"{listing.contract:g}",
        "ctValCcy": "" if spot else listing.quote if listing.inverse else listing.base,
        "expTime": facts.get("expTime", ""),
        "instFamily": "" if spot else f"{listing.base}-{listing.quote}",
        "instId": listing.native,
        "instType": INST_TYPES[listing.product],
        "lever": "10" if spot else "100",
        "listTime": "1548133413000",
        "lotSz": listing.lot.plain(1),
        "maxLmtSz": "9999999999",
        "maxMktSz": "1000000",
        "minSz": listing.lot.plain(1),
        "optType": "",
        "quoteCcy": listing.quote if spot else "",
        "settleCcy": "" if spot else listing.base if listing.inverse else listing.quote,
        "state": "live",
        "stk": "",
        "tickSz": listing.tick.plain(1),
        "uly": "" if spot else f"{listing.base}-{listing.quote}",
    }


def book(market: Market, feed: Feed | None, size: int, sequence: int, now: int, age_ns: int) -> str:
    """A book snapshot: what the stream last said where a stream runs, else the state of the moment."""
    listing = market.listing
    if age_ns or feed is None or size > 400:
        sheet = market.sheet(now, age_ns)
        bids, asks = sheet.bids, sheet.asks
    else:
        bids, asks = feed.levels()
    return (
        f'{{"code":"0","msg":"","data":[{{"asks":[{rows(listing, asks[:size])}],'
        f'"bids":[{rows(listing, bids[:size])}],'
        f'"ts":"{(now - age_ns) // MS}","seqId":{sequence}}}]}}'
    )


def open_interest(market: Market, now: int) -> dict[str, str]:
    """Open interest in contracts, coins and US dollars."""
    listing, price = market.listing, market.price()
    dollars = 1_900_000_000.0 * (1 + 0.02 * (now // MS % 3_600_000) / 3_600_000)
    lots = int(dollars / listing.lot_notional(price))
    return {
        "instId": listing.native,
        "instType": INST_TYPES[listing.product],
        "oi": listing.lot.plain(lots),
        "oiCcy": f"{dollars / price:.4f}",
        "oiUsd": f"{dollars:.1f}",
        "ts": str(now // MS),
    }


def long_short(market: Market, population: str, now: int) -> list[str]:
    """Time and value of a ratio of longs to shorts."""
    ratio = derivative.long_short_ratio(market, now, population)
    return [str(derivative.period(now) // MS), f"{ratio:.4f}"]


def funding(market: Market, now: int) -> dict[str, str]:
    """Current funding of a swap."""
    following = (now // MS // EIGHT_HOURS_MS + 1) * EIGHT_HOURS_MS
    return {
        "fundingRate": "0.0001",
        "fundingTime": str(following),
        "instId": market.listing.native,
        "instType": INST_TYPES[market.listing.product],
        "nextFundingRate": "",
        "nextFundingTime": str(following + EIGHT_HOURS_MS),
        "settFundingRate": "0.0001",
        "settState": "settled",
        "ts": str(now // MS),
    }


def mark(market: Market, now: int) -> dict[str, str]:
    """Mark price."""
    listing = market.listing
    return {
        "instId": listing.native,
        "instType": INST_TYPES[listing.product],
        "markPx": f"{market.price():.1f}",
        "ts": str(now // MS),
    }


def ticker(market: Market, now: int) -> dict[str, str]:
    """Last trade and touch."""
    listing, book_ = market.listing, market.book
    bid, ask, last = book_.bids.best() or 0, book_.asks.best() or 0, market.last_trade
    return {
        "instType": INST_TYPES[listing.product],
        "instId": listing.native,
        "last": listing.tick.plain(last.tick if last else bid),
        "lastSz": listing.lot.plain(last.lots if last else 1),
        "askPx": listing.tick.plain(ask),
        "askSz": listing.lot.plain(book_.asks.sizes.get(ask, 0)),
        "bidPx": listing.tick.plain(bid),
        "bidSz": listing.lot.plain(book_.bids.sizes.get(bid, 0)),
        "ts": str(now // MS),
    }
