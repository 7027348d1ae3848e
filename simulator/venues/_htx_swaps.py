"""What HTX tells of swaps beside their books: the notification sockets, and rows of REST answers.

Source: the fact sheet htx. A ping on these sockets holds its time as text and wants it back unchanged.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

from .. import derivative
from ..connection import MS, NS, Connection, parsed
from ..listing import Listing
from ..market import Market, Trade

NOTICES = {"/linear-swap-notification": "linear", "/swap-notification": "inverse"}
TOPICS = ("funding_rate", "liquidation_orders")
PING_NS = 5 * NS
MOST_UNANSWERED = 5


class NoticeConnection(Connection):
    """A socket on a ``notification`` path: requests, answers and pings have words of their own."""

    def opened(self, now: int) -> None:
        self.product = NOTICES[self.path]
        self.missed, self.pinged = 0, ""
        self.at(now + PING_NS, self._ping)

    def packed(self, text: str) -> bytes:
        return gzip.compress(text.encode(), 1, mtime=0)

    def received(self, text: str, now: int) -> None:
        message = parsed(text) or {}
        op, topic = message.get("op"), str(message.get("topic", ""))
        if op == "pong" and message.get("ts") == self.pinged:  # the raw value, which is a text
            self.missed = 0
        if op not in ("sub", "unsub"):
            return
        answer = {"op": op, "cid": message.get("cid"), "topic": topic, "ts": now // MS, "err-code": 0}
        _, _, rest = topic.partition(".")
        symbol, _, what = rest.rpartition(".")
        name = f"{self.product}/{topic}"
        if (self.product, symbol) not in self.venue.markets or what not in TOPICS:
            answer |= {"err-code": 2011, "err-msg": f"Illegal topic: {topic}"}
        elif op == "unsub":
            self.venue.leave(self, name)
        elif self in self.venue.members(name):
            answer |= {"err-code": 2014, "err-msg": "Repeated subscription"}
        else:
            self.venue.join(self, name)
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _ping(self, now: int) -> None:
        if self.missed == MOST_UNANSWERED:
            self.say('{"op":"close","err-msg":"Bye"}', now)
            self.close(now, None)
            return
        self.missed += not self.venue.faults.silent(self.number, now)
        self.pinged = str(now // MS)
        self.say(f'{{"op":"ping","ts":"{self.pinged}"}}', now, kind="heartbeat")
        self.at(now + PING_NS, self._ping)


def forced(listing: Listing, trade: Trade) -> dict[str, Any]:
    """A liquidation; the direction is that of the order that closed the position."""
    price, contracts = float(listing.tick.decimal(trade.tick)), int(listing.lot.decimal(trade.lots))
    base = contracts * listing.contract / (price if listing.inverse else 1.0)
    return {
        "symbol": listing.base,
        "contract_code": listing.native,
        "direction": trade.taker,
        "offset": "close",
        "volume": contracts,
        "price": price,
        "created_at": trade.time // MS,
        "amount": base,
        "trade_turnover": base * price,
    }


def funding(market: Market, now: int) -> dict[str, Any]:
    """The rate that is settled next."""
    listing = market.listing
    return {
        "symbol": listing.base,
        "contract_code": listing.native,
        "fee_asset": listing.base if listing.inverse else listing.quote,
        "funding_time": str(now // MS),
        "funding_rate": f"{derivative.funding_rate(market, now):.18f}",
        "estimated_rate": None,
        "settlement_time": str(derivative.next_funding(now) // MS),
    }


def interest(market: Market, now: int) -> dict[str, Any]:
    """Open interest of both sides, as HTX counts it."""
    listing, contracts = market.listing, 2 * derivative.open_interest(market, now)
    base = contracts * listing.contract / (market.price() if listing.inverse else 1.0)
    return {
        "symbol": listing.base,
        "contract_code": listing.native,
        "volume": float(contracts),
        "amount": base,
        "value": base * market.price(),
    }


def elite(market: Market, now: int, *, positions: bool) -> dict[str, Any]:
    """Longs and shorts of top traders over the last hour, oldest first; some accounts are hedged."""
    rows = []
    for back in range(11, -1, -1):
        at = now - back * derivative.PERIOD_NS
        share = derivative.longs(market, at, "top_positions" if positions else "top_accounts")
        held = {} if positions else {"locked_ratio": 0.02}
        total = 1 - sum(held.values())
        ratios = {"buy_ratio": round(share * total, 6), "sell_ratio": round((1 - share) * total, 6)}
        rows.append({**ratios, **held, "ts": derivative.period(at) // MS})
    return {"symbol": market.listing.base, "contract_code": market.listing.native, "list": rows}


def index(market: Market, now: int) -> dict[str, Any]:
    """A row of ``swap_index``."""
    price = round(derivative.index(market, now), 8)
    return {"contract_code": market.listing.native, "index_price": price, "index_ts": now // MS}


def minute(market: Market, now: int) -> dict[str, Any]:
    """The running minute of the mark price."""
    mark = f"{derivative.mark(market):.2f}"
    prices = dict.fromkeys(("open", "close", "high", "low"), mark)
    return {"id": now // NS // 60 * 60, "amount": "0", "vol": "0", "count": "0", **prices}
