"""Real sockets: a round trip with every venue, control, faults, an orderly and an abrupt end."""

import asyncio
import gzip
import json
import time

import aiohttp
import pytest

from simulator import all_venues
from simulator.server import SimulatedServer

TRIPS = {
    "binance": (
        "usdm",
        "/public/ws",
        '{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms"],"id":1}',
        '"depthUpdate"',
        "/fapi/v1/depth?symbol=BTCUSDT&limit=1000",
    ),
    "binance_us": ("spot", "/ws/btcusdt@depth@100ms", "", '"depthUpdate"', "/api/v3/depth?symbol=BTCUSDT"),
    "okx": (
        "swap",
        "/ws/v5/public",
        '{"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT-SWAP"}]}',
        '"update"',
        "/api/v5/market/books?instId=BTC-USDT-SWAP&sz=400",
    ),
    "kraken": (
        "spot",
        "/v2",
        '{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}}',
        '"update"',
        "/0/public/Depth?pair=XBTUSD",
    ),
    "bybit": (
        "linear",
        "/v5/public/linear",
        '{"op":"subscribe","args":["orderbook.50.BTCUSDT"]}',
        '"delta"',
        "/v5/market/orderbook?category=linear&symbol=BTCUSDT",
    ),
    "coinbase": (
        "spot",
        "",
        '{"type":"subscribe","channel":"level2","product_ids":["BTC-USD"]}',
        '"update"',
        "/api/v3/brokerage/market/product_book?product_id=BTC-USD",
    ),
    "bitstamp": (
        "public",
        "",
        '{"event":"bts:subscribe","data":{"channel":"diff_order_book_btcusd"}}',
        '"microtimestamp"',
        "/api/v2/order_book/btcusd/",
    ),
    "gate": (
        "usdt",
        "/v4/ws/usdt",
        '{"time":1,"channel":"futures.obu","event":"subscribe","payload":["ob.BTC_USDT.50"]}',
        '"U"',
        "/api/v4/futures/usdt/contracts",
    ),
    "bitget": (
        "usdt",
        "/v3/ws/public",
        '{"op":"subscribe","args":[{"instType":"usdt-futures","topic":"books","symbol":"BTCUSDT"}]}',
        '"update"',
        "/api/v2/mix/market/contracts?productType=USDT-FUTURES",
    ),
    "gemini": (
        "public",
        "/?snapshot=-1",
        '{"id":"1","method":"subscribe","params":["btcusd@depth@100ms"]}',
        '"depthUpdate"',
        "/v1/symbols/details/all",
    ),
    "upbit": (
        "spot",
        "/websocket/v1",
        '[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"]}]',
        '"REALTIME"',
        "/v1/market/all",
    ),
    "bithumb": (
        "spot",
        "/websocket/v1",
        '[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"]}]',
        '"REALTIME"',
        "/v1/market/all",
    ),
    "dydx": (
        "perp",
        "/v4/ws",
        '{"type":"subscribe","channel":"v4_orderbook","id":"BTC-USD","batched":true}',
        '"channel_batch_data"',
        "/v4/perpetualMarkets",
    ),
    "coinbase_exchange": (
        "spot",
        "",
        '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["level2_batch"]}',
        '"l2update"',
        "/products/BTC-USD/book?level=2",
    ),
    "kraken_futures": (
        "futures",
        "/ws/v1",
        '{"event":"subscribe","feed":"book","product_ids":["PI_XBTUSD"]}',
        '"feed":"book",',
        "/derivatives/api/v3/orderbook?symbol=PI_XBTUSD",
    ),
    "deribit": (
        "public",
        "/ws/api/v2",
        '{"id":1,"method":"public/subscribe","params":{"channels":["book.BTC-PERPETUAL.100ms"]}}',
        '"change"',
        "/api/v2/public/get_order_book?instrument_name=BTC-PERPETUAL",
    ),
    "bitfinex": (
        "public",
        "/ws/2",
        '{"event":"subscribe","channel":"book","symbol":"tBTCUSD","len":"25"}',
        "]",
        "/v2/conf/pub:list:pair:exchange",
    ),
    "hyperliquid": (
        "public",
        "/ws",
        '{"method":"subscribe","subscription":{"type":"l2Book","coin":"BTC"}}',
        '"l2Book","data":{"coin"',
        '/info {"type":"meta"}',
    ),
    "htx": (
        "linear",
        "/linear-swap-ws",
        '{"sub":"market.BTC-USDT.depth.size_150.high_freq","data_type":"incremental","id":"3"}',
        '"update"',
        "/linear-swap-api/v1/swap_contract_info",
    ),
    "kucoin": (
        "spot",
        "",
        '{"id":"1","action":"SUBSCRIBE","channel":"obu","tradeType":"SPOT","symbol":"BTC-USDT","depth":"increment@10ms"}',
        '"t":"delta"',
        "/api/ua/v1/market/instrument?tradeType=SPOT",
    ),
    "crypto_com": (
        "market",
        "/exchange/v1/market",
        '{"id":1,"method":"subscribe","params":{"channels":["book.BTC_USD.50"]}}',
        '"book.update"',
        "/exchange/v1/public/get-book?instrument_name=BTC_USD&depth=50",
    ),
    "mexc": (
        "spot",
        "/ws",
        '{"method":"SUBSCRIPTION","params":["spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT"]}',
        "\xca\x13",
        "/api/v3/depth?symbol=BTCUSDT&limit=100",
    ),
}
BEFORE = {"crypto_com": 1.05, "kucoin": 0.1}  # seconds after connecting until a client may speak


def text_of(message: aiohttp.WSMessage) -> str:
    """A frame's text, or that of a binary frame: gzip, or one character a byte."""
    if message.type == aiohttp.WSMsgType.TEXT:
        return str(message.data)
    assert message.type == aiohttp.WSMsgType.BINARY, message
    packed = message.data[:2] == b"\x1f\x8b"
    return gzip.decompress(message.data).decode() if packed else str(message.data, "latin-1")


async def until(socket: aiohttp.ClientWebSocketResponse, word: str) -> str:
    async with asyncio.timeout(5):
        while True:
            text = text_of(await socket.receive())
            if word in text:
                return text


async def trip(name: str) -> None:
    product, path, subscribe, word, rest = TRIPS[name]
    venue = all_venues()[name](seed=1, start=time.time_ns(), rate=30)
    async with SimulatedServer(venue) as server, aiohttp.ClientSession() as session:
        bases = server.hosts[product]
        address = bases["ws"] + path
        async with session.ws_connect(address, max_msg_size=0) as socket:
            await asyncio.sleep(BEFORE.get(name, 0))
            if subscribe:
                await socket.send_str(subscribe)
            await until(socket, word)
            rest, _, body = rest.partition(" ")
            method = "POST" if body else "GET"
            async with session.request(method, bases["rest"] + rest, data=body or None) as answer:
                assert answer.status == 200
                assert await answer.json()
            async with session.get(f"http://127.0.0.1:{server.port}/_status") as answer:
                assert len((await answer.json())["connections"]) == 1
        async with session.get(bases["rest"] + "/no/such") as answer:
            assert answer.status == 404
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(bases["ws"] + "/no/such")


@pytest.mark.parametrize("name", sorted(all_venues()))
def test_round_trip(name: str) -> None:
    asyncio.run(trip(name))


async def commanded() -> None:
    venue = all_venues()["binance_us"](seed=1, start=time.time_ns(), rate=50)
    async with SimulatedServer(venue) as server, aiohttp.ClientSession() as session:
        base = f"http://127.0.0.1:{server.port}"

        async def order(body: object) -> int:
            async with session.post(base + "/_control", data=json.dumps(body)) as answer:
                await answer.read()
                return answer.status

        assert await order({"fault": "rest_status", "status": 429, "retry_after": 3}) == 200
        async with session.get(base + "/api/v3/depth?symbol=BTCUSDT") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
        assert await order({"fault": "nonsense"}) == 400
        assert await order([{"episode": "shock", "symbol": "BTCUSDT"}, {"fault": "clear"}]) == 200
        async with session.get(base + "/_truth?symbol=BTCUSDT&depth=3") as answer:
            assert len((await answer.json())["asks"]) == 3
        async with session.get(base + "/_truth?symbol=NOPE") as answer:
            assert answer.status == 400
        socket = await session.ws_connect(base.replace("http", "ws") + "/ws/btcusdt@depth@100ms")
        await until(socket, "depthUpdate")
        assert await order({"fault": "disconnect"}) == 200
        async with asyncio.timeout(5):
            while not socket.closed:
                await socket.receive()
        assert socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


def test_control_over_http() -> None:
    asyncio.run(commanded())


async def stopped_at_once() -> float:
    venue = all_venues()["kraken"](seed=1, start=time.time_ns())
    server = SimulatedServer(venue)
    await server.start()
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(server.hosts["spot"]["ws"] + "/v2")
        await socket.receive()
        begun = time.monotonic()
        await server.stop()
        await socket.receive()
        assert socket.closed
        return time.monotonic() - begun


def test_stops_at_once() -> None:
    assert asyncio.run(stopped_at_once()) < 1.0
