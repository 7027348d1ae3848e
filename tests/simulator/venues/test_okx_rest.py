"""OKX's REST answers."""

import json

from simulator.venues.okx import Okx
from tests.simulator.clients import T0, run


def test_instruments() -> None:
    its = Okx(start=T0)
    rows: dict[str, dict[str, str]] = {}
    for kind in ("SPOT", "SWAP", "FUTURES"):
        answer = its.rest("GET", "/api/v5/public/instruments", {"instType": kind}, T0)
        rows |= {row["instId"]: row for row in json.loads(answer.body)["data"]}
    assert (rows["BTC-USDT"]["baseCcy"], rows["BTC-USDT"]["lotSz"]) == ("BTC", "0.00000001")
    linear, inverse = rows["BTC-USDT-SWAP"], rows["BTC-USD-SWAP"]
    assert (linear["ctVal"], linear["ctValCcy"], linear["ctType"], linear["uly"]) == (
        "0.01",
        "BTC",
        "linear",
        "BTC-USDT",
    )
    assert (inverse["ctVal"], inverse["ctValCcy"], inverse["settleCcy"]) == ("100", "USD", "BTC")
    assert rows["BTC-USDT-261225"]["expTime"] == "1798185600000"


def test_book_shares_its_sequence_with_the_stream() -> None:
    its = Okx(start=T0)
    c = its.connect("/ws/v5/public", T0)
    c.receive('{"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"}]}', T0)
    last = json.loads(run(its, c, 2)[-1])["data"][0]["seqId"]
    body = json.loads(
        its.rest("GET", "/api/v5/market/books", {"instId": "BTC-USDT", "sz": "400"}, its.now).body
    )
    (data,) = body["data"]
    assert (data["seqId"], len(data["bids"]), "checksum" in data) == (last, 400, False)
    missing = its.rest("GET", "/api/v5/market/books", {"instId": "NOPE"}, its.now)
    assert json.loads(missing.body)["code"] == "51001"
