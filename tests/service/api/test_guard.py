"""Keys off loopback, careful headers everywhere."""

from hashlib import sha256

from tests.support.asking import client, shared


def test_keys_are_asked_for_off_loopback() -> None:
    asked = client(host="0.0.0.0", api_keys=[sha256(b"open sesame").hexdigest()])
    for path in ("/api/v1/readings", "/metrics", "/openapi.json"):
        answer = asked.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.json()["type"] == "urn:steelyard:problem:key-needed"
        assert asked.get(path, headers={"Authorization": "Bearer guess"}).status_code == 401
        assert asked.get(path, params={"key": "open sesame"}).status_code == 401
        assert asked.get(path, headers={"Authorization": "Bearer open sesame"}).status_code == 200
    for path in ("/livez", "/readyz", "/", "/page/app.js"):
        assert asked.get(path).status_code == 200


def test_every_answer_keeps_browsers_careful() -> None:
    for path in ("/", "/metrics", "/api/v1/venues", "/api/v1/nothing"):
        headers = shared().get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
