"""Everything production refuses to start with, each by one clear line that names the setting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.test_config import COMPLETE
from webapp.config import ROOT, SettingsError, load_settings

RANDOM = "0f3c5b7a9d1e2f4a6b8c0d2e4f6a8b0c1d3e5f7a9b1c3d5e7f9a1b3c5d7e9f0a"
REFUSED = [
    ({"SECRET_KEY": ""}, "SECRET_KEY must be set to at least 32 random characters in production"),
    ({"SECRET_KEY": RANDOM[:31]}, "SECRET_KEY must be set to at least 32 random characters in production"),
    ({"SECRET_KEY": "k" * 64}, "SECRET_KEY looks like a placeholder: make it random, with: openssl rand -hex 32"),
    ({"SECRET_KEY": f"change-me-{RANDOM}"}, "SECRET_KEY looks like a placeholder"),
    ({"SECRET_KEY": "a-secret-for-tests-only-of-enough-length"}, "SECRET_KEY looks like a placeholder"),
    ({"SECRET_KEY": "only-for-measuring-0123456789-0123456789"}, "SECRET_KEY looks like a placeholder"),
    ({"SECRET_KEY_FALLBACKS": f"{RANDOM},short"}, "SECRET_KEY_FALLBACKS must hold only keys of at least 32 random"),
    ({"ENCRYPTION_KEY": ""}, "ENCRYPTION_KEY must be set to at least 32 random characters in production"),
    ({"ENCRYPTION_KEY": RANDOM[:31]}, "ENCRYPTION_KEY must be set to at least 32 random characters in production"),
    ({"ENCRYPTION_KEY": "e" * 64}, "ENCRYPTION_KEY looks like a placeholder"),
    ({"ENCRYPTION_KEY": COMPLETE["SECRET_KEY"]}, "ENCRYPTION_KEY must not be a SECRET_KEY: each has its own work"),
    ({"ENCRYPTION_KEY": RANDOM, "SECRET_KEY_FALLBACKS": RANDOM}, "ENCRYPTION_KEY must not be a SECRET_KEY"),
    ({"ENCRYPTION_KEY_FALLBACKS": "short"}, "ENCRYPTION_KEY_FALLBACKS must hold only keys of at least 32 random"),
    ({"DATABASE_URL": ""}, "DATABASE_URL and REDIS_URL must be set in production"),
    ({"REDIS_URL": ""}, "DATABASE_URL and REDIS_URL must be set in production"),
    ({"SMTP_HOST": ""}, "SMTP_HOST must be set in production"),
    ({"SMTP_TLS": "none", "SMTP_PASSWORD": "p"}, "SMTP_TLS must not be none where SMTP_PASSWORD is set"),
    ({"WHATSAPP_TOKEN": "t"}, "WHATSAPP_TOKEN and WHATSAPP_PHONE_NUMBER_ID must be set together, or neither"),
    ({"BASE_URL": ""}, "BASE_URL must be set to an https:// address in production"),
    ({"BASE_URL": "http://disha.example"}, "BASE_URL must be set to an https:// address in production"),
    ({"ADMIN_MAIL": "admin@demo.test"}, "ADMIN_MAIL must be set to a real address in production"),
    ({"ADMIN_MAIL": ""}, "ADMIN_MAIL must be set to a real address in production"),
    ({"MAIL_FROM": "Disha"}, "MAIL_FROM must be set to a real address in production"),
    ({"MAIL_FROM": "Disha <hello@disha.example>"}, "MAIL_FROM must be set to a real address in production"),
    ({"PAYMENT_GATEWAY": "sandbox"}, "PAYMENT_GATEWAY must be razorpay in production"),
    *(
        ({name: ""}, "RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRET must be set in production")
        for name in ("RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET")
    ),
    *(
        ({name: "http://inside"}, f"{name} must be an https:// address in production")
        for name in ("JITSI_BASE", "RAZORPAY_BASE_URL", "WHATSAPP_BASE_URL")
    ),
    ({"RATE_LIMIT_FACTOR": "101"}, "RATE_LIMIT_FACTOR must be at most 100 in production"),
    ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS: must be names such as disha.example"),
]


def _label(case: tuple[dict[str, str], str]) -> str:
    return ",".join(f"{name}={value[:12]}" for name, value in case[0].items())


@pytest.mark.parametrize("case", REFUSED, ids=_label)
def test_production_refuses_it_with_one_clear_line(case: tuple[dict[str, str], str]) -> None:
    changed, said = case
    with pytest.raises(SettingsError) as caught:
        load_settings({**COMPLETE, **changed})
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    for name, value in {**COMPLETE, **changed}.items():
        if len(value) > 8 and ("KEY" in name or "SECRET" in name or "PASSWORD" in name):
            assert value not in str(caught.value), name


def test_the_same_settings_start_when_nothing_is_wrong() -> None:
    load_settings(COMPLETE)
    load_settings({**COMPLETE, "SECRET_KEY_FALLBACKS": RANDOM, "ENCRYPTION_KEY_FALLBACKS": RANDOM[::-1]})


def test_nothing_of_the_demo_is_there_in_production() -> None:
    settings = load_settings(COMPLETE)
    assert not settings.demo
    assert not settings.captures_mail
    assert settings.payment_gateway == "razorpay"
    assert settings.https
    assert settings.hosts == {"disha.example"}


def test_the_start_itself_shows_the_line_and_nothing_else(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "APP_ENV": "production", "SECRET_KEY": "hunter2"}
    for code, command in ((2, ["webapp"]), (1, ["flask", "--app", "wsgi", "worker"])):
        words = [sys.executable, "-m", *command]
        done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == code
        assert done.stderr == "disha: SECRET_KEY must be set to at least 32 random characters in production\n"
