"""What venues say of derivatives that tell all of it on their sockets: recorded messages where there are any."""

from __future__ import annotations

from connectors.derivatives import Liquidation

from .told import LONG, MS, SHORT, Sample, ticker

KRAKEN_FUTURES = (
    Sample(
        '{"feed":"trade","product_id":"PI_XRPUSD","uid":"3ee209b8-bc9f-4ed5-965b-8c6208b26411","side":"sell",'
        '"type":"liquidation","seq":41799,"time":1593561965283,"qty":12000,"price":0.1736}',
        (Liquidation("PI_XRPUSD", LONG, 0.1736, 12000.0, 1593561965283 * MS),),
    ),
    Sample(
        '{"feed":"trade","product_id":"PI_ETHUSD","uid":"e7f3a144-5c04-4ed6-999e-5922cd0b6160","side":"buy",'
        '"type":"liquidation","seq":253796,"time":1593620853613,"qty":250,"price":231.6}',
        (Liquidation("PI_ETHUSD", SHORT, 231.6, 250.0, 1593620853613 * MS),),
    ),
    Sample(
        '{"feed":"trade","product_id":"PI_LTCUSD","uid":"e2429e31-8b9d-4195-900e-fd42be2dec89","side":"buy",'
        '"type":"fill","seq":5956,"time":1626994929946,"qty":320.0,"price":119.44}',
        (),
    ),
    Sample(
        '{"time":1680307198986,"product_id":"PI_BCHUSD","funding_rate":-1.26108093245e-7,'
        '"funding_rate_prediction":-1.43435165757e-7,"relative_funding_rate":-0.000015670191666667,'
        '"relative_funding_rate_prediction":-0.000017773051388889,"next_funding_rate_time":1680307200000,'
        '"feed":"ticker","bid":123.8,"ask":123.9,"index":123.91,"last":123.8,"tag":"perpetual","pair":"BCH:USD",'
        '"openInterest":488789.0,"markPrice":123.83534812969,"maturityTime":0,"post_only":false}',
        (
            ticker(
                "PI_BCHUSD",
                1680307198986,
                mark=123.83534812969,
                index=123.91,
                funding_rate=-0.000015670191666667,
                next_funding=1680307200000 * MS,
                open_interest=488789.0,
            ),
        ),
    ),
    Sample(  # not yet traded: its funding says nothing
        '{"time":1683116402169,"product_id":"PF_SUIUSD","funding_rate":0.0,"relative_funding_rate":0.0,'
        '"next_funding_rate_time":0,"feed":"ticker","bid":0.0,"ask":0.0,"index":1.3336,"tag":"perpetual",'
        '"openInterest":0.0,"markPrice":1.3336,"maturityTime":0,"post_only":true}',
        (ticker("PF_SUIUSD", 1683116402169, mark=1.3336, index=1.3336, open_interest=0.0),),
    ),
    Sample(
        '{"feed":"ticker","product_id":"FI_LTCUSD_190628","bid":60.57,"ask":60.62,"index":60.31,"premium":0.5,'
        '"last":60.69,"time":1554076800684,"tag":"quarter","openInterest":1692330.0,"markPrice":60.61,'
        '"maturityTime":1561734000000}',
        (ticker("FI_LTCUSD_190628", 1554076800684, mark=60.61, index=60.31, open_interest=1692330.0),),
    ),
)
DERIBIT = (
    Sample(
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.BTC-PERPETUAL.raw","data":'
        '[{"trade_seq":40781986,"trade_id":"66460463","timestamp":1584058044032,"tick_direction":3,'
        '"price":4469.5,"liquidation":"T","instrument_name":"BTC-PERPETUAL","index_price":4805.41,'
        '"direction":"sell","amount":1120}]}}',
        (Liquidation("BTC-PERPETUAL", LONG, 4469.5, 1120.0, 1584058044032 * MS),),
    ),
    Sample(  # the maker's position was closed: it sold to the taker
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.BTC-PERPETUAL.raw","data":'
        '[{"trade_seq":40782080,"trade_id":"66460626","timestamp":1584058067675,"tick_direction":3,'
        '"price":4458.5,"liquidation":"M","instrument_name":"BTC-PERPETUAL","index_price":4793.6,'
        '"direction":"buy","amount":2500}]}}',
        (Liquidation("BTC-PERPETUAL", LONG, 4458.5, 2500.0, 1584058067675 * MS),),
    ),
    Sample(
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.ETH-PERPETUAL.100ms","data":'
        '[{"trade_seq":7,"trade_id":"ETH-21","timestamp":1584058067700,"price":120.5,"liquidation":"MT",'
        '"instrument_name":"ETH-PERPETUAL","direction":"buy","amount":10}]}}',
        (
            Liquidation("ETH-PERPETUAL", SHORT, 120.5, 10.0, 1584058067700 * MS),
            Liquidation("ETH-PERPETUAL", LONG, 120.5, 10.0, 1584058067700 * MS),
        ),
    ),
    Sample(
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.BTC-PERPETUAL.raw","data":'
        '{"timestamp":1569888003897,"stats":{"volume":43610.27177267,"low":7684.0,"high":8353.0},"state":"open",'
        '"settlement_price":7792.17,"open_interest":84844461,"mark_price":8304.39,"last_price":8304.5,'
        '"instrument_name":"BTC-PERPETUAL","index_price":8305.94,"funding_8h":-0.00008477,"current_funding":0.0}}}',
        (
            ticker(
                "BTC-PERPETUAL",
                1569888003897,
                mark=8304.39,
                index=8305.94,
                funding_rate=0.0,
                open_interest=84844461.0,
            ),
        ),
    ),
    Sample(  # of an option: its mark may be in coin, its index is in dollars
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.BTC-5JUN20-9250-C.raw","data":'
        '{"underlying_price":9440.73,"underlying_index":"SYN.BTC-5JUN20","timestamp":1590969652595,"state":"open",'
        '"open_interest":533.2,"mark_price":0.03847784,"mark_iv":63.21,"instrument_name":"BTC-5JUN20-9250-C",'
        '"index_price":9434.36}}}',
        (),
        native="BTC-5JUN20-9250-C",
    ),
)
DYDX = (
    Sample(
        '{"type":"channel_data","connection_id":"3a2e4c0c-7579-4bf6-a570-e0979418bbe9","message_id":424,'
        '"id":"BTC-USD","channel":"v4_trades","version":"2.1.0","contents":{"trades":['
        '{"id":"0165e5e40000000200000002","size":"0.002","price":"60397","side":"BUY",'
        '"createdAt":"2024-08-22T23:59:59.851Z","type":"LIMIT"},{"id":"014f495a0000000200000005","side":"SELL",'
        '"size":"3.9","price":"22.87","type":"LIQUIDATED","createdAt":"2024-08-04T07:34:50.628Z"}]}}',
        (Liquidation("BTC-USD", LONG, 22.87, 3.9, 1722756890628 * MS),),
    ),
    Sample(
        '{"type":"subscribed","connection_id":"3a2e4c0c-7579-4bf6-a570-e0979418bbe9","message_id":17,'
        '"channel":"v4_markets","contents":{"markets":{"BTC-USD":{"clobPairId":"0","ticker":"BTC-USD",'
        '"status":"ACTIVE","oraclePrice":"60387.51779","nextFundingRate":"0.00001351666666666667",'
        '"openInterest":"648.2389","tickSize":"1","stepSize":"0.0001","baseOpenInterest":"648.4278"}}}}',
        (
            ticker(
                "BTC-USD",
                mark=60387.51779,
                index=60387.51779,
                funding_rate=0.00001351666666666667,
                open_interest=648.2389,
            ),
        ),
    ),
    Sample(
        '{"type":"channel_data","connection_id":"3a2e4c0c-7579-4bf6-a570-e0979418bbe9","message_id":15871,'
        '"channel":"v4_markets","version":"1.0.0","contents":{"trading":{"ETH-USD":{"id":"1",'
        '"openInterest":"15398.406"}}}}',
        (ticker("ETH-USD", open_interest=15398.406),),
    ),
    Sample(
        '{"type":"channel_batch_data","connection_id":"3a2e4c0c-7579-4bf6-a570-e0979418bbe9","message_id":15162,'
        '"channel":"v4_markets","version":"1.0.0","contents":[{"oraclePrices":{"ETH-USD":{'
        '"oraclePrice":"2623.3521","effectiveAt":"2024-08-23T00:00:54.301Z","effectiveAtHeight":"23455252",'
        '"marketId":86}}}]}',
        (ticker("ETH-USD", 1724371254301, mark=2623.3521, index=2623.3521),),
    ),
)
HYPERLIQUID = (
    Sample(
        '{"channel":"activeAssetCtx","data":{"coin":"MOODENG","ctx":{"funding":"0.00004863",'
        '"openInterest":"18617460.0","prevDayPx":"0.20296","dayNtlVlm":"7665220.55613","premium":"0.00008521",'
        '"oraclePx":"0.1995","markPx":"0.19963","midPx":"0.19957","impactPxs":["0.199517","0.199725"]}}}',
        (ticker("MOODENG", mark=0.19963, index=0.1995, funding_rate=0.00004863, open_interest=18617460.0),),
    ),
    Sample(
        '{"channel":"activeSpotAssetCtx","data":{"coin":"@2","ctx":{"prevDayPx":"0.000031","markPx":"0.00005299",'
        '"midPx":"0.00005307","circulatingSupply":"6879553815.3455801","coin":"@2"}}}',
        (),
        native="@2",
    ),
)
STATUS = '{"event":"subscribed","channel":"status","chanId":127758,"key":"deriv:tBTCF0:USTF0","subId":"1"}'
FORCED = '{"event":"subscribed","channel":"status","chanId":907,"key":"liq:global","subId":"2"}'
BITFINEX = (
    Sample(
        "[127758,[1590596819000,null,9166.30324769,9169.35,null,1372762.95402242,null,1590624000000,-0.00001415,"
        "533,null,0,null,null,9170.3525,null,null,3005.25851857],962044,1590596820986]",
        (
            ticker(
                "tBTCF0:USTF0",
                1590596819000,
                mark=9170.3525,
                index=9169.35,
                funding_rate=0.0,
                next_funding=1590624000000 * MS,
                open_interest=3005.25851857,
            ),
        ),
        before=(STATUS,),
    ),
    Sample(  # as of 2019
        "[127758,[1569801649000,null,8090.5,8051.45,null,101052.31005666,null,1569830400000,0.00000843,16,null,"
        "0.00196337],3256,1569801652225]",
        (
            ticker(
                "tBTCF0:USTF0",
                1569801649000,
                index=8051.45,
                funding_rate=0.00196337,
                next_funding=1569830400000 * MS,
            ),
        ),
        before=(STATUS,),
    ),
    Sample('[127758,"hb",3603,1569715249702]', (), native="tBTCF0:USTF0", before=(STATUS,)),
    Sample(
        '[907,[["pos",143683674,1593522802742,null,"tBTCF0:USTF0",0.00268657,9135.972557016,null,0,1,null,9080]],'
        "7,1593566593351]",
        (Liquidation("tBTCF0:USTF0", LONG, 9080.0, 0.00268657, 1593522802742 * MS),),
        before=(FORCED,),
    ),
    Sample(
        '[907,[["pos",143679087,1594036710534,null,"tETHF0:USTF0",-8.6007,222.248906484356,null,0,1,null,null]],'
        "1206216,1594036710596]",
        (Liquidation("tETHF0:USTF0", SHORT, 222.248906484356, 8.6007, 1594036710534 * MS),),
        before=(FORCED,),
    ),
    Sample(  # a part of it, matched
        '[907,[["pos",143679087,1594036710543,null,"tETHF0:USTF0",-4.56671421,222.248906484356,null,1,1,null,'
        "235.52]],1206215,1594036710595]",
        (),
        native="tETHF0:USTF0",
        before=(FORCED,),
    ),
)
CRYPTO_COM = (
    Sample(
        '{"id":-1,"code":0,"method":"subscribe","result":{"channel":"ticker","instrument_name":"APEUSD-PERP",'
        '"subscription":"ticker.APEUSD-PERP","id":-1,"data":[{"h":"4.7743","l":"4.6082","a":"4.6121",'
        '"c":"-0.0144","b":"4.6121","bs":"25","k":"4.6148","ks":"131","i":"APEUSD-PERP","v":"123899",'
        '"vv":"580747.59","oi":"55851","t":1667320303754}]}}',
        (ticker("APEUSD-PERP", 1667320303754, open_interest=55851.0),),
    ),
    Sample(
        '{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTCUSD-PERP",'
        '"subscription":"mark.BTCUSD-PERP","channel":"mark","data":[{"v":"86176.3","t":1790114562000}]}}',
        (ticker("BTCUSD-PERP", 1790114562000, mark=86176.3),),
    ),
    Sample(
        '{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTCUSD-INDEX",'
        '"subscription":"index.BTCUSD-INDEX","channel":"index","data":[{"v":"86170.1","t":1790114562000}]}}',
        (ticker("BTCUSD-INDEX", 1790114562000, index=86170.1),),
    ),
    Sample(
        '{"id":3,"method":"subscribe","code":0,"result":{"instrument_name":"BTCUSD-PERP",'
        '"subscription":"funding.BTCUSD-PERP","channel":"funding","data":[{"v":"-0.000004992",'
        '"t":1790114562000}]}}',
        (ticker("BTCUSD-PERP", 1790114562000, funding_rate=-0.000004992),),
    ),
)
BITSTAMP = (
    Sample(
        '{"data":{"market":"btcusd-perp","mark_price":"77291.94844771","index_price":"77276.264",'
        '"funding_rate":"0.00013","timestamp":"1789455924","next_funding_time":"1789459200"},'
        '"channel":"funding_rate_btcusd-perp","event":"funding_rate_saved"}',
        (
            ticker(
                "btcusd-perp",
                1789455924000,
                mark=77291.94844771,
                index=77276.264,
                funding_rate=0.00013,
                next_funding=1789459200000 * MS,
            ),
        ),
    ),
)

SAMPLES: dict[tuple[str, str], tuple[Sample, ...]] = {
    ("kraken_futures", "futures"): KRAKEN_FUTURES,
    ("deribit", "public"): DERIBIT,
    ("dydx", "perp"): DYDX,
    ("hyperliquid", "public"): HYPERLIQUID,
    ("bitfinex", "public"): BITFINEX,
    ("crypto_com", "market"): CRYPTO_COM,
    ("bitstamp", "public"): BITSTAMP,
}
