"""The commands: run, demo, replay, verify, evaluate, record, check, bench."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
import uvloop
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from connectors.errors import SteelyardError, UsageError

from . import log as logs
from .settings import Settings, load

app = typer.Typer(
    name="steelyard",
    help="Weighs both sides of every order book, and says how far each number can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[str | None, typer.Option("--config", metavar="F", help="YAML file with settings.")]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Recordings (.jsonl.gz).")]
VenueName = Annotated[str, typer.Option("--venue", help="Venue, where the recording's url does not tell.")]
MarketName = Annotated[str, typer.Option("--market", help="Market or product, where the url does not tell.")]
Out = Annotated[str | None, typer.Option("--out", metavar="F|-", help="Write readings as JSON lines.")]
Every = Annotated[
    str, typer.Option("--every", help="A row each N messages of a book (250n) or interval (1s).")
]
Metrics = Annotated[str, typer.Option("--metrics", metavar="KEY,…", help="Only these metrics (globs).")]
RecordInto = Annotated[
    Path | None, typer.Option("--record", metavar="DIR", help="Record every input into this folder.")
]
Speed = Annotated[
    str, typer.Option("--speed", metavar="max|N", help="As fast as it goes, or N times real time.")
]
Cases = Annotated[Path, typer.Argument(metavar="CASES.json", help="Cases as in the specification, 9.5.")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command. What the user got wrong is one line on stderr and exit code 2."""
    try:
        code = app(arguments, standalone_mode=False)
    except typer.Exit as left:
        code = left.exit_code
    except typer.Abort:
        code = 130
    except SteelyardError as failure:
        print(f"steelyard: {failure}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as failure:
        if not hasattr(failure, "format_message"):
            raise
        print(f"steelyard: {failure.format_message()}", file=sys.stderr)
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


@app.command()
def run(
    config: Config = None,
    out: Out = None,
    every: Every = "1s",
    metrics: Metrics = "",
    host: Host = None,
    port: Port = None,
) -> None:
    """Watch the live exchanges."""
    settings = _settings(config, host, port)
    _serve(settings, simulated=False, out=out, every=every, metrics=metrics)


@app.command()
def demo(
    config: Config = None,
    out: Out = None,
    every: Every = "1s",
    metrics: Metrics = "",
    record: RecordInto = None,
    seconds: Annotated[
        float, typer.Option("--seconds", help="Stop after so long; 0 runs until stopped.")
    ] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the simulated markets.")] = 1,
    every_venue: Annotated[
        bool, typer.Option("--all", help="All simulated venues, not only the best known.")
    ] = False,
    host: Host = None,
    port: Port = None,
) -> None:
    """The same service on simulated venues, without a network."""
    settings = _settings(config, host, port)
    _serve(
        settings,
        simulated=True,
        out=out,
        every=every,
        metrics=metrics,
        record=record,
        seconds=seconds,
        seed=seed,
        every_venue=every_venue,
    )


@app.command()
def record(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    config: Config = None,
    seconds: Annotated[
        float, typer.Option("--seconds", help="Stop after so long; 0 runs until stopped.")
    ] = 0.0,
) -> None:
    """Record every input of every connection, in a form that replays."""
    settings = _settings(config, None, None)
    _serve(settings, simulated=False, record=folder, seconds=seconds, with_api=False)


@app.command()
def replay(
    files: Files,
    speed: Speed = "max",
    serve: Annotated[bool, typer.Option("--serve", help="Show it: API, page and /metrics.")] = False,
    out: Out = None,
    every: Every = "1s",
    metrics: Metrics = "",
    venue: VenueName = "",
    market: MarketName = "",
    config: Config = None,
    host: Host = None,
    port: Port = None,
) -> None:
    """Play recordings through the same sessions on the recorded clock."""
    from .playback import Playback

    settings = _settings(config, host, port)
    playback = Playback(
        files,
        settings,
        speed=speed,
        out=None if serve and out is None else out or "-",
        every=every,
        metrics=_keys(metrics),
        venue=venue,
        market=market,
    )
    with _progress("replaying", out not in (None, "-")) as tick:
        if serve:
            uvloop.run(playback.serve(tick))
        else:
            playback.run(tick)


@app.command()
def verify(
    files: Files,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a book.")] = False,
    venue: VenueName = "",
    market: MarketName = "",
) -> None:
    """Build every book of some recordings and say whether each is right."""
    from .verify import is_clean
    from .verify import verify as judge

    with _progress("verifying", True) as tick:
        found = judge(files, venue=venue, market=market, progress=tick)
    if json:
        for one in found:
            sys.stdout.buffer.write(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()
    else:
        _show(found)
    raise typer.Exit(0 if all(is_clean(one) for one in found) else 1)


@app.command()
def evaluate(cases: Cases) -> None:
    """Compute cases with the metrics that run live."""
    from .evaluate import run as compute

    for found in compute(cases):
        sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


@app.command()
def check(config: Config = None) -> None:
    """Validate the configuration."""
    settings = load(config)
    settings.api.check()
    enabled = {name: one for name, one in settings.venues.items() if one.enabled}
    count = sum(len(one.selection.names) for one in enabled.values())
    print(f"{config or 'defaults'}: good; {count} symbols on {len(enabled)} venues ({', '.join(enabled)})")
    for name, one in enabled.items():
        if one.selection.patterns or one.top:
            print(f"  {name}: {one.told}; what fits is known once the venue's list is fetched")
    own = settings.metrics.own
    if own.kinds:
        print(f"  metrics of your own: {', '.join(own.kinds)}")
    for file, reason in own.faults:
        print(f"  left out: {file}: {reason}")
    if settings.alerts.enabled:
        from .alerts.check import told

        for line in told(settings, os.environ):
            print(f"  {line}")


@app.command()
def bench(
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds.")] = False,
) -> None:
    """Measure the hot path on recorded frames (or made-up ones) and print figures."""
    from .bench import run as measure

    measure(as_json=json, quick=quick)


alerts = typer.Typer(name="alerts", help="Alert rules: try them on recordings.", no_args_is_help=True)
app.add_typer(alerts)


@alerts.command("test")
def try_alerts(
    files: Annotated[list[Path], typer.Option("--replay", metavar="FILE", help="Recordings (.jsonl.gz).")],
    more: Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="More recordings.")] = None,
    rules: Annotated[
        str, typer.Option("--rules", metavar="DIR", help="Rules, in place of the configured.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object an alert.")] = False,
    config: Config = None,
) -> None:
    """What would have fired over recordings, when, for how long, with which values."""
    from .alerts.tryout import Tryout

    tryout = Tryout(_settings(config, None, None), rules)
    for note in tryout.notes:
        print(note, file=sys.stderr)
    with _progress("replaying", True) as tick:
        tryout.play([*files, *(more or ())], tick)
    if json or not sys.stdout.isatty():
        for row in tryout.rows:
            sys.stdout.buffer.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()
    elif tryout.rows:
        Console().print(tryout.table())
    print(tryout.summary(), file=sys.stderr)


# -- what the commands share ---------------------------------------------------------------------------------------


def _settings(config: str | None, host: str | None, port: int | None) -> Settings:
    flags: dict[str, Any] = {}
    if host is not None:
        flags["api.host"] = host
    if port is not None:
        flags["api.port"] = port
    settings = load(config, flags)
    logs.set_up(settings.log.level, settings.log.format)
    return settings


def _keys(text: str) -> list[str]:
    return [key.strip() for key in text.split(",") if key.strip()]


def _serve(
    settings: Settings,
    *,
    simulated: bool,
    out: str | None = None,
    every: str = "1s",
    metrics: str = "",
    record: Path | None = None,
    seconds: float = 0.0,
    seed: int = 1,
    every_venue: bool = False,
    with_api: bool = True,
) -> None:
    from .app import engine_of
    from .rows import Rows, Step, writing
    from .rows import check as check_metrics

    settings.api.check()
    step = Step(every)
    known, _ = engine_of(settings)
    check_metrics(known.outputs, known.declarations, _keys(metrics))
    if record is not None:
        _empty(record)

    async def work() -> None:
        from .app import Service
        from .demo import FIRST, SYMBOLS, SimulatedVenues, settings_for

        simulators = SimulatedVenues(list(SYMBOLS if every_venue else FIRST), seed) if simulated else None
        its = settings
        watching: asyncio.Task[None] | None = None
        try:
            if simulators is not None:
                await simulators.start()
                its = settings_for(settings, simulators)
                watching = asyncio.create_task(simulators.watch())
            service = Service(its, simulated=simulated, record=record, with_api=with_api)
            service.stop_on_signals()
            if stream is not None:
                service.rows = Rows(service.engine, step, _keys(metrics), stream)
            if sys.stdout.isatty():
                service.bound = lambda port: print(f"\n  Steelyard: http://{its.api.host}:{port}\n")
            if seconds:
                asyncio.get_running_loop().call_later(seconds, service.stopping.set)
            await service.run()
        finally:
            if watching is not None:
                watching.cancel()
            if simulators is not None:
                await simulators.stop()

    try:
        with writing(out) as stream:
            uvloop.run(work())
    except* UsageError as failures:
        raise failures.exceptions[0] from None


def _empty(folder: Path) -> None:
    """Make the folder of a recording; one that holds something is not written into."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as failure:
        raise UsageError(f"{folder}: cannot be the folder of a recording ({failure.strerror})") from failure
    if taken:
        raise UsageError(f"{folder}: is not empty; name a new folder for the recording")


@contextmanager
def _progress(what: str, wanted: bool) -> Iterator[Callable[[int], None]]:
    """A line that moves on a terminal, nothing in a pipe."""
    if not wanted or not sys.stderr.isatty():
        yield lambda now: None
        return
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what)
        last = 0.0

        def tick(now: int) -> None:
            nonlocal last
            if time.monotonic() - last > 0.1:
                last = time.monotonic()
                clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now / 1e9)) if now else ""
                bar.update(task, description=f"{what} {clock}")

        yield tick


def _show(found: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in (
        "venue",
        "symbol",
        "state",
        "updates",
        "old",
        "gaps",
        "sums",
        "failed",
        "levels",
        "bid",
        "ask",
    ):
        table.add_column(column, justify="right" if column not in ("venue", "symbol", "state") else "left")
    for one in found:
        table.add_row(
            one["venue"],
            one["symbol"],
            one["state"] + (f" ({one['reason']})" if one["reason"] else ""),
            str(one["updates"]),
            str(one["dropped_old"]),
            str(one["gaps"]),
            str(one["checksums_ok"]),
            str(one["checksums_failed"]),
            "/".join(map(str, one["levels"])),
            " x ".join(one["bid"] or ("-",)),
            " x ".join(one["ask"] or ("-",)),
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)
