"""Pages of webhooks: plain forms, bad input, the secret once, outsiders."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.factories import make_user
from tests.pages import Browser
from tests.queries import count_queries
from tests.webhooks.conftest import ALL, BOOKED
from webapp.core.db import db, transaction
from webapp.webhooks.keys import secret_of
from webapp.webhooks.models import AttemptStatus, WebhookDelivery, WebhookEndpoint
from webapp.webhooks.services import create_endpoint, emit

LIST, NEW = "/admin/webhooks", "/admin/webhooks/new"
URL = "https://hooks.example.com/in"


@pytest.fixture
def admin(app: Flask, db_session: Session) -> Browser:
    person = make_user(role="admin", name="Rohan Mehta")
    db.session.commit()  # a refusal rolls back to here
    return Browser(app, person)


@pytest.fixture
def endpoint(admin: Browser) -> WebhookEndpoint:
    with transaction():
        return create_endpoint(actor=make_user(role="admin"), url=URL, events=ALL, description="CRM", now=NOW)[0]


def put(number: int = 1) -> WebhookDelivery:
    with transaction():
        emit(BOOKED, {"sessionId": f"session_{number}"}, dedupe_key=str(number), now=NOW)
    return db.session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id.desc())).all()[0]


def page_of(endpoint: WebhookEndpoint) -> str:
    return f"{LIST}/{endpoint.public_id}"


def shown(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def endpoints() -> list[WebhookEndpoint]:
    return list(db.session.scalars(select(WebhookEndpoint)))


def test_an_empty_list_says_what_to_do(admin: Browser) -> None:
    answer = admin.get(LIST)
    assert answer.status_code == 200
    assert "No webhooks yet" in shown(answer)
    assert shown(answer).count(NEW) == 1


def test_a_webhook_is_added_and_its_secret_shown_once(admin: Browser) -> None:
    answer = admin.submit(NEW, {"url": URL, "events": [BOOKED], "description": "CRM"})
    (made,) = endpoints()
    assert (answer.status_code, answer.location) == (303, page_of(made))
    assert secret_of(made) not in str(answer.headers)
    partial = admin.get(page_of(made), htmx=True)  # the log's own refresh does not use it up
    assert secret_of(made) not in shown(partial)
    page = admin.get(page_of(made))
    assert secret_of(made) in shown(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert secret_of(made) not in shown(admin.get(page_of(made)))
    assert f"whsec_…{secret_of(made)[-4:]}" in shown(admin.get(page_of(made)))
    assert "hooks.example.com" in shown(admin.get(LIST))


def test_nobody_else_sees_the_secret(app: Flask, admin: Browser) -> None:
    admin.submit(NEW, {"url": URL, "events": [BOOKED]})
    (made,) = endpoints()
    other = Browser(app, make_user(role="admin"))
    assert secret_of(made) not in shown(other.get(page_of(made)))
    assert secret_of(made) in shown(admin.get(page_of(made)))


def test_htmx_is_sent_on_to_the_page(admin: Browser) -> None:
    answer = admin.submit(NEW, {"url": URL, "events": [BOOKED]}, htmx=True)
    (made,) = endpoints()
    assert answer.headers["HX-Redirect"] == page_of(made)
    assert secret_of(made) in shown(admin.get(page_of(made)))


def test_without_redis_the_secret_is_shown_at_once(app: Flask, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    token = admin.token(NEW)
    dead = Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr("webapp.core.once.get_redis", lambda: dead)
    answer = admin.client.post(NEW, data={"url": URL, "events": [BOOKED], "csrf_token": token})
    (made,) = endpoints()
    assert answer.status_code == 200
    assert secret_of(made) in shown(answer)


BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Type the address", "Choose at least one event"]),
    ({"url": "hooks.example.com", "events": ALL}, ["must begin with"]),
    ({"url": "javascript:alert(1)", "events": ALL}, ["must begin with"]),
    ({"url": "https://169.254.169.254/latest", "events": ALL}, ["cloud", "public addresses only"]),
    ({"url": "https://10.0.0.1/", "events": ALL}, ["a private address"]),
    ({"url": "https://0.0.0.0/", "events": ALL}, ["this machine"]),
    ({"url": "https://2130706433/", "events": ALL}, ["usual form"]),
    ({"url": "https://a:b@hooks.example.com/", "events": ALL}, ["user name"]),
    ({"url": f"https://hooks.example.com/{'x' * 500}", "events": ALL}, ["500 characters"]),
    ({"url": URL, "events": ["session.booked"]}, ["There is no event"]),
    ({"url": URL, "events": ALL, "description": "x" * 121}, ["120 characters"]),
    ({"url": URL + "\x01", "events": ALL}, ["no spaces"]),
]


@pytest.mark.parametrize(("data", "words"), BAD)
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input_is_told_and_kept(admin: Browser, data: dict[str, Any], words: list[str], htmx: bool) -> None:
    answer = admin.submit(NEW, {"description": "Kept words", **data}, htmx=htmx)
    assert answer.status_code == 422
    for word in words:
        assert word in shown(answer)
    assert ("<html" in shown(answer)) is not htmx
    if "description" not in data:
        assert 'value="Kept words"' in shown(answer)
    if data.get("events") == ALL:
        assert shown(answer).count(" checked") == len(ALL)
    assert endpoints() == []


def test_what_is_typed_is_escaped(admin: Browser) -> None:
    answer = admin.submit(NEW, {"url": '"><script>alert(1)</script>', "events": ['"><b>']})
    assert answer.status_code == 422
    assert "<script>alert" not in shown(answer)
    assert "<b>" not in re.sub(r"<b>(A |Somebody|One|2)", "", shown(answer)).split("<form")[1].split("<legend")[0]


def test_editing(admin: Browser, endpoint: WebhookEndpoint) -> None:
    edit = f"{page_of(endpoint)}/edit"
    assert URL in shown(admin.get(edit))
    answer = admin.submit(edit, {"url": "https://other.example.com/", "events": [BOOKED], "description": ""})
    assert (answer.status_code, answer.location) == (303, page_of(endpoint))
    db.session.refresh(endpoint)
    assert (endpoint.url, endpoint.events, endpoint.description) == ("https://other.example.com/", [BOOKED], "")
    assert admin.submit(edit, {"url": "nonsense", "events": []}).status_code == 422
    db.session.refresh(endpoint)
    assert endpoint.url == "https://other.example.com/"


def test_off_on_and_deleted(admin: Browser, endpoint: WebhookEndpoint) -> None:
    put()
    here = page_of(endpoint)
    assert admin.submit(f"{here}/switch", {"active": "0"}, page=here).status_code == 303
    db.session.expire_all()
    assert not endpoint.is_active
    page = shown(admin.get(here))
    assert "Switched off by an admin." in page
    assert "Switch on" in page
    assert "Send test event" not in page
    assert "every 3s" not in page
    answer = admin.submit(f"{here}/test", page=here)
    assert answer.status_code == 409
    assert "Switch it on first" in shown(answer)
    assert admin.submit(f"{here}/replay-failed", page=here).status_code == 409
    assert admin.submit(f"{here}/switch", {"active": "1"}, page=here).status_code == 303
    db.session.expire_all()
    assert shown(admin.get(here)).count("Send test event") == 1
    answer = admin.submit(f"{here}/delete", page=here)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert endpoints() == []
    assert admin.get(here).status_code == 404


def test_a_new_secret_by_hand(admin: Browser, endpoint: WebhookEndpoint) -> None:
    old, here = secret_of(endpoint), page_of(endpoint)
    assert admin.submit(f"{here}/secret", page=here).status_code == 303
    db.session.refresh(endpoint)
    assert secret_of(endpoint) != old
    assert secret_of(endpoint) in shown(admin.get(here))


def test_a_test_event(admin: Browser, endpoint: WebhookEndpoint) -> None:
    here = page_of(endpoint)
    assert admin.submit(f"{here}/test", page=here).location == here
    page = shown(admin.get(here))
    assert "webhook.test" in page
    assert "every 3s" in page  # it watches until it has gone


def test_the_log_and_its_filters(admin: Browser, endpoint: WebhookEndpoint) -> None:
    for number in range(25):
        put(number)
    with transaction() as session:
        session.execute(
            text(
                "update webhook_deliveries set status = 'failed', error = 'It answered 500.', attempts = 3"
                " where dedupe_key in ('1', '2')"
            )
        )
    here = page_of(endpoint)
    assert "1–20 of 25" in shown(admin.get(here))
    assert "21–25 of 25" in shown(admin.get(here, page="2"))
    failed = shown(admin.get(here, status="failed"))
    assert "1–2 of 2" in failed
    assert failed.count("It answered 500.") == 2
    assert "Send again: 2 given up" in failed
    assert "Nothing matches" in shown(admin.get(here, event="counselling.review.submitted"))
    for query in (
        "status=nonsense",
        "event=x'+or+1=1+--",
        "page=-1",
        "page=99",
        "status=%00",
        "event=%00",
        "event=%ff",
    ):
        assert admin.get(f"{here}?{query}").status_code == 200
    partial = admin.get(here, htmx=True, status="failed")
    assert shown(partial).strip().startswith('<div id="delivery-list"')
    assert admin.submit(f"{here}/replay-failed", page=here).status_code == 303
    assert "2 deliveries go again." in shown(admin.get(here))
    db.session.expire_all()
    assert {row.status for row in db.session.scalars(select(WebhookDelivery))} == {AttemptStatus.PENDING}


def test_one_delivery(admin: Browser, endpoint: WebhookEndpoint) -> None:
    row = put()
    here = f"{page_of(endpoint)}/deliveries/{row.public_id}"
    assert "Not sent yet." in shown(admin.get(here))
    row.status, row.attempts, row.response_status = AttemptStatus.FAILED, 4, 500
    row.request = {"url": URL, "headers": {"X-Disha-Event": BOOKED}, "body": '{"id":"delivery_1"}'}
    row.response_body, row.error = "<script>alert(1)</script>", "It answered 500."
    db.session.commit()
    page = shown(admin.get(here))
    for words in (
        "X-Disha-Event: counselling.session.booked",
        "&#34;id&#34;: &#34;delivery_1&#34;",
        "&lt;script&gt;alert",
        "It answered 500.",
    ):
        assert words in page
    assert admin.submit(f"{here}/replay", page=here).location == here
    db.session.refresh(row)
    assert (row.status, row.attempts) == (AttemptStatus.PENDING, 0)
    row.status = AttemptStatus.SENDING
    db.session.commit()
    token = admin.token(LIST)
    refused = admin.client.post(f"{here}/replay", data={"csrf_token": token})
    assert refused.status_code == 409
    assert "being sent at this moment" in shown(refused)


def test_a_delivery_of_another_endpoint_is_not_found(admin: Browser, endpoint: WebhookEndpoint) -> None:
    row = put()
    other = f"{LIST}/endpoint_00000000000000000000/deliveries/{row.public_id}"
    assert admin.get(other).status_code == 404
    token = admin.token(LIST)
    assert admin.client.post(f"{other}/replay", data={"csrf_token": token}).status_code == 404


POSTS = ["/new", "/{id}/edit", "/{id}/switch", "/{id}/secret", "/{id}/delete", "/{id}/test", "/{id}/replay-failed"]


@pytest.mark.parametrize("path", POSTS)
def test_outsiders_change_nothing(app: Flask, admin: Browser, endpoint: WebhookEndpoint, path: str) -> None:
    address = LIST + path.format(id=endpoint.public_id)
    before = (endpoint.secret, endpoint.is_active, list(endpoint.events))
    for role in ("student", "counsellor"):
        browser = Browser(app, make_user(role=role))
        token = browser.token("/account")
        data = {"csrf_token": token, "active": "0", "url": URL, "events": [BOOKED]}
        assert browser.client.post(address, data=data).status_code == 403
    visitor = Browser(app)
    data = {"csrf_token": visitor.token("/login"), "url": URL, "events": [BOOKED]}
    assert visitor.client.post(address, data=data).status_code in {302, 401}
    db.session.expire_all()
    assert (endpoint.secret, endpoint.is_active, list(endpoint.events)) == before
    assert len(endpoints()) == 1
    assert db.session.scalars(select(WebhookDelivery)).all() == []


@pytest.mark.parametrize("path", POSTS)
def test_without_its_token_nothing_happens(admin: Browser, endpoint: WebhookEndpoint, path: str) -> None:
    address = LIST + path.format(id=endpoint.public_id)
    assert admin.client.post(address, data={"active": "0", "url": URL, "events": [BOOKED]}).status_code == 400
    assert len(endpoints()) == 1


def test_pages_cost_few_statements_whatever_there_is(admin: Browser, endpoint: WebhookEndpoint) -> None:
    costs = []
    for number in (1, 15):
        with transaction():
            for _ in range(number):
                create_endpoint(actor=make_user(role="admin"), url=URL, events=ALL, now=NOW)
        put(number)
        with count_queries() as of_list:
            admin.get(LIST)
        with count_queries() as of_page:
            admin.get(page_of(endpoint))
        costs.append((len(of_list), len(of_page)))
    assert costs[0] == costs[1]
    assert max(costs[0]) <= 7


def test_the_home_of_admins_names_what_failed(admin: Browser, endpoint: WebhookEndpoint) -> None:
    assert "hooks.example.com" not in shown(admin.get("/admin"))
    put()
    with transaction() as session:
        session.execute(text("update webhook_deliveries set status = 'failed'"))
    page = shown(admin.get("/admin"))
    assert "Webhook to hooks.example.com failed" in page
    assert "1 delivery given up" in page
    assert page_of(endpoint) in page
