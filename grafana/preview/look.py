"""Draws every dashboard into PICTURES/*.png with data of a Prometheus that scrapes Steelyard.

`npm install --ignore-scripts --no-package-lock && npx vite build` here first; then
`../../.venv/bin/python look.py http://127.0.0.1:9090 PICTURES [SECONDS] [BOARD] [END]`. Nothing in CI needs it.
"""

from __future__ import annotations

import functools
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
DASHBOARDS = HERE.parent / "dashboards"


class _Files(SimpleHTTPRequestHandler):
    """What vite has built, and the dashboards as they are now."""

    def translate_path(self, path: str) -> str:
        if path.startswith("/dashboards/"):
            return str(DASHBOARDS / Path(path).name)
        return super().translate_path(path)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _say(error: object) -> None:
    sys.stderr.write(f"{error}\n")


def look(prometheus: str, pictures: Path, seconds: str = "180", only: str = "", end: str = "") -> None:
    """Each dashboard as it opens, and with all rows open; of the seconds before `end` (Unix time), else before now."""
    pictures.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(_Files, directory=str(HERE / "dist"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.on("pageerror", _say)
        for file in sorted(DASHBOARDS.glob(f"steelyard-{only}*.json")):
            for name, more in (("", ""), ("-open", "&open=1")):
                query = f"board={file.stem}&prometheus={prometheus}&seconds={seconds}&end={end}{more}"
                page.goto(f"http://127.0.0.1:{server.server_port}/?{query}")
                page.wait_for_timeout(1000)
                page.wait_for_function("window.settled && window.settled()", timeout=120_000)
                page.wait_for_timeout(2000)
                page.screenshot(path=pictures / f"{file.stem}{name}.png", full_page=True)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    look(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
