"""What test_page.py plays on the view of one symbol, on the same demo and browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.end_to_end.test_page import Desk

SECOND = 1_000_000_000
BOOK = "binance/BTC-USDT-PERP"
ADDRESS = "#/symbol/BTC-USDT-PERP?venue=binance"
LOST = "okx"  # killed and started anew before
NOTHING = "\N{EN DASH}"


def opened(desk: Desk, address: str = ADDRESS) -> Page:
    page = desk.open(address)
    page.locator(".chart canvas").first.wait_for()
    return page


def fact(page: Page, heading: str) -> Any:
    return page.locator(".facts dl > div").filter(has=page.get_by_text(heading, exact=True)).locator("dd")


def read(page: Page, name: str) -> str:
    return page.locator(f"#readout [data-name={name}] dd").inner_text()


def number(text: str) -> float:
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def a_moment_has_the_values_of_the_api(desk: Desk) -> None:
    second = int(time.time()) - 3
    page = opened(desk, f"{ADDRESS}&at={second * 1000 + 999}")
    values = desk.demo.json(
        f"/api/v1/history/series/{BOOK}?from={second * SECOND}&to={(second + 1) * SECOND - 1}"
    )["values"]
    mid, imbalance = values["mid_price"][0], values["band_imbalance{band_bps=25}"][0]
    expect(fact(page, "Mid")).to_have_text(f"{mid:,.2f}")
    assert number(fact(page, "Imbalance 25 bp").inner_text()) == pytest.approx(imbalance, abs=0.0051)
    chart = page.locator("[data-chart=band_imbalance] .line", has_text="25 bp").locator("b")
    assert number(chart.inner_text()) == pytest.approx(imbalance, abs=0.0051)
    levels = desk.demo.json(
        f"/api/v1/history/levels/{BOOK}?from={second * SECOND}&to={(second + 1) * SECOND - 1}"
    )
    expect(page.locator("#readout [data-name=bid] dd")).to_have_text(f"{levels['bid'][0]:,.2f}")
    expect(page.locator(".ladder tr[data-best=bid]")).to_be_visible()
    page.close()


def the_crosshair_reads_by_keyboard_and_by_pointer(desk: Desk) -> None:
    page = opened(desk)
    expect(page.locator("#heatmap")).to_have_attribute("aria-label", re.compile("Best bid"))
    page.keyboard.press("Space")  # so that the moment stays
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowUp")
    resting, price = read(page, "resting"), number(read(page, "price"))
    page.keyboard.press("ArrowUp")
    assert number(read(page, "price")) > price > 0
    assert number(read(page, "bid")) < number(read(page, "ask"))
    assert resting == NOTHING or number(resting) >= 0
    values = page.locator("[data-chart=ofi] .line b").all_inner_texts()
    page.keyboard.press("Escape")
    assert read(page, "price") == NOTHING
    box = page.locator(".heatmap").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert read(page, "price") != NOTHING
    assert page.locator("[data-chart=ofi] .line b").all_inner_texts() != values
    page.close()


def charts_come_from_the_catalogue_and_stay_in_the_address(desk: Desk) -> None:
    page = opened(desk)
    page.keyboard.press("c")
    values = desk.demo.json(f"/api/v1/readings/{BOOK}")["values"]
    heads = {
        name.partition("{")[0]
        for name, value in values.items()
        if value is not None and "_bucket" not in name
    }
    offered = {box.get_attribute("value") for box in page.locator("#charts input[type=checkbox]").all()}
    assert heads <= offered
    page.keyboard.type("spread ratio")
    page.get_by_role("checkbox", name="Spread ratio").check()
    page.locator("[data-chart='spread.ratio']").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove the chart CVD").click()
    shared = page.url.partition("/#")[2]
    page.close()
    page = opened(desk, f"#{shared}")
    assert [one.get_attribute("data-chart") for one in page.locator(".chart").all()] == [
        *("depth_imbalance", "band_imbalance", "ofi", "spread.ratio")
    ]
    page.close()


def the_ladder_takes_another_step(desk: Desk) -> None:
    page = opened(desk)
    page.locator(".ladder tr[data-best=bid]").wait_for()
    before = page.locator("#group").input_value()
    top = page.locator(".ladder td.price").first
    was = top.inner_text()
    page.keyboard.press("=")
    after = page.locator("#group").input_value()
    assert float(after) > float(before)
    assert f"group={after}" in page.url
    expect(top).not_to_have_text(was)
    prices = [number(text) for text in page.locator(".ladder td.price").all_inner_texts()]
    assert prices[0] - prices[1] == pytest.approx(float(after))
    page.close()


def venues_are_switched_and_together_they_have_shares(desk: Desk) -> None:
    page = opened(desk)
    page.keyboard.press("v")
    expect(page.locator(".venuetabs button[aria-pressed=true]")).to_contain_text("bybit")
    assert "venue=bybit" in page.url
    page.get_by_role("button", name="All venues").click()
    page.locator(".members tbody tr").first.wait_for()
    expect(page.locator(".members .share span").first).not_to_have_text(NOTHING)
    shares = page.locator(".members .share span").all_inner_texts()
    assert sum(float(text.removesuffix(" %")) for text in shares if text != NOTHING) == pytest.approx(
        100, abs=0.3
    )
    page.locator("[data-chart='venue_depth_share.share']").wait_for()
    page.close()


def what_was_lost_has_no_number(desk: Desk) -> None:
    told = desk.demo.json(f"/api/v1/history/states?venue={LOST}&symbol=BTC-USDT-PERP")["feeds"][0]["spans"]
    lost = max(
        (one for one in told if one["state"] != "live" and one["to"]), key=lambda one: one["to"] - one["from"]
    )
    middle = (lost["from"] + lost["to"]) // 2 // SECOND
    page = opened(desk, f"#/symbol/BTC-USDT-PERP?venue={LOST}&at={middle * 1000 + 999}")
    expect(page.locator(".facts .state b")).to_have_text("not live")
    expect(page.locator(".ladder")).to_have_class("ladder off")
    assert {one.strip() for one in page.locator(".facts dd").all_inner_texts()} == {NOTHING}
    assert not any(page.locator(".ladder td").all_inner_texts())
    assert read(page, "time").endswith("not live")
    page.close()


def an_episode_is_told_with_its_evidence(desk: Desk) -> None:
    def found() -> list[dict[str, Any]]:
        rows = desk.demo.json("/api/v1/surveillance/episodes?kind=spoof&kind=layering")["episodes"]
        return [one for one in rows if one["t"] > time.time_ns() - 600 * SECOND]

    desk.demo.wait_until(lambda: bool(found()), 60, "the staged events make an episode")
    one = found()[0]
    page = opened(desk, f"#/symbol/{one['symbol']}?venue={one['venue']}&span=15")
    button = page.locator(".events button[data-kind=episode]").first
    button.wait_for()
    page.keyboard.press("n")
    page.locator(".events button:focus").wait_for()
    button.focus()
    expect(page.locator(".proof")).to_contain_text("score")
    expect(page.locator(".proof")).to_contain_text("nothing here proves intent")
    assert number(read(page, "price")) > 0
    page.close()


PLAYS: tuple[Callable[[Desk], None], ...] = (
    a_moment_has_the_values_of_the_api,
    the_crosshair_reads_by_keyboard_and_by_pointer,
    charts_come_from_the_catalogue_and_stay_in_the_address,
    the_ladder_takes_another_step,
    venues_are_switched_and_together_they_have_shares,
    what_was_lost_has_no_number,
    an_episode_is_told_with_its_evidence,
)
