"""Senders and delivery against local servers that answer as the real services do."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from connectors.errors import UsageError
from service.alerts.delivery import MOST, DeadLetter, Delivery, Lane
from service.alerts.records import Message, Record
from service.alerts.senders import kinds
from service.alerts.senders.sender import Sender
from service.alerts.settings import AlertSettings
from tests.support.alerting import Bench, rule
from tests.support.receivers import Receiver, Reply

SECRET = "s3cret-token"
T = 1_790_000_000_000_000_000


def record(**more: Any) -> Record:
    bench = Bench(rule("severity: warning", description="What it means: <nothing> & more."))
    bench.set(lean=0.9)
    return bench.records[0] | more


def message(happening: str = "fired", **more: Any) -> Message:
    return Message("msg_1", happening, T, record(**more))


def sender(kind: str, url: str, **more: Any) -> Sender:
    """A configured sender; its secrets stand in an environment of the test's own."""
    environ = {"URL": f"{url}/hook/{SECRET}", "SECRET": SECRET}
    given: dict[str, dict[str, Any]] = {
        "webhook": {"url": f"{url}/in", "secret": {"env": "SECRET"}},
        "slack": {"url": {"env": "URL"}},
        "discord": {"url": {"env": "URL"}},
        "telegram": {"token": {"env": "SECRET"}, "chat": -100, "base": url},
        "alertmanager": {"url": url},
        "apprise": {"url": {"env": "URL"}},
    }
    quick = {"kind": kind, "first_retry_seconds": 0.01, "timeout_seconds": 2, "per_minute": 6000}
    settings = AlertSettings.model_validate({"senders": {kind: quick | given[kind] | more}})
    return kinds()[kind](kind, settings.senders[kind], environ)


class Post:
    """A delivery that runs, with its dead letters."""

    def __init__(self, *senders: Sender) -> None:
        self.dead: list[DeadLetter] = []
        self.buried = asyncio.Event()
        self.delivery = Delivery(senders, lambda: T, self._bury)

    def _bury(self, letter: DeadLetter) -> None:
        self.dead.append(letter)
        self.buried.set()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.delivery.run())
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    @property
    def lane(self) -> Lane:
        return next(iter(self.delivery.lanes.values()))


def told(
    kind: str, *replies: Reply, say: Message | None = None, count: int = 1, **more: Any
) -> tuple[Receiver, Post]:
    """Send one message to a local server and wait for its end."""
    receiver = Receiver(*replies)

    async def scenario() -> Post:
        async with receiver.serving(), Post(sender(kind, receiver.url, **more)) as post:
            post.delivery.put(say or message())
            await receiver.until(count)
            await post.delivery.settle(3)
            return post

    return receiver, asyncio.run(scenario())


GOOD = {
    "webhook": Reply(204),
    "slack": Reply(200, "ok"),
    "discord": Reply(204),
    "telegram": Reply(200, '{"ok":true,"result":{"message_id":1}}'),
    "alertmanager": Reply(200),
}
BUSY = {
    "webhook": Reply(429, "slow down", {"Retry-After": "0"}),
    "slack": Reply(429, "rate_limited", {"Retry-After": "0"}),
    "discord": Reply(429, '{"message":"You are being rate limited.","retry_after":0.05,"global":false}'),
    "telegram": Reply(
        429, '{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":0}}'
    ),
    "alertmanager": Reply(503, "not ready"),
}
WRONG = {
    "webhook": Reply(410, "gone"),
    "slack": Reply(404, "no_service"),
    "discord": Reply(401, '{"message":"Invalid Webhook Token","code":50027}'),
    "telegram": Reply(400, '{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}'),
    "alertmanager": Reply(400, "bad labels"),
}


@pytest.mark.parametrize("kind", GOOD)
class TestEachSender:
    def test_it_is_told_again_until_the_service_takes_it(self, kind: str) -> None:
        receiver, post = told(kind, BUSY[kind], Reply(500), GOOD[kind], count=3)
        assert len(receiver.received) == 3
        assert (post.lane.tally.sent, post.lane.tally.retried, post.dead) == (1, 2, [])

    def test_what_will_not_get_better_is_a_dead_letter_at_once(self, kind: str) -> None:
        receiver, post = told(kind, WRONG[kind])
        assert len(receiver.received) == 1
        (letter,) = post.dead
        assert letter.error.startswith(f"http {WRONG[kind].status}: ")
        assert (letter.sender, letter.attempts, letter.message.id) == (kind, 1, "msg_1")

    def test_nothing_that_is_shown_has_its_secret(self, kind: str, caplog: pytest.LogCaptureFixture) -> None:
        _, post = told(kind, Reply(500, "no"), attempts=2, count=2)
        one = post.lane.sender
        shown = [
            post.dead[0].error,
            repr(post.dead),
            repr(one.settings),
            one.settings.model_dump_json(),
            caplog.text,
        ]
        assert not [text for text in shown if SECRET in text]
        assert SECRET not in repr(one.request(message(), T))

    def test_a_service_that_is_not_there(self, kind: str) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        async def scenario() -> Post:
            async with Post(sender(kind, url, attempts=3)) as post:
                post.delivery.put(message())
                async with asyncio.timeout(5):
                    await post.buried.wait()
                return post

        post = asyncio.run(scenario())
        assert (post.dead[0].error, post.dead[0].attempts) == ("not reached (ClientConnectorError)", 3)

    def test_a_test_message_can_be_worded(self, kind: str) -> None:
        assert b"test" in sender(kind, "http://127.0.0.1:1").request(message("test"), T).body


def test_a_service_that_hangs_is_given_up_and_holds_up_nobody_else() -> None:
    slow, quick = Receiver(Reply(hang=30)), Receiver()

    async def scenario() -> Post:
        async with slow.serving(), quick.serving():
            lanes = sender("slack", slow.url, timeout_seconds=0.2, attempts=1), sender("webhook", quick.url)
            async with Post(*lanes) as post:
                post.delivery.put(message())
                await quick.until(1)
                async with asyncio.timeout(5):
                    await post.buried.wait()
                return post

    post = asyncio.run(scenario())
    assert [(letter.sender, letter.error) for letter in post.dead] == [("slack", "no answer in time")]


def test_the_webhook_is_signed_as_standard_webhooks_says() -> None:
    receiver, _ = told("webhook")
    (got,) = receiver.received
    assert got.path == "/in"
    signed = b".".join(
        (got.headers["webhook-id"].encode(), got.headers["webhook-timestamp"].encode(), got.body)
    )
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert (got.headers["webhook-id"], got.headers["webhook-timestamp"]) == ("msg_1", "1790000000")
    assert got.json["event"] == "fired"
    assert got.json["alert"]["labels"]["venue"] == "binance"
    assert got.json["alert"]["value"] == 0.9


def test_a_webhook_secret_may_be_base64() -> None:
    from service.alerts.senders.webhook import key_of

    assert key_of("whsec_" + base64.b64encode(b"key").decode()) == b"key"
    with pytest.raises(UsageError, match="base64"):
        key_of("whsec_!")


def test_slack_gets_text_that_mentions_nobody() -> None:
    (got,) = told("slack", GOOD["slack"], say=message(summary="<!channel> & co"))[0].received
    assert got.json["text"] == "&lt;!channel&gt; &amp; co"
    assert got.json["attachments"][0]["color"] == "#e69f00"


def test_discord_and_telegram_in_their_own_forms() -> None:
    (got,) = told("discord", GOOD["discord"], say=message(summary="@everyone"))[0].received
    assert got.json["allowed_mentions"] == {"parse": []}
    assert got.json["embeds"][0]["title"] == "@everyone"
    (got,) = told("telegram", GOOD["telegram"])[0].received
    assert got.path == f"/bot{SECRET}/sendMessage"
    assert got.json["chat_id"] == "-100"
    assert "parse_mode" not in got.json


def test_alertmanager_is_told_starts_ends_and_what_is_unproven() -> None:
    am = sender("alertmanager", "http://127.0.0.1:1")
    (body,) = json.loads(am.request(message(), T).body)
    assert body["labels"]["alertname"] == "TestLean"
    assert body["labels"]["severity"] == "warning"
    assert body["startsAt"] == body["startsAt"][:-6] + "+00:00"
    assert body["endsAt"] > body["startsAt"]
    unproven = message("unproven", state="unknown", reason="not live: lost (gap)")
    repeated = am.repetition([message(), unproven], T)
    assert repeated is not None
    assert [one["annotations"].get("unproven") for one in json.loads(repeated.body)] == [
        None,
        "not live: lost (gap)",
    ]
    over = message("resolved", resolved_at=T + 5)
    (body,) = json.loads(am.request(over, T).body)
    assert body["endsAt"].startswith("2026-09-21T")
    assert sender("alertmanager", "http://127.0.0.1:1", resolved=False).wants(over)


def test_who_is_told_what() -> None:
    one = sender("slack", "http://127.0.0.1:1", least="warning", alerts="Test*", resolved=False)
    assert one.wants(message())
    assert not one.wants(message(severity="info"))
    assert not one.wants(message(alert="Other"))
    assert not one.wants(message("resolved"))
    assert one.wants(message("test", severity="info"))


def test_a_lane_keeps_its_pace() -> None:
    lane = Lane(sender("slack", "http://127.0.0.1:1", per_minute=60))
    assert [lane.delay(100.0) for _ in range(20)] == [0.0] * 20
    assert lane.delay(100.0) == pytest.approx(1.0)
    assert lane.delay(101.01) == 0.0


def test_too_many_waiting_push_out_the_oldest_and_the_end_keeps_the_rest() -> None:
    async def scenario() -> Post:
        post = Post(sender("slack", "http://127.0.0.1:1"))
        for number in range(MOST + 2):
            post.delivery.put(Message(str(number), "fired", T, record_once))
        async with post:
            pass
        return post

    record_once = record()
    post = asyncio.run(scenario())
    assert [letter.message.id for letter in post.dead[:2]] == ["0", "1"]
    assert len(post.dead) == 2


def test_what_waits_when_the_service_stops_is_a_dead_letter() -> None:
    receiver = Receiver(Reply(hang=30))

    async def scenario() -> Post:
        async with receiver.serving():
            async with Post(sender("slack", receiver.url)) as post:
                post.delivery.put(message())
                await receiver.until(1)
                await post.delivery.settle(0.05)
            return post

    assert [letter.error for letter in asyncio.run(scenario()).dead] == ["the service stopped"]


@pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated:DeprecationWarning"
)  # Apprise asks whether it is there
def test_apprise_is_told_in_a_thread() -> None:
    pytest.importorskip("apprise", reason="the extra apprise is not installed")
    receiver = Receiver(Reply(500), Reply())

    async def scenario() -> Post:
        async with receiver.serving():
            made = AlertSettings.model_validate(
                {"senders": {"any": {"kind": "apprise", "url": {"env": "URL"}, "first_retry_seconds": 0.01}}}
            )
            environ = {"URL": receiver.url.replace("http", "json") + "/hook"}
            async with Post(kinds()["apprise"]("any", made.senders["any"], environ)) as post:
                post.delivery.put(message())
                await receiver.until(2)
                await post.delivery.settle(3)
                return post

    assert asyncio.run(scenario()).lane.tally.sent == 1
    assert receiver.received[-1].json["title"].startswith("BTC-USDT-PERP on binance leans")


WRONG_SENDERS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "slak", "url": {"env": "X"}}, "did you mean slack"),
    ({"kind": "slack", "url": "https://hooks.slack.example/T/B/x"}, "url"),
    ({"kind": "slack", "url": {}}, "env: NAME"),
    ({"kind": "webhook", "url": "ftp://x", "secret": {"env": "X"}}, "url"),
    ({"kind": "telegram", "token": {"env": "X"}}, "chat"),
]


@pytest.mark.parametrize(("given", "word"), WRONG_SENDERS)
def test_settings_that_are_wrong_say_so(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        AlertSettings.model_validate({"senders": {"x": given}})


def test_a_secret_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    def made(secret: dict[str, str]) -> Callable[[], Sender]:
        settings = AlertSettings.model_validate({"senders": {"x": {"kind": "slack", "url": secret}}})
        return lambda: kinds()["slack"]("x", settings.senders["x"], {})

    with pytest.raises(UsageError, match="NOWHERE"):
        made({"env": "NOWHERE"})()
    with pytest.raises(UsageError, match="cannot read"):
        made({"file": str(tmp_path / "none")})()
    file = tmp_path / "url"
    file.write_text("\n")
    with pytest.raises(UsageError, match="empty"):
        made({"file": str(file)})()
    file.write_text("http://127.0.0.1:1/x\n")
    assert made({"file": str(file)})().request(message(), T).url == "http://127.0.0.1:1/x"
