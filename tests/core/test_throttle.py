"""The limits of product.md: which there are, who they count, what an answer says of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from flask.views import MethodView
from werkzeug.test import TestResponse

from tests.conftest import login
from tests.factories import make_login, make_user
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db
from webapp.core.errors import RateLimited
from webapp.core.throttle import LIMITS, enforce_limits, limit_of, limited, wait_words

START = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)  # a window of every length begins here
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
MARKED = {
    "accounts.sign_in": "login",
    "accounts.sign_up": "signup",
    "accounts.send_verification": "mail",
    "accounts.request_reset": "forgot",
    "accounts.set_password": "reset",
    "accounts.accept_invitation": "reset",
    "accounts.ask_mail_change": "mail",
    "staff.send_application": "signup",
    "accounts.change_password": "password",
    "bookings.book": "booking",
    "bookings.cancel_now": "cancel",
    "payments.place": "payments",
    "payments.pay": "payments",
    "payments.verify": "payments",
    "payments.ask_refund": "payments",
    "admin_payments.refund_now": "payments",
    "payment_webhook.razorpay": "gateway",
    "payment_webhook.razorpay_api": "gateway",
}


@pytest.fixture(autouse=True)
def _one_window(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock stands still; forms need no token, since what is tried here comes before."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    with clock.frozen(START):
        yield
    app.extensions.pop("local_limits", None)


def ask(client: FlaskClient, url: str, *, address: str = HERE, **typed: str) -> TestResponse:
    return client.post(url, data=typed, environ_base={"REMOTE_ADDR": address})


def guess(client: FlaskClient, email: str = "ananya@example.com", *, address: str = HERE, times: int = 1) -> list[int]:
    """Try a wrong password so many times; return the answers."""
    typed = {"email": email, "password": "Wrong-pass-1"}
    return [ask(client, "/login", address=address, **typed).status_code for _ in range(times)]


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses cost no hash here: there are hundreds of them."""
    monkeypatch.setattr("webapp.accounts.services.password_fits", lambda *_: False)


@pytest.mark.parametrize(
    ("name", "count", "seconds"),
    [
        ("login", 50, 60),
        ("forgot", 5, 900),
        ("reset", 10, 900),
        ("booking", 10, 60),
        ("cancel", 20, 3600),
        ("payments", 10, 60),
        ("slots", 50, 10),
        ("public", 100, 60),
        ("signed_in", 1000, 60),
    ],
)
def test_the_numbers_of_the_product(name: str, count: int, seconds: int) -> None:
    assert (LIMITS[name].count, LIMITS[name].seconds) == (count, seconds)


def test_every_act_with_a_limit_has_it(app: Flask) -> None:
    found = {endpoint: mark.name for endpoint in MARKED if (mark := limit_of(app.view_functions[endpoint], "POST"))}
    assert found == MARKED


def test_a_limit_must_be_known() -> None:
    with pytest.raises(ValueError, match="sometimes"):
        limited("sometimes")


def test_methods_of_a_class_have_their_own() -> None:
    class Door(MethodView):
        @limited("booking")
        def post(self) -> str:
            return ""

        def get(self) -> str:
            return ""

    view = Door.as_view("door")
    assert (mark := limit_of(view, "POST"))
    assert mark.name == "booking"
    assert limit_of(view, "GET") is None
    assert limit_of(view, "HEAD") is None


@pytest.mark.usefixtures("cheap")
class TestSigningIn:
    def test_fifty_in_a_minute_from_one_address(self, client: FlaskClient) -> None:
        assert Counter(guess(client, times=52)) == {422: 50, 429: 2}
        assert guess(client, "somebody@else.example") == [429]
        assert guess(client, "somebody@else.example", address=ELSEWHERE) == [422]

    def test_the_form_can_still_be_seen(self, client: FlaskClient) -> None:
        guess(client, times=51)
        assert client.get("/login", environ_base={"REMOTE_ADDR": HERE}).status_code == 200

    def test_who_goes_on_stays_out_and_who_waits_as_told_gets_in(self, client: FlaskClient) -> None:
        guess(client, times=50)
        for seconds in (20, 40, 61, 80, 119):
            with clock.frozen(START + dt.timedelta(seconds=seconds)):
                assert guess(client, times=60)[-1] == 429
                refused = ask(client, "/login", email="somebody@else.example")
                wait = int(refused.headers["Retry-After"])
                assert 0 < wait <= 62
        with clock.frozen(START + dt.timedelta(seconds=119 + wait)):
            assert guess(client, "somebody@else.example") == [422]

    def test_one_address_never_fills_the_account(self, client: FlaskClient) -> None:
        for minute in range(0, 14, 2):
            with clock.frozen(START + dt.timedelta(minutes=minute)):
                guess(client, times=50)
        with clock.frozen(START + dt.timedelta(minutes=14)):
            assert guess(client) == [429]
            assert guess(client, address=ELSEWHERE) == [422]

    def test_many_addresses_are_slow_together(self, client: FlaskClient) -> None:
        found = [guess(client, address=f"203.0.113.{number}", times=45)[-1] for number in range(5)]
        assert found == [422, 422, 422, 422, 429]
        assert guess(client, " ANANYA@example.com ", address=ELSEWHERE) == [429]  # one account, however it is typed
        assert guess(client, "ira@example.com", address=ELSEWHERE) == [422]
        with clock.frozen(START + dt.timedelta(minutes=25)):  # what was refused did not count
            assert guess(client, address=ELSEWHERE, times=45) == [422] * 45

    def test_the_owner_at_home_gets_in_meanwhile(self, client: FlaskClient) -> None:
        user = make_user(email="Ananya@example.com")
        make_login(user, address=HERE, created_at=START - dt.timedelta(days=20))
        make_login(user, address="198.51.100.1", created_at=START - dt.timedelta(days=31))
        db.session.commit()
        for number in range(5):
            guess(client, address=f"192.0.2.{number}", times=40)
        assert guess(client, address=HERE) == [422]
        assert guess(client, address="198.51.100.1") == [429]  # too long ago
        assert guess(client, address=ELSEWHERE) == [429]

    def test_a_body_of_json_is_read_as_well(self, app: Flask, db_session: object) -> None:
        for number in range(5):
            with app.test_request_context(
                "/login",
                method="POST",
                json={"email": "Ira@example.com"},
                environ_base={"REMOTE_ADDR": f"192.0.2.{number}"},
            ):
                for _ in range(50):
                    g.pop("limits_counted", None)
                    if number < 4:
                        enforce_limits()
                    else:
                        with pytest.raises(RateLimited):
                            enforce_limits()

    @pytest.mark.parametrize(
        "body", ["", "[]", "{", "[" * 200_000, '{"email": 7}', '{"email": ["a"]}', '"a@b.example"']
    )
    def test_a_strange_body_counts_for_its_address(self, app: Flask, db_session: object, body: str) -> None:
        with app.test_request_context("/login", method="POST", data=body, content_type="application/json"):
            enforce_limits()
            assert g.rate_verdict.remaining == 49


class TestForgetting:
    @pytest.mark.parametrize("email", ["ananya@example.com", "nobody@example.com"])
    def test_five_in_a_quarter_of_an_hour_known_or_not(self, client: FlaskClient, email: str) -> None:
        make_user(email="ananya@example.com")
        answers = [ask(client, "/forgot", email=email) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [303] * 5 + [429]
        assert int(answers[-1].headers["Retry-After"]) <= 900 + 180
        assert ask(client, "/forgot", address=ELSEWHERE, email=email).status_code == 303

    def test_the_mailbox_of_one_person_is_not_flooded(self, client: FlaskClient) -> None:
        answers = [
            ask(client, "/forgot", address=f"203.0.113.{number // 4}", email="ananya@example.com").status_code
            for number in range(16)
        ]
        assert Counter(answers) == {303: 10, 429: 6}


class TestWhoIsCounted:
    def test_failed_tries_count(self, app: Flask, db_session: object) -> None:
        client = app.test_client()
        login(client, make_user())
        answers = [ask(client, "/sessions/session_nothing/cancel", reason="x").status_code for _ in range(21)]
        assert Counter(answers) == {404: 20, 429: 1}

    def test_a_person_is_one_wherever_they_are_and_two_are_two(self, app: Flask, db_session: object) -> None:
        one, two = app.test_client(), app.test_client()
        login(one, make_user())
        login(two, make_user())
        for number in range(20):
            ask(one, "/sessions/session_nothing/cancel", address=f"203.0.113.{number}")
        assert ask(one, "/sessions/session_nothing/cancel", address=ELSEWHERE).status_code == 429
        assert ask(two, "/sessions/session_nothing/cancel", address=ELSEWHERE).status_code == 404

    def test_choosing_another_time_is_no_booking(self, app: Flask, db_session: object) -> None:
        for typed, left in (({"choose": "2026-12-12T05:00:00Z"}, None), ({"at": "2026-12-12T05:00:00Z"}, 9)):
            with app.test_request_context("/book/counsellor_x", method="POST", data=typed):
                g.pop("limits_counted", None)
                enforce_limits()
                assert (g.rate_verdict.remaining if "rate_verdict" in g else None) == left

    def test_a_request_counts_once(self, app: Flask, db_session: object) -> None:
        with app.test_request_context("/book/counsellor_x", method="POST"):
            enforce_limits()
            enforce_limits()
            assert g.rate_verdict.remaining == 9

    def test_pages_have_no_general_limit(self, client: FlaskClient) -> None:
        assert {client.get("/login").status_code for _ in range(101)} == {200}


class TestAnswers:
    def test_a_page_that_says_how_long(self, client: FlaskClient) -> None:
        for _ in range(5):
            ask(client, "/forgot", email="ananya@example.com")
        refused = ask(client, "/forgot", email="ananya@example.com")
        assert refused.status_code == 429
        assert "<h1" in refused.text
        assert f"Try again in {wait_words(int(refused.headers['Retry-After']))}." in refused.text

    def test_a_part_for_htmx_that_leaves_what_was_typed(self, client: FlaskClient) -> None:
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        for _ in range(6):
            refused = client.post("/forgot", data={"email": "ananya@example.com"}, headers=headers)
        assert refused.status_code == 429
        assert "data-error-notice" in refused.text
        assert "<html" not in refused.text
        assert int(refused.headers["Retry-After"]) > 0
        assert "HX-Request" in refused.headers["Vary"]

    def test_json_under_api_with_the_limit_on_every_answer(self, client: FlaskClient) -> None:
        first = client.get("/api/v1/nothing-here")
        assert first.status_code == 404
        told = {name: int(first.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")}
        assert told == {"Limit": 100, "Remaining": 99, "Reset": 60}
        for _ in range(99):
            last = client.get("/api/v1/nothing-here")
        assert last.headers["X-RateLimit-Remaining"] == "0"
        refused = client.get("/api/v1/nothing-here")
        assert refused.status_code == 429
        assert refused.get_json() == {
            "success": False,
            "error": {"code": "RATE_LIMITED", "message": refused.get_json()["error"]["message"]},
        }
        assert refused.headers["X-RateLimit-Limit"] == "100"
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert 0 < int(refused.headers["Retry-After"]) <= int(refused.headers["X-RateLimit-Reset"]) <= 61
        assert "Content-Security-Policy" in refused.headers

    def test_the_gateway_is_not_held_by_the_limit_of_payments(self, client: FlaskClient) -> None:
        for _ in range(101):
            answer = client.post("/api/v1/payments/webhook", data=b"{}", content_type="application/json")
        assert answer.status_code == 400  # not signed
        assert int(answer.headers["X-RateLimit-Limit"]) == 6000

    def test_pages_say_nothing_of_it(self, client: FlaskClient) -> None:
        assert "RateLimit" not in str(client.get("/login").headers)


def test_the_factor_raises_every_limit(
    app: Flask, settings: Settings, db_session: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"rate_limit_factor": 2.5}))
    with app.test_request_context("/api/v1/payments/webhook", method="POST"):
        enforce_limits()
        assert g.rate_verdict.limit == 15_000


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (20, "20 seconds"), (119, "119 seconds"), (120, "2 minutes"), (781, "14 minutes")],
)
def test_a_wait_in_words(seconds: int, words: str) -> None:
    assert wait_words(seconds) == words
