"""What can go wrong, and whose fault it is.

SteelyardError
├── VenueError            the venue said something that cannot be used: counted, told, resynced
│   └── MalformedMessage  it is not what its kind should look like
└── UsageError            our user's input: told in one line with file, key and cure; exit code 2
    └── UnknownProtocol   a recording without a book protocol that is known here
"""

from __future__ import annotations


class SteelyardError(Exception):
    """Root of all errors that Steelyard raises on purpose."""


class VenueError(SteelyardError):
    """The venue's fault."""


class MalformedMessage(VenueError):
    """A message that does not look as its kind should. `part` is what of it could be read."""

    def __init__(self, text: str = "", part: bytes = b"") -> None:
        super().__init__(text)
        self.part = part


class UsageError(SteelyardError):
    """The user's input: the text names what is wrong, where, and the cure."""


class UnknownProtocol(UsageError):
    """No book protocol that is known here speaks in a recording."""
