"""From what is on the wire to the JSON that a layout mirrors: small functions that a venue names in `unpack`."""

from __future__ import annotations

import zlib

from .errors import MalformedMessage

LARGEST = 8 << 20  # bytes; the largest whole book that comes packed is a hundredth of it
_GZIP = 31  # for zlib: a gzip header and trailer, the largest window


def gunzip(frame: bytes) -> bytes:
    """A frame that is one whole gzip member.

    MalformedMessage for anything else, with what could be read of a frame that was cut or that is too large.
    """
    inflating = zlib.decompressobj(_GZIP)
    try:
        text = inflating.decompress(frame, LARGEST)
    except zlib.error as failure:
        raise MalformedMessage(f"no gzip: {failure}") from None
    if not inflating.eof:
        why = "larger than allowed" if inflating.unconsumed_tail else "cut"
        raise MalformedMessage(f"gzip frame {why}", text[:-1])
    if inflating.unused_data:
        raise MalformedMessage("more than one gzip member", text[:-1])
    return text
