"""Run one simulated venue in the foreground: ``python -m simulator NAME --port P --seed N``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import time

from . import all_venues
from .server import SimulatedServer


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("venue", choices=sorted(all_venues()))
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port, named in the line printed")
    parser.add_argument("--seed", type=int, default=0, help="venues with equal seeds agree on prices")
    parser.add_argument("--rate", type=float, default=10.0, help="mean book updates a second of each market")
    parser.add_argument("--staged", action="store_true", help="let episodes go round by themselves")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this one ends"
    )
    return parser


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    kind = all_venues()[options.venue]
    venue = kind(seed=options.seed, rate=options.rate, start=time.time_ns(), staged=options.staged)
    async with SimulatedServer(venue, port=options.port) as server:
        print(f"simulator {venue.name} listening on 127.0.0.1:{server.port}", flush=True)
        if options.with_parent:
            await _until_alone(stopped, os.getppid())
        await stopped.wait()


async def _until_alone(stopped: asyncio.Event, parent: int) -> None:
    """Wait until told to stop, or until the parent is gone."""
    while not stopped.is_set():
        try:
            await asyncio.wait_for(stopped.wait(), 1.0)
        except TimeoutError:
            if os.getppid() != parent:
                stopped.set()


def main() -> None:
    """Entry point."""
    options = arguments().parse_args()
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(options))
    else:
        uvloop.run(serve(options))


if __name__ == "__main__":
    main()
