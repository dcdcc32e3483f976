from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.test_routes import address
from webapp.accounts.tokens import Purpose, Ticket, make_token
from webapp.core import clock
from webapp.core.logs import init_logs, init_request_log
from webapp.core.redaction import GONE, SECRET_ARGUMENTS, redact, redact_named, scrub
from webapp.core.sealing import seal
from webapp.notifications.unsubscribing import make_key

HUSH = "hu5h-Hush_0123456789"
TEXTS = [
    "Authorization: Bearer {0}",
    "{{'Authorization': 'Bearer {0}', 'Accept': '*/*'}}",
    "GET / Cookie: disha={0}; tz=Asia/Kolkata",
    "Set-Cookie: __Host-disha={0}; Secure",
    "/login?next=/student&token={0}&a=b",
    "https://disha.example/x?reset_token={0}",
    "/feed?key={0}",
    "password={0}&email=a@b.example",
    'failed with {{"new_password": "{0}", "name": "Ira"}}',
    "row {{'password_hash': '{0}', 'id': 5}}",
    "PASSWORD: {0}",
    "razorpay_signature={0}",
    "X-Razorpay-Signature: {0}",
    "secret = '{0}'",
    "postgresql+psycopg://disha:{0}@db/disha",
    "redis://:{0}@cache:6379/0",
    "whsec_{0} is no signature",
    "token%3D{0}",
    "csrf_token={0}",
    "client_secret={0}, retrying",
    "api_key: {0}",
]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[object]:
    """Give what was logged, as production writes it."""
    init_logs(json=True)
    yield lambda: capsys.readouterr().err
    init_logs(json=False)


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_in_a_text_is_taken_out(text: str) -> None:
    cleaned = scrub(text.format(HUSH))
    assert HUSH not in cleaned
    assert GONE in cleaned


@settings(max_examples=100, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_", min_size=8, max_size=60), st.sampled_from(TEXTS))
def test_whatever_the_secret_is(secret: str, text: str) -> None:
    cleaned = scrub(text.format(f"q{secret}z"))
    assert f"q{secret}z" not in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "webhook_not_delivered",
        "/admin/webhooks/endpoint_k2Jd93ksLw02mQ?status=failed&page=2",
        "the csrf token is missing",
        'File "/srv/disha/webapp/payments/services/reconciling.py", line 12, in reconcile',
        "2026-12-09T04:00:00Z user_3kd93ksLw02mQ booked session_3kd93ksLw02mQx",
        "No encrypted connection: certificate verify failed.",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize(
    "name", ["password", "new_password", "SMTP_PASSWORD", "secret", "token", "Authorization", "cookie", "signature",
             "X-Razorpay-Signature", "api_key", "csrf_token", "totp", "backup_codes", "encryption_key"],
)  # fmt: skip
def test_a_name_that_speaks_of_a_secret_loses_its_value(name: str) -> None:
    assert redact_named(name, HUSH) == GONE
    nested = redact({"answer": [{name: HUSH, "id": 5}], "why": (f"{name}={HUSH}",), "raw": f"{name}={HUSH}".encode()})
    assert HUSH not in str(nested)
    assert nested["answer"][0]["id"] == 5


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner), st.sets(st.integers())),
        max_leaves=12,
    )
)
def test_any_value_can_be_logged(value: object) -> None:
    json.dumps(redact(value))


def test_events_exceptions_and_libraries_lines_are_clean(lines: object) -> None:
    log = structlog.get_logger("anybody")
    log.info("signed_in", password=HUSH, headers={"Cookie": HUSH}, path=f"/x?token={HUSH}")
    try:
        raise ValueError(f"refused: password={HUSH}")
    except ValueError:
        log.exception("unhandled_error", path="/login")
        logging.getLogger("a.library").exception("it said %s", f"Bearer {HUSH}")
    logging.getLogger("a.library").warning("posting to %s", f"https://user:{HUSH}@host/")
    written = lines()  # type: ignore[operator]
    assert HUSH not in written
    rows = [json.loads(line) for line in written.splitlines()]
    assert [row["level"] for row in rows] == ["info", "error", "error", "warning"]
    assert all("ValueError" in row["exception"] for row in rows[1:3])


def test_no_address_with_a_secret_reaches_a_line(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if SECRET_ARGUMENTS.intersection(rule.arguments)]
    assert {"/reset/<token>", "/verify/<token>", "/welcome/<token>", "/unsubscribe/<key>", "/feed/<key>.ics"} <= {
        rule.rule for rule in rules
    }
    for rule in rules:
        path = address(rule)
        assert "unknown_thing_0000000000" in path
        for text in (path, f"GET {path}?a=b HTTP/1.1", f"/login?next={path.replace('/', '%2F')}", f"see {path}."):
            assert "unknown_thing" not in scrub(text), (rule.rule, text)


def test_no_signed_link_reaches_a_line_even_out_of_its_address(app: Flask) -> None:
    with app.app_context():
        ticket = Ticket("user_a", "b" * 24, clock.now(), onward="/packages/jee-complete?x=1")
        made = [make_token(purpose, ticket) for purpose in Purpose]
        made += [make_key("user_abcdefghijklmnop", "news"), seal("x", purpose="p")]
    for secret in made:
        assert secret not in scrub(f"could not send {secret}")
        assert secret.split(".")[-1] not in scrub(f"opened <{secret}>")


def test_the_request_log_shows_no_secret(app: Flask, db_session: Session, lines: object) -> None:
    loud = Flask("loud")
    loud.add_url_rule("/reset/<token>", "reset", lambda token: token)
    loud.add_url_rule("/plain", "plain", lambda: "")
    init_request_log(loud, every_request=True)
    for path in (f"/reset/{HUSH}", f"/plain?token={HUSH}", f"/plain?next=/reset/{HUSH}", f"/nowhere?password={HUSH}"):
        loud.test_client().get(path, headers={"Authorization": f"Bearer {HUSH}", "Cookie": f"disha={HUSH}"})
    written = lines()  # type: ignore[operator]
    assert HUSH not in written
    rows = [json.loads(line) for line in written.splitlines()]
    assert [row["event"] for row in rows] == ["request"] * 4
    assert rows[0]["path"] == f"/reset/{GONE}"
    assert rows[0]["status"] == 200


def test_signing_in_and_resetting_write_no_secret(app: Flask, db_session: Session, lines: object) -> None:
    user = make_user(role="student")
    db_session.commit()
    client = app.test_client()
    client.post("/login", data={"email": user.email, "password": HUSH})  # without its form token: refused and logged
    client.post(f"/reset/{HUSH}", data={"password": HUSH})
    written = lines()  # type: ignore[operator]
    assert "csrf_refused" in written
    assert HUSH not in written
