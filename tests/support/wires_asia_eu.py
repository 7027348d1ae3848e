"""What Bitstamp, Gate, Bitget, Gemini, Upbit, Bithumb and dYdX write on the wire, after their documents."""

from __future__ import annotations

import json
from typing import Any

from tests.support.wires import Levels, Wire, compact, written


class Bitstamp(Wire):
    native = "btcusd"
    by_rest = True
    overlaps = True
    kind_last = True
    proven = False

    def _stamp(self) -> dict[str, Any]:
        return {"timestamp": str(self.ms // 1000), "microtimestamp": str(self.ms * 1000)}

    def _whole(self, bids: Levels, asks: Levels) -> str:
        return compact(self._stamp() | {"bids": bids, "asks": asks})

    def _changed(self, bids: Levels, asks: Levels) -> str:
        data = self._stamp() | {"bids": bids, "asks": asks}
        return compact({"data": data, "channel": f"diff_order_book_{self.native}", "event": "data"})

    def _fill(self, price: str, size: str, bought: bool) -> str:
        data = {"id": self.fills, "amount": float(size), "amount_str": size, "price": float(price)}
        data |= {"price_str": price, "type": 0 if bought else 1, "buy_order_id": 1, "sell_order_id": 2}
        return compact(
            {"data": self._stamp() | data, "channel": f"live_trades_{self.native}", "event": "trade"}
        )

    def accepted(self, request: str) -> list[str]:
        channel = json.loads(request)["data"]["channel"]
        return [compact({"event": "bts:subscription_succeeded", "channel": channel, "data": {}})]

    def refused(self, request: str) -> str:
        why = {"code": None, "message": "Invalid channel provided."}
        return compact({"event": "bts:error", "channel": "", "data": why})


class GateSpot(Wire):
    native = "BTC_USDT"
    part = "spot"

    def _frame(self, channel: str, result: Any) -> str:
        head = {"time": self.ms // 1000, "time_ms": self.ms + 2, "channel": f"{self.part}.{channel}"}
        return compact(head | {"event": "update", "result": result})

    def _whole(self, bids: Levels, asks: Levels) -> str:
        self.number += 1000
        name = f"ob.{self.native}.400"
        return self._frame(
            "obu", {"t": self.ms, "full": True, "s": name, "u": self.number, "b": bids, "a": asks}
        )

    def _changed(self, bids: Levels, asks: Levels) -> str:
        first, self.number = self.number + 1, self.number + 3
        result: dict[str, Any] = {"t": self.ms, "s": f"ob.{self.native}.400", "U": first, "u": self.number}
        result |= {key: side for key, side in (("b", bids), ("a", asks)) if side}  # what is empty is left out
        return self._frame("obu", result)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        result = {"id": self.fills, "create_time": self.ms // 1000, "create_time_ms": f"{self.ms}.250"}
        result |= {"side": "buy" if bought else "sell", "currency_pair": self.native}
        return self._frame("trades", result | {"amount": size, "price": price})

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        head = {"time": 1, "time_ms": 1000, "conn_id": "c59a", "id": asked["id"], "channel": asked["channel"]}
        tail = {"event": "subscribe", "payload": asked["payload"], "result": {"status": "success"}}
        return [compact(head | tail)]

    def refused(self, request: str) -> str:
        answer = json.loads(self.accepted(request)[0])
        fault = {"code": 2, "message": f"unknown currency pair {self.native}"}
        return compact(answer | {"error": fault, "result": {"status": "fail"}})


class GateUsdt(GateSpot):
    part = "futures"

    def _fill(self, price: str, size: str, bought: bool) -> str:
        row = {"size": size if bought else f"-{size}", "id": self.fills, "create_time": self.ms // 1000}
        return self._frame(
            "trades", [row | {"create_time_ms": self.ms, "price": price, "contract": self.native}]
        )


class GateBtc(GateUsdt):
    native = "BTC_USD"


class GateSpotOlder(GateSpot):
    by_rest = True

    def _rows(self, levels: Levels) -> Any:
        return levels

    def _whole(self, bids: Levels, asks: Levels) -> str:
        head = {"id": self.number, "current": self.ms, "update": self.ms}
        return compact(head | {"asks": self._rows(asks), "bids": self._rows(bids)})

    def _changed(self, bids: Levels, asks: Levels) -> str:
        first, self.number = self.number + 1, self.number + 3
        ids = {"t": self.ms, "e": "depthUpdate", "E": self.ms // 1000, "s": self.native, "U": first}
        sides = {"b": self._rows(bids), "a": self._rows(asks)}
        return self._frame("order_book_update", ids | {"u": self.number} | sides)


class GateUsdtOlder(GateSpotOlder, GateUsdt):
    def _rows(self, levels: Levels) -> Any:
        return [{"p": price, "s": json.loads(size)} for price, size in levels]


class BitgetSpot(Wire):
    category = "spot"

    def _push(self, action: str, topic: str, rows: list[Any]) -> str:
        arg = {"instType": self.category, "topic": topic, "symbol": self.native}
        return compact({"action": action, "arg": arg, "data": rows, "ts": self.ms + 1})

    def _book(self, action: str, bids: Levels, asks: Levels, previous: int) -> str:
        ids = {"seq": self.number, "pseq": previous, "ts": str(self.ms), "maxdepth": "1000"}
        return self._push(action, "books", [{"a": asks, "b": bids} | ids])

    def _whole(self, bids: Levels, asks: Levels) -> str:
        self.number += 500
        return self._book("snapshot", bids, asks, 0)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        before, self.number = self.number, self.number + 7
        return self._book("update", bids, asks, before)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        row = {"i": str(self.fills), "p": price, "v": size, "S": "buy" if bought else "sell"}
        return self._push("update", "publicTrade", [row | {"T": str(self.ms), "L": "1", "isRPI": "no"}])

    def accepted(self, request: str) -> list[str]:
        args = json.loads(request)["args"]
        return [compact({"event": "subscribe", "arg": arg, "connId": "9d2f"}) for arg in args]

    def refused(self, request: str) -> str:
        why = f"instType:{self.category},channel:books,instId:{self.native},precision:null doesn't exist"
        return compact({"event": "error", "code": 30001, "msg": why, "op": "subscribe"})


class BitgetUsdt(BitgetSpot):
    category = "usdt-futures"


class Gemini(Wire):
    native = "btcusd"

    def _book(self, first: int, bids: Levels, asks: Levels) -> str:
        head = {"e": "depthUpdate", "E": self.ms * 1_000_000 + 514_400, "s": self.native, "U": first}
        return compact(head | {"u": self.number, "b": bids, "a": asks})

    def _whole(self, bids: Levels, asks: Levels) -> str:
        self.number += 1764
        return self._book(self.number, bids, asks)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        before, self.number = self.number, self.number + 387
        return self._book(before, bids, asks)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        head = {"E": self.ms * 1_000_000, "s": self.native, "t": 2_840_141_014_190_000 + self.fills}
        return compact(head | {"p": price, "q": size, "m": not bought})

    def accepted(self, request: str) -> list[str]:
        return [compact({"id": json.loads(request)["id"], "status": 200})]

    def refused(self, request: str) -> str:
        fault = {"code": -1013, "msg": f"Invalid stream name: {self.native}@depth@100ms"}
        return compact({"id": json.loads(request)["id"], "status": 400, "error": fault})


class GeminiV2(Wire):
    native = "BTCUSD"
    proven = False

    def _book(self, bids: Levels, asks: Levels) -> dict[str, Any]:
        rows = [["buy", *level] for level in bids] + [["sell", *level] for level in asks]
        return {"type": "l2_updates", "symbol": self.native, "changes": rows}

    def _whole(self, bids: Levels, asks: Levels) -> str:
        fill = {"type": "trade", "symbol": self.native, "event_id": 1, "timestamp": self.ms - 9}
        fill |= {"price": "1", "quantity": "1", "side": "buy"}
        return compact(self._book(bids, asks) | {"trades": [fill], "auction_events": []})

    def _changed(self, bids: Levels, asks: Levels) -> str:
        return compact(self._book(bids, asks))

    def _fill(self, price: str, size: str, bought: bool) -> str:
        fill = {"type": "trade", "symbol": self.native, "event_id": self.fills, "timestamp": self.ms}
        return compact(fill | {"price": price, "quantity": size, "side": "buy" if bought else "sell"})

    def accepted(self, request: str) -> list[str]:
        return []

    def refused(self, request: str) -> str:
        return compact({"result": "error", "reason": f"InvalidSymbol {self.native}"})


class Upbit(Wire):
    native = "KRW-BTC"
    images = True
    proven = False
    unit = 1  # of the book's time, in a millisecond

    def _image(self, stream: str) -> str:
        bids = sorted(self.sides[0].items(), key=lambda one: -float(one[0]))
        asks = sorted(self.sides[1].items(), key=lambda one: float(one[0]))
        rows = []
        for k in range(max(len(bids), len(asks), 3)):
            bid = bids[k] if k < len(bids) else ("0", "0")
            ask = asks[k] if k < len(asks) else ("0", "0")
            rows.append(
                f'{{"ask_price":{ask[0]},"bid_price":{bid[0]},"ask_size":{ask[1]},"bid_size":{bid[1]}}}'
            )
        return (
            f'{{"type":"orderbook","code":"{self.native}","timestamp":{self.ms * self.unit},"total_ask_size":2.5,'
            f'"total_bid_size":1.6,"orderbook_units":[{",".join(rows)}],"stream_type":"{stream}","level":0}}'
        )

    def _whole(self, bids: Levels, asks: Levels) -> str:
        return self._image("SNAPSHOT")

    def _changed(self, bids: Levels, asks: Levels) -> str:
        return self._image("REALTIME")

    def _fill(self, price: str, size: str, bought: bool) -> str:
        head = f'{{"type":"trade","code":"{self.native}","timestamp":{self.ms + 3},"trade_date":"2026-09-22",'
        said = f'"trade_timestamp":{self.ms},"trade_price":{price},"trade_volume":{size},'
        tail = f'"ask_bid":"{"BID" if bought else "ASK"}","sequential_id":{self.ms * 1000 + self.fills},'
        return head + said + tail + '"stream_type":"REALTIME"}'

    def accepted(self, request: str) -> list[str]:
        return []

    def refused(self, request: str) -> str:
        return compact({"error": {"name": "NO_CODES", "message": "codes are missing"}})


class Bithumb(Upbit):
    unit = 1000


class Dydx(Wire):
    native = "BTC-USD"

    def __init__(self) -> None:
        super().__init__()
        self.number = -1

    def _frame(self, kind: str, channel: str, contents: Any) -> str:
        self.number += 1
        head = {"type": kind, "connection_id": "86052893", "message_id": self.number, "id": self.native}
        return compact(head | {"channel": channel, "version": "1.0.0", "contents": contents})

    def _whole(self, bids: Levels, asks: Levels) -> str:
        rows = [[{"price": price, "size": size} for price, size in levels] for levels in (bids, asks)]
        return self._frame("subscribed", "v4_orderbook", {"bids": rows[0], "asks": rows[1]})

    def _changed(self, bids: Levels, asks: Levels) -> str:
        parts = [{key: levels} for key, levels in (("bids", bids), ("asks", asks)) if levels]
        return self._frame("channel_batch_data", "v4_orderbook", parts)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        fill = {"id": f"0165e5e3000000020000{self.fills:04x}", "size": size, "price": price}
        fill |= {"side": "BUY" if bought else "SELL", "createdAt": written(self.ms), "type": "LIMIT"}
        return self._frame("channel_data", "v4_trades", {"trades": [fill]})

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        if asked["channel"] == "v4_orderbook":
            return []
        return [self._frame("subscribed", asked["channel"], {"trades": []})]

    def refused(self, request: str) -> str:
        self.number += 1
        why = f"Invalid subscription id for channel: (v4_orderbook-{self.native})"
        head = {"type": "error", "message": why, "connection_id": "86052893", "message_id": self.number}
        return compact(head | {"channel": "v4_orderbook", "id": self.native})


MORE: dict[tuple[str, str], type[Wire]] = {
    ("bitstamp", "public"): Bitstamp,
    ("dydx", "perp"): Dydx,
    ("gate", "spot"): GateSpot,
    ("gate", "usdt"): GateUsdt,
    ("gate", "btc"): GateBtc,
    ("gate", "spot_v1"): GateSpotOlder,
    ("gate", "usdt_v1"): GateUsdtOlder,
    ("bitget", "spot"): BitgetSpot,
    ("bitget", "usdt"): BitgetUsdt,
    ("gemini", "public"): Gemini,
    ("gemini", "v2"): GeminiV2,
    ("upbit", "spot"): Upbit,
    ("bithumb", "spot"): Bithumb,
}
