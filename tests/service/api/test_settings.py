"""Where keys are needed, what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.errors import UsageError
from service.api.settings import ApiSettings, is_loopback
from tests.support.asking import client


def test_without_a_key_the_service_does_not_start_off_loopback() -> None:
    with pytest.raises(UsageError, match=r"api.host is 0\.0\.0\.0.*api_keys is empty"):
        client(host="0.0.0.0")
    client(host="0.0.0.0", require_keys=False)
    client(host="::1")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("desk", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    assert ApiSettings(host=host).keys_needed is not loopback


@pytest.mark.parametrize(
    "wrong", [{"port": 70_000}, {"api_keys": ["open sesame"]}, {"prot": 80}, {"stream_clients": 0}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ApiSettings(**wrong)
