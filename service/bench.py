"""`steelyard bench`: what a depth message costs from received bytes to stored readings, and what a book weighs.

Measured is the path that runs live: `Session.received` with its pair attached to an engine, the book loaded through
the session's snapshot; with the first group of metrics (`plan.FIRST_GROUP`), and with the whole catalogue. Frames are
recorded ones where `STEELYARD_CAPTURES` names a folder of captures, else made up from a seed. A figure counts only
where the book ended live and took every message. Times are CPU times of one thread, so that other work on the machine
is felt through the caches alone.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import metadata
from math import nan
from pathlib import Path
from typing import Any

from connectors.errors import UsageError
from connectors.session import Session
from connectors.sync import LIVE, STATES
from connectors.wire import Scanner

from .bench_scrape import SERIES, scraped
from .bench_streams import CAPTURES, KINDS, LEVELS, MadeUp, Stream, opened, streams
from .engine import Engine
from .plan import FIRST_GROUP, Plan

CHECKOUT = Path(__file__).resolve().parents[1]
PEERS = CHECKOUT / ".venv-peers" / "bin" / "python"
BOOKS = (1, 100, 1_000)
DEPTHS = (100, 1_000, 10_000)
PEERS_WITHIN = 900  # seconds
STALE = "Steelyard was changed since it was installed beside its peers: `make bench-peers` brings them level"


# -- one book --------------------------------------------------------------------------------------------------


def feed(session: Session, frames: Sequence[bytes], interval: int) -> int:
    """Nanoseconds of CPU for all frames, each received `interval` ms after the one before, as they were recorded.

    So windows hold what they would hold, and what metrics do once a second is in it.
    """
    start = time.time_ns()
    times = range(start, start + len(frames) * interval * 1_000_000, interval * 1_000_000)
    received = session.received
    began = time.thread_time_ns()
    for frame, now in zip(frames, times, strict=True):
        received(frame, now)
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
    scan = Scanner(stream.kind.venue.layout).scan
    began = time.thread_time_ns()
    for frame in stream.frames:
        scan(frame)
    return time.thread_time_ns() - began


def path(stream: Stream, plan: Plan) -> int:
    """Nanoseconds of CPU for the stream's frames through a session whose engine has these metrics."""
    session = opened(stream.kind, [stream.native], stream.snapshot, Engine(plan))
    spent = feed(session, stream.frames, stream.kind.interval)
    check(session, len(stream.frames))
    return spent


def measure(stream: Stream, rounds: int) -> dict[str, Any]:
    """Microseconds a message: the whole path with the first group of metrics, its parts, and with the whole catalogue."""
    first, nothing, catalogue = Plan(FIRST_GROUP), Plan([]), Plan()
    ways = {
        "parsing": partial(_scan, stream),
        "parsing_and_book": partial(path, stream, nothing),
        "whole": partial(path, stream, first),
        "whole_catalogue": partial(path, stream, catalogue),
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
        "whole_catalogue": median["whole_catalogue"],
        "shares": {
            "parsing": median["parsing"] / whole,
            "book": (median["parsing_and_book"] - median["parsing"]) / whole,
            "metrics": (whole - median["parsing_and_book"]) / whole,
        },
    }


# -- many books, deep books, memory ----------------------------------------------------------------------------


class Crowd:
    """Many books with made-up messages, on as many sessions as the service would open."""

    def __init__(self, name: str, books: int, levels: int) -> None:
        kind = KINDS[name]
        quote = kind.native.removeprefix(kind.row["baseAsset"])
        self.natives = [f"A{number}{quote}" for number in range(books)]
        self.source = MadeUp(kind, levels)
        snapshot, engine, most = self.source.snapshot(), Engine(Plan(FIRST_GROUP)), kind.venue.limits.symbols
        self.expected = 0
        gc.collect()
        self.empty = resident()
        self.sessions = [
            opened(kind, self.natives[at : at + most], snapshot, engine) for at in range(0, books, most)
        ]
        self.received = {native: self.sessions[at // most].received for at, native in enumerate(self.natives)}
        self.round(1)  # the first message of each book joins its snapshot
        gc.collect()
        gc.freeze()

    def round(self, times: int) -> None:
        """So many messages for every book."""
        for _ in range(times):
            for native, received in self.received.items():
                received(self.source.frame(native), time.time_ns())
        self.expected += times * len(self.natives)

    def at_random(self, messages: int) -> float:
        """Microseconds a message, books visited at random."""
        visits = self.source.random.choices(self.natives, k=messages)
        calls = [(self.received[native], self.source.frame(native)) for native in visits]
        began = time.thread_time_ns()
        for received, frame in calls:
            received(frame, time.time_ns())
        spent = time.thread_time_ns() - began
        self.expected += messages
        return spent / 1e3 / messages

    def kilobytes(self) -> float:
        """Memory a book, since there was none."""
        applied = sum(pair.updates for session in self.sessions for pair in session.pairs.values())
        if applied != self.expected:
            raise UsageError(f"no figure: {applied} of {self.expected} messages were applied")
        return (resident() - self.empty) / 1e3 / len(self.natives)


def pace(name: str, books: int, levels: int, messages: int) -> float:
    """Microseconds a message where books are visited at random."""
    with steady():
        crowd = Crowd(name, books, levels)
        spent = crowd.at_random(messages)
        crowd.kilobytes()
        return spent


def weight(name: str, books: int, each: int) -> tuple[float, float]:
    """Kilobytes a book: with its snapshot and readings, and when `each` messages more have filled its windows."""
    crowd = Crowd(name, books, LEVELS)
    fresh = crowd.kilobytes()
    crowd.round(each)
    return fresh, crowd.kilobytes()


def resident() -> int:
    """Bytes of this process in memory."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if platform.system() == "Darwin" else most * 1024


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do the work in a fresh process, whose memory and caches hold nothing else."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def scaling(quick: bool) -> dict[str, Any]:
    """How cost grows with books and with levels far from the touch, and what a book weighs."""
    messages = {"usdm": 6_000, "coinm": 20_000}
    found: dict[str, Any] = {}
    for name, kind in KINDS.items():
        count = messages[name] // (4 if quick else 1)
        found[name] = {
            "books": {str(books): apart(pace, name, books, LEVELS, count) for books in BOOKS},
            "levels": {str(levels): apart(pace, name, 1, levels, count) for levels in DEPTHS},
            "kilobytes_a_book": apart(weight, name, max(BOOKS), 0)[0],
        }
        if not quick:
            found[name]["kilobytes_after_a_minute"] = apart(weight, name, 100, 60_000 // kind.interval)[1]
    return found


# -- beside the peers ------------------------------------------------------------------------------------------


def beside_peers(folder: Path | None, quick: bool) -> dict[str, Any]:
    """The comparisons of benchmarks/ in the peers' own environment, or the reason why there are none."""
    if not (CHECKOUT / "benchmarks" / "compare.py").is_file():
        return {
            "absent": "the comparison with cryptofeed and ccxt is in the source checkout: `make bench-peers` there"
        }
    if not PEERS.exists():
        return {
            "absent": "`make bench-peers` installs cryptofeed and ccxt apart; then they are measured here too"
        }
    if folder is None:
        return {"absent": f"{CAPTURES} names no captures, and the peers are measured on those"}
    rounds = ["--rounds", "1"] if quick else []
    found: dict[str, Any] = {"stale": stale(), "in_process": _peers("compare", *rounds)}
    if not quick:
        found["over_tls"] = _peers("pipeline")
    return found


def stale() -> bool:
    """Is the Steelyard in the peers' environment another than the one here?"""
    sources = [
        path.relative_to(CHECKOUT)
        for name in ("connectors", "service")
        for path in (CHECKOUT / name).rglob("*.py")
    ]
    (installed,) = PEERS.parents[1].glob("lib/python*/site-packages")
    return any(
        not (installed / one).is_file() or (installed / one).read_bytes() != (CHECKOUT / one).read_bytes()
        for one in sources
    )


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


def version() -> str:
    try:
        return metadata.version("steelyard")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def captures() -> Path | None:
    """The folder of recorded feeds, if one is named."""
    named = os.environ.get(CAPTURES)
    return Path(named) if named else None


def run(*, as_json: bool, quick: bool) -> None:
    """Measure and print."""
    folder = captures()
    with steady() as core:
        report: dict[str, Any] = {
            "version": version(),
            "python": platform.python_version(),
            "core": core,
            "streams": {
                name: measure(stream, 3 if quick else 7) for name, stream in streams(folder, quick).items()
            },
            "scaling": scaling(quick),
            "scrape": apart(scraped, SERIES, 5 if quick else 15),
        }
    report["peers"] = beside_peers(folder, quick)
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
            (
                f"  with the whole catalogue          {one['whole_catalogue']:9.2f} µs"
                f"   ({one['whole_catalogue'] / one['microseconds']:.1f} x)"
            ),
        ]
        scale = report["scaling"][name]
        for what, figures in (
            ("books of 1,000 levels a side", scale["books"]),
            ("levels a side", scale["levels"]),
        ):
            row = "   ".join(f"{int(number):,}: {figure:.2f}" for number, figure in figures.items())
            lines.append(f"  µs by number of {what}: {row} (made-up)")
        weighs = f"{scale['kilobytes_a_book']:.0f} kB"
        if "kilobytes_after_a_minute" in scale:
            weighs += (
                f", {scale['kilobytes_after_a_minute']:.0f} kB when a minute of messages is in its windows"
            )
        lines.append(f"  memory of a book of {LEVELS:,} levels a side with its readings: {weighs}")
    return "\n".join([*lines, "", *_scrape_text(report["scrape"]), "", *_peers_text(report["peers"])])


def _scrape_text(found: dict[str, Any]) -> list[str]:
    return [
        f"A scrape of {found['series']:,} series of {found['books']} books holds the event loop for",
        f"  {found['whole']:6.2f} ms, of which {found['writing']:.2f} ms are writing, the rest brings metrics up to now",
        f"  {found['generate_latest']:6.2f} ms in prometheus_client, which only writes ({found['share']:.1%} of it)",
    ]


def _peers_text(peers: dict[str, Any]) -> list[str]:
    if "absent" in peers:
        return [f"No comparison with peers: {peers['absent']}."]
    lines = [STALE] if peers["stale"] else []
    titles = {"in_process": "µs a message in process", "over_tls": "µs of CPU a message over TLS in bursts"}
    for name, title in titles.items():
        found = peers.get(name)
        if found is None:
            continue
        if "failed" in found:
            lines.append(f"{title}: no figures ({found['failed']})")
            continue
        lines.append(f"{title}, all in the same run")
        lines.append(f"  {'':10}" + "".join(f"{kind:>28}" for kind in KINDS))
        table = _figures(found)
        for candidate in dict.fromkeys(one for figures in table.values() for one in figures):
            cells = [table.get(kind, {}).get(candidate) for kind in KINDS]
            shown = ("-" if cell is None else f"{cell[0]:.2f} (steelyard: {cell[1]:.1f} x)" for cell in cells)
            lines.append(f"  {candidate:10}" + "".join(f"{cell:>28}" for cell in shown))
        lines += [f"  {one}: {reason}" for one, reason in found.get("absent", {}).items()]
    return lines


def _figures(found: dict[str, Any]) -> dict[str, dict[str, tuple[float, float]]]:
    """Stream -> candidate -> microseconds and how many times Steelyard's those are; wrong values have no figure."""
    if "results" not in found:
        return {
            kind: {one: (spent, spent / figures.get("steelyard", nan)) for one, spent in figures.items()}
            for kind, figures in found["microseconds"].items()
        }
    table = {}
    for result in found["results"]:
        right = {one["candidate"]: one for one in result["figures"] if not one["wrong"]}
        ours = right.get("steelyard", {"ratios": {}})["ratios"]
        table[result["stream"]] = {
            name: (one["microseconds"], ours.get(name, nan)) for name, one in right.items()
        }
    return table
