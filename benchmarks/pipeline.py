"""CPU time a message of the whole pipeline: TLS, WebSocket, parsing, book, values, over loopback in bursts.

A server process on another core sends prepared frames as fast as the client reads. The client runs the
candidate's own connection on uvloop. Its CPU time (all threads, from connect to close) is taken for a small
and a large number of messages; the difference leaves out handshake, snapshot and start. Everything stays on
127.0.0.1.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import re
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from benchmarks import frames, readings
from benchmarks.peers import NAMES, Connecting, available, make

CHUNK = 64 * 1024  # bytes a write: many messages, so that the reader always finds more than it can take
TIMEOUT_SECONDS = 60
COUNTS = {"usdm": (500, 6_500), "coinm": (2_000, 22_000)}
KEY_OF_HANDSHAKE = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 4.2.2


class PipelineError(Exception):
    """The server, the certificate or a client failed."""


def framed(payload: bytes, opcode: int = 1) -> bytes:
    """A WebSocket message as a server sends it: final, without mask or compression."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, size))
    elif size < 1 << 16:
        head = bytes((0x80 | opcode, 126)) + size.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 127)) + size.to_bytes(8)
    return head + payload


class Server:
    """Serves wss://127.0.0.1:PORT/COUNT…: the first COUNT frames, whatever the rest of the path says."""

    def __init__(self, messages: list[bytes]) -> None:
        self.wire = [framed(message) for message in messages]

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering: asyncio.Task[None] | None = None
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            count = re.match(r"GET /(\d+)", request)
            key = re.search(r"(?im)^sec-websocket-key: *(\S+)", request)
            if count is None or key is None:
                raise PipelineError(f"not a request of a candidate: {request[:200]!r}")
            digest = hashlib.sha1((key[1] + KEY_OF_HANDSHAKE).encode(), usedforsecurity=False).digest()
            accept = base64.b64encode(digest).decode()
            writer.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
            )
            answering = asyncio.create_task(self.answer(reader, writer))
            for piece in self.pieces(int(count[1])):
                writer.write(piece)
                await writer.drain()
            await answering
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client has what it wanted and went away
        finally:
            if answering is not None:
                answering.cancel()
            writer.close()

    def pieces(self, count: int) -> list[bytes]:
        """The first frames, joined to about CHUNK bytes: an answer never falls into the middle of a frame."""
        pieces: list[bytes] = []
        held: list[bytes] = []
        size = 0
        for frame in self.wire[:count]:
            held.append(frame)
            size += len(frame)
            if size >= CHUNK:
                pieces.append(b"".join(held))
                held, size = [], 0
        return [*pieces, b"".join(held)]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Reads the client's (masked) messages until it closes; acknowledges requests, answers pings."""
        while True:
            opcode, size = await reader.readexactly(2)
            size &= 0x7F
            if size == 126:
                size = int.from_bytes(await reader.readexactly(2))
            elif size == 127:
                size = int.from_bytes(await reader.readexactly(8))
            mask = await reader.readexactly(4)
            masked = await reader.readexactly(size)
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))
            match opcode & 0x0F:
                case 1:
                    request = json.loads(payload)
                    writer.write(framed(json.dumps({"result": None, "id": request.get("id")}).encode()))
                case 8:
                    writer.write(framed(payload, 8))
                    return
                case 9:
                    writer.write(framed(payload, 10))


async def serve(name: str, folder: Path) -> None:
    """The server process: prints its port, runs until it is ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    stream = frames.read(name, limit=max(COUNTS[name]))
    server = await asyncio.start_server(Server(stream.frames).connected, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def certificate(folder: Path) -> None:
    """A self-signed certificate for 127.0.0.1, valid for a day, in the temporary folder of this run."""
    if shutil.which("openssl") is None:
        raise PipelineError("the openssl command is not installed, and the server needs a certificate")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise PipelineError(f"openssl: {ended.stderr.strip()}")


def client(candidate: str, name: str, port: int, folder: Path) -> dict[str, Any]:
    """The client process: its CPU time a message, and whether the values are right."""
    uvloop = import_module("uvloop")
    context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    small, large = COUNTS[name]
    stream = frames.read(name, limit=large)
    peer = cast("Connecting", make(candidate))

    def spent(count: int) -> float:
        began = time.process_time()
        uvloop.run(
            asyncio.wait_for(
                peer.run(f"wss://127.0.0.1:{port}/{count}", context, stream, count), TIMEOUT_SECONDS
            )
        )
        return time.process_time() - began

    spent(small)  # imports, first use of TLS, warm caches
    seconds = {"small": spent(small), "large": spent(large)}
    wrong = readings.differences(peer.latest(), readings.expected(stream, large))
    return {"microseconds": (seconds["large"] - seconds["small"]) / (large - small) * 1e6, "wrong": wrong}


def child(role: str, core: int | None, *arguments: str) -> subprocess.Popen[str]:
    """This module in a process of its own, on one core."""
    command = [sys.executable, "-m", __spec__.name, f"--{role}", *arguments]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if core is not None:
        os.sched_setaffinity(started.pid, {core})
    return started


def cores() -> tuple[int | None, int | None]:
    """One for the client and another for the server, where the system lets one choose and has two."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return usable[-1], usable[0]


def measure(name: str, candidates: list[str], rounds: int) -> dict[str, list[float]]:
    """Microseconds of CPU a message of each candidate in each round; the candidates take turns."""
    samples: dict[str, list[float]] = {candidate: [] for candidate in candidates}
    client_core, server_core = cores()
    frames.captures_folder()  # before any process is started that would stumble over it
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        certificate(folder)
        server = child("serve", server_core, name, text)
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            if not port:
                raise PipelineError(f"the server did not start: {server.communicate()[1][-500:]}")
            for _ in range(rounds):
                for candidate in candidates:
                    started = child("client", client_core, candidate, name, port, text)
                    out, errors = started.communicate(timeout=4 * TIMEOUT_SECONDS)
                    if started.returncode != 0:
                        raise PipelineError(f"{candidate}: {errors.strip()[-500:]}")
                    answer = json.loads(out)
                    if answer["wrong"]:
                        raise PipelineError(f"{candidate}: wrong values: {'; '.join(answer['wrong'])}")
                    samples[candidate].append(answer["microseconds"])
        finally:
            server.kill()
            server.wait()
    return samples


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    match arguments:
        case ["--serve", name, folder]:
            asyncio.run(serve(name, Path(folder)))
            return 0
        case ["--client", candidate, name, port, folder]:
            print(json.dumps(client(candidate, name, int(port), Path(folder))))
            return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stream", action="append", choices=list(COUNTS), help="default: both")
    parser.add_argument("--candidate", action="append", choices=NAMES, help="default: all with a connection")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args(arguments)
    here, absent = available(tuple(options.candidate or NAMES))
    candidates = [peer.name for peer in here if hasattr(peer, "run")]
    absent |= {peer.name: "compared in process only" for peer in here if not hasattr(peer, "run")}
    results = {}
    try:
        for name in options.stream or COUNTS:
            results[name] = measure(name, candidates, options.rounds)
    except (frames.CapturesMissingError, PipelineError, subprocess.TimeoutExpired) as error:
        print(f"pipeline: {error}", file=sys.stderr)
        return 2
    medians = {
        name: {candidate: statistics.median(values) for candidate, values in samples.items()}
        for name, samples in results.items()
    }
    if options.json:
        print(json.dumps({"absent": absent, "microseconds": medians, "samples": results}))
        return 0
    for name, figures in medians.items():
        small, large = COUNTS[name]
        print(f"{name} over TLS in bursts: µs of CPU a message, {options.rounds} rounds of {large - small}")
        for candidate, median in figures.items():
            peer = figures.get("cryptofeed")
            ratio = f"{peer / median:8.1f} x cryptofeed" if peer else ""
            values = results[name][candidate]
            print(f"  {candidate:12}{median:8.2f}  ({min(values):.2f} to {max(values):.2f}){ratio}")
    for name, reason in absent.items():
        print(f"  {name}: absent, {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
