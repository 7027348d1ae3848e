"""The candidates of a comparison: what each has to offer, and which of them are here."""

import ssl
from importlib import import_module
from typing import Protocol

from benchmarks.frames import Stream
from benchmarks.readings import Reading


class AbsentError(Exception):
    """A candidate cannot run here; the message says why and what cures it."""


class Peer(Protocol):
    """One library that turns depth messages into stored readings of one book."""

    name: str
    version: str

    def prepare(self, stream: Stream) -> None:
        """Makes a new book from the snapshot. Not timed; called before each run, also on a used object."""

    def feed(self, frame: bytes) -> None:
        """One received frame: parse, check its sequence, keep the whole book, read out the best 20 of both
        sides and store the values of `Reading`, all before it returns. This is what is timed."""

    def latest(self) -> Reading | None:
        """The values stored last, None where there are none. Not timed: only brings them into this form."""


class Connecting(Peer, Protocol):
    """A peer with a connection of its own, for the whole pipeline over TLS."""

    async def run(self, url: str, context: ssl.SSLContext, stream: Stream, count: int) -> None:
        """Connects to `url` (wss://127.0.0.1:PORT/COUNT; the venue's own path may be appended), takes the
        snapshot from `stream` without asking the network, and returns when `count` messages are stored."""


MODULES = {"steelyard": "steelyard_candidate", "cryptofeed": "peer_cryptofeed", "ccxt": "peer_ccxt"}
NAMES = tuple(MODULES)


def make(name: str) -> Peer:
    """The candidate of that name, or AbsentError."""
    # Imported only now: each brings a library that may be missing, and that the others should not pay for.
    peer: Peer = import_module(f"benchmarks.{MODULES[name]}").load()
    return peer


def available(names: tuple[str, ...] = NAMES) -> tuple[list[Peer], dict[str, str]]:
    """Those that run here, and the reasons of those that do not."""
    here: list[Peer] = []
    absent: dict[str, str] = {}
    for name in names:
        try:
            here.append(make(name))
        except AbsentError as reason:
            absent[name] = str(reason)
    return here, absent
