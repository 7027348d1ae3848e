"""The files of the page, served as they are at / and /page, and /docs as plain as the rest: nothing from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "page"


class Modules(StaticFiles):
    """Files that a browser asks about each time, by their tag: modules of two versions would not fit together."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def add_page(app: FastAPI) -> None:
    """Serve the page, and the list of what the API answers."""

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(FOLDER / "docs.html", headers={"Cache-Control": "no-cache"})

    app.mount("/page", Modules(directory=FOLDER), name="page")
