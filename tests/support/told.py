"""What venues write of derivatives, by their documents and recorded messages, and what each means.

A product that declares derivatives has its samples here: of each channel that it says it has, of each poll.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connectors.derivatives import Derivative, DerivativeTicker, Liquidation, Position

LONG, SHORT = Position.LONG, Position.SHORT
MS = 1_000_000


@dataclass(frozen=True)
class Sample:
    """A frame, or the answer to the poll whose path begins with `poll`, and what is read from it.

    `native`: whose answer it is; `before`: frames that have to come first (an ack that numbers a channel).
    """

    text: str
    told: tuple[Derivative, ...]
    poll: str = ""
    native: str = ""
    before: tuple[str, ...] = field(default=())


def ticker(symbol: str, ms: int = 0, **more: Any) -> DerivativeTicker:
    return DerivativeTicker(symbol, ms * MS, **more)


BINANCE_USDM = (
    Sample(
        '{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":1584059031426,"o":{"s":"BTCUSDT","S":"BUY",'
        '"o":"LIMIT","f":"IOC","q":"0.014","p":"4793.91","ap":"4706.04","X":"FILLED","l":"0.015","z":"0.014",'
        '"T":1584059031421}}}',
        (Liquidation("BTCUSDT", SHORT, 4706.04, 0.014, 1584059031421 * MS),),
    ),
    Sample(
        '{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1597536008000,"s":"BTCUSDT",'
        '"p":"11857.56000000","i":"11851.86949091","r":"0.00015640","T":1597564800000}}',
        (
            ticker(
                "BTCUSDT",
                1597536008000,
                mark=11857.56,
                index=11851.86949091,
                funding_rate=0.0001564,
                next_funding=1597564800000 * MS,
            ),
        ),
    ),
    Sample(
        '{"openInterest":"10659.509","symbol":"BTCUSDT","time":1589437530011}',
        (ticker("BTCUSDT", 1589437530011, open_interest=10659.509),),
        poll="/fapi/v1/openInterest",
        native="BTCUSDT",
    ),
    Sample(
        '[{"symbol":"BTCUSDT","adjustedFundingRateCap":"0.02","fundingIntervalHours":4}]',
        (ticker("BTCUSDT", funding_hours=4.0),),
        poll="/fapi/v1/fundingInfo",
    ),
)
BINANCE_COINM = (
    Sample(
        '{"stream":"btcusd_200925@forceOrder","data":{"e":"forceOrder","E":1594622954023,"o":{"s":"BTCUSD_200925",'
        '"ps":"BTCUSD","S":"SELL","o":"LIMIT","f":"IOC","q":"3","p":"9314.5","ap":"9352.7","X":"FILLED","l":"3",'
        '"z":"3","T":1594622954021}}}',
        (Liquidation("BTCUSD_200925", LONG, 9352.7, 3.0, 1594622954021 * MS),),
    ),
    Sample(
        '{"stream":"btcusd_201225@markPrice@1s","data":{"e":"markPriceUpdate","E":1596095725000,'
        '"s":"BTCUSD_201225","p":"10934.62615417","P":"10962.17178236","i":"10933.62615417","r":"","T":0}}',
        (ticker("BTCUSD_201225", 1596095725000, mark=10934.62615417, index=10933.62615417),),
    ),
    Sample(
        '{"stream":"ethusd_perp@markPrice@1s","data":{"e":"markPriceUpdate","E":1596095725000,"s":"ETHUSD_PERP",'
        '"p":"334.5","i":"334.25","r":"0.0001","T":1596124800000}}',
        (
            ticker(
                "ETHUSD_PERP",
                1596095725000,
                mark=334.5,
                index=334.25,
                funding_rate=0.0001,
                next_funding=1596124800000 * MS,
            ),
        ),
    ),
    Sample(
        '{"stream":"btcusd@indexPrice@1s","data":{"e":"indexPriceUpdate","E":1592265601001,"i":"BTCUSD",'
        '"p":"9429.39675000"}}',
        (ticker("BTCUSD", 1592265601001, index=9429.39675),),
    ),
    Sample(
        '{"symbol":"ETHUSD_PERP","pair":"ETHUSD","openInterest":"26542436","contractType":"PERPETUAL",'
        '"time":1677360272224}',
        (ticker("ETHUSD_PERP", 1677360272224, open_interest=26542436.0),),
        poll="/dapi/v1/openInterest",
        native="ETHUSD_PERP",
    ),
)
BYBIT_LINEAR = (
    Sample(
        '{"topic":"allLiquidation.ROSEUSDT","type":"snapshot","ts":1739502303204,"data":[{"T":1739502302929,'
        '"s":"ROSEUSDT","S":"Sell","v":"20000","p":"0.04499"}]}',
        (Liquidation("ROSEUSDT", SHORT, 0.04499, 20000.0, 1739502302929 * MS),),
    ),
    Sample(
        '{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","markPrice":"28552.81",'
        '"indexPrice":"28562.25","openInterest":"105549.056","singleOpenInterest":"52774.528",'
        '"nextFundingTime":"1680681600000","fundingRate":"0.0001","fundingIntervalHour":"8"},"cs":1,'
        '"ts":1680673822577}',
        (
            ticker(
                "BTCUSDT",
                1680673822577,
                mark=28552.81,
                index=28562.25,
                funding_rate=0.0001,
                funding_hours=8.0,
                next_funding=1680681600000 * MS,
                open_interest=52774.528,
            ),
        ),
    ),
)
BYBIT_INVERSE = (
    Sample(
        '{"topic":"allLiquidation.BTCUSD","type":"snapshot","ts":1739502303204,"data":[{"T":1739502302929,'
        '"s":"BTCUSD","S":"Buy","v":"500","p":"97000.5"}]}',
        (Liquidation("BTCUSD", LONG, 97000.5, 500.0, 1739502302929 * MS),),
    ),
    Sample(
        '{"topic":"tickers.BTCUSD","type":"delta","data":{"symbol":"BTCUSD","price24hPcnt":"0.023362",'
        '"openInterest":"449736674","fundingRate":"0.0001","bid1Price":"28560.00","bid1Size":"340549"},'
        '"cs":20856433603,"ts":1680673822776}',
        (ticker("BTCUSD", 1680673822776, funding_rate=0.0001, open_interest=449736674.0),),
    ),
    Sample(
        '{"topic":"tickers.BTCUSD","type":"delta","data":{"symbol":"BTCUSD","markPrice":"28560.00",'
        '"indexPrice":"28566.94"},"cs":20856433604,"ts":1680673822876}',
        (ticker("BTCUSD", 1680673822876, mark=28560.0, index=28566.94),),
    ),
)
OKX = (
    Sample(
        '{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[{"bkLoss":"0",'
        '"bkPx":"0.007831","ccy":"","posSide":"short","side":"buy","sz":"13","ts":"1692266434010"}],'
        '"instFamily":"IOST-USDT","instId":"IOST-USDT-SWAP","instType":"SWAP","uly":"IOST-USDT"}]}',
        (Liquidation("IOST-USDT-SWAP", SHORT, 0.007831, 13.0, 1692266434010 * MS),),
    ),
    Sample(
        '{"arg":{"channel":"open-interest","instId":"BTC-USDT-SWAP"},"data":[{"instId":"BTC-USDT-SWAP",'
        '"instType":"SWAP","oi":"2216113.01","oiCcy":"22161.1301","oiUsd":"1939251795.5","ts":"1743041250440"}]}',
        (ticker("BTC-USDT-SWAP", 1743041250440, open_interest=2216113.01),),
    ),
    Sample(
        '{"arg":{"channel":"funding-rate","instId":"BTC-USDT-SWAP"},"data":[{"fundingRate":"0.00048105",'
        '"fundingTime":"1640131200000","instId":"BTC-USDT-SWAP","instType":"SWAP","nextFundingRate":"",'
        '"nextFundingTime":"1640145600000","ts":"1640131100000"}]}',
        (
            ticker(
                "BTC-USDT-SWAP",
                1640131100000,
                funding_rate=0.00048105,
                funding_hours=4.0,
                next_funding=1640131200000 * MS,
            ),
        ),
    ),
    Sample(
        '{"arg":{"channel":"mark-price","instId":"FIL-USDT-220325"},"data":[{"instId":"FIL-USDT-220325",'
        '"instType":"FUTURES","markPx":"36.232","ts":"1640131204676"}]}',
        (ticker("FIL-USDT-220325", 1640131204676, mark=36.232),),
    ),
    Sample(
        '{"arg":{"channel":"index-tickers","instId":"FIL-USDT"},"data":[{"instId":"FIL-USDT","idxPx":"35.583",'
        '"open24h":"34.558","ts":"1640140200581"}]}',
        (ticker("FIL-USDT", 1640140200581, index=35.583),),
    ),
)

SAMPLES: dict[tuple[str, str], tuple[Sample, ...]] = {
    ("binance", "usdm"): BINANCE_USDM,
    ("binance", "coinm"): BINANCE_COINM,
    ("bybit", "linear"): BYBIT_LINEAR,
    ("bybit", "inverse"): BYBIT_INVERSE,
    ("okx", "public"): OKX,
}
