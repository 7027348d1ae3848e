"""The text at /metrics: golden, parsed, absent where there is nothing to say, and any label comes back unharmed."""

import subprocess
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from service.api.channels import Tally
from service.api.selfmetrics import SelfMetrics
from service.exposition import Exposition, escape, header
from tests.support.fake_engine import SECOND, T0, FakeBook, FakeEngine, FakeFeed, FakeOutput

GOLDEN = """\
# HELP obi_queue_imbalance_ratio Bid minus ask size at the touch over their sum; +1 is all bids.
# TYPE obi_queue_imbalance_ratio gauge
obi_queue_imbalance_ratio{venue="binance",market="spot",symbol="BTC-USDT",stat="last"} 0.25
obi_queue_imbalance_ratio{venue="binance",market="spot",symbol="BTC-USDT",stat="twa"} -0.5
obi_queue_imbalance_ratio{venue="kraken",market="spot",symbol="BTC-USD",stat="last"} 0.0
# HELP obi_depth_base_units Size within a band around the mid.
# TYPE obi_depth_base_units gauge
obi_depth_base_units{venue="binance",market="spot",symbol="BTC-USDT",band_bps="10",side="bid"} 12.5
# HELP obi_ofi_up_base_units_total Sum of upward order flow.
# TYPE obi_ofi_up_base_units_total counter
obi_ofi_up_base_units_total{venue="okx",market="perp",symbol="BTC-USDT-PERP"} 41.0
"""


def engine() -> FakeEngine:
    numbers = {
        "queue_imbalance": 0.25,
        "queue_imbalance{stat=twa}": -0.5,
        "depth.base{band_bps=10,side=bid}": 12.5,
    }
    live = FakeBook(numbers=numbers, resyncs_by_reason={"gap": 2})
    zero = FakeBook(
        "kraken", symbol="BTC-USD", native="XBT/USD", proof="checksum", numbers={"queue_imbalance": 0.0}
    )
    lost = FakeBook(
        "okx",
        "perp",
        "BTC-USDT-PERP",
        "BTC-USDT-SWAP",
        state="lost",
        reason="gap",
        numbers={"queue_imbalance": 0.9, "ofi_up": 41.0},
        received=T0 - 3 * SECOND,
        latency_seconds=None,
    )
    made = FakeEngine(live, zero, lost, simulated=True)
    made.feeds = [
        FakeFeed(),
        FakeFeed(state="waiting", frames=5, unknown={"odd": 2}),
        FakeFeed("okx", last_received=0),
    ]
    return made


def text(of: FakeEngine) -> str:
    return Exposition(of).render(T0).decode()


def value(rendered: str, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(rendered):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return float(sample.value)
    return None


def test_golden_readings() -> None:
    assert text(engine()).startswith(GOLDEN)


def test_a_book_that_is_not_live_has_a_state_and_no_values() -> None:
    rendered = text(engine())
    okx = {"venue": "okx", "symbol": "BTC-USDT-PERP"}
    assert value(rendered, "obi_queue_imbalance_ratio", **okx) is None
    assert value(rendered, "obi_book_state", state="lost", **okx) == 1
    assert value(rendered, "obi_book_state", state="live", **okx) == 0
    assert value(rendered, "obi_book_age_seconds", **okx) == 3
    assert value(rendered, "obi_book_latency_seconds", **okx) is None
    assert value(rendered, "obi_book_info", proof="checksum", native="XBT/USD") == 1
    assert value(rendered, "obi_book_resyncs_total", venue="binance", reason="gap") == 2
    assert value(rendered, "obi_simulated") == 1


def test_feeds_of_one_route_are_summed_up() -> None:
    rendered = text(engine())
    assert value(rendered, "obi_feed_up", venue="binance") == 0
    assert value(rendered, "obi_feed_up", venue="okx") == 1
    assert value(rendered, "obi_connection_up", venue="binance", connection="0") == 1
    assert value(rendered, "obi_connection_up", venue="binance", connection="1") == 0
    assert value(rendered, "obi_feed_frames_total", venue="binance") == 15
    assert value(rendered, "obi_feed_unknown_frames_total", venue="binance", kind="odd") == 2
    assert value(rendered, "obi_message_age_seconds", venue="okx") is None


def test_values_follow_the_book_from_scrape_to_scrape() -> None:
    moving = engine()
    exposition, book = Exposition(moving), next(iter(moving.books.values()))
    exposition.render(T0)
    moving.touch(book, queue_imbalance=1.5e-7)
    assert value(exposition.render(T0).decode(), "obi_queue_imbalance_ratio", venue="binance") == 1.5e-7
    moving.move(book, "stale", "silent")
    assert value(exposition.render(T0).decode(), "obi_queue_imbalance_ratio", venue="binance") is None
    moving.add(FakeBook("gate", numbers={"queue_imbalance": 0.5}))
    assert value(exposition.render(T0).decode(), "obi_queue_imbalance_ratio", venue="gate") == 0.5


def test_only_what_is_chosen_and_named_is_exported() -> None:
    chosen = Exposition(engine(), lambda output: output.key == "depth").render(T0).decode()
    assert "obi_depth_base_units" in chosen
    assert "obi_queue_imbalance" not in chosen
    unnamed = engine()
    unnamed.outputs = [FakeOutput("mid_price", exported=False)]
    for book in unnamed.books.values():
        book.outputs = unnamed.outputs
    assert "mid_price" not in text(unnamed)


def test_no_family_comes_twice() -> None:
    clash = FakeOutput("book_messages", unit="", counter=True, help="A metric that counts the same.")
    made = engine()
    made.outputs = [clash]
    for book in made.books.values():
        book.outputs, book.numbers = made.outputs, {"book_messages": 5.0}
    rendered = text(made) + SelfMetrics(Tally).render().decode()
    names = [line.split()[2] for line in rendered.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    assert value(rendered, "obi_book_messages_total", venue="binance") == 5


def test_promtool_finds_nothing_to_say(needs_program: Callable[[str], str]) -> None:
    promtool = needs_program("promtool")
    rendered = Exposition(engine()).render(T0) + SelfMetrics(Tally).render()
    checked = subprocess.run([promtool, "check", "metrics"], input=rendered, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_label_value_comes_back(label: str) -> None:
    line = f'{header("obi_x", "Help.", "gauge")}\nobi_x{{symbol="{escape(label)}"}} 1\n'
    (family,) = text_string_to_metric_families(line)
    assert family.samples[0].labels == {"symbol": label}


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_number_comes_back_or_is_absent(number: float) -> None:
    made = FakeEngine(FakeBook(numbers={"mid_price": number}))
    found = value(text(made), "obi_mid_price")
    assert found == number if abs(number) < float("inf") else found is None
