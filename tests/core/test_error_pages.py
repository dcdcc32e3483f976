from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient


def test_a_stale_page_gets_a_token_that_works(client: FlaskClient) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    refused = client.post("/forgot", data={"email": "ira@example.com"}, headers=headers)
    assert refused.status_code == 400
    assert "Nothing was lost" in refused.text
    again = client.post(
        "/forgot", data={"email": "ira@example.com"}, headers={**headers, "X-CSRFToken": refused.headers["X-CSRFToken"]}
    )
    assert again.status_code < 400


def test_a_plain_stale_form_gets_no_token_in_a_header(client: FlaskClient) -> None:
    refused = client.post("/forgot", data={"email": "ira@example.com"})
    assert refused.status_code == 400
    assert "X-CSRFToken" not in refused.headers


@pytest.mark.parametrize("path", ["/sessions/a%00b", "/live/slots/counsellor_%00", "/unsubscribe/%00", "/%00"])
def test_an_address_with_a_nul_is_nowhere(app: Flask, db_session: object, path: str) -> None:
    assert app.test_client().get(path).status_code == 404
