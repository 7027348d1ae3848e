"""Instructions a message, counted by valgrind's callgrind: free of noise, comparable between machines.

A candidate is run twice, over some and over more messages; the difference holds the additional messages and
nothing of the start (interpreter, imports, snapshot). Everything under valgrind runs about fifty times
slower.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks import frames
from benchmarks.frames import Stream
from benchmarks.peers import NAMES, available, make

COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")


class CountError(Exception):
    """valgrind or the program under it failed."""


def write(stream: Stream, path: Path) -> None:
    """The stream as a small file: reading the whole capture under valgrind would take minutes."""
    frame_texts = [frame.decode() for frame in stream.frames]
    path.write_text(
        json.dumps({"name": stream.name, "snapshot": stream.snapshot_text, "frames": frame_texts})
    )


def written(path: Path) -> Stream:
    content = json.loads(path.read_text())
    recording = frames.RECORDINGS[content["name"]]
    return Stream(
        content["name"], recording, content["snapshot"], [text.encode() for text in content["frames"]]
    )


def instructions(candidate: str, path: Path, messages: int) -> int:
    """Of a whole process that feeds the first `messages` of the file to one candidate."""
    command = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        sys.executable,
        "-m",
        __spec__.name,
    ]
    command += ["--child", candidate, str(path), str(messages)]
    # Both runs must do the same before the first message: no random hashes, no bytecode written.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    found = COLLECTED.search(ended.stderr)
    if ended.returncode != 0 or found is None:
        raise CountError(f"{candidate} under valgrind ended with {ended.returncode}: {ended.stderr[-500:]}")
    return int(found[1])


def feed(candidate: str, path: Path, messages: int) -> None:
    """What runs under valgrind."""
    stream = written(path)  # in full, so that both runs read the same
    peer = make(candidate)
    peer.prepare(stream)
    for frame in stream.frames[:messages]:
        peer.feed(frame)


def count(candidates: list[str], stream: Stream, first: int, second: int) -> dict[str, int]:
    """Instructions a message of each candidate, over the messages from `first` to `second`."""
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.json"
        write(replace(stream, frames=stream.frames[:second]), path)
        for name in candidates:
            less, more = (instructions(name, path, messages) for messages in (first, second))
            counts[name] = (more - less) // (second - first)
    return counts


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["--child"]:
        _, candidate, path, messages = arguments
        feed(candidate, Path(path), int(messages))
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stream", action="append", choices=list(frames.RECORDINGS), help="default: coinm")
    parser.add_argument("--candidate", action="append", choices=NAMES, help="default: all that are installed")
    parser.add_argument(
        "--first", type=int, default=300, help="messages of the shorter run (default %(default)s)"
    )
    parser.add_argument(
        "--second", type=int, default=900, help="messages of the longer run (default %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args(arguments)
    if shutil.which("valgrind") is None:
        print("callgrind: valgrind is not installed, so no instructions are counted", file=sys.stderr)
        return 2
    here, absent = available(tuple(options.candidate or NAMES))
    candidates = [peer.name for peer in here]
    counts = {}
    try:
        for name in options.stream or ["coinm"]:
            stream = frames.read(name, limit=options.second)
            counts[name] = count(candidates, stream, options.first, options.second)
    except (frames.CapturesMissingError, CountError) as error:
        print(f"callgrind: {error}", file=sys.stderr)
        return 2
    if options.json:
        span = [options.first, options.second]
        print(json.dumps({"messages": span, "absent": absent, "instructions": counts}))
        return 0
    for name, figures in counts.items():
        print(f"{name}: instructions a message, messages {options.first} to {options.second}")
        for candidate, figure in figures.items():
            peer = figures.get("cryptofeed")
            share = f"  1/{peer / figure:.1f} of cryptofeed" if peer else ""
            print(f"  {candidate:12}{figure:12,}{share}")
    for name, reason in absent.items():
        print(f"  {name}: absent, {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
