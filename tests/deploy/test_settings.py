"""The example of production's settings names what exists, holds no value that matters, and is enough."""

from __future__ import annotations

import secrets

import pytest

from tests.deploy.reading import DEPLOY, settings_of
from webapp.config import ROOT, Settings, SettingsError, load_settings

EXAMPLE = DEPLOY / "production.env.example"
DUMMIES = {
    "BASE_URL": "https://disha-desk.in",
    "DATABASE_URL": "postgresql://disha:pw@db/disha",
    "REDIS_URL": "redis://:pw@cache/0",
    "MAIL_FROM": "Disha <hello@disha-desk.in>",
    "ADMIN_MAIL": "desk@disha-desk.in",
    "SMTP_HOST": "mail.disha-desk.in",
    "RAZORPAY_KEY_ID": "rzp_live_key",
    "RAZORPAY_KEY_SECRET": "one",
    "RAZORPAY_WEBHOOK_SECRET": "two",
}


def _filled() -> dict[str, str]:
    keys = {name: secrets.token_hex(32) for name in ("SECRET_KEY", "ENCRYPTION_KEY")}
    return {**settings_of(EXAMPLE), **DUMMIES, **keys}


def test_every_setting_it_names_exists() -> None:
    assert [name for name in settings_of(EXAMPLE) if name.lower() not in Settings.model_fields] == []


def test_production_starts_with_it_once_it_is_filled_in() -> None:
    settings = load_settings(_filled())
    assert settings.app_env == "production"
    assert settings.proxies == 1


def test_it_has_no_value_for_a_secret_or_an_address() -> None:
    example = settings_of(EXAMPLE)
    for name in (*DUMMIES, "SECRET_KEY", "ENCRYPTION_KEY", "SMTP_PASSWORD", "WHATSAPP_TOKEN"):
        assert example[name] == "" or example[name].rstrip(">").endswith(".invalid"), name
    assert set(settings_of(DEPLOY / "compose.env.example").values()) == {""}


@pytest.mark.parametrize("name", [*DUMMIES, "SECRET_KEY", "ENCRYPTION_KEY"])
def test_each_that_it_calls_required_is_refused_as_it_stands_there(name: str) -> None:
    with pytest.raises(SettingsError):
        load_settings({**_filled(), name: settings_of(EXAMPLE)[name]})


def test_the_readme_knows_each_of_them() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in settings_of(EXAMPLE) if f"`{name}`" not in readme] == []


def test_filled_in_copies_are_not_committed_and_not_in_the_image() -> None:
    assert {".env", "production.env"} <= set((DEPLOY / ".gitignore").read_text().split())
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert not any(line.startswith("!") and "env" in line for line in ignored)
