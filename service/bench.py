"""`steelyard bench`: what a depth message costs from received bytes to stored readings, and what a book weighs.

Measured is the path that runs live: `Session.received` with its pair attached to an engine with all metrics, the book
loaded through the session's snapshot. Frames are recorded ones where `STEELYARD_CAPTURES` names a folder of captures,
else made up from a seed. A figure counts only where the book ended live and took every message. Times are CPU times of
one thread, so that other work on the machine is felt through the caches alone.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import platform
import random
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from connectors.errors import UsageError
from connectors.recording import read
from connectors.session import Session
from connectors.sync import LIVE, STATES, Pair
from connectors.venue import Venue
from connectors.venues.binance import CoinM, UsdM
from connectors.wire import Scanner

from .engine import Engine
from .plan import Plan

CAPTURES = "STEELYARD_CAPTURES"
CHECKOUT = Path(__file__).resolve().parents[1]
PEERS = CHECKOUT / ".venv-peers" / "bin" / "python"
SEED = 20240808
NEAR = 20  # best levels, that NEAR_SHARE of the changes of a made-up message are among; recorded: 12 %
NEAR_SHARE = 0.12
FILLED = 0.8  # of the price steps have a level in a made-up book
BODIES = 1_000  # different lists of levels that made-up messages take turns with
BOOKS = (1, 100, 1_000)
DEPTHS = (100, 1_000, 10_000)
LEVELS = 1_000  # a side, where many books are measured
PEERS_WITHIN = 900  # seconds

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Kind:
    """A stream to measure: where its capture is, and what made-up messages of it look like."""

    title: str
    file: str
    native: str
    venue: type[Venue]
    row: dict[str, Any]  # as the venue lists the instrument
    levels: int  # a message
    interval: int  # ms between messages
    mid: int  # in price steps
    step: float
    sizes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """One symbol's snapshot and the depth messages that follow it."""

    kind: Kind
    native: str
    snapshot: bytes
    frames: list[bytes]
    recorded: bool


def _row(native: str, base: str, quote: str, tick: str, lot: str, **more: Any) -> dict[str, Any]:
    filters = [{"filterType": "PRICE_FILTER", "tickSize": tick}, {"filterType": "LOT_SIZE", "stepSize": lot}]
    row = {
        "symbol": native,
        "baseAsset": base,
        "quoteAsset": quote,
        "contractType": "PERPETUAL",
        "status": "TRADING",
    }
    return row | {"filters": filters} | more


KINDS = {
    "usdm": Kind(
        title="USD-M BTCUSDT",
        file="binance/usdm-btcusdt-20240808.jsonl.gz",
        native="BTCUSDT",
        venue=UsdM,
        row=_row("BTCUSDT", "BTC", "USDT", "0.10", "0.001"),
        levels=68,
        interval=52,
        mid=616_597,
        step=0.1,
        sizes=tuple(f"{size / 1000:.3f}" for size in range(1, 4000, 7)),
    ),
    "coinm": Kind(
        title="COIN-M ETHUSD_PERP",
        file="binance/coinm-ethusd_perp-20240808.jsonl.gz",
        native="ETHUSD_PERP",
        venue=CoinM,
        row=_row("ETHUSD_PERP", "ETH", "USD", "0.01", "1", contractSize=10),
        levels=8,
        interval=15,
        mid=268_201,
        step=0.01,
        sizes=tuple(str(size) for size in range(1, 9000, 17)),
    ),
}


# -- messages --------------------------------------------------------------------------------------------------


def recorded(kind: Kind, folder: Path, limit: int | None = None) -> Stream:
    """The capture's depth messages from the one that joins the snapshot on; trades and the like are left out."""
    snapshot, last = b"", -1
    frames: list[bytes] = []
    for line in read(folder / kind.file):
        if line.ch == "http":
            snapshot = snapshot or line.frame
            last = _decode(snapshot)["lastUpdateId"]
        elif line.dir == "in" and '"e":"depthUpdate"' in (line.msg or ""):
            frames.append(line.frame)
    joins = next(at for at, frame in enumerate(frames) if _decode(frame)["data"]["u"] >= last)
    return Stream(kind, kind.native, snapshot, frames[joins:][:limit], True)


class MadeUp:
    """Frames of a kind from a seed, for any number of books: each keeps its levels around one price, never crossed."""

    def __init__(self, kind: Kind, levels: int) -> None:
        self.kind = kind
        self.random = random.Random(SEED)
        self.steps = round(levels / FILLED)
        self.levels = levels
        self.bodies = [self._body() for _ in range(BODIES)]
        self.ids: dict[str, int] = {}

    def snapshot(self) -> bytes:
        sides = []
        for sign in (-1, 1):
            ranks = sorted(self.random.sample(range(1, self.steps), self.levels - 1))
            sides.append([[self._price(sign, rank), self._size()] for rank in (0, *ranks)])
        return json.dumps({"lastUpdateId": 1, "T": 1, "bids": sides[0], "asks": sides[1]}).encode()

    def frame(self, native: str) -> bytes:
        """The next message of this book."""
        last = self.ids.get(native, 1)
        self.ids[native] = last + 10
        t = 1_723_161_256_000 + last // 10 * self.kind.interval
        head = f'{{"stream":"{native.lower()}@depth@0ms","data":{{"e":"depthUpdate","E":{t + 1},"T":{t},"s":"{native}",'
        ids = f'"U":{last + 1},"u":{last + 10},"pu":{last},'
        return f"{head}{ids}{self.random.choice(self.bodies)}".encode()

    def _body(self) -> str:
        half = self.kind.levels // 2
        bids = sorted((self._price(-1, self._rank()), self._size(0.2)) for _ in range(half))
        asks = sorted((self._price(1, self._rank()), self._size(0.2)) for _ in range(self.kind.levels - half))
        return (
            f'"b":{json.dumps(bids, separators=(",", ":"))},"a":{json.dumps(asks, separators=(",", ":"))}}}}}'
        )

    def _rank(self) -> int:
        near = self.random.random() < NEAR_SHARE
        return (
            self.random.randrange(NEAR)
            if near
            else self.random.randrange(min(NEAR, self.steps - 1), self.steps)
        )

    def _price(self, sign: int, rank: int) -> str:
        return f"{(self.kind.mid + sign * rank + (sign > 0)) * self.kind.step:.2f}"

    def _size(self, gone: float = 0.0) -> str:
        return "0" if self.random.random() < gone else self.random.choice(self.kind.sizes)


def made_up(kind: Kind, messages: int, levels: int = LEVELS) -> Stream:
    """A stream from a seed, for where there are no captures."""
    source = MadeUp(kind, levels)
    return Stream(
        kind, kind.native, source.snapshot(), [source.frame(kind.native) for _ in range(messages)], False
    )


def streams(folder: Path | None, quick: bool) -> dict[str, Stream]:
    """Recorded ones where the folder of captures is named."""
    if folder is not None and not folder.is_dir():
        raise UsageError(
            f"{CAPTURES} names {folder}, which is no folder; unset it, or name the folder of captures"
        )
    made = {"usdm": 3_000, "coinm": 12_000}
    limit = 3_000 if quick else None
    return {
        name: made_up(kind, limit or made[name]) if folder is None else recorded(kind, folder, limit)
        for name, kind in KINDS.items()
    }


# -- one book --------------------------------------------------------------------------------------------------


def opened(kind: Kind, natives: Sequence[str], snapshot: bytes, engine: Engine | None) -> Session:
    """A session as it is after connecting, with the snapshots of its pairs loaded."""
    now = time.time_ns()
    venue = kind.venue()
    session = Session(venue, next(iter(venue.routes)))
    for native in natives:
        row = kind.row | {
            "symbol": native,
            "baseAsset": native.partition("_")[0].removesuffix(kind.row["quoteAsset"]),
        }
        (instrument,) = venue.instruments({"symbols": [row]})
        pair = session.add(Pair(venue, instrument))
        session.keeper.prepare(pair)
        if engine is not None:
            engine.attach(pair)
    session.keeper.opened(now)
    for native in natives:
        session.keeper.fetched(native, 200, snapshot, now)
    session.keeper.take_actions()
    return session


def feed(session: Session, frames: Sequence[bytes]) -> int:
    """Nanoseconds of CPU for all frames, each at the time of its receipt as in the driver."""
    received, clock = session.received, time.time_ns
    began = time.thread_time_ns()
    for frame in frames:
        received(frame, clock())
    return time.thread_time_ns() - began


def check(session: Session, messages: int) -> None:
    """Refuse a figure of a book that is not right."""
    pairs = list(session.pairs.values())
    applied = sum(pair.updates for pair in pairs)
    wrong = [pair for pair in pairs if pair.state != LIVE or pair.gaps]
    if wrong or applied != messages:
        told = ", ".join(f"{pair.native} {STATES[pair.state]} {pair.reason}" for pair in wrong[:3])
        raise UsageError(
            f"no figure: {applied} of {messages} messages were applied; {told or 'all books live'}"
        )


def _scan(stream: Stream) -> int:
    scan = Scanner(dict(stream.kind.venue.layout)).scan
    began = time.thread_time_ns()
    for frame in stream.frames:
        scan(frame)
    return time.thread_time_ns() - began


def _path(stream: Stream, plan: Plan) -> int:
    session = opened(stream.kind, [stream.native], stream.snapshot, Engine(plan))
    spent = feed(session, stream.frames)
    check(session, len(stream.frames))
    return spent


def measure(stream: Stream, rounds: int) -> dict[str, Any]:
    """Microseconds a message: the whole path, its parts, and with lazy metrics computed each time."""
    everything, nothing, eager = Plan(), Plan([]), Plan(lazy_every=0)
    ways = {
        "parsing": partial(_scan, stream),
        "parsing_and_book": partial(_path, stream, nothing),
        "whole": partial(_path, stream, everything),
        "lazy_each_time": partial(_path, stream, eager),
    }
    samples: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        names = list(ways)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:  # nobody always comes first
            gc.collect()
            gc.freeze()
            samples[name].append(ways[name]() / 1e3 / len(stream.frames))
            gc.unfreeze()
    median = {name: statistics.median(values) for name, values in samples.items()}
    whole = median["whole"]
    return {
        "recorded": stream.recorded,
        "messages": len(stream.frames),
        "bytes": round(statistics.mean(map(len, stream.frames))),
        "microseconds": whole,
        "fastest": min(samples["whole"]),
        "slowest": max(samples["whole"]),
        "lazy_each_time": median["lazy_each_time"],
        "shares": {
            "parsing": median["parsing"] / whole,
            "book": (median["parsing_and_book"] - median["parsing"]) / whole,
            "metrics": (whole - median["parsing_and_book"]) / whole,
        },
    }


# -- many books, deep books, memory ----------------------------------------------------------------------------


def crowd(name: str, books: int, levels: int, messages: int) -> dict[str, float]:
    """Microseconds a message where books are visited at random, and kB a book. Runs in a process of its own."""
    kind = KINDS[name]
    quote = kind.native.removeprefix(kind.row["baseAsset"])
    natives = [f"A{number}{quote}" for number in range(books)]
    source = MadeUp(kind, levels)
    snapshot = source.snapshot()
    visits = natives + source.random.choices(natives, k=messages)  # the first of each joins its snapshot
    frames = [source.frame(native) for native in visits]
    engine = Engine(Plan())
    most = kind.venue.limits.symbols
    gc.collect()
    before = resident()
    sessions = [opened(kind, natives[at : at + most], snapshot, engine) for at in range(0, books, most)]
    of = {
        native: session for session in sessions for native in (pair.native for pair in session.pairs.values())
    }
    gc.collect()
    gc.freeze()
    calls = [(of[native].received, frame) for native, frame in zip(visits, frames, strict=True)]
    for received, frame in calls[:books]:
        received(frame, time.time_ns())
    after = resident()
    began = time.thread_time_ns()
    for received, frame in calls[books:]:
        received(frame, time.time_ns())
    spent = time.thread_time_ns() - began
    for session in sessions:
        check(session, sum(of[native] is session for native in visits))
    return {"microseconds": spent / 1e3 / messages, "kilobytes": (after - before) / 1e3 / books}


def resident() -> int:
    """Bytes of this process in memory."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if platform.system() == "Darwin" else most * 1024


def apart(name: str, books: int, levels: int, messages: int) -> dict[str, float]:
    """`crowd` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(crowd, name, books, levels, messages).result()


def scaling(quick: bool) -> dict[str, Any]:
    """How cost grows with books and with levels far from the touch, and what a book weighs."""
    messages = {"usdm": 6_000, "coinm": 20_000}
    found: dict[str, Any] = {}
    for name in KINDS:
        count = messages[name] // (4 if quick else 1)
        books = {number: apart(name, number, LEVELS, count) for number in BOOKS}
        depths = {levels: apart(name, 1, levels, count) for levels in DEPTHS}
        found[name] = {
            "books": {str(number): one["microseconds"] for number, one in books.items()},
            "levels": {str(levels): one["microseconds"] for levels, one in depths.items()},
            "kilobytes_a_book": books[max(BOOKS)]["kilobytes"],
        }
    return found


# -- beside the peers ------------------------------------------------------------------------------------------


def beside_peers(captures: Path | None, quick: bool) -> dict[str, Any]:
    """The comparisons of benchmarks/ in the peers' own environment, or the reason why there are none."""
    if not (CHECKOUT / "benchmarks" / "compare.py").is_file():
        return {
            "absent": "the comparison with cryptofeed and ccxt is in the source checkout: `make bench-peers` there"
        }
    if not PEERS.exists():
        return {
            "absent": "`make bench-peers` installs cryptofeed and ccxt apart; then they are measured here too"
        }
    if captures is None:
        return {"absent": f"{CAPTURES} names no captures, and the peers are measured on those"}
    rounds = ["--rounds", "1"] if quick else []
    found: dict[str, Any] = {"in_process": _peers("compare", *rounds)}
    if not quick:
        found["over_tls"] = _peers("pipeline")
    return found


def _peers(module: str, *options: str) -> dict[str, Any]:
    ended = subprocess.run(
        [PEERS, "-m", f"benchmarks.{module}", "--json", *options],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=PEERS_WITHIN,
        check=False,
    )
    try:
        return dict(json.loads(ended.stdout))
    except ValueError:
        return {"failed": ended.stderr.strip()[-500:] or f"exit {ended.returncode}"}


# -- the command -----------------------------------------------------------------------------------------------


@contextmanager
def steady() -> Iterator[int | None]:
    """One core, and the garbage collector as the service sets it; both as before at the end."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    core = max(allowed) if allowed else None
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        gc.set_threshold(*thresholds)
        if allowed is not None:
            os.sched_setaffinity(0, allowed)


def run(*, as_json: bool, quick: bool) -> None:
    """Measure and print."""
    named = os.environ.get(CAPTURES)
    captures = Path(named) if named else None
    with steady() as core:
        report: dict[str, Any] = {
            "version": metadata.version("steelyard"),
            "python": platform.python_version(),
            "core": core,
            "streams": {
                name: measure(stream, 3 if quick else 7) for name, stream in streams(captures, quick).items()
            },
            "scaling": scaling(quick),
        }
    report["peers"] = beside_peers(captures, quick)
    print(json.dumps(report) if as_json else text(report))


def text(report: dict[str, Any]) -> str:
    """The report as it is printed."""
    core = "" if report["core"] is None else f", pinned to core {report['core']}"
    lines = [f"steelyard {report['version']}, Python {report['python']}{core}"]
    for name, one in report["streams"].items():
        origin = "recorded" if one["recorded"] else f"made-up ({CAPTURES} is not set)"
        shares = ", ".join(f"{part} {share:.0%}" for part, share in one["shares"].items())
        lines += [
            "",
            f"{KINDS[name].title}: {one['messages']:,} {origin} messages of {one['bytes']:,} B",
            (
                f"  received bytes to stored readings {one['microseconds']:9.2f} µs"
                f"   ({one['fastest']:.2f} to {one['slowest']:.2f}; {shares})"
            ),
            f"  with lazy metrics each time       {one['lazy_each_time']:9.2f} µs",
        ]
        scale = report["scaling"][name]
        for what, figures in (
            ("books of 1,000 levels a side", scale["books"]),
            ("levels a side", scale["levels"]),
        ):
            row = "   ".join(f"{int(number):,}: {figure:.2f}" for number, figure in figures.items())
            lines.append(f"  µs by number of {what}: {row} (made-up)")
        lines.append(
            f"  memory a book of {LEVELS:,} levels a side, with its readings: {scale['kilobytes_a_book']:.0f} kB"
        )
    return "\n".join([*lines, "", *_peers_text(report["peers"])])


def _peers_text(peers: dict[str, Any]) -> list[str]:
    if "absent" in peers:
        return [f"No comparison with peers: {peers['absent']}."]
    lines = []
    for name, title in (
        ("in_process", "µs a message in process"),
        ("over_tls", "µs of CPU a message over TLS in bursts"),
    ):
        found = peers.get(name)
        if found is None:
            continue
        if "failed" in found:
            lines.append(f"{title}: no figures ({found['failed']})")
            continue
        lines.append(f"{title}, beside the peers in the same run")
        for kind, figures in _figures(found).items():
            ours = figures.get("steelyard")
            shown = [
                f"{one} {figure:.2f}" + (f" ({figure / ours:.1f} x)" if ours else "")
                for one, figure in figures.items()
            ]
            lines.append(f"  {kind:6} {', '.join(shown)}")
        lines += [f"  {one}: {reason}" for one, reason in found.get("absent", {}).items()]
    return lines


def _figures(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Stream -> candidate -> microseconds, of either comparison; a candidate with wrong values has none."""
    if "results" not in found:
        return dict(found["microseconds"])
    return {
        result["stream"]: {
            one["candidate"]: one["microseconds"] for one in result["figures"] if not one["wrong"]
        }
        for result in found["results"]
    }
