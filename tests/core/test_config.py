from __future__ import annotations

from pathlib import Path

import pytest

from webapp.config import SettingsError, load_settings

COMPLETE = {
    "APP_ENV": "production",
    "SECRET_KEY": "Kq3v9zT1m8wXy2Lr6Bn4Hd7Pf5Gs0JcA",
    "ENCRYPTION_KEY": "p4Wm7Rt1Zx9Cv2Bn6Hj3Kl8Qs5Df0GyU",
    "DATABASE_URL": "postgresql://db/disha",
    "REDIS_URL": "redis://cache",
    "SMTP_HOST": "smtp.disha.example",
    "BASE_URL": "https://disha.example/",
    "ADMIN_MAIL": "desk@disha-desk.in",
    "MAIL_FROM": "Disha <hello@disha-desk.in>",
    "RAZORPAY_KEY_ID": "rzp_live_key",
    "RAZORPAY_KEY_SECRET": "secret",
    "RAZORPAY_WEBHOOK_SECRET": "another",
}


def test_a_complete_production_environment_starts() -> None:
    settings = load_settings(COMPLETE)
    assert settings.database_url == "postgresql+psycopg://db/disha"
    assert settings.base_url == "https://disha.example"
    assert not settings.demo
    assert not settings.captures_mail


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("DATABASE_URL", "", "DATABASE_URL"),
        ("DATABASE_URL", "mysql://db/disha", "DATABASE_URL"),
        ("DATABASE_REPLICA_URLS", "postgresql://reader/disha,http://other", "DATABASE_REPLICA_URLS"),
        ("DATABASE_REPLICA_URLS", "postgresql://db/disha", "DATABASE_REPLICA_URLS"),
        ("REDIS_URL", "http://cache", "REDIS_URL"),
        ("SMTP_HOST", "", "SMTP_HOST"),
        ("BASE_URL", "http://disha.example", "BASE_URL"),
        ("ADMIN_MAIL", "admin@demo.test", "ADMIN_MAIL"),
        ("PAYMENT_GATEWAY", "sandbox", "PAYMENT_GATEWAY"),
        ("RAZORPAY_WEBHOOK_SECRET", "", "RAZORPAY_WEBHOOK_SECRET"),
        ("PORT", "eighty", "PORT"),
        ("PORT", "70000", "PORT"),
        ("APP_ENV", "staging", "APP_ENV"),
        ("WEB_WORKERS", "0", "WEB_WORKERS"),
        ("RATE_LIMIT_FACTOR", "0.5", "RATE_LIMIT_FACTOR"),
        ("RATE_LIMIT_FACTOR", "101", "RATE_LIMIT_FACTOR"),
        ("RATE_LIMIT_FACTOR", "inf", "RATE_LIMIT_FACTOR"),
        ("UPLOADS_URL", "/srv/uploads", "UPLOADS_URL"),
        ("UPLOADS_URL", "attic://uploads", "UPLOADS_URL"),
    ],
)
def test_a_bad_setting_is_one_clear_line_that_names_it(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({**COMPLETE, name: value})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_who_forgot_app_env_hears_of_it() -> None:
    without = {name: value for name, value in COMPLETE.items() if name != "APP_ENV"} | {"SECRET_KEY": ""}
    with pytest.raises(SettingsError, match=r"SECRET_KEY must be set .*APP_ENV is not set, so this is production"):
        load_settings(without)
    with pytest.raises(SettingsError) as told:
        load_settings({**without, "APP_ENV": "production"})
    assert "APP_ENV" not in str(told.value)


def test_no_secret_is_shown_in_the_line() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({**COMPLETE, "SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_the_demo_keeps_its_own_secret(tmp_path: Path) -> None:
    first = load_settings({"APP_ENV": "demo", "DATA_DIR": str(tmp_path)})
    second = load_settings({"APP_ENV": "demo", "DATA_DIR": str(tmp_path), "PORT": "9000"})
    assert len(first.secret_key.get_secret_value()) >= 32
    assert first.secret_key == second.secret_key
    assert second.base_url == "http://127.0.0.1:9000"


def test_a_data_folder_we_cannot_write_is_said(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    with pytest.raises(SettingsError, match="DATA_DIR"):
        load_settings({"APP_ENV": "demo", "DATA_DIR": str(blocker / "inside")})
