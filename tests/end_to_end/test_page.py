"""The page on simulated venues, in a real browser: every view, the same numbers as the API's, a venue killed, time, alerts.

One demo and one browser play it all, in the order in which it stands here.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.end_to_end import symbol_page
from tests.end_to_end.running import Running

pytestmark = pytest.mark.processes
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VICTIM = "okx"
NS = 1_000_000
PATIENCE = 45_000  # ms; a machine of CI may be slow
NOTHING = "\N{EN DASH}"
NOT_ALWAYS = re.compile(r"% of what is remembered; \d+ times not")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ROWS = """[...document.querySelectorAll("#books tbody tr")].map((row) =>
    ["venue", "symbol", "mid_price", "band_imbalance"].map((name) => row.querySelector(`td.${name}`).innerText))"""
VIEWS = {  # address -> what stands there once it is filled
    "#/overview": "#books tbody tr",
    "#/overview?as=heat": ".heat td a",
    symbol_page.ADDRESS: ".chart canvas",
    "#/venues": "#connections tbody tr",
    "#/alerts": ".entries .event",
    "#/alerts?show=surveillance": "#episodes tbody tr",
    "#/alerts?show=rules": "#rules tbody tr",
    "#/alerts?show=silences": "text=Nothing is silenced.",
    "#/alerts?show=delivery": "text=Everything was delivered.",
}


@dataclass
class Desk:
    """A demo, and a browser that looks at it."""

    demo: Running
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str, *, width: int = 1440) -> Page:
        """A page at an address; what its console complains about is kept."""
        page = self.browser.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{self.demo.port}/{address}")
        return page

    def _heard(self, said: Any) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(f"{said.text} {said.location}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, needs_program: Callable[[str], str]) -> Iterator[Desk]:
    chromium = needs_program("chromium")
    with Running("demo", home=tmp_path_factory.mktemp("page")) as demo:
        demo.wait_until(lambda: demo.get("/livez")[0] == 200, 60, "the API answers")
        demo.wait_until(demo.live, 40, "all books are live")
        demo.wait_until(lambda: kept_seconds(demo) > 3, 20, "some seconds are remembered")
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=chromium, args=FLAGS)
            expect.set_options(timeout=PATIENCE)
            yield Desk(demo, browser)
            browser.close()


def kept_seconds(demo: Running) -> float:
    """For how long every book that there is has been remembered."""
    kept, all_books = demo.json("/api/v1/history"), demo.json("/api/v1/readings")["readings"]
    seconds = [(kept["t"] - one["since"]) / 1e9 for one in kept["books"]]
    return min(seconds) if len(seconds) == len(all_books) else 0


def row(page: Page, venue: str, symbol: str) -> Any:
    named = page.locator("td.symbol", has=page.get_by_text(symbol, exact=True))
    there = page.locator("td.venue").filter(has_text=re.compile(f"^{venue}$"))
    return page.locator("#books tbody tr").filter(has=named).filter(has=there)


def test_every_view_loads_and_everybody_can_use_it(desk: Desk) -> None:
    page = desk.open("")
    for address, filled in VIEWS.items():
        page.goto(f"http://127.0.0.1:{desk.demo.port}/{address}")
        page.locator(filled).first.wait_for()
        for scheme, width in zip(SCHEMES, (1440, 390), strict=True):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
            found = Axe().run(page)
            assert found.violations_count == 0, f"{address} {scheme}\n{found.generate_report()}"
    assert page.get_by_text("SIMULATED").is_visible()
    page.close()
    assert desk.complaints == []


def test_a_paused_page_shows_what_the_api_says_of_that_moment(desk: Desk) -> None:
    page = desk.open("#/overview?columns=mid_price|band_imbalance{band_bps=10}")
    row(page, "kraken", "BTC-USD").wait_for()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()
    page.wait_for_function("location.hash.includes('at=')")
    at = int(page.evaluate("location.hash.match(/at=(\\d+)/)[1]"))
    asked = f"/api/v1/history/readings?at={at * NS}"
    readings = [
        one for one in desk.demo.json(asked)["readings"] if ":ALL-" not in one["symbol"]
    ]  # no baskets
    expect(page.locator(".timebar")).to_have_attribute("data-live", "false")
    page.wait_for_timeout(1500)  # it asks once a second at most
    shown = {(venue, symbol): (number(mid), number(band)) for venue, symbol, mid, band in page.evaluate(ROWS)}
    assert len(shown) == len(readings) > 20
    for reading in readings:
        values = reading["values"]
        whole = reading["venue"] == "consolidated"
        mid = values["consolidated_bbo.mid" if whole else "mid_price"]
        band = values["consolidated_imbalance{band_bps=10}" if whole else "band_imbalance{band_bps=10}"]
        told = shown["all venues" if whole else reading["venue"], reading["symbol"]]
        assert told[0] == pytest.approx(mid, rel=1e-5), reading
        assert told[1] == pytest.approx(band, abs=0.0051), reading
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert "at=" not in page.url
    page.close()


def number(text: str) -> float | None:
    """A number as the page writes it."""
    plain = text.strip().replace(",", "").replace("\N{MINUS SIGN}", "-")
    return None if plain == NOTHING else float(plain)


def test_a_killed_venue_is_withdrawn_in_time_and_its_past_stays(desk: Desk) -> None:
    page = desk.open("#/overview")
    victim = row(page, VICTIM, "ETH-USDT-PERP")
    expect(victim.locator("td.state b")).to_have_text("live")
    before = time.time()
    page.evaluate("window.seen = performance.now()")
    os.kill(desk.demo.simulators()[VICTIM], signal.SIGKILL)
    expect(victim.locator("td.state b")).not_to_have_text("live")
    taken = page.evaluate("performance.now() - window.seen") / 1000
    assert taken < 6, f"it took {taken:.1f} s"
    assert {text.strip() for text in victim.locator("td.number").all_inner_texts()} == {NOTHING}
    chip = page.locator(".strip li").filter(has_text=VICTIM)
    expect(chip).to_have_attribute("data-state", "none")

    for _ in range(12):  # back to before it died
        page.keyboard.press("[")
        moment = page.evaluate("Number(location.hash.match(/at=(\\d+)/)[1])") / 1000
        if moment < before - 1:
            break
    expect(victim.locator("td.state b")).to_have_text("live")
    page.keyboard.press("l")
    page.goto(f"http://127.0.0.1:{desk.demo.port}/#/venues?q={VICTIM}")
    states = page.locator("#feeds td.state b")
    states.first.wait_for()
    expect(page.locator("#feeds canvas").first).to_have_attribute("aria-label", NOT_ALWAYS)
    desk.demo.wait_until(desk.demo.live, 60, "the venue is back")
    for place in range(states.count()):
        expect(states.nth(place)).to_have_text("live")
    page.close()


def test_an_alert_appears_and_can_be_acknowledged_and_silenced(desk: Desk) -> None:
    desk.demo.wait_until(
        lambda: bool(desk.demo.json("/api/v1/alerts")["alerts"]), 60, "the staged events fire an alert"
    )
    page = desk.open("#/alerts")
    entry = page.locator("li.alert").filter(has=page.get_by_role("button", name="Acknowledge")).first
    entry.wait_for()
    expect(page.locator("#nav .count")).to_be_visible()
    entry.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Who").fill("ada")
    page.get_by_label("Why (may be left out)").fill("looked into it")
    page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    desk.demo.wait_until(acknowledged(desk.demo), 10, "the service knows of it")

    page.get_by_role("button", name="Silences").click()
    page.get_by_role("button", name="New silence").click()
    page.get_by_label("Why", exact=True).fill("maintenance")
    page.get_by_role("dialog").get_by_role("button", name="Silence").click()
    expect(page.get_by_role("alert").filter(has_text="Fill in at least one field")).to_be_visible()
    page.get_by_label("Venue", exact=True).fill("kraken")
    page.get_by_role("dialog").get_by_role("button", name="Silence").click()
    expect(page.locator(".silence strong")).to_have_text("venue kraken")
    (held,) = desk.demo.json("/api/v1/alerts/silences")["silences"]
    assert (held["matchers"], held["who"], held["why"]) == ({"venue": "kraken"}, "ada", "maintenance")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("Nothing is silenced.")).to_be_visible()
    assert not [one for one in desk.demo.json("/api/v1/alerts/silences")["silences"] if one["active"]]
    page.close()


def acknowledged(demo: Running) -> Callable[[], bool]:
    """Has something been acknowledged by the name that was given?"""
    return lambda: any(
        one["event"] == "acknowledged" and one["alert"]["acknowledged"]["who"] == "ada"
        for one in demo.json("/api/v1/alerts/history?event=acknowledged")["history"]
    )


def test_keys_do_what_their_list_says(desk: Desk) -> None:
    page = desk.open("#/overview")
    page.locator("#books tbody tr").first.wait_for()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog.get_by_text("Pause, or go on")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    page.keyboard.press("h")
    expect(page.locator(".heat")).to_be_visible()
    page.keyboard.press("t")
    scheme = page.evaluate("document.documentElement.dataset.scheme")
    assert scheme == "dark"
    page.keyboard.press("3")
    page.locator("#feeds").wait_for()
    page.keyboard.press("1")
    page.locator("#books tbody tr").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 2
    page.close()


@pytest.mark.parametrize("play", symbol_page.PLAYS, ids=lambda play: play.__name__)
def test_of_one_symbol(desk: Desk, play: Callable[[Desk], None]) -> None:
    try:
        play(desk)
    finally:
        for context in desk.browser.contexts:  # a page that was left open would go on asking
            context.close()
    assert desk.complaints == []


@pytest.mark.parametrize(
    ("address", "filled"), [("#/overview", "#books tbody tr"), (symbol_page.ADDRESS, ".chart canvas")]
)
def test_it_takes_little_of_a_core(desk: Desk, address: str, filled: str) -> None:
    """CPU time of the page's thread; TaskDuration itself also counts the wait for a core on a busy machine."""
    page = desk.open(address)
    page.locator(filled).first.wait_for()
    page.wait_for_timeout(1500)
    protocol = page.context.new_cdp_session(page)
    protocol.send("Performance.enable")

    def measured() -> dict[str, float]:
        return {one["name"]: one["value"] for one in protocol.send("Performance.getMetrics")["metrics"]}

    first = measured()
    page.wait_for_timeout(8000)
    last = measured()
    passed = last["Timestamp"] - first["Timestamp"]
    share = min(last[name] - first[name] for name in ("ThreadTime", "TaskDuration")) / passed
    assert share < 0.25, f"{share:.0%} of a core"
    page.close()
    assert desk.complaints == []
