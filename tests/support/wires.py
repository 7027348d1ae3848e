"""What each venue writes on the wire, after its documents: whole books, changes, prints, acks, refusals. No product code.

A wire knows its book, so that what a session makes of the frames can be compared with it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

MS = 1_000_000
START = 1_790_000_000_000  # ms
Levels = list[tuple[str, str]]


def compact(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"))


def written(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Wire:
    """One symbol of one product. `whole` and `changed` give frames (or a REST body, where `by_rest`), one a line.

    With `images` every message is whole.
    """

    native = "BTCUSDT"
    by_rest = False
    asked = False  # the whole book answers a request on the socket
    welcome = ""  # what the venue says before anything may be sent
    proven = True
    images = False  # every message is the whole book
    overlaps = False  # a REST snapshot stands only where older updates have come before it
    kind_last = False  # the kind stands at the end of a frame, so that one cut off might be of a book
    step = 0.5  # of prices; sizes have up to three decimals

    def __init__(self) -> None:
        self.sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self.ms, self.number, self.fills = START, 1000, 0

    @property
    def joining(self) -> int:
        """Updates that follow a whole book which comes apart from them."""
        return int(self.by_rest or self.asked)

    def packed(self, frame: str) -> bytes:
        """A frame as it goes over the socket."""
        return frame.encode()

    def whole(self, bids: Levels, asks: Levels) -> str:
        """The book is these levels."""
        self.sides = (dict(bids), dict(asks))
        self.ms += 100
        return self._whole(bids, asks)

    def changed(self, bids: Levels, asks: Levels) -> str:
        """These levels changed; size 0 removes."""
        for side, levels in zip(self.sides, (bids, asks), strict=True):
            for price, size in levels:
                side.pop(price, None)
                if float(size) > 0:
                    side[price] = size
        self.ms += 100
        return self._changed(bids, asks)

    def fill(self, price: str, size: str, taker: str) -> str:
        """A print; `taker` bought or sold."""
        self.fills += 1
        self.ms += 1
        return self._fill(price, size, taker == "buy")

    def best(self) -> Levels:
        """Best bids, then best asks, as one list."""
        bids = sorted(self.sides[0].items(), key=lambda one: -float(one[0]))
        return [*bids[:1], *sorted(self.sides[1].items(), key=lambda one: float(one[0]))[:1]]

    def greeting(self) -> list[str]:
        """What the venue says on a connection before the first book."""
        return []

    def anew(self) -> None:
        """Another connection: what counts the frames of one starts over."""

    def accepted(self, request: str) -> list[str]:
        raise NotImplementedError

    def refused(self, request: str) -> str:
        raise NotImplementedError

    def _whole(self, bids: Levels, asks: Levels) -> str:
        raise NotImplementedError

    def _changed(self, bids: Levels, asks: Levels) -> str:
        raise NotImplementedError

    def _fill(self, price: str, size: str, bought: bool) -> str:
        raise NotImplementedError


class Binance(Wire):
    by_rest = True

    def _whole(self, bids: Levels, asks: Levels) -> str:
        return compact({"lastUpdateId": self.number, "bids": bids, "asks": asks})

    def _changed(self, bids: Levels, asks: Levels) -> str:
        first, self.number = self.number + 1, self.number + 3
        return self._stream(
            "depth@100ms", {"e": "depthUpdate", "E": self.ms, **self._ids(first), "b": bids, "a": asks}
        )

    def _ids(self, first: int) -> dict[str, Any]:
        return {"s": self.native, "U": first, "u": self.number}

    def _stream(self, name: str, data: dict[str, Any]) -> str:
        return compact({"stream": f"{self.native.lower()}@{name}", "data": data})

    def _fill(self, price: str, size: str, bought: bool) -> str:
        data = {"e": "aggTrade", "E": self.ms, "s": self.native, "a": self.fills, "p": price, "q": size}
        data |= {"f": self.fills, "l": self.fills, "T": self.ms, "m": not bought, "M": True}
        return self._stream("aggTrade", data)

    def accepted(self, request: str) -> list[str]:
        return [compact({"result": None, "id": json.loads(request)["id"]})]

    def refused(self, request: str) -> str:
        return compact({"code": 2, "msg": "Invalid request: unknown symbol", "id": json.loads(request)["id"]})


class BinanceFutures(Binance):
    def _ids(self, first: int) -> dict[str, Any]:
        return {"T": self.ms - 5, "s": self.native, "U": first + 1, "u": self.number, "pu": first - 1}


class CoinM(BinanceFutures):
    native = "BTCUSD_PERP"


class Okx(Wire):
    native = "BTC-USDT"

    def _push(self, action: str, bids: Levels, asks: Levels, previous: int) -> str:
        def rows(levels: Levels) -> list[list[str]]:
            return [[price, size, "0", "1"] for price, size in levels]

        ids = {"ts": str(self.ms), "checksum": 0, "seqId": self.number, "prevSeqId": previous}
        data = {"asks": rows(asks), "bids": rows(bids), **ids}
        return compact({"arg": {"channel": "books", "instId": self.native}, "action": action, "data": [data]})

    def _whole(self, bids: Levels, asks: Levels) -> str:
        self.number += 17
        return self._push("snapshot", bids, asks, -1)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        before, self.number = self.number, self.number + 11
        return self._push("update", bids, asks, before)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        row = {
            "instId": self.native,
            "tradeId": str(self.fills),
            "px": price,
            "sz": size,
            "side": "buy" if bought else "sell",
        }
        return compact(
            {
                "arg": {"channel": "trades", "instId": self.native},
                "data": [row | {"ts": str(self.ms), "count": "1"}],
            }
        )

    def accepted(self, request: str) -> list[str]:
        return [
            compact({"event": "subscribe", "arg": arg, "connId": "a4d3ae55"})
            for arg in json.loads(request)["args"]
        ]

    def refused(self, request: str) -> str:
        why = f"channel:books,instId:{self.native} doesn't exist"
        return compact({"event": "error", "code": "60018", "msg": why, "connId": "a4d3ae55"})


class Kraken(Wire):
    native = "BTC/USD"

    def _push(self, kind: str, bids: Levels, asks: Levels) -> str:
        def rows(levels: Levels) -> str:
            return ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in levels)

        low = sorted(self.sides[1].items(), key=lambda one: float(one[0]))[:10]
        high = sorted(self.sides[0].items(), key=lambda one: -float(one[0]))[:10]
        digits = "".join(part.replace(".", "").lstrip("0") for level in (*low, *high) for part in level)
        return (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{self.native}","bids":[{rows(bids)}],"asks":[{rows(asks)}],'
            f'"checksum":{crc32(digits.encode())},"timestamp":"{written(self.ms)}"}}]}}'
        )

    def _whole(self, bids: Levels, asks: Levels) -> str:
        return self._push("snapshot", bids, asks)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        return self._push("update", bids, asks)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        side = "buy" if bought else "sell"
        return (
            f'{{"channel":"trade","type":"update","data":[{{"symbol":"{self.native}","side":"{side}","price":{price},"qty":{size},'
            f'"ord_type":"limit","trade_id":{self.fills},"timestamp":"{written(self.ms)}"}}]}}'
        )

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        result = {"channel": asked["params"]["channel"], "symbol": self.native, "snapshot": True}
        return [
            compact({"method": "subscribe", "result": result, "success": True, "req_id": asked["req_id"]})
        ]

    def refused(self, request: str) -> str:
        why = f"Currency pair not supported {self.native}"
        asked = json.loads(request)["req_id"]
        return compact(
            {"error": why, "method": "subscribe", "success": False, "symbol": self.native, "req_id": asked}
        )


class Bybit(Wire):
    def _push(self, kind: str, bids: Levels, asks: Levels) -> str:
        data = {"s": self.native, "b": bids, "a": asks, "u": self.number, "seq": self.number * 7}
        topic = f"orderbook.200.{self.native}"
        return compact({"topic": topic, "type": kind, "ts": self.ms + 2, "data": data, "cts": self.ms})

    def _whole(self, bids: Levels, asks: Levels) -> str:
        self.number += 50
        return self._push("snapshot", bids, asks)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        self.number += 1
        return self._push("delta", bids, asks)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        row = {
            "T": self.ms,
            "s": self.native,
            "S": "Buy" if bought else "Sell",
            "v": size,
            "p": price,
            "L": "PlusTick",
        }
        row |= {"i": f"20f43950-d8dd-5b31-9112-{self.fills:012x}", "BT": False, "seq": self.fills}
        return compact(
            {"topic": f"publicTrade.{self.native}", "type": "snapshot", "ts": self.ms, "data": [row]}
        )

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)["req_id"]
        return [
            compact(
                {"success": True, "ret_msg": "", "conn_id": "3cd84cb1", "req_id": asked, "op": "subscribe"}
            )
        ]

    def refused(self, request: str) -> str:
        asked = {"conn_id": "3cd84cb1", "req_id": json.loads(request)["req_id"], "op": "subscribe"}
        return compact({"success": False, "ret_msg": f"Invalid topic: orderbook.200.{self.native}", **asked})


class BybitInverse(Bybit):
    native = "BTCUSD"


class Coinbase(Wire):
    native = "BTC-USD"

    def __init__(self) -> None:
        super().__init__()
        self.anew()

    def anew(self) -> None:
        self.number = -1

    def _frame(self, channel: str, events: list[Any]) -> str:
        self.number += 1
        head = {"channel": channel, "timestamp": written(self.ms), "sequence_num": self.number}
        return compact(head | {"events": events})

    def _push(self, kind: str, bids: Levels, asks: Levels) -> str:
        updates = [
            {"side": side, "event_time": written(self.ms), "price_level": price, "new_quantity": size}
            for side, levels in (("bid", bids), ("offer", asks))
            for price, size in levels
        ]
        return self._frame("l2_data", [{"type": kind, "product_id": self.native, "updates": updates}])

    def _whole(self, bids: Levels, asks: Levels) -> str:
        return self._push("snapshot", bids, asks)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        return self._push("update", bids, asks)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        fill = {"trade_id": str(self.fills), "product_id": self.native, "price": price, "size": size}
        fill |= {"side": "BUY" if bought else "SELL", "time": written(self.ms)}
        return self._frame("market_trades", [{"type": "update", "trades": [fill]}])

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        return [
            self._frame(
                "subscriptions", [{"subscriptions": {asked["channel"]: asked.get("product_ids", [])}}]
            )
        ]

    def refused(self, request: str) -> str:
        return compact({"type": "error", "message": f"{self.native} is not a valid product"})


class CoinbaseExchange(Wire):
    native = "BTC-USD"
    proven = False

    def _whole(self, bids: Levels, asks: Levels) -> str:
        return compact(
            {
                "type": "snapshot",
                "product_id": self.native,
                "asks": asks,
                "bids": bids,
                "time": written(self.ms),
            }
        )

    def _changed(self, bids: Levels, asks: Levels) -> str:
        changes = [["buy", price, size] for price, size in bids] + [
            ["sell", price, size] for price, size in asks
        ]
        return compact(
            {"type": "l2update", "product_id": self.native, "changes": changes, "time": written(self.ms)}
        )

    def _fill(self, price: str, size: str, bought: bool) -> str:
        head = {
            "type": "match",
            "trade_id": self.fills,
            "sequence": self.fills,
            "maker_order_id": "a",
            "taker_order_id": "b",
        }
        said = {"time": written(self.ms), "product_id": self.native, "size": size, "price": price}
        return compact(head | said | {"side": "sell" if bought else "buy"})  # the maker's

    def accepted(self, request: str) -> list[str]:
        names = [{"name": name, "product_ids": [self.native]} for name in json.loads(request)["channels"]]
        return [compact({"type": "subscriptions", "channels": names})]

    def refused(self, request: str) -> str:
        return compact(
            {
                "type": "error",
                "message": "Failed to subscribe",
                "reason": f"{self.native} is not a valid product",
            }
        )


WIRES: dict[tuple[str, str], type[Wire]] = {
    ("binance", "spot"): Binance,
    ("binance", "usdm"): BinanceFutures,
    ("binance", "coinm"): CoinM,
    ("binance_us", "spot"): Binance,
    ("okx", "public"): Okx,
    ("kraken", "spot"): Kraken,
    ("bybit", "spot"): Bybit,
    ("bybit", "linear"): Bybit,
    ("bybit", "inverse"): BybitInverse,
    ("coinbase", "advanced"): Coinbase,
    ("coinbase_exchange", "exchange"): CoinbaseExchange,
}

from tests.support.wires_asia_eu import MORE  # noqa: E402  # it builds on what stands above

WIRES |= MORE
