"""What Gate, Bitget, HTX, MEXC, KuCoin and Gemini write of derivatives, and what each means; see `told.py`.

Recorded messages where there are any, else those of the venues' documents.
"""

from __future__ import annotations

from connectors.derivatives import DerivativeTicker, Liquidation
from tests.support.told import LONG, MS, SHORT, Sample, ticker

SECOND = 1_000_000_000
HOURS_8 = 8.0

GATE_USDT = (
    Sample(
        '{"time":1677629168,"time_ms":1677629168840,"channel":"futures.tickers","event":"update","result":'
        '[{"contract":"BTC_USDT","last":"23160.2","total_size":"153482780","mark_price":"23175.64",'
        '"funding_rate":"0.0001","funding_rate_indicative":"0.0001","index_price":"23173.35",'
        '"quanto_base_rate":""}]}',
        (
            ticker(
                "BTC_USDT",
                1677629168840,
                mark=23175.64,
                index=23173.35,
                funding_rate=0.0001,
                open_interest=153482780.0,
            ),
        ),
    ),
    Sample(  # lists in a list, and no milliseconds
        '{"time":1617952183,"channel":"futures.tickers","event":"update","error":null,"result":[[{'
        '"contract":"BSV_USDT","last":"244.9","funding_rate":"0.000962","mark_price":"244.78",'
        '"index_price":"244.75","total_size":"417015","quanto_base_rate":"",'
        '"funding_rate_indicative":"0.000216"}]]}',
        (
            ticker(
                "BSV_USDT",
                1617952183000,
                mark=244.78,
                index=244.75,
                funding_rate=0.000962,
                open_interest=417015.0,
            ),
        ),
    ),
    Sample(
        '{"time":1789456334,"time_ms":1789456334100,"channel":"futures.tickers","event":"update","result":'
        '[{"contract":"ETH_USDT","last":"2171.4","mark_price":"2171.44","index_price":"2171.90",'
        '"funding_rate":"-0.000012","total_size":"5923.3","funding_interval":14400,'
        '"funding_next_apply":1789459200}]}',
        (
            ticker(
                "ETH_USDT",
                1789456334100,
                mark=2171.44,
                index=2171.9,
                funding_rate=-0.000012,
                funding_hours=4.0,
                next_funding=1789459200 * SECOND,
                open_interest=5923.3,
            ),
        ),
    ),
    Sample(
        '{"channel":"futures.public_liquidates","event":"update","time":1541505434,"time_ms":1541505434123,'
        '"result":[{"price":"215.1","size":"-124.5","time":1541486601123,"contract":"ETH_USDT"},'
        '{"price":"215.2","size":"20","time":1541486601,"contract":"ETH_USDT"}]}',
        (
            Liquidation("ETH_USDT", LONG, 215.1, 124.5, 1541486601123 * MS),
            Liquidation("ETH_USDT", SHORT, 215.2, 20.0, 1541486601 * SECOND),
        ),
    ),
)
GATE_BTC = (
    Sample(  # not in a list
        '{"time":1647501206,"channel":"futures.tickers","event":"update","result":{"contract":"BTC_USD",'
        '"last":"25595","change_percentage":"0","total_size":"14","mark_price":"26929","funding_rate":"0.0001",'
        '"funding_rate_indicative":"0.0001","index_price":"26929.1","quanto_base_rate":"0.0006594"}}',
        (
            ticker(
                "BTC_USD", 1647501206000, mark=26929.0, index=26929.1, funding_rate=0.0001, open_interest=14.0
            ),
        ),
    ),
    Sample(
        '{"channel":"futures.public_liquidates","event":"update","time":1789456334,"time_ms":1789456334123,'
        '"result":[{"price":"78000.5","size":"2000","time":1789456334001,"contract":"BTC_USD"}]}',
        (Liquidation("BTC_USD", SHORT, 78000.5, 2000.0, 1789456334001 * MS),),
    ),
)
BITGET_USDT = (
    Sample(
        '{"action":"snapshot","arg":{"instType":"usdt-futures","topic":"ticker","symbol":"BTCUSDT"},"data":[{'
        '"lastPrice":"76631.3","turnover24h":"2914473798.93323","bid1Price":"76631.2","ask1Price":"76631.3",'
        '"indexPrice":"76671.4381686055379793","markPrice":"76631.3","fundingRate":"-0.00003",'
        '"openInterest":"29539.3825","deliveryTime":"","deliveryStatus":"","nextFundingTime":"1777363200000"}],'
        '"ts":1777358880084}',
        (
            ticker(
                "BTCUSDT",
                1777358880084,
                mark=76631.3,
                index=76671.4381686055379793,
                funding_rate=-0.00003,
                next_funding=1777363200000 * MS,
                open_interest=29539.3825,
            ),
        ),
    ),
    Sample(
        '{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"ticker","instId":"STORJUSDT"},"data":[{'
        '"instId":"STORJUSDT","lastPr":"0.4706","fundingRate":"0.0001","nextFundingTime":"1730361600000",'
        '"markPrice":"0.4705","indexPrice":"0.47080586","holdingAmount":"8572031.1","symbol":"STORJUSDT",'
        '"ts":"1730332823155"}],"ts":1730332823157}',
        (
            ticker(
                "STORJUSDT",
                1730332823157,
                mark=0.4705,
                index=0.47080586,
                funding_rate=0.0001,
                next_funding=1730361600000 * MS,
                open_interest=8572031.1,
            ),
        ),
    ),
    Sample(
        '{"action":"update","arg":{"instType":"usdt-futures","topic":"liquidation"},"data":[{"symbol":"APEUSDT",'
        '"side":"buy","price":"0.1649","amount":"13.70319","ts":"1777358886549"},{"symbol":"IPUSDT",'
        '"side":"buy","price":"0.500280739469","amount":"143.330431857868","ts":"1777358876983"}],'
        '"ts":1777358897167}',
        (
            Liquidation("APEUSDT", LONG, 0.1649, 83.1, 1777358886549 * MS),
            Liquidation("IPUSDT", LONG, 0.500280739469, 286.5, 1777358876983 * MS),
        ),
    ),
    Sample(
        '{"code":"00000","msg":"success","data":[{"symbol":"BTCUSDT","fundingRate":"0.0001",'
        '"fundingRateInterval":"8","nextUpdate":"1789459200000"}]}',
        (ticker("BTCUSDT", funding_hours=HOURS_8),),
        poll="/api/v2/mix/market/current-fund-rate",
    ),
)
HTX_LINEAR = (
    Sample(
        '{"op":"notify","topic":"public.BTC-USDT.funding_rate","ts":1606780803260,"data":[{"symbol":"BTC",'
        '"contract_code":"BTC-USDT","fee_asset":"USDT","funding_time":"1606780800000",'
        '"funding_rate":"0.000100000000000000","estimated_rate":"0.000236636095370214",'
        '"settlement_time":"1606780800000"}]}',
        (ticker("BTC-USDT", 1606780803260, funding_rate=0.0001, next_funding=1606780800000 * MS),),
    ),
    Sample(
        '{"op":"notify","topic":"public.BTC-USDT.liquidation_orders","ts":1608226502344,"data":[{"symbol":"BTC",'
        '"contract_code":"BTC-USDT","direction":"sell","offset":"close","volume":227.0,"price":23350.5,'
        '"created_at":1608226502284,"amount":0.227,"trade_turnover":5300.5635}]}',
        (Liquidation("BTC-USDT", LONG, 23350.5, 227.0, 1608226502284 * MS),),
    ),
    Sample(
        '{"status":"ok","data":[{"volume":3063121.0,"amount":3063.121,"symbol":"BTC","value":60398313.5659,'
        '"contract_code":"BTC-USDT"}],"ts":1606780807036}',
        (ticker("BTC-USDT", 1606780807036, open_interest=3063121 / 2),),
        poll="/linear-swap-api/v1/swap_open_interest",
    ),
    Sample(
        '{"status":"ok","data":[{"contract_code":"BTC-USDT","index_price":86812.90428571429,'
        '"index_ts":1790134406123}],"ts":1790134407000}',
        (ticker("BTC-USDT", 1790134406123, index=86812.90428571429),),
        poll="/linear-swap-api/v1/swap_index",
    ),
    Sample(
        '{"ch":"market.BTC-USDT.mark_price.1min","status":"ok","ts":1790134407000,"data":[{"id":1790134380,'
        '"open":"86770.1","close":"86779.9","low":"86765","high":"86780.2","amount":"0","vol":"0","count":"0"}]}',
        (ticker("BTC-USDT", 1790134407000, mark=86779.9),),
        poll="/index/market/history/linear_swap_mark_price_kline",
        native="BTC-USDT",
    ),
    Sample(
        '{"status":"ok","data":[{"symbol":"BTC","contract_code":"BTC-USDT","contract_size":0.001,'
        '"price_tick":0.1,"contract_status":1,"settlement_period":"4"}],"ts":1790134407000}',
        (ticker("BTC-USDT", 1790134407000, funding_hours=4.0),),
        poll="/linear-swap-api/v1/swap_contract_info",
    ),
)
HTX_INVERSE = (
    Sample(
        '{"op":"notify","topic":"public.BTC-USD.funding_rate","ts":1592904820339,"data":[{"symbol":"BTC",'
        '"contract_code":"BTC-USD","fee_asset":"BTC","funding_time":"1592904780000",'
        '"funding_rate":"0.000100000000000000","estimated_rate":null,"settlement_time":"1592913600000"}]}',
        (ticker("BTC-USD", 1592904820339, funding_rate=0.0001, next_funding=1592913600000 * MS),),
    ),
    Sample(
        '{"op":"notify","topic":"public.ETH-USD.liquidation_orders","ts":1593610492198,"data":[{"symbol":"ETH",'
        '"contract_code":"ETH-USD","direction":"buy","offset":"close","volume":231,"price":229.95,'
        '"created_at":1593610492167}]}',
        (Liquidation("ETH-USD", SHORT, 229.95, 231.0, 1593610492167 * MS),),
    ),
    Sample(
        '{"status":"ok","data":[{"volume":1711705.0,"amount":17841.411298728371899103,"symbol":"BTC",'
        '"contract_code":"BTC-USD"}],"ts":1592904823141}',
        (ticker("BTC-USD", 1592904823141, open_interest=1711705 / 2),),
        poll="/swap-api/v1/swap_open_interest",
    ),
    Sample(
        '{"status":"ok","data":[{"contract_code":"BTC-USD","index_price":9582.975,"index_ts":1592904821703}],'
        '"ts":1592904823141}',
        (ticker("BTC-USD", 1592904821703, index=9582.975),),
        poll="/swap-api/v1/swap_index",
    ),
    Sample(
        '{"ch":"market.BTC-USD.mark_price.1min","status":"ok","ts":1592904823141,"data":[{"id":1592904780,'
        '"open":"9588","close":"9590.1","low":"9588","high":"9591","amount":"0","vol":"0","count":"0"}]}',
        (ticker("BTC-USD", 1592904823141, mark=9590.1),),
        poll="/index/market/history/swap_mark_price_kline",
        native="BTC-USD",
    ),
)
MEXC_CONTRACT = (
    Sample(
        '{"channel":"push.ticker","data":{"ask1":6866.5,"bid1":6865,"fairPrice":6867.4,"fundingRate":0.0008,'
        '"high24Price":7223.5,"indexPrice":6861.6,"lastPrice":6865.5,"symbol":"BTC_USDT",'
        '"timestamp":1587442022003,"holdVol":2284742,"volume24":164586129,"riseFallRates":[-0.0424,-0.0419],'
        '"zone":"UTC+8"},"symbol":"BTC_USDT"}',
        (
            ticker(
                "BTC_USDT",
                1587442022003,
                mark=6867.4,
                index=6861.6,
                funding_rate=0.0008,
                open_interest=2284742.0,
            ),
        ),
    ),
    Sample(
        '{"channel":"push.funding.rate","data":{"rate":0.0012,"symbol":"BTC_USDT",'
        '"nextSettleTime":1587445200000},"symbol":"BTC_USDT","ts":1587442022503}',
        (ticker("BTC_USDT", 1587442022503, funding_rate=0.0012, next_funding=1587445200000 * MS),),
    ),
    Sample(
        '{"channel":"push.fair.price","data":{"price":6867.5,"symbol":"BTC_USDT"},"symbol":"BTC_USDT",'
        '"ts":1587442021503}',
        (ticker("BTC_USDT", 1587442021503, mark=6867.5),),
    ),
    Sample(
        '{"channel":"push.index.price","data":{"price":6861.7,"symbol":"BTC_USDT"},"symbol":"BTC_USDT",'
        '"ts":1587442021003}',
        (ticker("BTC_USDT", 1587442021003, index=6861.7),),
    ),
    Sample(
        '{"success":true,"code":0,"data":[{"symbol":"BTC_USDT","fundingRate":0.000014,"maxFundingRate":0.003,'
        '"minFundingRate":-0.003,"collectCycle":8,"nextSettleTime":1643241600000,"timestamp":1643240373359}]}',
        (ticker("BTC_USDT", 1643240373359, funding_hours=HOURS_8),),
        poll="/api/v1/contract/funding_rate",
    ),
)
KUCOIN_FUTURES = (
    Sample(
        '{"T":"mark-price","P":1790113097443102278,"d":{"s":"XBTUSDTM","mp":"86201.79","ip":"86248.81",'
        '"oi":"11481754","ts":1790113097000}}',
        (ticker("XBTUSDTM", 1790113097000, mark=86201.79, index=86248.81, open_interest=11481754.0),),
    ),
    Sample(  # times of the push as text, too
        '{"T":"mark-price","P":"1782834987171570181","d":{"s":"ETHUSDTM","mp":"1569.15","ip":"1569.87",'
        '"oi":"50541824","ts":1782834987000}}',
        (ticker("ETHUSDTM", 1782834987000, mark=1569.15, index=1569.87, open_interest=50541824.0),),
    ),
    Sample(  # `lfr` was settled last, and no more of it is to come
        '{"T":"funding-fee","d":{"s":"XBTUSDTM","fr":"-0.000076","ft":1790092800000,"lfr":"-0.000019",'
        '"nt":1790121600000,"gl":28800000,"fc":"0.003","ff":"-0.003"}}',
        (ticker("XBTUSDTM", funding_rate=-0.000076, funding_hours=HOURS_8, next_funding=1790121600000 * MS),),
    ),
    Sample(
        '{"T":"funding-fee","P":"1782831961172694254","d":{"s":"ETHUSDTM","fr":"0.000035","ft":1782806400000,'
        '"nt":1782835200000,"gl":28800000,"fc":"0.00375","ff":"-0.00375"}}',
        (
            DerivativeTicker(
                "ETHUSDTM",
                1782831961172694254,
                funding_rate=0.000035,
                funding_hours=HOURS_8,
                next_funding=1782835200000 * MS,
            ),
        ),
    ),
)
GEMINI = (
    Sample(
        '{"e":"markPrice","E":1789456746446652397,"s":"btcgusdperp","p":"77303.727","i":"7725880.833"}',
        (DerivativeTicker("btcgusdperp", 1789456746446652397, mark=77303.727),),
    ),
    Sample(
        '{"e":"fundingAmount","E":1789456740000000000,"s":"btcgusdperp","T":1789459200000000000,"i":60,'
        '"f":"7.90688","r":"0.01000","p":"77302.223","R":false}',
        (
            ticker(
                "btcgusdperp",
                1789456740000,
                mark=77302.223,
                funding_rate=7.90688 / 77302.223,
                funding_hours=1.0,
                next_funding=1789459200 * SECOND,
            ),
        ),
    ),
    Sample(
        '{"product_type":"PerpetualSwapContract","mark_price":"77244.69","index_price":"77199.81",'
        '"open_interest":"18.2696","open_interest_notional":"1411229.5883"}',
        (ticker("btcgusdperp", mark=77244.69, index=77199.81, open_interest=18.2696),),
        poll="/v1/riskstats/",
        native="btcgusdperp",
    ),
)


SAMPLES: dict[tuple[str, str], tuple[Sample, ...]] = {
    ("gate", "usdt"): GATE_USDT,
    ("gate", "btc"): GATE_BTC,
    ("bitget", "usdt"): BITGET_USDT,
    ("htx", "linear"): HTX_LINEAR,
    ("htx", "inverse"): HTX_INVERSE,
    ("mexc", "contract"): MEXC_CONTRACT,
    ("kucoin", "futures"): KUCOIN_FUTURES,
    ("gemini", "public"): GEMINI,
}
