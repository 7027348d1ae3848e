"""Binance's REST answers: instruments, book snapshots, open interest, mark prices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .. import derivative
from ..book import Level
from ..listing import Listing
from ..market import Market, Sheet

MS = 1_000_000
EIGHT_HOURS_MS = 8 * 3600 * 1000
FUTURES_LIMITS = (5, 10, 20, 50, 100, 500, 1000)
ERRORS = {
    418: '{"code":-1003,"msg":"Way too much request weight used; IP banned until 1800000000000. '
    'Please use WebSocket Streams for live updates to avoid bans."}',
    429: '{"code":-1003,"msg":"Too many requests; current limit of IP is 6000 request weight per 1 MINUTE."}',
    500: '{"code":-1000,"msg":"An unknown error occurred while processing the request."}',
}
BAD_SYMBOL = '{"code":-1121,"msg":"Invalid symbol."}'
BAD_LIMIT = '{"code":-4021,"msg":"Depth limit is not valid."}'


@dataclass(frozen=True, slots=True)
class Rules:
    """How one product of Binance differs from the others. Times in seconds."""

    rest: str
    weight_limit: int
    depth_weights: tuple[tuple[int, int], ...]
    info_weight: int
    messages_per_second: int
    ping_every: int
    pong_within: int
    routes: tuple[str, ...]
    speeds: tuple[int, ...]
    kind: str

    def depth_weight(self, limit: int) -> int:
        """Weight of a book snapshot with so many levels."""
        return next(weight for most, weight in self.depth_weights if limit <= most)


FUTURES_DEPTH = ((50, 2), (100, 5), (500, 10), (1000, 20))
SPOT = Rules(
    "/api/v3", 6000, ((100, 5), (500, 25), (1000, 50), (5000, 250)), 20, 5, 20, 60, ("",), (1000, 100), "spot"
)
USDM = Rules("/fapi/v1", 2400, FUTURES_DEPTH, 1, 10, 180, 600, ("", "/public", "/market", "/private"),
             (250, 500, 100, 0), "um")  # fmt: skip
COINM = Rules("/dapi/v1", 2400, FUTURES_DEPTH, 1, 10, 180, 600, ("",), (250, 500, 100, 0), "cm")


def writers(listing: Listing) -> tuple[Callable[[int], str], Callable[[int], str]]:
    """How prices and sizes are written: eight decimals on spot, the step's own on futures."""
    if listing.product == "spot":
        return (lambda n: listing.tick.padded(n, 8)), (lambda n: listing.lot.padded(n, 8))
    return listing.tick.fixed, listing.lot.fixed


def rows(listing: Listing, levels: Iterable[Level]) -> str:
    """Levels as the inside of a JSON array."""
    price, size = writers(listing)
    return ",".join(f'["{price(tick)}","{size(lots)}"]' for tick, lots in levels)


def depth(rules: Rules, listing: Listing, sheet: Sheet, limit: int, now: int) -> str:
    """A book snapshot."""
    bids, asks = rows(listing, sheet.bids[:limit]), rows(listing, sheet.asks[:limit])
    times, names = "", ""
    if rules.kind != "spot":
        at = sheet.time // MS
        times = f'"E":{at + 3},"T":{at},'
    if rules.kind == "cm":
        names = f'"symbol":"{listing.native}","pair":"{listing.facts["pair"]}",'
    return f'{{"lastUpdateId":{sheet.last_id},{times}{names}"bids":[{bids}],"asks":[{asks}]}}'


def exchange_info(rules: Rules, listings: Iterable[Listing], now: int) -> str:
    """All instruments."""
    symbols = [_spot_symbol(x) if rules.kind == "spot" else _future_symbol(rules, x) for x in listings]
    limits = [
        {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": rules.weight_limit,
        }
    ]
    head = {"timezone": "UTC", "serverTime": now // MS, "rateLimits": limits, "exchangeFilters": []}
    return json.dumps(head | {"symbols": symbols}, separators=(",", ":"))


def _spot_symbol(listing: Listing) -> dict[str, Any]:
    tick, step = listing.tick.padded(1, 8), listing.lot.padded(1, 8)
    return {
        "symbol": listing.native,
        "status": listing.facts.get("status", "TRADING"),
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick,
                "maxPrice": "1000000.00000000",
                "tickSize": tick,
            },
            {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "9000.00000000", "stepSize": step},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True},
        ],
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN"]],
    }


def _future_symbol(rules: Rules, listing: Listing) -> dict[str, Any]:
    inverse, tick, step = listing.inverse, listing.tick.fixed(1), listing.lot.fixed(1)
    status = (
        {"contractStatus": "TRADING", "contractSize": int(listing.contract)}
        if inverse
        else {"status": "TRADING"}
    )
    return {
        "symbol": listing.native,
        "pair": listing.facts["pair"],
        "contractType": listing.facts.get("contractType", "PERPETUAL"),
        "deliveryDate": int(listing.facts.get("deliveryDate", "4133404800000")),
        "onboardDate": 1569398400000,
        **status,
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": listing.base if inverse else listing.quote,
        "pricePrecision": listing.tick.decimals + 1,
        "quantityPrecision": listing.lot.decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "filters": [
            {"minPrice": tick, "maxPrice": "1000000", "filterType": "PRICE_FILTER", "tickSize": tick},
            {"stepSize": step, "filterType": "LOT_SIZE", "maxQty": "1000000", "minQty": step},
            {"stepSize": step, "filterType": "MARKET_LOT_SIZE", "maxQty": "60000", "minQty": step},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def day(rules: Rules, market: Market) -> dict[str, str]:
    """The last 24 hours of an instrument; `turnover` in its facts, by default five million, in quote units."""
    listing, price = market.listing, market.price()
    turnover = float(listing.facts.get("turnover", "5000000"))
    row = {"symbol": listing.native, "lastPrice": f"{price:.8f}", "weightedAvgPrice": f"{price:.8f}"}
    if rules.kind == "cm":
        volumes = {"volume": f"{turnover / listing.contract:.0f}", "baseVolume": f"{turnover / price:.8f}"}
        return row | {"pair": listing.facts["pair"]} | volumes
    return row | {"volume": f"{turnover / price:.8f}", "quoteVolume": f"{turnover:.8f}"}


def open_interest(rules: Rules, market: Market, now: int) -> str:
    """Open interest: base units on USD-M, contracts on COIN-M."""
    listing = market.listing
    contracts = (
        2_000_000_000
        / listing.lot_notional(market.price())
        * (1 + 0.02 * (now // MS % 3_600_000) / 3_600_000)
    )
    answer = {"openInterest": listing.lot.fixed(int(contracts)), "symbol": listing.native, "time": now // MS}
    if rules.kind == "cm":
        answer |= {"pair": listing.facts["pair"], "contractType": "PERPETUAL"}
    return json.dumps(answer, separators=(",", ":"))


def long_short(rules: Rules, market: Market | None, population: str, now: int) -> str:
    """The last period of a ratio of longs to shorts; no row of what is not known. COIN-M tells it of a pair."""
    if market is None:
        return "[]"
    share = derivative.longs(market, now, population)
    words = ("longPosition", "shortPosition")
    if rules.kind == "um" or population != "top_positions":
        words = ("longAccount", "shortAccount")
    name = {"pair": market.listing.facts["pair"]} if rules.kind == "cm" else {"symbol": market.listing.native}
    row = name | {
        words[0]: f"{share:.4f}",
        "longShortRatio": f"{derivative.long_short_ratio(market, now, population):.4f}",
        words[1]: f"{1 - share:.4f}",
        "timestamp": derivative.period(now) // MS,
    }
    return json.dumps([row], separators=(",", ":"))


def mark(market: Market, now: int) -> dict[str, Any]:
    """Mark price, index and funding, by the letters of the stream."""
    tick = float(market.listing.tick.decimal(1))
    index = market.fair(now) * tick / (1 + market.listing.basis_bps * 1e-4)
    following = (now // MS // EIGHT_HOURS_MS + 1) * EIGHT_HOURS_MS
    return {"p": f"{market.price():.8f}", "i": f"{index:.8f}", "r": "0.00010000", "T": following}


def premium_index(market: Market, now: int) -> dict[str, Any]:
    """One row of ``premiumIndex``."""
    its = mark(market, now)
    return {
        "symbol": market.listing.native,
        "pair": market.listing.facts["pair"],
        "markPrice": its["p"],
        "indexPrice": its["i"],
        "estimatedSettlePrice": its["i"],
        "lastFundingRate": its["r"],
        "interestRate": "0.00010000",
        "nextFundingTime": its["T"],
        "time": now // MS,
    }
