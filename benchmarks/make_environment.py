"""Makes the peers' environment: Python 3.13, cryptofeed 3, ccxt 4.5 and this checkout, apart from ours.

cryptofeed 3 needs Python 3.13 and is under the AGPL, its order book under the GPL: it is run beside Steelyard
to compare, and never becomes a part or a dependency of it. Where no Python 3.13 is found this says so and
ends well: the project's own benchmark does not need it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

WANTED = (3, 13)
CHOICE = "STEELYARD_PEERS_PYTHON"
CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / ".venv-peers"
REQUIREMENTS = Path(__file__).with_name("requirements-peers.txt")


def places() -> Iterator[Path]:
    """Where a Python 3.13 may be, the likeliest first."""
    name = f"python{WANTED[0]}.{WANTED[1]}"
    if named := os.environ.get(CHOICE):
        yield Path(named)
        return
    yield Path(sys.executable)
    if on_path := shutil.which(name):
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{WANTED[0]}.{WANTED[1]}*/bin/{name}"), reverse=True)
    if uv := shutil.which("uv"):
        found = subprocess.run(
            [uv, "python", "find", "--no-project", f"{WANTED[0]}.{WANTED[1]}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode == 0:
            yield Path(found.stdout.strip())
    for folder in ("/usr/local/bin", "/opt/homebrew/bin"):
        yield Path(folder, name)


def serves(python: Path) -> bool:
    """Whether it runs, is of that version and can make environments: a version manager's stub may not."""
    script = f"import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != {WANTED})"
    try:
        return (
            subprocess.run([python, "-c", script], capture_output=True, check=False, timeout=30).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def find() -> Path | None:
    return next((python for python in places() if serves(python)), None)


def pip(folder: Path, *arguments: str | Path) -> bool:
    """Runs the environment's own pip; whether it succeeded."""
    command = [
        folder / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        *arguments,
    ]
    return subprocess.run(command, check=False).returncode == 0


def install_checkout(folder: Path) -> bool:
    """Builds from a copy: nothing of another Python's build is left in the checkout or taken from it."""
    if not (CHECKOUT / "pyproject.toml").is_file():
        return False
    # The version stays the same while the sources change: without this pip would keep what it has.
    subprocess.run(
        [folder / "bin" / "python", "-m", "pip", "uninstall", "--quiet", "--yes", "steelyard"], check=False
    )
    left_out = shutil.ignore_patterns(
        ".git", ".venv*", "build", "dist", "*.egg-info", "*.so", "__pycache__", ".*_cache"
    )
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(CHECKOUT, copy, dirs_exist_ok=True, ignore=left_out)
        return pip(folder, copy)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: .venv-peers in the checkout")
    folder = parser.parse_args(arguments).folder
    python = find()
    if python is None:
        print(
            f"No Python {WANTED[0]}.{WANTED[1]} on PATH, with pyenv or with uv; {CHOICE} may name one.\n"
            "cryptofeed 3 needs it, so there is no comparison with the peers here.\n"
            "`uv python install 3.13` or `pyenv install 3.13` brings one."
        )
        return 0
    if not serves(folder / "bin" / "python"):
        print(f"Making {folder} with {python}", flush=True)
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
    print("Installing the peers", flush=True)
    if not pip(folder, "--requirement", REQUIREMENTS):
        print("The peers could not be installed (pip's message stands above)", file=sys.stderr)
        return 1
    print("Installing Steelyard from this checkout", flush=True)
    if not install_checkout(folder):
        print("Steelyard could not be installed there: the comparison will be between the peers alone")
    print(f"Ready: {folder / 'bin' / 'python'} -m benchmarks.compare")
    return 0


if __name__ == "__main__":
    sys.exit(main())
