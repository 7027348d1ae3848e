"""Time a message from received bytes to stored readings, for every candidate, in one process on one core.

The candidates take turns every few thousand messages, so that a busy moment of the machine falls on all of
them; each round replays the whole stream with new books, and times and ratios are medians of the rounds.
After each round every candidate's values are held against a plain book: a wrong one has no figure.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks import frames, readings
from benchmarks.frames import Stream
from benchmarks.peers import NAMES, Peer, available

TURN = 2_000  # messages: long against a refill of the caches, short against a change of the machine's mood


@dataclass(frozen=True, slots=True)
class Figure:
    """One candidate on one stream."""

    candidate: str
    version: str
    microseconds: float  # a message, median of the rounds
    fastest: float
    slowest: float
    ratios: dict[str, float]  # how many times a message costs the peer of that name
    wrong: list[str]


@dataclass(frozen=True, slots=True)
class Result:
    """All candidates on one stream."""

    stream: str
    messages: int
    mean_bytes: float
    rounds: int
    figures: list[Figure]


def pin() -> int | None:
    """Keeps this process on one core; the core, or None where the system has no such call."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def timed_round(candidates: list[Peer], stream: Stream) -> dict[str, float]:
    """Microseconds a message of each candidate."""
    for candidate in candidates:
        candidate.prepare(stream)
    # What the libraries have loaded is not scanned again and again at the expense of whoever runs.
    gc.collect()
    gc.freeze()
    spent = dict.fromkeys((candidate.name for candidate in candidates), 0)
    for start in range(0, len(stream.frames), TURN):
        turn = stream.frames[start : start + TURN]
        for candidate in candidates:
            feed = candidate.feed
            began = time.perf_counter_ns()
            for frame in turn:
                feed(frame)
            spent[candidate.name] += time.perf_counter_ns() - began
    gc.unfreeze()
    return {name: nanoseconds / 1e3 / len(stream.frames) for name, nanoseconds in spent.items()}


def ratio(peer: list[float], candidate: list[float]) -> float:
    """Median of the rounds' ratios: what slows the machine down in one round slows both."""
    return statistics.median(theirs / ours for theirs, ours in zip(peer, candidate, strict=True))


def compare(candidates: list[Peer], stream: Stream, rounds: int, seconds: float) -> Result:
    """Rounds until their number or the time is reached, at least one."""
    right = readings.expected(stream, len(stream.frames))
    wrong: dict[str, list[str]] = {candidate.name: [] for candidate in candidates}
    samples: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
    began = time.monotonic()
    done = 0
    while done < rounds and (done == 0 or (time.monotonic() - began) * (done + 1) / done < seconds):
        for name, sample in timed_round(candidates, stream).items():
            samples[name].append(sample)
        for candidate in candidates:
            wrong[candidate.name] = wrong[candidate.name] or readings.differences(candidate.latest(), right)
        candidates = candidates[1:] + candidates[:1]  # nobody always comes first
        done += 1
    figures = [
        Figure(
            candidate.name,
            candidate.version,
            statistics.median(samples[candidate.name]),
            min(samples[candidate.name]),
            max(samples[candidate.name]),
            {name: ratio(samples[name], samples[candidate.name]) for name in samples},
            wrong[candidate.name],
        )
        for candidate in sorted(candidates, key=lambda candidate: NAMES.index(candidate.name))
    ]
    return Result(stream.name, len(stream.frames), stream.mean_bytes, done, figures)


def table(result: Result) -> str:
    """The result as text."""
    native, mean = frames.RECORDINGS[result.stream].native, result.mean_bytes
    lines = [
        f"{result.stream} {native}: {result.messages} messages, {mean:.0f} B, {result.rounds} rounds",
        f"  {'':22}{'µs/message':>11}{'fastest':>9}{'slowest':>9}{'x cryptofeed':>14}{'x ccxt':>9}",
    ]
    for figure in result.figures:
        label = f"{figure.candidate} {figure.version}"
        if figure.wrong:
            lines.append(f"  {label:22}no figure, its values are wrong: {'; '.join(figure.wrong)}")
            continue
        times = "".join(
            f"{figure.ratios[name]:{width}.2f}" if name in figure.ratios else f"{'-':>{width}}"
            for name, width in (("cryptofeed", 14), ("ccxt", 9))
        )
        lines.append(
            f"  {label:22}{figure.microseconds:11.2f}{figure.fastest:9.2f}{figure.slowest:9.2f}{times}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stream", action="append", choices=list(frames.RECORDINGS), help="default: both")
    parser.add_argument("--candidate", action="append", choices=NAMES, help="default: all that are installed")
    parser.add_argument(
        "--messages", type=int, default=25_000, help="at most so many a stream (default %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--seconds", type=float, default=25.0, help="no new round of a stream after this time"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args(arguments)
    try:
        streams = [frames.read(name, limit=options.messages) for name in options.stream or frames.RECORDINGS]
    except frames.CapturesMissingError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 2
    candidates, absent = available(tuple(options.candidate or NAMES))
    core = pin()
    results = (
        [compare(candidates, stream, options.rounds, options.seconds) for stream in streams]
        if candidates
        else []
    )
    if options.json:
        print(json.dumps({"core": core, "absent": absent, "results": [asdict(result) for result in results]}))
    else:
        print("\n".join(table(result) for result in results))
        for name, reason in absent.items():
            print(f"  {name}: absent, {reason}")
    return 1 if any(figure.wrong for result in results for figure in result.figures) else 0


if __name__ == "__main__":
    sys.exit(main())
