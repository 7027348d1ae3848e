"""The commands: what the user gets wrong is one line on standard error and exit code 2, with nothing half-written."""

from __future__ import annotations

import gzip
import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from connectors.recording import Recorder
from service import cli
from tests.support.link import Link

SYMBOL_LINE = b'{"t":1,"ch":"ws","dir":"in","url":"wss://ws.kraken.com/v2","msg":"{}"}\n'


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def steelyard(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command line in this process, in an empty folder."""
    monkeypatch.setattr("service.log.set_up", lambda level, form: None)  # it is for good, and for a process
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def run(*arguments: object) -> Done:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main([str(one) for one in arguments])
        said = capfd.readouterr()
        code = left.value.code
        assert isinstance(code, int)
        return Done(code, said.out, said.err)

    return run


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few seconds of Kraken."""
    folder = tmp_path_factory.mktemp("recording")
    link = Link("kraken", "spot", levels=120, record=folder).start()
    link.run(6)
    link.stop()
    return next(path for path in folder.iterdir() if "instruments" not in path.name)


def refused(done: Done, *words: str) -> None:
    """One line that names all of this, and nothing else."""
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1, done.err
    assert done.err.startswith("steelyard: ")
    for word in words:
        assert word in done.err


def nothing_written(folder: Path = Path()) -> None:
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("command", ["replay", "verify"])
def test_files_that_are_no_recordings(command: str, steelyard: Run, recording: Path, tmp_path: Path) -> None:
    out = ("--out", "rows") if command == "replay" else ()
    refused(
        steelyard(command, tmp_path / "none.jsonl.gz", *out),
        "none.jsonl.gz",
        "No such file",
        "give a recording",
    )
    refused(steelyard(command, tmp_path, *out), str(tmp_path), "directory")
    text = tmp_path / "text.jsonl.gz"
    text.write_text("hello")
    refused(steelyard(command, text, *out), "text.jsonl.gz:1", "not a line of a recording")
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(recording.read_bytes()[:3000])
    refused(steelyard(command, cut, *out), "cut.jsonl.gz", "ended before")
    damaged = tmp_path / "damaged.jsonl.gz"
    whole = bytearray(recording.read_bytes())
    whole[2000:2100] = bytes(100)
    damaged.write_bytes(whole)
    refused(steelyard(command, damaged, *out), "damaged.jsonl.gz")
    broken = tmp_path / "broken.jsonl.gz"
    lines = gzip.decompress(recording.read_bytes()).splitlines(keepends=True)
    broken.write_bytes(gzip.compress(b"".join([*lines[:8], b'{"t":12,"ch":\n'])))
    refused(steelyard(command, broken, *out), "broken.jsonl.gz:9", "not a line of a recording")
    wrong = tmp_path / "wrong.jsonl.gz"
    wrong.write_bytes(gzip.compress(lines[0] + b'{"t":"noon","ch":"ws","dir":"in","url":""}\n'))
    refused(steelyard(command, wrong, *out), "wrong.jsonl.gz:2", "$.t")
    strange = tmp_path / "strange.jsonl"
    strange.write_bytes(SYMBOL_LINE.replace(b'"ws","dir"', b'"smoke","dir"'))
    refused(steelyard(command, strange, *out), "strange.jsonl", "smoke")
    stranger = tmp_path / "stranger.jsonl.gz"
    writer = Recorder(stranger)
    writer.received("wss://nowhere.example/ws", b'{"channel":"books_v9"}', 1)
    writer.close()
    refused(steelyard(command, stranger, *out), "nowhere.example", "books_v9", "--venue")
    refused(steelyard(command, recording, "--venue", "krakn", *out), "krakn", "known are")
    refused(steelyard(command, recording, "--market", "moon", *out), "moon", "known are")
    refused(steelyard(command), "FILE")
    nothing_written()


WRONG_FLAGS = [
    (("--every", "5"), ("--every 5", "250n")),
    (("--every", "0n"), ("--every 0n", "250n")),
    (("--every", "0s"), ("--every 0s", "1ms")),
    (("--every", "often"), ("--every often", "1s")),
    (("--speed", "fast"), ("--speed fast", "max")),
    (("--speed", "0"), ("--speed 0", "max")),
    (("--speed", "-1"), ("--speed -1", "max")),
    (("--speed", "nan"), ("--speed nan", "max")),
    (("--metrics", "quue_imbalance"), ("quue_imbalance", "known are", "queue_imbalance")),
    (("--frob", "1"), ("--frob",)),
    (("--port", "eighty"), ("--port", "integer")),
    (("--port", "99999"), ("--port", "65535", "99999")),
]


@pytest.mark.parametrize(("flags", "words"), WRONG_FLAGS, ids=[" ".join(flags) for flags, _ in WRONG_FLAGS])
def test_flags_that_make_no_sense(
    flags: tuple[str, ...], words: tuple[str, ...], steelyard: Run, recording: Path
) -> None:
    refused(steelyard("replay", recording, "--out", "rows", *flags), *words)
    nothing_written()


@pytest.mark.parametrize("command", ["demo", "run"])
def test_what_is_wrong_is_said_before_anything_starts(
    command: str, steelyard: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("uvloop.run", lambda work: pytest.fail("started"))
    refused(steelyard(command, "--metrics", "nope", "--out", "rows"), "--metrics nope", "known are")
    refused(steelyard(command, "--every", "x", "--out", "rows"), "--every x")
    refused(steelyard(command, "--out", tmp_path / "none" / "rows"), "rows", "No such file")
    refused(steelyard(command, "--host", "0.0.0.0"), "api.host", "api.api_keys")
    nothing_written()


def test_folders_of_recordings(steelyard: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("uvloop.run", lambda work: pytest.fail("started"))
    full = tmp_path / "full"
    full.mkdir()
    (full / "old.jsonl.gz").touch()
    for command in (("record",), ("demo", "--record")):
        refused(steelyard(*command, full), "full", "not empty", "new folder")
        refused(steelyard(*command, full / "old.jsonl.gz"), "old.jsonl.gz")
        refused(steelyard(*command, full / "old.jsonl.gz" / "below"), "below", "directory")
    assert [path.name for path in full.iterdir()] == ["old.jsonl.gz"]
    nothing_written()


def test_a_port_that_is_taken(steelyard: Run, recording: Path, tmp_path: Path) -> None:
    config = tmp_path / "none.yaml"
    config.write_text("venues: {}\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for command in (("run", "--config", config), ("replay", recording, "--serve")):
            done = steelyard(*command, "--port", port, "--out", "rows")
            assert done.code == 2
            assert f"cannot listen on 127.0.0.1 port {port}" in done.err
            assert "Traceback" not in done.err
            nothing_written()


WRONG_SETTINGS = [
    ("venues: {binanse: {symbols: [BTC-USDT]}}", ("venues", "binanse", "did you mean binance?")),
    ("venues: {binance: {symbls: [BTC-USDT]}}", ("venues.binance.symbls", "unknown key", "symbols")),
    ("venues: {binance: {symbols: BTC-USDT}}", ("venues.binance.symbols", "list", "BTC-USDT")),
    ("venues: {okx: {hosts: {spot: {ws: 'ws://x'}}}}", ("okx", "spot", "public")),
    ("venues: {okx: {hosts: {public: {ws: 'http://x'}}}}", ("venues.okx.hosts.public.ws", "http://x")),
    (
        "venues: {okx: {symbols: ['*/USDT:USDT']}}",
        ("venues.okx.symbols", "canonical", "write *-USDT-PERP"),
    ),
    ("venues: {okx: {symbols: ['BTC-[0-9']}}", ("venues.okx.symbols", "is not closed")),
    ("venues: {okx: {symbols: [*-USDT]}}", ("not YAML", "in quotes")),
    ("venues: {okx: {top: {'*-USDT': 0}}}", ("venues.okx.top", "greater than or equal to 1", "0")),
    ("venues: {okx: {top: {'BTC*': 3}}}", ("venues.okx.top", "spell it out, as in *-USDT")),
    (
        "venues: {gemini: {top: {'*-USD': 3}}}",
        ("gemini.top", "24 h volumes of gemini are not known", "binance", "under symbols"),
    ),
    (
        "venues: {kraken: {symbols: ['*-USD-PERP']}}",
        ("kraken.symbols", "*-USD-PERP means perp", "spot only", "remove it"),
    ),
    ("venues: {kraken: {symbols: [BTC-USD-PERP]}}", ("kraken.symbols", "BTC-USD-PERP means perp")),
    ("venues: {okx: {refresh_seconds: 1}}", ("venues.okx.refresh_seconds", "60", "1")),
    ("venues: [binance]", ("venues", "dictionary")),
    ("venue: {}", ("venue", "did you mean venues?")),
    ("api: {port: eighty}", ("api.port", "integer", "eighty")),
    ("api: {prot: 80}", ("api.prot", "did you mean port?")),
    ("metrics: {only: [ofy]}", ("metrics.only", "ofy", "ofi")),
    ("metrics: {min_coverage: 2}", ("metrics.min_coverage", "1", "2")),
    ("log: {level: loud}", ("log.level", "loud")),
    ("max_levels: 1", ("max_levels", "100")),
    ("- a", ("holds no settings",)),
    ("a: [b", ("not YAML", "line 1")),
    ("\x00", ("not YAML",)),
]


@pytest.mark.parametrize(("text", "words"), WRONG_SETTINGS, ids=[text for text, _ in WRONG_SETTINGS])
def test_settings_that_are_wrong(text: str, words: tuple[str, ...], steelyard: Run, tmp_path: Path) -> None:
    config = tmp_path / "some.yaml"
    config.write_text(text)
    for command in (("check",), ("run",), ("replay", "x.jsonl.gz")):
        refused(steelyard(*command, "--config", config), "some.yaml", *words)


def test_files_of_settings_that_are_not_there(steelyard: Run, tmp_path: Path) -> None:
    refused(steelyard("check", "--config", tmp_path / "none.yaml"), "none.yaml", "No such file")
    refused(steelyard("check", "--config", tmp_path), str(tmp_path), "directory")


def test_the_environment_goes_over_the_file(
    steelyard: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "some.yaml"
    config.write_text("venues: {kraken: {symbols: [BTC-USD, ETH-USD]}}\n")
    assert "2 symbols on 1 venues (kraken)" in steelyard("check", "--config", config).out
    monkeypatch.setenv("STEELYARD_VENUES__KRAKEN__SYMBOLS", '["BTC-USD"]')
    assert "1 symbols on 1 venues (kraken)" in steelyard("check", "--config", config).out
    assert "13 symbols on 5 venues" in steelyard("check").out  # of two for Kraken by default
    monkeypatch.setenv("STEELYARD_VENUES__KRAKEN__SYMBOLS", "BTC-USD")
    refused(
        steelyard("check", "--config", config), "STEELYARD_VENUES__KRAKEN__SYMBOLS", "JSON", '["BTC-USD"]'
    )
    monkeypatch.delenv("STEELYARD_VENUES__KRAKEN__SYMBOLS")
    monkeypatch.setenv("STEELYARD_API__PORT", "eighty")
    refused(steelyard("check", "--config", config), "STEELYARD_API__PORT", "api.port", "eighty")


def test_check_tells_of_patterns(steelyard: Run, tmp_path: Path) -> None:
    config = tmp_path / "some.yaml"
    config.write_text(
        "venues: {binance: {symbols: [BTC-USDT, 'BTC-USDT-[0-9]*'], top: {'*-USDT-PERP': 20}}, okx: {symbols: [BTCUSDT]}}"
    )
    assert steelyard("check", "--config", config).out.partition("  alerts:")[0] == (
        f"{config}: good; 2 symbols on 2 venues (binance, okx)\n"
        "  binance: 1 symbols, 1 patterns, top 20 of *-USDT-PERP; what fits is known once the venue's list is fetched\n"
    )


def test_check_says_what_is_good(steelyard: Run) -> None:
    done = steelyard("check")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "defaults: good; 14 symbols on 5 venues (binance, okx, kraken, bybit, coinbase)"
    assert re.fullmatch(r"  alerts: \d+ rules, and no sender tells anybody", lines[1])


def test_replay_writes_rows(steelyard: Run, recording: Path) -> None:
    done = steelyard("replay", recording, "--metrics", "queue_imbalance,spread.*", "--every", "10n")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert len(rows) > 3
    assert {row["venue"] for row in rows} == {"kraken"}
    assert all("queue_imbalance" in row["values"] and "spread.ratio" in row["values"] for row in rows)
    assert steelyard("replay", recording, "--out", "rows", "--every", "500ms") == (0, "", "")
    assert [path.name for path in Path().iterdir()] == ["rows"]
    states = [json.loads(line)["state"] for line in Path("rows").read_text().splitlines()]
    assert states.count("live") > 10


def test_verify_prints_a_table_or_json(steelyard: Run, recording: Path) -> None:
    table = steelyard("verify", recording)
    assert (table.code, table.err) == (0, "")
    assert "BTC-USD" in table.out
    found = [json.loads(line) for line in steelyard("verify", recording, "--json").out.splitlines()]
    assert [one["native"] for one in found] == ["BTC/USD", "ETH/USD"]
    assert {one["file"] for one in found} == {str(recording)}
    lines = gzip.decompress(recording.read_bytes()).splitlines(keepends=True)
    book = next(
        n for n, line in enumerate(lines) if b'\\"type\\":\\"update\\"' in line and b"checksum" in line
    )
    lossy = Path("lossy.jsonl")
    lossy.write_bytes(b"".join(lines[:book] + lines[book + 3 :]))
    assert steelyard("verify", lossy).code == 1


def test_no_command_is_help(steelyard: Run) -> None:
    assert "replay" in steelyard("--help").out
    refused(steelyard("frobnicate"), "frobnicate")
