"""Keys by their hashes, and web origins."""

from hashlib import sha256

import pytest

from service.api.access import Access

ACCESS = Access(
    [sha256(b"one").hexdigest(), sha256(b"two").hexdigest()], needed=True, origins=["https://Desk.example/"]
)


@pytest.mark.parametrize(
    ("header", "good"),
    [
        ("Bearer one", True),
        ("bearer  two", True),
        ("Bearer three", False),
        ("Basic one", False),
        ("one", False),
        ("", False),
    ],
)
def test_a_key_comes_as_a_bearer(header: str, good: bool) -> None:
    assert ACCESS.header_is_good(header) is good


@pytest.mark.parametrize(
    ("origin", "good"),
    [
        ("", True),
        ("http://localhost:8080", True),
        ("HTTPS://desk.EXAMPLE", True),
        ("https://desk.example.evil", False),
        ("http://localhost:8081", False),
        ("null", False),
    ],
)
def test_our_own_page_and_allowed_ones_may_open_a_socket(origin: str, good: bool) -> None:
    assert ACCESS.origin_is_good(origin, "localhost:8080") is good


def test_pages_and_probes_are_open_and_data_is_not() -> None:
    assert all(ACCESS.path_is_open(path) for path in ("/", "/docs", "/livez", "/readyz", "/page/app.js"))
    assert not any(
        ACCESS.path_is_open(path) for path in ("/metrics", "/openapi.json", "/api/v1/readings", "/pages")
    )
    assert Access([], needed=False).path_is_open("/metrics")
