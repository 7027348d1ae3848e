"""Wires of venues whose messages are flat, hold one level, or are always whole (see `wires.py`)."""

from __future__ import annotations

import json
from typing import Any

from .wires import Levels, Wire, compact


class KrakenFutures(Wire):
    """A message for each level. Sizes are contracts of 1 USD."""

    native = "PI_XBTUSD"

    def __init__(self) -> None:
        super().__init__()
        self.prints = 70

    def _whole(self, bids: Levels, asks: Levels) -> str:
        def rows(levels: Levels) -> list[dict[str, float]]:
            return [{"price": float(price), "qty": float(size)} for price, size in levels]

        self.number += 40
        head = {"feed": "book_snapshot", "product_id": self.native, "timestamp": self.ms, "seq": self.number}
        return compact(head | {"tickSize": None, "bids": rows(bids), "asks": rows(asks)})

    def _changed(self, bids: Levels, asks: Levels) -> str:
        frames = []
        for side, levels in (("buy", bids), ("sell", asks)):
            for price, size in levels:
                self.number += 1
                level = {"price": float(price), "qty": float(size), "timestamp": self.ms}
                head = {"feed": "book", "product_id": self.native, "side": side, "seq": self.number}
                frames.append(compact(head | level))
        return "\n".join(frames)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        self.prints += 1
        head = {"feed": "trade", "product_id": self.native, "uid": f"e2429e31-{self.fills:012}"}
        head |= {"side": "buy" if bought else "sell", "type": "fill"}
        return compact(
            head | {"seq": self.prints, "time": self.ms, "qty": float(size), "price": float(price)}
        )

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        if "product_ids" not in asked:
            return [compact({"event": "subscribed", "feed": asked["feed"]})]
        return [
            compact({"event": "subscribed", "feed": asked["feed"], "product_ids": [product]})
            for product in asked["product_ids"]
        ]

    def refused(self, request: str) -> str:
        return compact({"event": "error", "message": "Invalid product id"})


class Deribit(Wire):
    """Rows say what they do; sizes are USD."""

    native = "BTC-PERPETUAL"

    def _push(self, channel: str, data: Any) -> str:
        params = {"channel": f"{channel}.{self.native}.100ms", "data": data}
        return compact({"jsonrpc": "2.0", "method": "subscription", "params": params})

    def _book(self, kind: str, ids: dict[str, int], bids: Levels, asks: Levels) -> str:
        def rows(levels: Levels) -> list[list[Any]]:
            new = "new" if kind == "snapshot" else "change"
            return [["delete" if not float(s) else new, float(p), float(s)] for p, s in levels]

        head = {"type": kind, "timestamp": self.ms, "instrument_name": self.native}
        return self._push("book", head | ids | {"bids": rows(bids), "asks": rows(asks)})

    def _whole(self, bids: Levels, asks: Levels) -> str:
        self.number += 17
        return self._book("snapshot", {"change_id": self.number}, bids, asks)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        before, self.number = self.number, self.number + 11
        return self._book("change", {"prev_change_id": before, "change_id": self.number}, bids, asks)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        fill = {
            "trade_seq": self.fills,
            "trade_id": str(self.fills * 3),
            "timestamp": self.ms,
            "tick_direction": 2,
        }
        fill |= {"price": float(price), "instrument_name": self.native, "index_price": 100.0}
        return self._push(
            "trades", [fill | {"direction": "buy" if bought else "sell", "amount": float(size)}]
        )

    def _answer(self, request: str, result: Any) -> str:
        times = {"usIn": self.ms * 1000, "usOut": self.ms * 1000 + 9, "usDiff": 9, "testnet": False}
        return compact({"jsonrpc": "2.0", "id": json.loads(request)["id"], "result": result} | times)

    def accepted(self, request: str) -> list[str]:
        return [self._answer(request, json.loads(request)["params"]["channels"][::-1])]

    def refused(self, request: str) -> str:
        return self._answer(request, [])  # an unknown channel is left out in silence


class Hyperliquid(Wire):
    """All that there is, each time."""

    native = "BTC"
    proven = False
    images = True

    def __init__(self) -> None:
        super().__init__()
        self.history = True

    def _whole(self, bids: Levels, asks: Levels) -> str:
        def rows(side: dict[str, str], sign: int) -> list[dict[str, Any]]:
            best = sorted(side.items(), key=lambda one: sign * float(one[0]))[:20]
            return [{"px": price, "sz": size, "n": 1} for price, size in best]

        levels = [rows(self.sides[0], -1), rows(self.sides[1], 1)]
        return compact(
            {"channel": "l2Book", "data": {"coin": self.native, "time": self.ms, "levels": levels}}
        )

    def _changed(self, bids: Levels, asks: Levels) -> str:
        return self._whole(bids, asks)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        fill = {"coin": self.native, "side": "B" if bought else "A", "px": price, "sz": size, "time": self.ms}
        return compact({"channel": "trades", "data": [fill | {"hash": "0x00", "tid": 10**14 - self.fills}]})

    def greeting(self) -> list[str]:
        return [self._fill("99.0", "1.0", True)]  # from before

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        if asked["subscription"]["type"] == "l2Book":
            asked["subscription"] |= {"nSigFigs": None, "mantissa": None}
        return [compact({"channel": "subscriptionResponse", "data": asked})]

    def refused(self, request: str) -> str:
        return compact({"channel": "error", "data": f"Invalid subscription {request}"})


class Bitfinex(Wire):
    """Lists with the number of a channel; one counter over all of them."""

    native = "tBTCUSD"
    book, prints = 232957, 232958

    def __init__(self) -> None:
        super().__init__()
        self.anew()

    def anew(self) -> None:
        self.number = 0

    def _list(self, channel: int, *members: Any) -> str:
        self.number += 1
        return compact([channel, *members, self.number, self.ms])

    def _whole(self, bids: Levels, asks: Levels) -> str:
        rows = [[float(price), 2, float(size)] for price, size in bids]
        return self._list(self.book, rows + [[float(price), 1, -float(size)] for price, size in asks])

    def _changed(self, bids: Levels, asks: Levels) -> str:
        frames = []
        for sign, levels in ((1, bids), (-1, asks)):
            for price, size in levels:
                gone = not float(size)
                row = [float(price), 0, sign] if gone else [float(price), 3, sign * float(size)]
                frames.append(self._list(self.book, row))
        return "\n".join(frames)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        row = [self.fills, self.ms, float(size) * (1 if bought else -1), float(price)]
        return self._list(self.prints, "te", row) + "\n" + self._list(self.prints, "tu", row)

    def greeting(self) -> list[str]:
        said = {"symbol": self.native, "pair": self.native[1:]}
        subscribed = {"event": "subscribed", "channel": "book", "chanId": self.book}
        return [
            compact({"event": "info", "version": 2, "serverId": "083b", "platform": {"status": 1}}),
            compact({"event": "conf", "status": "OK", "flags": 229376}),
            compact(subscribed | said | {"prec": "P0", "freq": "F0", "len": "250", "subId": "2"}),
            compact({"event": "subscribed", "channel": "trades", "chanId": self.prints, "subId": "3"} | said),
            self._list(self.prints, [[77, self.ms, 0.5, 100.0], [76, self.ms, -0.5, 100.0]]),
        ]

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        number = self.book if asked["channel"] == "book" else self.prints
        return [compact(asked | {"event": "subscribed", "chanId": number, "pair": self.native[1:]})]

    def refused(self, request: str) -> str:
        said = {"event": "error", "msg": "symbol: invalid", "code": 10300}
        return compact(json.loads(request) | said)


FLAT: dict[tuple[str, str], type[Wire]] = {
    ("kraken_futures", "futures"): KrakenFutures,
    ("deribit", "public"): Deribit,
    ("hyperliquid", "public"): Hyperliquid,
    ("bitfinex", "public"): Bitfinex,
}
