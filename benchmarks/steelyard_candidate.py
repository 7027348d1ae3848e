"""Steelyard as a candidate: the same protocol as the peers, and the connection of the pipeline comparison."""

import sys
from pathlib import Path

from benchmarks.peers import AbsentError, Connecting


def load() -> Connecting:
    installed_first()
    raise AbsentError("its engine is not connected to this comparison yet")


def installed_first() -> None:
    """Has the installed, compiled Steelyard imported, not the checkout that `python -m …` starts in: its
    extensions, if it has any, were built for the Python of the project's own environment."""
    checkout = str(Path(__file__).resolve().parents[1])
    if checkout in sys.path:
        sys.path.remove(checkout)
        sys.path.append(checkout)
