"""The server of the pipeline comparison, over a real socket without TLS."""

import asyncio

import pytest

from benchmarks import pipeline

# Key and answer of RFC 6455, section 1.3.
REQUEST = (
    b"GET /2/public/stream?streams=btcusdt@depth HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.mark.parametrize(("size", "head"), [(125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_frame_heads(size: int, head: int) -> None:
    frame = pipeline.framed(bytes(size))
    assert len(frame) == head + size
    assert frame[0] == 0x81


def masked(opcode: int, payload: bytes) -> bytes:
    """A short message as a client sends it."""
    mask = b"\x01\x02\x03\x04"
    return (
        bytes((0x80 | opcode, 0x80 | len(payload)))
        + mask
        + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    )


async def conversation() -> list[bytes]:
    server = await asyncio.start_server(pipeline.Server([b"one", b"two", b"three"]).connected, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(REQUEST)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
        received = [await reader.readexactly(5), await reader.readexactly(5)]
        for message, size in ((masked(1, b'{"id":7}'), 27), (masked(9, b"hi"), 4), (masked(8, b""), 2)):
            writer.write(message)
            received.append(await reader.readexactly(size))
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    return received


def test_server_sends_as_many_as_the_path_asks_for_and_answers() -> None:
    received = asyncio.run(asyncio.wait_for(conversation(), 10))
    assert received == [
        b"\x81\x03one",
        b"\x81\x03two",
        b'\x81\x19{"result": null, "id": 7}',
        b"\x8a\x02hi",
        b"\x88\x00",
    ]
