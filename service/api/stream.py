"""/api/v1/stream: one socket a client. It reads wishes and writes what waits for this client, never a backlog."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from .access import Access
from .channels import Subscription
from .hub import Hub
from .lookup import check_metrics
from .problems import problem
from .readings import identity
from .wishes import (
    Auth,
    ChannelWish,
    Ping,
    RefusedError,
    RequestId,
    Subscribe,
    Unsubscribe,
    opened,
    read,
    request_id,
)

PATH = "/api/v1/stream"
POLICY, FAILED, TRY_LATER = 1008, 1011, 1013  # RFC 6455, 7.4.1, and its registry
_SENT_BEFORE_OTHERS_RUN = 32
Message = dict[str, Any]
_log = structlog.get_logger(__name__)


def stream_router(hub: Hub, access: Access) -> APIRouter:
    """The socket's route."""
    router = APIRouter()

    @router.websocket(PATH)
    async def stream(socket: WebSocket) -> None:
        """Subscribe to readings, books, trades and feeds."""
        headers = socket.headers
        if not access.origin_is_good(headers.get("origin", ""), headers.get("host", "")):
            denied = problem(
                403, "foreign-origin", "pages of this origin may not connect; see api.allowed_origins"
            )
            await socket.send_denial_response(denied)
            return
        authorization = headers.get("authorization", "")
        if authorization and access.needed and not access.header_is_good(authorization):
            await socket.send_denial_response(problem(401, "unknown-key", "this key is not known here"))
            return
        await socket.accept()
        if hub.full or hub.stopping:
            await socket.close(
                TRY_LATER, "no room for another client" if hub.full else "the service is stopping"
            )
            return
        await Client(socket, hub, access, known=bool(authorization) or not access.needed).run()

    return router


class Client:
    """One connected client. `known`: no key is asked for, or its header carried one."""

    def __init__(self, socket: WebSocket, hub: Hub, access: Access, *, known: bool) -> None:
        self._socket = socket
        self._hub = hub
        self._access = access
        self._known = known
        self._subscriptions: dict[int, Subscription] = {}
        self._by_request: dict[RequestId, list[int]] = {}
        self._numbers = 0
        self._news = asyncio.Event()
        self._beat_due = False
        self._last_sent = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Serve until either side closes."""
        self._hub.enter(self)
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        except WebSocketDisconnect:
            pass
        except RuntimeError:
            if self._connected:
                raise
        finally:
            writer.cancel()
            for subscription in self._subscriptions.values():
                self._hub.release(subscription)
            self._hub.leave(self)
            await asyncio.gather(writer, return_exceptions=True)

    def beat(self, now: float, silence: float) -> None:
        if now - self._last_sent >= silence:
            self._beat_due = True
            self._news.set()

    async def close(self, code: int, why: str) -> None:
        await self._socket.close(code, why)

    # -- writing -------------------------------------------------------------------------------------------------

    async def _send(self, message: str) -> None:
        await self._socket.send_text(message)
        self._last_sent = asyncio.get_running_loop().time()
        self._hub.tally.messages += 1

    async def _tell(self, message: Message) -> None:
        await self._send(orjson.dumps(message).decode())

    @property
    def _connected(self) -> bool:
        return self._socket.application_state is self._socket.client_state is WebSocketState.CONNECTED

    async def _write(self) -> None:
        try:
            await self._write_news()
        except Exception as error:  # noqa: BLE001  (a bug must not leave the client waiting in silence)
            if self._connected:
                _log.error("stream failed", exc_info=error)
                await self._socket.close(FAILED, "an error inside the service")

    async def _write_news(self) -> None:
        sent = 0
        while True:
            await self._news.wait()
            self._news.clear()
            for subscription in list(self._subscriptions.values()):
                for message in subscription.take():
                    await self._send(message)
                    sent += 1
                    if sent % _SENT_BEFORE_OTHERS_RUN == 0:
                        await asyncio.sleep(
                            0
                        )  # a socket with room does not wait, and so would not let others run
            if self._beat_due:
                self._beat_due = False
                await self._tell({"type": "heartbeat", "t": self._hub.clock()})

    # -- reading -------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            message = await self._next()
            said: Message = {}
            try:
                said = opened(message, self._hub.settings.stream_message_bytes)
                await self._obey(said)
            except RefusedError as error:
                await self._refuse(request_id(said), error)

    async def _next(self) -> str | bytes:
        """The next message; who has yet to show a key has a few seconds for it."""
        try:
            async with asyncio.timeout(None if self._known else self._hub.settings.auth_seconds):
                event = await self._socket.receive()
        except TimeoutError:
            await self._socket.close(POLICY, "no key was shown in time")
            raise WebSocketDisconnect(POLICY) from None
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text: str | None = event.get("text")
        return event["bytes"] if text is None else text

    async def _refuse(self, request: RequestId, error: RefusedError) -> None:
        await self._tell({"type": "error", "id": request, "code": error.code, "message": str(error)})
        if error.code == "unauthorized":
            await self._socket.close(POLICY, "a key is needed")
            raise WebSocketDisconnect(POLICY)

    async def _obey(self, said: Message) -> None:
        if not self._known and said.get("op") != "auth":
            raise RefusedError(
                "unauthorized", 'a key is needed: send {"op":"auth","key":…} first, or a Bearer header'
            )
        match read(said):
            case Subscribe() as wish:
                await self._subscribe(wish)
            case Unsubscribe() as wish:
                await self._unsubscribe(wish)
            case Ping(id=request):
                await self._tell({"type": "pong", "id": request, "t": self._hub.clock()})
            case Auth(id=request, key=key):
                if self._access.needed and not self._access.key_is_good(key):
                    raise RefusedError("unauthorized", "this key is not known here")
                self._known = True
                await self._tell({"type": "authorized", "id": request})

    async def _subscribe(self, wish: Subscribe) -> None:
        most = self._hub.settings.stream_channels
        if len(self._subscriptions) + len(wish.channels) > most:
            raise RefusedError(
                "too_many_channels", f"a client may have {most} channels, unsubscribe from some first"
            )
        for channel in wish.channels:
            if channel.name == "alerts" and self._hub.alerts is None:
                raise RefusedError("alerts_off", "alerts are switched off here; set alerts.enabled to true")
            if wrong := check_metrics(self._hub.engine, channel.metrics):
                raise RefusedError("unknown_metric", wrong)
        new = [self._place(channel) for channel in wish.channels]
        self._by_request.setdefault(wish.id, []).extend(subscription.number for subscription in new)
        for subscription in new:
            self._subscriptions[subscription.number] = subscription
        rows = [_told(subscription) for subscription in new]
        head = {"type": "subscribed", "id": wish.id, "t": self._hub.clock()}
        await self._tell(head | {"simulated": self._hub.engine.simulated, "channels": rows})
        for subscription in new:
            subscription.channel.join(subscription)

    def _place(self, wish: ChannelWish) -> Subscription:
        spec = wish.spec(self._hub.settings.stream_floor_milliseconds)
        self._numbers += 1
        return self._hub.channel(spec).subscription(self._numbers, self._news.set)

    async def _unsubscribe(self, wish: Unsubscribe) -> None:
        numbers = self._meant(wish)
        for number in numbers:
            self._hub.release(self._subscriptions.pop(number))
        self._by_request = {
            request: left
            for request, held in self._by_request.items()
            if (left := [number for number in held if number in self._subscriptions])
        }
        await self._tell({"type": "unsubscribed", "id": wish.id, "channels": numbers})

    def _meant(self, wish: Unsubscribe) -> list[int]:
        """The ids of the channels to leave."""
        if wish.channels is None:
            if not (held := self._by_request.get(wish.id)):
                raise RefusedError(
                    "unknown_channel", "no channels, and no subscription was made with this id"
                )
            return list(held)
        numbers: dict[int, None] = {}
        for one in wish.channels:
            found = [one] if isinstance(one, int) else self._alike(one)
            if not found or found[0] not in self._subscriptions:
                raise RefusedError(
                    "unknown_channel", f"not subscribed to {one if isinstance(one, int) else one.name}"
                )
            numbers |= dict.fromkeys(found)
        return list(numbers)

    def _alike(self, wish: ChannelWish) -> list[int]:
        spec = wish.spec(self._hub.settings.stream_floor_milliseconds)
        return [number for number, one in self._subscriptions.items() if one.channel.spec == spec]


def _told(subscription: Subscription) -> Message:
    topics = subscription.channel.topics
    books = [identity(topic) for topic in topics if topic is not None and not isinstance(topic, str)]
    brief = [{key: row[key] for key in ("venue", "market", "symbol", "state", "reason")} for row in books]
    return {"channel": subscription.number} | subscription.channel.spec.told() | {"books": brief}
