"""What venues write of the ratio of longs to shorts, by their documents, and what is read from it; see `told.py`."""

from __future__ import annotations

from connectors.derivatives import Population
from tests.support.told import Sample, ticker

ACCOUNTS, TOP_ACCOUNTS, TOP_POSITIONS = Population


def of_ratio(ratio: float) -> float:
    """Long over long plus short."""
    return ratio / (1 + ratio)


def binance(path: str, of: Population, ratio: float, named: str, words: tuple[str, str]) -> Sample:
    """A row as the futures' documents show it; those of COIN-M name the pair, and times are text or numbers."""
    symbol, at = (
        named.partition(":")[2].strip('"'),
        '"1583139600000"' if "symbol" in named else "1583139600000",
    )
    text = f'[{{{named},"longShortRatio":"{ratio}","{words[0]}":"0.6442","{words[1]}":"0.3558","timestamp":{at}}}]'
    return Sample(
        text, (ticker(symbol, 1583139600000, longs={of: of_ratio(ratio)}),), poll=path, native=symbol
    )


def binances(named: str, positions: tuple[str, str]) -> tuple[Sample, ...]:
    words = ("longAccount", "shortAccount")
    return (
        binance("/futures/data/globalLongShortAccountRatio", ACCOUNTS, 1.9559, named, words),
        binance("/futures/data/topLongShortAccountRatio", TOP_ACCOUNTS, 1.8105, named, words),
        binance("/futures/data/topLongShortPositionRatio", TOP_POSITIONS, 0.7869, named, positions),
    )


def bybit(symbol: str) -> Sample:
    return Sample(
        f'{{"retCode":0,"retMsg":"OK","result":{{"list":[{{"symbol":"{symbol}","buyRatio":"0.5777",'
        '"sellRatio":"0.4223","timestamp":"1695772800000"}],"nextPageCursor":""},"retExtInfo":{},'
        '"time":1695785131028}',
        (ticker(symbol, 1695772800000, longs={ACCOUNTS: 0.5777}),),
        poll="/v5/market/account-ratio",
        native=symbol,
    )


def okx(path: str, of: Population) -> Sample:
    return Sample(
        '{"code":"0","msg":"","data":[["1701417600000","1.1739"],["1701417300000","0.1236"]]}',
        (ticker("BTC-USDT-SWAP", 1701417600000, longs={of: of_ratio(1.1739)}),),
        poll=f"/api/v5/rubik/stat/contracts/long-short-{path}?",
        native="BTC-USDT-SWAP",
    )


def gate(settle: str, contract: str) -> tuple[Sample, ...]:
    """More rows than were asked for; 0 where nobody is of whom to tell."""
    path = f"/api/v4/futures/{settle}/contract_stats"
    older = '{"time":1603865100,"lsr_taker":100,"lsr_account":0.5,"top_lsr_account":100,"top_lsr_size":10}'
    row = '{{"time":1603865400,"lsr_taker":2.6,"lsr_account":"1.5","top_lsr_account":{},"top_lsr_size":0.25}}'
    longs = {ACCOUNTS: 0.6, TOP_POSITIONS: 0.2}
    of_all = ticker(contract, 1603865400000, longs={**longs, TOP_ACCOUNTS: 0.75})
    return (
        Sample(f"[{older},{row.format(3)}]", (of_all,), path, contract),
        Sample(f"[{row.format(0)}]", (ticker(contract, 1603865400000, longs=longs),), path, contract),
    )


def htx(api: str, contract: str) -> tuple[Sample, ...]:
    head = f'{{"status":"ok","data":{{"symbol":"BTC","contract_code":"{contract}","list":['
    return (
        Sample(
            f'{head}{{"buy_ratio":0.5,"sell_ratio":0.48,"locked_ratio":0.02,"ts":1592904600000}},'
            '{"buy_ratio":0.6,"sell_ratio":0.2,"locked_ratio":0.2,"ts":1592904900000}]},"ts":1592904990000}',
            (ticker(contract, 1592904900000, longs={TOP_ACCOUNTS: 0.6 / 0.8}),),
            poll=f"/{api}/v1/swap_elite_account_ratio",
            native=contract,
        ),
        Sample(
            f'{head}{{"buy_ratio":0.55,"sell_ratio":0.45,"ts":1592904900000}}]}},"ts":1592904990000}}',
            (ticker(contract, 1592904900000, longs={TOP_POSITIONS: 0.55}),),
            poll=f"/{api}/v1/swap_elite_position_ratio",
            native=contract,
        ),
    )


BITGET = Sample(
    '{"code":"00000","msg":"success","requestTime":1695865615666,"data":[{"longAccountRatio":"0.58",'
    '"shortAccountRatio":"0.42","longShortAccountRatio":"1.38","ts":"1695864300000"},{"longAccountRatio":"0.56",'
    '"shortAccountRatio":"0.44","longShortAccountRatio":"1.27","ts":"1695864600000"}]}',
    (ticker("BTCUSDT", 1695864600000, longs={ACCOUNTS: 0.56}),),
    poll="/api/v2/mix/market/account-long-short",
    native="BTCUSDT",
)

SAMPLES: dict[tuple[str, str], tuple[Sample, ...]] = {
    ("binance", "usdm"): binances('"symbol":"BTCUSDT"', ("longAccount", "shortAccount")),
    ("binance", "coinm"): binances('"pair":"BTCUSD"', ("longPosition", "shortPosition")),
    ("bybit", "linear"): (bybit("BTCUSDT"),),
    ("bybit", "inverse"): (bybit("BTCUSD"),),
    ("okx", "public"): (
        okx("account-ratio-contract", ACCOUNTS),
        okx("account-ratio-contract-top-trader", TOP_ACCOUNTS),
        okx("position-ratio-contract-top-trader", TOP_POSITIONS),
    ),
    ("gate", "usdt"): gate("usdt", "BTC_USDT"),
    ("gate", "btc"): gate("btc", "BTC_USD"),
    ("bitget", "usdt"): (BITGET,),
    ("htx", "linear"): htx("linear-swap-api", "BTC-USDT"),
    ("htx", "inverse"): htx("swap-api", "BTC-USD"),
}
