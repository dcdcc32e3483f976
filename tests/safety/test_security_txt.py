from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from webapp.config import SettingsError, load_settings
from webapp.core import clock


def test_security_txt_says_where_to_report_and_until_when(https: Flask, db_session: Session) -> None:
    answer = https.test_client().get("/.well-known/security.txt", base_url="https://disha.example")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == f"mailto:{https.config['SETTINGS'].admin_mail}"
    assert fields["Canonical"] == "https://disha.example/.well-known/security.txt"
    left = dt.datetime.fromisoformat(fields["Expires"]) - clock.now()
    assert dt.timedelta(days=150) < left < dt.timedelta(days=365)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "contact", ["mailto:security@disha.example", "https://disha.example/report", "tel:+91-33-40000000"]
)
def test_the_contact_is_a_setting(contact: str) -> None:
    demo = {"APP_ENV": "demo", "SECRET_KEY": "k" * 32, "ENCRYPTION_KEY": "e" * 32}
    assert load_settings({**demo, "SECURITY_CONTACT": contact}).security_contact_uri == contact


@pytest.mark.parametrize("contact", ["security@disha.example", "http://disha.example", "mailto:a\nExpires: never"])
def test_what_is_no_contact_stops_the_start(contact: str) -> None:
    with pytest.raises(SettingsError, match="SECURITY_CONTACT"):
        load_settings({"APP_ENV": "demo", "SECURITY_CONTACT": contact})
