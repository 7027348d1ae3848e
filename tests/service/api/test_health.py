"""/livez and /readyz say what the books and the feeds say."""

from service.api import models
from tests.support.asking import client
from tests.support.fake_engine import SECOND, T0, FakeBook, FakeEngine, FakeFeed


def test_readiness_follows_the_books() -> None:
    dead = FakeEngine(FakeBook(state="syncing", reason="no snapshot yet"))
    dead.feeds = [FakeFeed(state="waiting", reason="refused", retry_at=T0 + 3 * SECOND)]
    answer = client(dead).get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    told = models.NotReady.model_validate_json(answer.content)
    assert told.venues[0].reasons == ["waiting: refused", "syncing: no snapshot yet"]
    assert told.venues[0].retry_seconds == 3.0
    dead.move(next(iter(dead.books.values())), "live")
    assert client(dead).get("/readyz").status_code == 200


def test_a_service_that_stops_is_not_ready() -> None:
    asked = client()
    asked.app.state.hub.stopping = True  # type: ignore[attr-defined]
    assert asked.get("/readyz").json()["stopping"] is True
    assert asked.get("/readyz").status_code == 503
    assert asked.get("/livez").status_code == 200
