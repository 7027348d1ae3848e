"""What stands between ccxt's words and ours: symbols, contract sizes, precision, addresses, settings."""

from __future__ import annotations

import importlib.util
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors import products, venue_class
from connectors.ccxt_venue import ccxt_venue, fault_in
from connectors.ccxt_watch import image, moved, print_of, row_of, step
from connectors.errors import UsageError
from connectors.instruments import Market
from service.app import facts
from service.settings import load


def market(symbol: str, **more: Any) -> dict[str, Any]:
    return {"symbol": symbol, "precision": {"price": 0.5, "amount": 1e-05}, "active": True, **more}


@pytest.mark.parametrize(
    ("given", "symbol", "kind", "contract", "inverse"),
    [
        (market("BTC/USDT"), "BTC-USDT", Market.SPOT, Decimal(1), False),
        (
            market("BTC/USDT:USDT", contract=True, linear=True, inverse=False, contractSize=0.01),
            "BTC-USDT-PERP",
            Market.PERP,
            Decimal("0.01"),
            False,
        ),
        (
            market("BTC/USD:BTC", contract=True, linear=False, inverse=True, contractSize=100.0),
            "BTC-USD-PERP:BTC",
            Market.PERP,
            Decimal(100),
            True,
        ),
        (  # bitstamp's perpetuals say None and mean 1
            market("BTC/USD:USD", contract=True, linear=True, contractSize=None),
            "BTC-USD-PERP",
            Market.PERP,
            Decimal(1),
            False,
        ),
        (  # a quanto contract is worth neither base nor quote
            market("ETH/USD:BTC", contract=True, linear=False, inverse=False, contractSize=0.1),
            "ETH-USD-PERP:BTC",
            Market.PERP,
            None,
            False,
        ),
        (
            market("BTC/USDT:USDT-261225", contract=True, linear=True, contractSize=1),
            "BTC-USDT-261225",
            Market.FUTURE,
            Decimal(1),
            False,
        ),
    ],
)
def test_a_market_of_ccxt_is_an_instrument(
    given: dict[str, Any], symbol: str, kind: Market, contract: Decimal | None, inverse: bool
) -> None:
    [one] = ccxt_venue("ccxt:whitebit")().instruments([row_of(given, 4)])
    assert (one.venue, one.native, one.symbol, one.market) == ("ccxt:whitebit", given["symbol"], symbol, kind)
    assert (one.contract_size, one.inverse) == (contract, inverse)
    assert (one.tick, one.lot, one.active) == (Decimal("0.5"), Decimal("0.00001"), True)


def test_a_symbol_without_a_canonical_form_is_left_out() -> None:
    assert list(ccxt_venue("ccxt:polymarket")().instruments([row_of(market("WILL_IT"), 4)])) == []


def test_precision_is_read_in_its_mode() -> None:
    assert [step(0.01, 4), step(2, 2), step(5, 3), step(None, 4)] == ["0.01", "0.01", None, None]


def test_addresses_move_by_scheme_and_keep_their_paths() -> None:
    urls = {"ws": {"public": "wss://a.example/v2?x=1"}, "rest": "https://{hostname}/api", "cost": 3}
    hosts = {"ws": "ws://127.0.0.1:9", "rest": "http://127.0.0.1:8/base/"}
    assert moved(urls, hosts) == {
        "ws": {"public": "ws://127.0.0.1:9/v2?x=1"},
        "rest": "http://127.0.0.1:8/base/api",
        "cost": 3,
    }
    assert moved(urls, {"ws": "", "rest": ""}) == urls


def test_an_image_is_a_copy_cut_to_its_depth() -> None:
    bids = [[1.0, 2.0, 9]] * 300
    taken = image("BTC/USDT", {"bids": bids, "asks": [], "timestamp": None})
    bids.clear()
    assert (len(taken["bids"]), taken["bids"][0], taken["t"]) == (200, [1.0, 2.0], 0)


def test_a_trade_without_a_side_stays_without() -> None:
    given = {"timestamp": 5, "price": 1.0, "amount": 2.0, "side": None}
    assert print_of("A/B", given)["side"] == ""


def test_the_exchange_is_found_by_its_name() -> None:
    assert products("ccxt:whitebit") == [ccxt_venue("ccxt:whitebit")]
    assert venue_class("ccxt:whitebit", "ccxt") is ccxt_venue("ccxt:whitebit")
    with pytest.raises(UsageError, match="ccxt:<id>"):
        products("ccxt:no/path")


def test_what_is_configured_is_declared() -> None:
    [one] = [fact for fact in facts(["binance", "ccxt:whitebit"]) if fact.name == "ccxt:whitebit"]
    assert (one.proof, one.product, one.detects) == ("none", "ccxt", "nothing but a crossed book")
    assert one.blind_spots


def settings_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "steelyard.yaml"
    path.write_text(f"venues:\n{text}\n")
    return path


def test_a_missing_extra_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    path = settings_of(tmp_path, "  ccxt:whitebit: {symbols: [BTC/USDT]}")
    with pytest.raises(UsageError, match=r"steelyard\.yaml: venues: .*pip install 'steelyard\[ccxt\]'"):
        load(str(path))


def test_a_bridge_that_is_switched_off_needs_no_ccxt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    path = settings_of(tmp_path, "  ccxt:whitebit: {symbols: [BTC/USDT], enabled: false}")
    assert not load(str(path)).venues["ccxt:whitebit"].enabled


@pytest.mark.skipif(importlib.util.find_spec("ccxt") is None, reason="the extra ccxt is not installed")
def test_exchanges_are_known_without_importing_ccxt(tmp_path: Path) -> None:
    assert fault_in("ccxt:whitebit") == ""
    path = settings_of(tmp_path, "  ccxt:whitebitt: {symbols: [BTC/USDT]}")
    with pytest.raises(UsageError, match=r"did you mean ccxt:whitebit\?"):
        load(str(path))
    path = settings_of(tmp_path, "  ccxt:whitebit: {symbols: [BTC/USDT], hosts: {spot: {ws: 'ws://a'}}}")
    with pytest.raises(UsageError, match="has no product 'spot'"):
        load(str(path))
