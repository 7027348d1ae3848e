"""Wires of venues whose frames are packed, translated or asked for: HTX, KuCoin, Crypto.com, MEXC. After the fact sheets.

A wire writes text; `packed` is what of it goes over the socket.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

from .wires import Levels, Wire, compact


def numbers(levels: Levels) -> str:
    """Rows of JSON numbers, letter for letter."""
    return ",".join(f"[{price},{size}]" for price, size in levels)


class Htx(Wire):
    """Spot: the book is asked for on the socket."""

    native = "btcusdt"
    asked = True

    def packed(self, frame: str) -> bytes:
        return gzip.compress(frame.encode(), 1)

    def _whole(self, bids: Levels, asks: Levels) -> str:
        data = f'{{"seqNum":{self.number},"bids":[{numbers(bids)}],"asks":[{numbers(asks)}]}}'
        return f'{{"id":"5","rep":"market.{self.native}.mbp.150","status":"ok","ts":{self.ms},"data":{data}}}'

    def _changed(self, bids: Levels, asks: Levels) -> str:
        before, self.number = self.number, self.number + 27
        sides = f'"asks":[{numbers(asks)}],"bids":[{numbers(bids)}]'
        tick = f'{{"seqNum":{self.number},"prevSeqNum":{before},{sides}}}'
        return f'{{"ch":"market.{self.native}.mbp.150","ts":{self.ms},"tick":{tick}}}'

    def _fill(self, price: str, size: str, bought: bool) -> str:
        side = "buy" if bought else "sell"
        row = f'{{"id":100182534526255757567432{self.fills:03},"ts":{self.ms},"tradeId":{self.fills},'
        row += f'"amount":{size},"price":{price},"direction":"{side}"}}'
        return self._prints(row)

    def _prints(self, row: str) -> str:
        tick = f'{{"id":100182534526,"ts":{self.ms},"data":[{row}]}}'
        return f'{{"ch":"market.{self.native}.trade.detail","ts":{self.ms},"tick":{tick}}}'

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        return [
            compact({"id": asked["id"], "status": "ok", "subbed": asked[verb], "ts": self.ms})
            for verb in ("sub",)
            if verb in asked
        ]

    def refused(self, request: str) -> str:
        asked = json.loads(request)
        error = {"id": asked["id"], "status": "error", "err-code": "bad-request"}
        return compact(error | {"err-msg": f"invalid topic {asked['sub']}", "ts": self.ms})


class HtxLinear(Htx):
    native = "BTC-USDT"
    asked = False
    channel = "depth.size_150.high_freq"

    def _push(self, event: str, bids: Levels, asks: Levels) -> str:
        topic = f"market.{self.native}.{self.channel}"
        ids = f'"ch":"{topic}","event":"{event}","id":826962660,"mrid":826962660,"ts":{self.ms},"version":{self.number}'
        tick = f'{{"asks":[{numbers(asks)}],"bids":[{numbers(bids)}],{ids}}}'
        return f'{{"ch":"{topic}","ts":{self.ms},"tick":{tick}}}'

    def _whole(self, bids: Levels, asks: Levels) -> str:
        self.number += 50
        return self._push("snapshot", bids, asks)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        self.number += 1
        return self._push("update", bids, asks)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        side = "buy" if bought else "sell"
        row = f'{{"amount":{size},"quantity":0.002,"trade_turnover":38.85,"ts":{self.ms},'
        return self._prints(row + f'"id":{self.fills}0000,"price":{price},"direction":"{side}"}}')


class HtxInverse(HtxLinear):
    native = "BTC-USD"


class Kucoin(Wire):
    native, product = "BTC-USDT", "SPOT"
    welcome = '{"sessionId":"5f9b","message":"welcome","pingInterval":18000}'

    def _push(self, kind: str, first: int, bids: Levels, asks: Levels) -> str:
        data = {"a": asks, "b": bids, "s": self.native, "C": self.number}
        data |= {"M": self.ms * 1_000_000, "O": first}
        head = {"T": f"obu.{self.product}", "dp": "increment@10ms", "t": kind}
        return compact(head | {"P": self.ms * 1_000_000 + 671_676, "d": data})

    def _whole(self, bids: Levels, asks: Levels) -> str:
        self.number += 40
        return self._push("snapshot", self.number, bids, asks)

    def _changed(self, bids: Levels, asks: Levels) -> str:
        first, self.number = self.number + 1, self.number + 3
        return self._push("delta", first, bids, asks)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        data = {"E": str(self.fills), "M": str(self.ms * 1_000_000), "S": "buy" if bought else "sell"}
        data |= {"p": price, "q": size, "s": self.native, "ti": str(20745928670070784 + self.fills)}
        return compact({"T": f"trade.{self.product}", "P": str(self.ms * 1_000_000 + 5), "d": data})

    def accepted(self, request: str) -> list[str]:
        return [compact({"id": json.loads(request)["id"], "result": True})]

    def refused(self, request: str) -> str:
        said = {"id": json.loads(request)["id"], "result": False, "message": "invalid request data"}
        return compact(said)


class KucoinFutures(Kucoin):
    native, product = "XBTUSDTM", "FUTURES"


class KucoinClassic(Wire):
    native = "BTC-USDT"
    by_rest = True
    welcome = '{"id":"hQvf8jkno","type":"welcome"}'

    def _whole(self, bids: Levels, asks: Levels) -> str:
        data = {"time": self.ms, "sequence": str(self.number), "bids": bids, "asks": asks}
        return compact({"code": "200000", "data": data})

    def _changed(self, bids: Levels, asks: Levels) -> str:
        first, self.number = self.number + 1, self.number + 2

        def rows(levels: Levels) -> list[list[str]]:
            return [[price, size, str(self.number)] for price, size in levels]

        padding = [["0", "0", str(first)]]
        changes = {"asks": padding + rows(asks), "bids": rows(bids)}
        data = {"sequenceStart": first, "sequenceEnd": self.number, "symbol": self.native}
        return self._message("/market/level2", "trade.l2update", data | {"changes": changes, "time": self.ms})

    def _message(self, channel: str, subject: str, data: dict[str, Any], **more: Any) -> str:
        head = {"type": "message", "topic": f"{channel}:{self.native}", "subject": subject}
        return compact(head | more | {"data": data})

    def _fill(self, price: str, size: str, bought: bool) -> str:
        data = {"sequence": str(self.fills), "type": "match", "symbol": self.native, "price": price}
        data |= {"side": "buy" if bought else "sell", "size": size, "tradeId": f"{self.fills:024x}"}
        data |= {"makerOrderId": "a", "takerOrderId": "b", "time": str(self.ms * 1_000_000)}
        return self._message("/market/match", "trade.l3match", data)

    def accepted(self, request: str) -> list[str]:
        return [compact({"id": json.loads(request)["id"], "type": "ack"})]

    def refused(self, request: str) -> str:
        asked = json.loads(request)["id"]
        return compact({"id": asked, "type": "error", "code": 404, "data": "topic does not exist"})


class CryptoCom(Wire):
    native = "BTCUSD-PERP"

    def _frame(self, channel: str, topic: str, data: dict[str, Any]) -> str:
        result = {"instrument_name": self.native, "subscription": topic, "channel": channel, "depth": 50}
        return compact({"id": -1, "method": "subscribe", "code": 0, "result": result | {"data": [data]}})

    def _ids(self) -> dict[str, Any]:
        self.number += 38_192
        return {"t": self.ms + 4, "tt": self.ms, "u": self.number, "cs": 1522984915}

    def _sides(self, bids: Levels, asks: Levels) -> dict[str, Any]:
        return {
            "asks": [[price, size, "1"] for price, size in asks],
            "bids": [[price, size, "1"] for price, size in bids],
        }

    def _whole(self, bids: Levels, asks: Levels) -> str:
        return self._frame("book", f"book.{self.native}.50", self._sides(bids, asks) | self._ids())

    def _changed(self, bids: Levels, asks: Levels) -> str:
        before = {"pu": self.number}
        data = {"update": self._sides(bids, asks)} | self._ids() | before
        return self._frame("book.update", f"book.{self.native}.50", data)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        row = {
            "d": "1613581138462614771",
            "t": self.ms,
            "tn": str(self.ms * 1_000_000),
            "p": price,
            "q": size,
        }
        row |= {"s": "BUY" if bought else "SELL", "i": self.native, "m": str(self.fills)}
        return self._frame("trade", f"trade.{self.native}", row)

    def accepted(self, request: str) -> list[str]:
        asked = json.loads(request)
        return [
            compact({"id": asked["id"], "method": "subscribe", "code": 0, "channel": channel})
            for channel in asked["params"]["channels"]
            if channel.startswith("book.")
        ]

    def refused(self, request: str) -> str:
        asked = json.loads(request)
        error = {"id": asked["id"], "method": "subscribe", "code": 40003, "message": "Unknown symbol"}
        return compact(error | {"channel": asked["params"]["channels"][0]})


def field(number: int, value: bytes | int) -> bytes:
    """One protobuf field: a number as a varint, bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


class MexcSpot(Wire):
    """Written as the JSON that protobuf maps to, and packed into protobuf by hand."""

    by_rest = True
    channel = "spot@public.aggre.{}.v3.api.pb@100ms@BTCUSDT"

    def packed(self, frame: str) -> bytes:
        try:
            said = json.loads(frame)
        except ValueError:
            return frame.encode()
        if "id" in said or "channel" not in said:
            return frame.encode()
        found = field(1, said["channel"].encode()) + field(3, said["symbol"].encode())
        found += field(6, int(said["sendTime"]))
        if depths := said.get("publicAggreDepths"):
            found += field(313, b"".join(self._depths(depths)))
        if deals := said.get("publicAggreDeals"):
            found += field(314, b"".join(field(1, self._deal(deal)) for deal in deals["deals"]))
        return found

    def _depths(self, depths: dict[str, Any]) -> list[bytes]:
        rows = [(1, row) for row in depths["asks"]] + [(2, row) for row in depths["bids"]]
        found = [
            field(side, field(1, row["price"].encode()) + field(2, row["quantity"].encode()))
            for side, row in rows
        ]
        return [*found, field(4, depths["fromVersion"].encode()), field(5, depths["toVersion"].encode())]

    def _deal(self, deal: dict[str, Any]) -> bytes:
        found = field(1, deal["price"].encode()) + field(2, deal["quantity"].encode())
        return found + field(3, deal["tradeType"]) + field(4, int(deal["time"]))

    def _whole(self, bids: Levels, asks: Levels) -> str:
        return compact({"lastUpdateId": self.number, "bids": bids, "asks": asks, "timestamp": self.ms})

    def _frame(self, what: str, name: str, body: dict[str, Any]) -> str:
        head = {"channel": self.channel.format(what), "symbol": self.native, "sendTime": str(self.ms)}
        return compact(head | {name: body})

    def _changed(self, bids: Levels, asks: Levels) -> str:
        first, self.number = self.number + 1, self.number + 3

        def rows(levels: Levels) -> list[dict[str, str]]:
            return [{"price": price, "quantity": size} for price, size in levels]

        ids = {"fromVersion": str(first), "toVersion": str(self.number)}
        return self._frame("depth", "publicAggreDepths", {"asks": rows(asks), "bids": rows(bids)} | ids)

    def _fill(self, price: str, size: str, bought: bool) -> str:
        deal = {"price": price, "quantity": size, "tradeType": 1 if bought else 2, "time": str(self.ms)}
        return self._frame("deals", "publicAggreDeals", {"deals": [deal]})

    def accepted(self, request: str) -> list[str]:
        return [compact({"id": 0, "code": 0, "msg": ",".join(json.loads(request)["params"])})]

    def refused(self, request: str) -> str:
        topic = json.loads(request)["params"][0]
        why = f"Not Subscribed successfully! [{topic}].  Reason: Blocked! "
        return compact({"id": 0, "code": 0, "msg": why})


class MexcContract(Wire):
    native = "BTC_USDT"
    by_rest = True

    def _rows(self, levels: Levels) -> str:
        return ",".join(f"[{price},{size},1]" for price, size in levels)

    def _whole(self, bids: Levels, asks: Levels) -> str:
        data = f'{{"asks":[{self._rows(asks)}],"bids":[{self._rows(bids)}],"version":{self.number},"timestamp":{self.ms}}}'
        return f'{{"success":true,"code":0,"data":{data}}}'

    def _changed(self, bids: Levels, asks: Levels) -> str:
        first, self.number = self.number + 1, self.number + 5
        ids = f'"end":{self.number},"begin":{first},"version":{self.number}'
        data = f'{{"cts":{self.ms - 3},"asks":[{self._rows(asks)}],"bids":[{self._rows(bids)}],{ids}}}'
        return f'{{"channel":"push.depth","symbol":"{self.native}","ts":{self.ms},"data":{data}}}'

    def _fill(self, price: str, size: str, bought: bool) -> str:
        row = f'{{"p":{price},"v":{size},"T":{1 if bought else 2},"O":3,"M":1,"t":{self.ms},"i":"{self.fills}"}}'
        return f'{{"symbol":"{self.native}","data":[{row}],"channel":"push.deal","ts":{self.ms}}}'

    def accepted(self, request: str) -> list[str]:
        channel = json.loads(request)["method"]
        return [compact({"channel": f"rs.{channel}", "data": "success", "ts": self.ms})]

    def refused(self, request: str) -> str:
        why = f"Contract [{self.native}] not exists"
        return compact({"channel": "rs.error", "data": why, "ts": self.ms})


TRANSPORT: dict[tuple[str, str], type[Wire]] = {
    ("htx", "spot"): Htx,
    ("htx", "linear"): HtxLinear,
    ("htx", "inverse"): HtxInverse,
    ("kucoin", "spot"): Kucoin,
    ("kucoin", "futures"): KucoinFutures,
    ("kucoin", "spot_classic"): KucoinClassic,
    ("crypto_com", "market"): CryptoCom,
    ("mexc", "spot"): MexcSpot,
    ("mexc", "contract"): MexcContract,
}
