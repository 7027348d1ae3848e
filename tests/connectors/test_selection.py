"""What is watched: names, patterns, the largest by volume; and what a later list, or time, changes about it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from connectors import all_venues
from connectors.book import NOWHERE
from connectors.instruments import Instrument, Market
from connectors.registry import Key, Registry
from connectors.selection import Change, Chooser, Selection, fault_of, fault_of_top, largest, markets_of

HOUR = 3_600_000_000_000
SEPTEMBER, DECEMBER = 100 * HOUR, 200 * HOUR


def listed(*natives: str, expires: int = 0, active: bool = True) -> list[Instrument]:
    venue = all_venues()["binance", "usdm"]()
    return [dataclasses.replace(venue.infer(one), expires=expires, active=active) for one in natives]


class Desk:
    """A chooser with the lists that it is shown."""

    def __init__(self, *symbols: str, top: dict[str, int] | None = None) -> None:
        self.registry = Registry()
        self.chooser = Chooser("binance", Selection.of(symbols, top or {}))

    def show(self, found: list[Instrument], volumes: dict[str, int] | None = None, now: int = 0) -> Change:
        self.registry.learn("binance", "usdm", found)
        by_key = {key(native): Decimal(volume) for native, volume in (volumes or {}).items()}
        return self.chooser.choose(self.registry, by_key, now)

    @property
    def held(self) -> list[str]:
        return [native for _, _, native in self.chooser.held]


def key(native: str) -> Key:
    return "binance", "usdm", native


def new(change: Change) -> list[str]:
    return [one.native for _, one in change.new]


def gone(change: Change) -> list[tuple[str, str]]:
    return [(one.native, why) for _, one, why in change.gone]


def test_dated_futures_roll_off_and_on() -> None:
    desk = Desk("BTC-USDT-[0-9]*", "BTC-USDT-PERP")
    perpetual = listed("BTCUSDT")
    september, december = (
        listed("BTCUSDT_260925", expires=SEPTEMBER),
        listed("BTCUSDT_261225", expires=DECEMBER),
    )
    first = desk.show(perpetual + september)
    assert (new(first), gone(first), first.faults) == (["BTCUSDT", "BTCUSDT_260925"], [], [])
    second = desk.show(perpetual + september + december, now=SEPTEMBER - HOUR)
    assert (new(second), gone(second)) == (["BTCUSDT_261225"], [])
    assert desk.chooser.next_expiry() == SEPTEMBER
    assert desk.chooser.expire(SEPTEMBER - 1).gone == []
    assert gone(desk.chooser.expire(SEPTEMBER)) == [("BTCUSDT_260925", "expired")]
    assert desk.chooser.next_expiry() == DECEMBER
    # The list may still name it, as settling.
    third = desk.show(perpetual + september + december, now=SEPTEMBER + HOUR)
    assert (new(third), gone(third), desk.held) == ([], [], ["BTCUSDT", "BTCUSDT_261225"])


def test_what_is_new_but_does_not_trade_yet_waits() -> None:
    desk = Desk("*-USDT-PERP")
    desk.show(listed("BTCUSDT"))
    assert new(desk.show(listed("BTCUSDT") + listed("ETHUSDT", active=False))) == []
    assert new(desk.show(listed("BTCUSDT", "ETHUSDT"))) == ["ETHUSDT"]
    paused = desk.show(listed("BTCUSDT") + listed("ETHUSDT", active=False))
    assert (new(paused), gone(paused)) == ([], [])


def test_only_two_lists_in_succession_take_an_instrument_away() -> None:
    desk = Desk("*-USDT-PERP")
    desk.show(listed("BTCUSDT", "ETHUSDT"))
    assert gone(desk.show(listed("BTCUSDT"))) == []
    assert gone(desk.show(listed("BTCUSDT", "ETHUSDT"))) == []
    assert gone(desk.show(listed("BTCUSDT"))) == []
    assert gone(desk.show(listed("BTCUSDT"))) == [("ETHUSDT", "no longer listed")]
    assert desk.held == ["BTCUSDT"]


def test_a_name_goes_on_meaning_what_it_meant() -> None:
    desk = Desk("BTCUSDT")
    assert new(desk.show(listed("BTCUSDT"))) == ["BTCUSDT"]
    assert not desk.chooser.wants_lists
    [spot] = [all_venues()["binance", "spot"]().infer("BTCUSDT")]
    desk.registry.learn("binance", "spot", [spot])
    again = desk.show(listed("BTCUSDT"))
    assert (again.new, again.gone, again.faults) == ([], [], [])


def test_a_name_that_is_not_listed_yet_is_told_once_and_taken_up_later() -> None:
    desk = Desk("BTC-USDT-261225")
    [(name, why)] = desk.show(listed("BTCUSDT")).faults
    assert name == "BTC-USDT-261225"
    assert "no instrument BTC-USDT-261225 on binance; did you mean BTC-USDT-PERP" in why
    assert desk.chooser.wants_lists
    assert desk.show(listed("BTCUSDT")).faults == []
    assert new(desk.show(listed("BTCUSDT_261225", expires=DECEMBER))) == ["BTCUSDT_261225"]
    assert not desk.chooser.wants_lists
    assert gone(desk.chooser.expire(DECEMBER)) == [("BTCUSDT_261225", "expired")]


def test_a_name_that_has_expired_is_told() -> None:
    desk = Desk("BTC-USDT-260925")
    change = desk.show(listed("BTCUSDT_260925", expires=SEPTEMBER), now=SEPTEMBER)
    assert change.new == []
    assert change.faults == [
        ("BTC-USDT-260925", "BTC-USDT-260925 has expired; name a later one, or a pattern")
    ]


def test_an_end_that_is_not_known_is_read_off_the_lists() -> None:
    desk = Desk("BTC-USDT-260925")
    desk.show(listed("BTCUSDT_260925"))
    assert desk.chooser.wants_lists
    assert desk.chooser.next_expiry() == NOWHERE
    desk.show(listed("BTCUSDT"))
    assert gone(desk.show(listed("BTCUSDT"))) == [("BTCUSDT_260925", "no longer listed")]


def test_a_pattern_that_fits_nothing_is_told() -> None:
    change = Desk("*-USDC-PERP").show(listed("BTCUSDT"))
    assert change.faults == [("*-USDC-PERP", "no instrument fits the pattern now")]


def test_the_largest_by_volume() -> None:
    desk = Desk(top={"*-USDT-PERP": 2})
    found = listed("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "BTCUSDT_261225")
    volumes = {"BTCUSDT": 900, "ETHUSDT": 500, "SOLUSDT": 400, "XRPUSDT": 10, "BTCUSDT_261225": 5000}
    assert new(desk.show(found, volumes)) == ["BTCUSDT", "ETHUSDT"]
    swapped = desk.show(found, volumes | {"SOLUSDT": 501})
    assert (new(swapped), gone(swapped)) == ([], [])
    passed = desk.show(found, volumes | {"ETHUSDT": 5})
    assert new(passed) == ["SOLUSDT"]
    assert gone(passed) == [("ETHUSDT", "no longer among those with the largest volume")]


def test_top_and_names_go_together() -> None:
    desk = Desk("XRP-USDT-PERP", top={"*-USDT-PERP": 1})
    found = listed("BTCUSDT", "XRPUSDT")
    assert new(desk.show(found, {"BTCUSDT": 9, "XRPUSDT": 1})) == ["XRPUSDT", "BTCUSDT"]


def test_too_few_with_a_volume_are_told() -> None:
    change = Desk(top={"*-USDT-PERP": 3}).show(listed("BTCUSDT", "ETHUSDT"), {"BTCUSDT": 1})
    assert new(change) == ["BTCUSDT"]
    assert change.faults == [("*-USDT-PERP", "only 1 of 3 instruments fit and have a volume")]


def test_what_is_held_stays_among_the_first_one_and_a_half_times_as_many() -> None:
    names = [f"C{n}USDT" for n in range(8)]
    volumes = {key(name): Decimal(100 - n) for n, name in enumerate(names)}
    held = {key(name): listed(name)[0] for name in ("C5USDT", "C6USDT")}
    chosen = [native for _, _, native in largest([key(name) for name in names], volumes, held, 4)]
    assert chosen == ["C0USDT", "C1USDT", "C2USDT", "C5USDT"]  # the sixth place holds, the seventh does not


@pytest.mark.parametrize(
    ("text", "markets"),
    [
        ("BTC-USDT", {Market.SPOT}),
        ("BTC/USDT:USDT", {Market.PERP}),
        ("BTCUSDT", set(Market)),
        ("*", set(Market)),
        ("*-USDT", {Market.SPOT}),
        ("BTC-USD?", {Market.SPOT}),
        ("BTC-*", set(Market)),
        ("*-USDT-PERP", {Market.PERP}),
        ("*-USD-perp:*", {Market.PERP}),
        ("BTC-USDT-[0-9]*", {Market.FUTURE, Market.OPTION}),
        ("BTC-USDT-2?????", {Market.FUTURE}),
        ("BTC-USDT-??????", {Market.FUTURE}),
        ("BTC-USDT-*", {Market.PERP, Market.FUTURE, Market.OPTION}),
        ("BTC-USD-261225-*-C", {Market.OPTION}),
    ],
)
def test_what_kinds_a_text_can_mean(text: str, markets: set[Market]) -> None:
    assert markets_of(text) == markets


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("*/USDT:USDT", "write *-USDT-PERP"),
        ("BTC-[0-9", "is not closed"),
        ("* -USDT", "no space"),
    ],
)
def test_faults_of_patterns_name_the_cure(pattern: str, words: str) -> None:
    assert words in fault_of(pattern)
    assert words in fault_of_top(pattern)
    assert fault_of("*-USDT-PERP") == "" == fault_of_top("*-USDT-PERP")


@pytest.mark.parametrize("pattern", ["*", "BTC*", "*-*", "*-USD?-PERP", "-"])
def test_volumes_compare_in_one_quote(pattern: str) -> None:
    assert "volumes compare only in one quote" in fault_of_top(pattern)
    assert fault_of_top("*-USD-PERP:*") == ""


# -- what venues say of the end -----------------------------------------------------------------------


def test_lists_say_when_a_dated_one_ends() -> None:
    def rows(natives: dict[str, int]) -> dict[str, object]:
        return {
            "symbols": [
                {
                    "symbol": native, "baseAsset": "BTC", "quoteAsset": "USDT", "status": "TRADING",
                    "contractType": "CURRENT_QUARTER", "deliveryDate": end,
                }
                for native, end in natives.items()
            ]
        }  # fmt: skip

    dated, endless = all_venues()["binance", "usdm"]().instruments(
        rows({"BTCUSDT_260925": 1_790_000_000_000, "BTCUSDT": 4_133_404_800_000})
    )
    assert dated.expires == 1_790_000_000_000_000_000
    assert (dated.is_over(dated.expires - 1), dated.is_over(dated.expires)) == (False, True)
    assert (endless.expires, endless.is_over(NOWHERE)) == (0, False)
