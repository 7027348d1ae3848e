"""What stands before every HTTP answer: the key, where one is needed, the origin of who writes, and careful headers."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import Access
from .problems import problem

READING = frozenset({"GET", "HEAD", "OPTIONS"})
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """ASGI middleware. Sockets pass: the stream asks for their key itself, as a browser cannot send it in a header."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        app: ASGIApp = self._app
        headers = Headers(scope=scope)
        shown = headers.get("authorization", "")
        if not self._access.path_is_open(scope["path"]) and not self._access.header_is_good(shown):
            said = "this key is not known here" if shown else "a key is needed: Authorization: Bearer …"
            name = "unknown-key" if shown else "key-needed"
            app = problem(401, name, said, instance=scope["path"], headers={"WWW-Authenticate": "Bearer"})
        elif (
            scope["method"] not in READING
        ):  # a browser lets any page write here, and only says which page it was
            if not self._access.origin_is_good(headers.get("origin", ""), headers.get("host", "")):
                said = "pages of this origin may not write; see api.allowed_origins"
                app = problem(403, "foreign-origin", said, instance=scope["path"])
        await app(scope, receive, send_carefully)
