"""Protobuf frames as the JSON that a layout mirrors; message types are written as data, no generated code is needed.

A message is field number -> (name, type); a type is a scalar, another message, or a list of one of these. Fields that
are not named are skipped. The JSON is that of protobuf's own mapping: 64-bit integers are text; what is unset is left out,
but for lists, which are then empty.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from operator import attrgetter
from typing import Any

import orjson
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from .errors import MalformedMessage

_Field = descriptor_pb2.FieldDescriptorProto


class Type(IntEnum):
    """Scalars, by protobuf's own numbers."""

    INT64 = _Field.TYPE_INT64
    INT32 = _Field.TYPE_INT32
    TEXT = _Field.TYPE_STRING


Message = dict[int, tuple[str, Any]]
Read = Callable[[Any], Any]


def translator(name: str, message: Message) -> Callable[[bytes], bytes]:
    """An `unpack` for frames of this message. JSON objects pass as they are: venues send their acks so."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="steelyard", syntax="proto3")
    _describe(file, name, message)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    parse = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"steelyard.{name}")).FromString
    read = _reader(message)

    def unpack(frame: bytes) -> bytes:
        if frame[:1] == b"{":
            return frame
        try:
            return orjson.dumps(read(parse(frame)))
        except (DecodeError, TypeError) as failure:
            raise MalformedMessage(f"no {name}: {failure}") from None

    return unpack


def _describe(file: Any, name: str, message: Message) -> None:
    """Add a message, and those inside it, to a file of descriptors."""
    made = file.message_type.add(name=name)
    for number, (field, kind) in message.items():
        many = isinstance(kind, list)
        one = kind[0] if many else kind
        label = _Field.LABEL_REPEATED if many else _Field.LABEL_OPTIONAL
        described = made.field.add(name=field, number=number, label=label)
        if isinstance(one, dict):
            inner = f"{name}_{field}"
            described.type = _Field.TYPE_MESSAGE
            described.type_name = f".steelyard.{inner}"
            _describe(file, inner, one)
        else:
            described.type = int(one)


def _reader(message: Message) -> Read:
    """What makes a dict of a parsed message."""
    names = [field for field, _ in message.values()]
    if len(names) > 1 and all(kind is Type.TEXT for _, kind in message.values()):
        values = attrgetter(*names)  # a level: twice as fast, and what is unset is empty
        return lambda parsed: dict(zip(names, values(parsed), strict=True))
    readers: dict[int, tuple[str, Read | None, bool]] = {}
    for number, (field, kind) in message.items():
        one = kind[0] if isinstance(kind, list) else kind
        inner = _reader(one) if isinstance(one, dict) else str if one == Type.INT64 else None
        readers[number] = (field, inner, isinstance(kind, list))

    lists = [field for field, kind in message.values() if isinstance(kind, list)]

    def read(parsed: Any) -> dict[str, Any]:
        found: dict[str, Any] = {field: [] for field in lists}
        for described, value in parsed.ListFields():
            field, inner, many = readers[described.number]
            if inner is None:
                found[field] = value
            else:
                found[field] = [inner(one) for one in value] if many else inner(value)
        return found

    return read
