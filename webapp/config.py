"""Settings, read from the environment once. A bad value stops the start with one clear line."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import fsspec
import maxminddb
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from webapp.production import LEAST_SECRET, refusals

ROOT = Path(__file__).resolve().parent.parent
HOST_NAME = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)(:[0-9]{1,5})?")
CONTACT = re.compile(r"(mailto:|https://|tel:)[^\s]+")
DEMO_PASSWORD = "Demo-pass-1"  # noqa: S105  shown on the login page of the demo
UNSAID = " (APP_ENV is not set, so this is production; the demo is APP_ENV=demo)"


class SettingsError(Exception):
    """The environment holds a value we cannot start with; str() is the one line to show."""


class Settings(BaseSettings):
    """Every setting, its unit and its default. Names are the environment's, in upper case."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    app_env: Literal["production", "demo", "test"] = "production"
    site_name: str = Field(default="Disha", min_length=1, max_length=40)
    base_url: str = ""  # where people reach us, used in mail; default http://127.0.0.1:PORT in demo
    allowed_hosts: str = ""  # names we answer to, comma separated; default the host of BASE_URL
    security_contact: str = Field(default="", max_length=200)  # for security.txt; default ADMIN_MAIL
    secret_key: SecretStr = SecretStr("")
    secret_key_fallbacks: str = ""  # older keys, comma separated: they verify, they no longer sign
    encryption_key: SecretStr = SecretStr("")  # seals secrets in the database: core/sealing.py
    encryption_key_fallbacks: SecretStr = SecretStr("")  # older keys, comma separated: they open, they no longer seal
    require_admin_two_step: bool | None = None  # default: on in production
    geo_database: Path | None = None  # an .mmdb file of cities or countries: rough places of logins

    release: str = Field(default="", max_length=80)  # what runs, a tag or commit: shown on the system page

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = ROOT / "instance"
    database_url: str | None = None
    database_replica_urls: str = ""  # visitors' pages are read there, comma separated: core/replicas.py
    redis_url: str | None = None
    uploads_url: str = ""  # where photos are kept; default DATA_DIR/uploads
    metrics_token: SecretStr = SecretStr("")  # /metrics is for who brings it; without one there is no such page
    check_kept_pieces: bool = False  # make every kept piece again and compare: for tests (core/pieces.py)
    access_log: bool = False  # a line for each request, without the secrets of its address
    web_workers: int = Field(default=2, ge=1, le=64)
    web_threads: int = Field(default=2, ge=1, le=64)
    proxies: int = Field(default=0, ge=0, le=5)  # how many proxies before us set X-Forwarded-*
    database_pool: int = Field(default=5, ge=1, le=100)  # connections kept per web worker
    rate_limit_factor: float = Field(default=1, ge=1, allow_inf_nan=False)  # every limit times this, for measurements

    mail_from: str = "Disha <hello@disha.example>"
    admin_mail: str = "admin@demo.test"
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"

    # WhatsApp (Meta's Cloud API) is off until token and number are there; the templates are approved there.
    whatsapp_token: SecretStr = SecretStr("")
    whatsapp_phone_number_id: str = Field(default="", pattern=r"^[0-9]{0,32}$")
    whatsapp_base_url: str = "https://graph.facebook.com/v23.0"
    whatsapp_language: str = Field(default="en", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")

    meeting_provider: Literal["jitsi", "manual"] = "jitsi"
    jitsi_base: str = "https://meet.jit.si"
    cors_origins: str = ""  # other sites whose pages may call the JSON door, comma separated
    cancellation_deadline_hours: int = Field(default=24, ge=0, le=720)
    hold_minutes: int = Field(default=10, ge=1, le=60)

    payment_gateway: Literal["razorpay", "sandbox"] = "razorpay"
    razorpay_key_id: str = ""
    razorpay_key_secret: SecretStr = SecretStr("")
    razorpay_webhook_secret: SecretStr = SecretStr("")
    razorpay_base_url: str = "https://api.razorpay.com"
    order_hours: int = Field(default=24, ge=1, le=168)  # how long an unpaid order stays open
    gst_percent: int = Field(default=18, ge=0, le=50)  # prices include it
    counsellor_share_percent: int = Field(default=70, ge=0, le=100)
    inquiry_retention_days: int = Field(default=730, ge=0, le=36500)  # then personal data goes; 0 keeps it
    delivery_retention_days: int = Field(default=90, ge=7, le=3650)  # how long webhooks told, mails refused are kept
    webhook_quiet_hours: int = Field(default=3, ge=1, le=72)  # then admins see a banner
    export_rows_at_once: int = Field(default=10_000, ge=1, le=1_000_000)  # longer exports are made by a job
    company_name: str = "Disha Counselling"
    company_address: str = ""
    company_gstin: str = ""

    @property
    def demo(self) -> bool:
        """Demo mode: captured mail, demo data and the /dev helpers."""
        return self.app_env == "demo"

    @property
    def captures_mail(self) -> bool:
        """Mail goes to the viewer's folder instead of a server (demo, and tests that want it)."""
        return self.app_env != "production" and not self.smtp_host

    @property
    def sends_whatsapp(self) -> bool:
        """WhatsApp is a channel: an account to send from is configured."""
        return bool(self.whatsapp_token.get_secret_value() and self.whatsapp_phone_number_id)

    @property
    def mail_dir(self) -> Path:
        """The folder of captured mail, one file a message."""
        return self.data_dir / "mail"

    @property
    def uploads_at(self) -> str:
        """Where photos are kept, as an address that fsspec reads."""
        return self.uploads_url or f"file://{self.data_dir.absolute() / 'uploads'}"

    @property
    def fallback_keys(self) -> list[str]:
        """Older secret keys that still verify."""
        return [key.strip() for key in self.secret_key_fallbacks.split(",") if key.strip()]

    @property
    def replica_urls(self) -> list[str]:
        """The addresses of the database's replicas."""
        return [url for url in self.database_replica_urls.split(",") if url]

    @property
    def hosts(self) -> frozenset[str]:
        """The names we answer to, as a Host header says them, in lower case."""
        named = frozenset(host.strip().lower() for host in self.allowed_hosts.split(",") if host.strip())
        return named or frozenset({urlsplit(self.base_url).netloc.lower()})

    @property
    def https(self) -> bool:
        """People reach us by https: cookies are for it alone."""
        return self.base_url.startswith("https://")

    @property
    def security_contact_uri(self) -> str:
        """Where a hole is reported, as an address security.txt may hold."""
        return self.security_contact or f"mailto:{self.admin_mail}"

    @property
    def admins_need_two_step(self) -> bool:
        """An admin without a second step gets nowhere but to its set-up."""
        chosen = self.require_admin_two_step
        return self.app_env == "production" if chosen is None else chosen

    @property
    def encryption_keys(self) -> list[str]:
        """The keys that open what is sealed in the database; the first one seals."""
        older = self.encryption_key_fallbacks.get_secret_value().split(",")
        return [key for key in (self.encryption_key.get_secret_value(), *(key.strip() for key in older)) if key]

    @property
    def cors_origins_list(self) -> list[str]:
        """The origins of other sites whose pages may call the JSON door."""
        return [origin.strip().rstrip("/") for origin in self.cors_origins.split(",") if origin.strip()]

    @field_validator("database_url", "redis_url", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("database_url")
    @classmethod
    def _postgres_only(cls, value: str | None) -> str | None:
        if value is None:
            return None
        return _psycopg(value, "must be a postgresql:// address")

    @field_validator("database_replica_urls")
    @classmethod
    def _replicas_of_postgres(cls, value: str) -> str:
        words = "must be postgresql:// addresses, separated by commas"
        return ",".join(_psycopg(part.strip(), words) for part in value.split(",") if part.strip())

    @field_validator("redis_url")
    @classmethod
    def _redis_only(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must be a redis://, rediss:// or unix:// address")
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _names_of_hosts(cls, value: str) -> str:
        for host in filter(None, (part.strip() for part in value.split(","))):
            if not HOST_NAME.fullmatch(host):
                raise ValueError("must be names such as disha.example or disha.example:8443, separated by commas")
        return value

    @field_validator("require_admin_two_step", "geo_database", mode="before")
    @classmethod
    def _empty_is_default(cls, value: object) -> object:
        return value or None if isinstance(value, str) else value

    @field_validator("geo_database")
    @classmethod
    def _a_database_of_places(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                maxminddb.open_database(value).close()
            except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
                raise ValueError(f"must be an .mmdb file that can be read: {error}") from None
        return value

    @field_validator("metrics_token")
    @classmethod
    def _a_long_token(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < LEAST_SECRET:
            raise ValueError(f"must be at least {LEAST_SECRET} random characters")
        return value

    @field_validator("security_contact")
    @classmethod
    def _a_contact(cls, value: str) -> str:
        if value and not CONTACT.fullmatch(value):
            raise ValueError("must start with mailto:, https:// or tel:")
        return value

    @field_validator("uploads_url")
    @classmethod
    def _a_known_store(cls, value: str) -> str:
        scheme, _, rest = value.partition("://")
        if value and not rest:
            raise ValueError("must be an address such as file:///srv/uploads or s3://bucket/uploads")
        try:
            fsspec.get_filesystem_class(scheme)
        except (ImportError, ValueError) as error:
            raise ValueError(f"must be an address whose store can be opened: {error}") from None
        return value.rstrip("/")

    @field_validator("base_url", "jitsi_base", "razorpay_base_url", "whatsapp_base_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _production_is_complete(self) -> Self:
        if self.app_env == "production":
            for line in refusals(self):
                raise ValueError(line)
        return self


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings (from ``environ``, default the process's own).

    Raises:
        SettingsError: with one line that names the setting and what it should be.
    """
    source = os.environ if environ is None else environ
    values = {key.lower(): value for key, value in source.items() if key.lower() in Settings.model_fields}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_one_line(error) + ("" if "app_env" in values else UNSAID)) from None
    return settings if settings.app_env == "production" else _fill_demo(settings)


def _fill_demo(settings: Settings) -> Settings:
    updates: dict[str, object] = {"data_dir": settings.data_dir.absolute()}
    if not settings.secret_key.get_secret_value():
        updates["secret_key"] = SecretStr(_kept_secret(settings.data_dir, "secret_key"))
    if not settings.encryption_key.get_secret_value():
        updates["encryption_key"] = SecretStr(_kept_secret(settings.data_dir, "encryption_key"))
    if not settings.razorpay_key_id:  # no account: the sandbox gateway takes the money
        updates["payment_gateway"] = "sandbox"
    if not settings.base_url:
        updates["base_url"] = f"http://127.0.0.1:{settings.port}"
    return settings.model_copy(update=updates)


def _kept_secret(data_dir: Path, name: str) -> str:
    """Return this data folder's own secret of that name, so that logins outlive a restart of the demo."""
    path, fresh = data_dir / name, data_dir / f".{name}.{secrets.token_hex(8)}"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
                path.hardlink_to(fresh)
            fresh.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"DATA_DIR: cannot write to {data_dir} ({error.strerror})") from None


def _psycopg(address: str, words: str) -> str:
    """Return an address of Postgres with the driver we use; another one is refused in these words."""
    scheme, _, rest = address.partition("://")
    if scheme not in {"postgres", "postgresql", "postgresql+psycopg"} or not rest:
        raise ValueError(words)
    return f"postgresql+psycopg://{rest}"


def _one_line(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"]).upper()
        text = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{name}: {text}" if name else text)
    return "; ".join(parts)
