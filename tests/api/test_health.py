"""`/api/v1/health`: unwrapped, and 503 where a part is away."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from flask.testing import FlaskClient

from webapp.api import health


@pytest.mark.parametrize(("path", "parts"), [("", {"database", "redis"}), ("/db", {"database"}), ("/redis", {"redis"})])
def test_all_is_there(client: FlaskClient, path: str, parts: set[str]) -> None:
    answer = client.get(f"/api/v1/health{path}")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", **dict.fromkeys(parts, "ok")})
    assert answer.headers["X-Request-ID"]
    assert answer.headers["X-RateLimit-Limit"]


def test_a_part_that_is_away_is_named(client: FlaskClient) -> None:
    with patch.dict(health.PARTS, {"redis": lambda: False}):
        answer = client.get("/api/v1/health")
        assert (answer.status_code, answer.json) == (503, {"status": "degraded", "database": "ok", "redis": "away"})
        assert client.get("/api/v1/health/db").status_code == 200
        assert client.get("/api/v1/health/redis").status_code == 503


def test_a_bad_token_is_no_matter(client: FlaskClient) -> None:
    assert client.get("/api/v1/health", headers={"Authorization": "Bearer nonsense"}).status_code == 200
