"""What holds for every simulated venue."""

import pytest

from simulator import all_venues
from simulator.frames import Close
from simulator.venue import HandshakeRefusedError, SimulatedVenue
from tests.simulator.clients import NS, T0

EVERY = sorted(all_venues())
PATHS = {
    "binance": "/spot/ws",
    "binance_us": "/ws",
    "bybit": "/v5/public/spot",
    "kraken": "/v2",
    "okx": "/ws/v5/public",
    "coinbase": "/",
    "coinbase_exchange": "/",
    "bitstamp": "/",
    "dydx": "/v4/ws",
    "gate": "/ws/v4/",
    "bitget": "/v3/ws/public",
    "gemini": "/?snapshot=-1",
    "upbit": "/websocket/v1",
    "bithumb": "/websocket/v1",
    "kraken_futures": "/ws/v1",
    "deribit": "/ws/api/v2",
    "hyperliquid": "/ws",
    "bitfinex": "/ws/2",
    "htx": "/feed",
    "crypto_com": "/exchange/v1/market",
    "mexc": "/ws",
    "kucoin": "/spot",
}
HOSTILE = [
    "",
    "{",
    "[]",
    "null",
    "{}",
    '{"op":1}',
    '{"method":{}}',
    '{"type":[]}',
    '{"op":"subscribe","args":7}',
    '{"op":"subscribe","args":[{"channel":{},"instId":[]}]}',
    '{"method":"subscribe","params":{"channel":"book","symbol":"x","depth":[]}}',
    '{"method":"subscribe","params":{"channel":["book"],"symbol":["BTC/USD"],"depth":[]}}',
    '{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":[]}}',
    '{"type":"subscribe","channel":3,"product_ids":{}}',
    '{"type":"subscribe","channels":[3,{}],"product_ids":[{}]}',
    '{"method":"SUBSCRIBE","params":[{}]}',
    '{"method":"SUBSCRIPTION","params":[{},"spot@","@@@"]}',
    '{"method":"subscribe","params":{"channels":[{},"book","book.X.Y"]}}',
    '{"sub":{},"req":[],"unsub":"market"}',
    '{"id":{},"type":"subscribe","topic":[]}',
    '{"id":[],"action":"SUBSCRIBE","channel":"obu","tradeType":"SPOT","symbol":{},"depth":"increment@10ms"}',
    '{"id":1,"action":"SUBSCRIBE","channel":[],"tradeType":{},"symbol":"BTC-USDT"}',
    "\x00\udc00" * 9,
]


def make(name: str, seed: int = 0) -> SimulatedVenue:
    return all_venues()[name](seed=seed, start=T0)


def test_found() -> None:
    assert set(EVERY) == set(PATHS)


@pytest.mark.parametrize("name", EVERY)
def test_equal_seeds_give_equal_books_whatever_the_stride(name: str) -> None:
    one, other = make(name, 7), make(name, 7)
    one.advance(T0 + 3 * NS)
    for k in range(1, 31):
        other.advance(T0 + k * NS // 10)
    for product, natives in one.symbols().items():
        for native in natives:
            assert one.truth(native, product) == other.truth(native, product)


@pytest.mark.parametrize("name", EVERY)
def test_no_client_text_raises(name: str) -> None:
    its = make(name)
    c = its.connect(PATHS[its.name], T0)
    for text in HOSTILE:
        c.receive(text, T0)
    c.closed(T0)


@pytest.mark.parametrize("name", EVERY)
def test_unknown_paths_are_refused(name: str) -> None:
    its = make(name)
    with pytest.raises(HandshakeRefusedError):
        its.connect("/no/such/path", T0)
    assert its.rest("GET", "/no/such/path", {}, T0).status == 404
    assert its.rest("POST", "/", {}, T0).status == 405
    with pytest.raises(KeyError):
        its.truth("NOPE")


@pytest.mark.parametrize("name", EVERY)
def test_books_have_some_depth_and_agree_on_prices(name: str) -> None:
    its, reference = make(name), make("binance").truth("BTCUSDT", "spot").bids[0][0]
    for product, natives in its.symbols().items():
        for native in natives:
            book = its.truth(native, product)
            assert min(len(book.bids), len(book.asks)) >= 380
            assert book.bids[0][0] < book.asks[0][0]
            if native.startswith("BTC"):
                assert abs(book.bids[0][0] / reference - 1) < 0.006


@pytest.mark.parametrize("name", EVERY)
def test_hosts(name: str) -> None:
    kind = all_venues()[name]
    assert set(kind.hosts(1)) == set(kind.real_hosts) == set(make(name).symbols())
    for bases in kind.hosts(5, secure=True).values():
        assert bases["ws"].startswith("wss://127.0.0.1:5")
        assert bases["rest"].startswith("https://127.0.0.1:5")


def test_a_long_sleep_does_not_replay_it() -> None:
    its = make("binance_us")
    its.advance(T0 + 3600 * NS)
    assert its.now == T0 + 3600 * NS
    assert abs(float(its.truth("BTCUSDT").bids[0][0]) / 78_850 - 1) < 0.02


def test_day_long_connection_ends() -> None:
    its = make("binance_us")
    c = its.connect("/ws", T0)
    its.advance(T0 + 24 * 3600 * NS)
    assert any(isinstance(frame, Close) for frame in c.frames_to_send(its.now))
