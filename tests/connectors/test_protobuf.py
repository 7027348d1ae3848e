"""Protobuf to JSON: the venue's own example, fields that are not named, and what is no message."""

from __future__ import annotations

import json

import pytest

from connectors.errors import MalformedMessage
from connectors.protobuf import Message, Type, translator
from connectors.venues.mexc import WRAPPER
from tests.support.wires_transport import field

TOPIC = "spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT"
# The fact sheet's test vector, decoded there with the venue's own schema.
VECTOR = bytes.fromhex(
    "0a2f73706f74407075626c69632e61676772652e64657074682e76332e6170692e7062403130306d7340425443555344541a074254435553445430"
    "e287809fef33ca135a12150a0836313735392e37331209302e303030313737381a2773706f74407075626c69632e61676772652e64657074682e76"
    "332e6170692e7062403130306d73220b37343839313331333236332a0b3734383931333133323633"
)
unpack = translator("Example", WRAPPER)


def test_the_example_of_the_sheet() -> None:
    assert json.loads(unpack(VECTOR)) == {
        "channel": TOPIC,
        "symbol": "BTCUSDT",
        "sendTime": "1782208005090",
        "publicAggreDepths": {
            "asks": [],
            "bids": [{"price": "61759.73", "quantity": "0.0001778"}],
            "eventType": TOPIC.removesuffix("@BTCUSDT"),
            "fromVersion": "74891313263",
            "toVersion": "74891313263",
        },
    }


def test_fields_that_are_not_named_are_skipped() -> None:
    stranger = field(4, b"id") + field(99, 7) + field(315, field(1, b"61759.73"))
    assert unpack(stranger + VECTOR + stranger) == unpack(VECTOR)


def test_json_passes_as_it_is() -> None:
    assert unpack(b'{"id":0}') == b'{"id":0}'


@pytest.mark.parametrize("length", range(1, len(VECTOR)))
def test_a_cut_frame_is_refused_or_says_nothing_of_a_book(length: int) -> None:
    try:
        said = json.loads(unpack(VECTOR[:length]))
    except MalformedMessage:
        return
    assert "publicAggreDepths" not in said


@pytest.mark.parametrize(
    "frame", [b"\xff" * 8, b"\x0a\x05ab", field(1, b"\xff\xfe"), field(313, b"\x0a\x7f")]
)
def test_what_is_no_message_is_refused(frame: bytes) -> None:
    with pytest.raises(MalformedMessage, match="no Example"):
        unpack(frame)


def test_nothing_at_all_is_an_empty_object() -> None:
    assert unpack(b"") == b"{}"


def test_lists_scalars_and_messages_of_any_depth() -> None:
    inner: Message = {1: ("n", Type.INT32), 2: ("t", Type.TEXT)}
    read = translator("Deep", {1: ("rows", [inner]), 2: ("one", {1: ("big", Type.INT64)})})
    frame = field(1, field(1, 5) + field(2, b"x")) + field(1, field(2, b"y")) + field(2, field(1, 1 << 60))
    assert json.loads(read(frame)) == {"rows": [{"n": 5, "t": "x"}, {"t": "y"}], "one": {"big": str(1 << 60)}}
