"""The page in a real browser: it shows what is live, withdraws what is not, and complains about nothing."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from fastapi.testclient import TestClient
from playwright.async_api import Browser, Page, async_playwright, expect

from service.api.app import create_app
from service.api.settings import ApiSettings
from tests.support.fake_engine import T0, VENUES, FakeBook, FakeEngine
from tests.support.serving import Serving, serving

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
NOTHING, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
SCREENS: tuple[tuple[str, Literal["light", "dark"], int], ...] = (
    ("/", "light", 390),
    ("/", "dark", 1440),
    ("/docs", "light", 1440),
)
FOLDER = Path(__file__).parents[3] / "service/api/page"


def engine(*, simulated: bool = False) -> FakeEngine:
    numbers = {"mid_price": 64_000.5, "spread.ratio": 2e-5, "queue_imbalance": 0.43, "ofi{window=10s}": -12.5}
    live = FakeBook(numbers=numbers)
    lost = FakeBook(
        "kraken", symbol="BTC-USD", state="lost", reason="checksum <b>failed</b>", numbers=numbers
    )
    other = FakeBook(
        "okx", "perp", "ETH-USDT-PERP", proof="image", numbers=numbers | {"queue_imbalance": -0.9}
    )
    return FakeEngine(live, lost, other, simulated=simulated)


@asynccontextmanager
async def browser(program: str) -> AsyncIterator[Browser]:
    async with async_playwright() as player:
        started = await player.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        await started.close()


def listen(page: Page) -> list[str]:
    """What the console of this page complains about from now on."""
    complaints: list[str] = []
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


async def row(page: Page, symbol: str) -> list[str]:
    cells = page.locator("#books tbody tr", has=page.get_by_text(symbol, exact=True)).locator("td")
    return [text.strip() for text in await cells.all_inner_texts()]


async def shows_live_books_and_withdraws_others(page: Page, moving: FakeEngine) -> None:
    await page.get_by_text("ETH-USDT-PERP").wait_for()
    *shown, age = await row(page, "BTC-USDT")
    bars = f"L1 +0.43, L5 {NOTHING}, L10 {NOTHING}, L20 {NOTHING}, 10 bp {NOTHING}, 25 bp {NOTHING}"
    assert shown == [
        *("BTC-USDT", "binance", "spot", "live by sequence", "64,000.50", "0.20", bars),
        *(NOTHING, NOTHING, f"{MINUS}12.5", NOTHING, NOTHING, NOTHING),
    ]
    assert re.fullmatch(r"<?\d+ s", age)
    lost = await row(page, "BTC-USD")
    assert lost[3] == "lost checksum <b>failed</b>"
    assert {text for place, text in enumerate(lost[4:-1]) if place != 2} == {NOTHING}
    assert "+" not in lost[6]
    assert await page.get_by_text("SIMULATED").is_visible()
    await expect(page.locator("#summary")).to_have_text("2 of 3 books live")
    book = moving.books["binance", "spot", "BTC-USDT"]
    moving.touch(book, queue_imbalance=-0.25)
    turned = page.get_by_text(f"L1 {MINUS}0.25")
    await turned.wait_for(state="attached")
    moving.move(book, "stale", "silent for 5 s")
    await page.get_by_text("silent for 5 s").wait_for()
    assert await turned.count() == 0


async def obeys_the_keyboard(page: Page) -> None:
    names = page.locator("#books tbody td.symbol")
    assert await names.all_inner_texts() == ["BTC-USD", "BTC-USDT", "ETH-USDT-PERP"]
    await page.get_by_role("button", name="Mid").press("Enter")
    assert await names.all_inner_texts() == ["ETH-USDT-PERP", "BTC-USD", "BTC-USDT"]
    assert await page.get_by_role("columnheader", name="Mid").get_attribute("aria-sort") == "ascending"
    await page.keyboard.press("/")
    await page.keyboard.type("okx live")
    assert await names.all_inner_texts() == ["ETH-USDT-PERP"]
    await page.get_by_text("Columns", exact=True).press("Enter")
    await page.get_by_label("best_price{side=bid}", exact=True).press("Space")
    await page.get_by_role("columnheader", name="best price bid").wait_for()
    await page.keyboard.press("Escape")
    await page.reload()
    await page.get_by_role("columnheader", name="best price bid").wait_for()
    assert await page.get_by_label("Filter by venue").input_value() == "okx live", "it stands in the address"
    await page.get_by_label("Filter by venue").fill("")


async def withdraws_everything_when_the_service_is_gone(page: Page, service: Serving) -> None:
    await page.get_by_text("ETH-USDT-PERP").wait_for()
    service.stopping.set()
    await page.get_by_text("Connection lost").wait_for()
    gone = await row(page, "ETH-USDT-PERP")
    assert gone[3] == "unknown no connection to the service"
    assert {text for place, text in enumerate(gone[4:-1]) if place != 2} == {NOTHING}


def test_a_day_at_the_desk(needs_program: Callable[[str], str]) -> None:
    chromium = needs_program("chromium")

    async def scenario() -> None:
        moving = engine(simulated=True)
        async with serving(moving) as service, browser(chromium) as started:
            page = await started.new_page()
            complaints = listen(page)
            await page.goto(service.url)
            await shows_live_books_and_withdraws_others(page, moving)
            await obeys_the_keyboard(page)
            assert complaints == []
            await withdraws_everything_when_the_service_is_gone(page, service)

    asyncio.run(scenario())


def test_everybody_can_use_it_on_any_screen(needs_program: Callable[[str], str]) -> None:
    chromium = needs_program("chromium")

    async def scenario() -> None:
        async with serving(engine(simulated=True)) as service, browser(chromium) as started:
            for path, scheme, width in SCREENS:
                page = await started.new_page(color_scheme=scheme, viewport={"width": width, "height": 844})
                complaints = listen(page)
                await page.goto(service.url + path)
                await page.get_by_text(
                    "GET /api/v1/venues" if path == "/docs" else "ETH-USDT-PERP"
                ).first.wait_for()
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                found = await Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
                assert complaints == []
                await page.close()

    asyncio.run(scenario())


def test_it_asks_for_a_key_where_one_is_needed(needs_program: Callable[[str], str]) -> None:
    chromium = needs_program("chromium")
    secured: dict[str, Any] = {"require_keys": True, "api_keys": [sha256(b"open sesame").hexdigest()]}

    async def scenario() -> None:
        async with serving(engine(), **secured) as service, browser(chromium) as started:
            page = await started.new_page()
            await page.goto(service.url)
            for key, shown in (("guess", "This key is not known here."), ("open sesame", "ETH-USDT-PERP")):
                await page.get_by_label("This service asks for a key.").fill(key)
                await page.get_by_role("button", name="Open").click()
                await page.get_by_text(shown).wait_for()
            assert not await page.locator("#key").is_visible()
            assert not await page.get_by_text("SIMULATED").is_visible()

    asyncio.run(scenario())


def test_pages_come_with_a_policy_and_ask_nobody_else() -> None:
    client = TestClient(create_app(engine(), VENUES, ApiSettings(), lambda: T0))
    for path in ("/", "/docs", "/page/app.js", "/page/style.css", "/page/icon.svg"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'self';")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-cache"
    for file in filter(Path.is_file, FOLDER.rglob("*")):
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text.replace("`${scheme}://${location.host}", "")
        assert "innerHTML" not in text
