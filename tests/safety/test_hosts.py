from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.safety.conftest import HOST
from webapp import create_app
from webapp.config import Settings, SettingsError, load_settings
from webapp.core.hosts import HostGuard

STRANGERS = [
    "evil.example", "evil.disha.example", "disha.example.evil.example", "disha.example@evil.example", "disha.example:1",
    "disha.example:443@evil.example", "disha.example, evil.example", "disha.example/evil", "disha.example.", "", " ",
    "localhost", "127.0.0.1", "[::1]", "disha.example:443:443", "disha.example\x00", "DISHA.EXAMPLE.evil", "dishaXe",
]  # fmt: skip


@pytest.mark.parametrize("host", STRANGERS)
def test_production_knows_its_own_names_alone(host: str) -> None:
    assert not HostGuard([HOST], loopback=False).knows(host)


@pytest.mark.parametrize("host", ["disha.example", "DISHA.example", "disha.example:443", "disha.example:80"])
def test_our_name_with_a_usual_port_is_ours(host: str) -> None:
    assert HostGuard([HOST], loopback=False).knows(host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:5", "LocalHost:1", HOST])
def test_this_machine_is_ours_in_demo_and_tests(host: str) -> None:
    assert HostGuard([HOST], loopback=True).knows(host)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_other_text_is_a_stranger(host: str) -> None:
    guard = HostGuard(["disha.example", "desk.disha.example:8443"], loopback=False)
    known = {"disha.example", "disha.example:80", "disha.example:443", "desk.disha.example:8443"}
    assert guard.knows(host) == (host.lower() in known)


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/static/css/app.css", "/api/v1/nothing", "/forgot"])
def test_a_strange_host_is_refused_and_not_repeated(https_app: Flask, path: str) -> None:
    for method in ("GET", "POST", "HEAD"):
        answer = https_app.test_client().open(path, method=method, headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert "evil" not in answer.get_data(as_text=True) + str(answer.headers)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


def test_a_forwarded_host_counts_behind_a_proxy_alone(https_app: Flask, settings: Settings) -> None:
    forged = {"Host": HOST, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    answer = https_app.test_client().get("/login", headers=forged)
    assert answer.status_code == 200
    assert "evil" not in answer.get_data(as_text=True)
    behind = create_app(settings.model_copy(update={"base_url": f"https://{HOST}", "proxies": 1}))
    assert behind.test_client().get("/login", headers=forged).status_code == 400


def test_load_balancers_ask_for_health_by_address(https_app: Flask) -> None:
    answer = https_app.test_client().get("/healthz", headers={"Host": "10.0.0.7:8000"})
    assert answer.status_code == 200
    assert "10.0.0.7" not in answer.get_data(as_text=True)


def test_names_come_from_the_setting_or_the_base_url() -> None:
    demo = {"APP_ENV": "demo", "SECRET_KEY": "k" * 32, "ENCRYPTION_KEY": "e" * 32}
    assert load_settings({**demo, "BASE_URL": "https://Disha.example/"}).hosts == {"disha.example"}
    assert load_settings({**demo, "PORT": "9000"}).hosts == {"127.0.0.1:9000"}
    named = load_settings({**demo, "ALLOWED_HOSTS": "disha.example, Desk.disha.example:8443 ,"})
    assert named.hosts == {"disha.example", "desk.disha.example:8443"}
    for wrong in ("https://disha.example", "*", "disha.example/x", "a b"):
        with pytest.raises(SettingsError, match="ALLOWED_HOSTS"):
            load_settings({**demo, "ALLOWED_HOSTS": wrong})
