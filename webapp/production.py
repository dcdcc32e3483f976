"""What production refuses to start with: each a question and the one line that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.config import Settings

LEAST_SECRET = 32  # characters
LEAST_DIFFERENT = 8  # characters of a secret; 32 random ones of hex have 13 or so
HIGHEST_FACTOR = 100
PLACEHOLDER = re.compile(
    r"change.?me|placeholder|example|your.?secret|replace|insecure|for-tests|only-for|default|password|secret.?key",
    re.IGNORECASE,
)
RESERVED = re.compile(r"[@.](test|example|invalid|localhost)>?$", re.IGNORECASE)  # RFC 2606: nobody reads mail there


def refusals(settings: Settings) -> Iterator[str]:
    """Yield a line for everything production refuses, the gravest first."""
    yield from _about_secrets(settings)
    yield from (line for wrong, line in _about_surroundings(settings) if wrong)


def _about_secrets(settings: Settings) -> Iterator[str]:
    secret, sealing = settings.secret_key.get_secret_value(), settings.encryption_key.get_secret_value()
    older = settings.encryption_keys[1:] if sealing else settings.encryption_keys
    kept = {
        "SECRET_KEY": [secret],
        "SECRET_KEY_FALLBACKS": settings.fallback_keys,
        "ENCRYPTION_KEY": [sealing],
        "ENCRYPTION_KEY_FALLBACKS": older,
    }
    for name, values in kept.items():
        if any(len(value) < LEAST_SECRET for value in values):
            each = "hold only keys of" if name.endswith("S") else "be set to"
            yield f"{name} must {each} at least {LEAST_SECRET} random characters in production"
        elif any(len(set(value)) < LEAST_DIFFERENT or PLACEHOLDER.search(value) for value in values):
            yield f"{name} looks like a placeholder: make it random, with: openssl rand -hex 32"
    if {sealing, *older} & {secret, *settings.fallback_keys}:
        yield "ENCRYPTION_KEY must not be a SECRET_KEY: each has its own work"


def _about_surroundings(settings: Settings) -> Iterator[tuple[bool, str]]:
    whatsapp = bool(settings.whatsapp_token.get_secret_value()), bool(settings.whatsapp_phone_number_id)
    account = settings.razorpay_key_id, settings.razorpay_key_secret, settings.razorpay_webhook_secret
    open_line = settings.smtp_tls == "none" and bool(settings.smtp_password.get_secret_value())
    yield not (settings.database_url and settings.redis_url), "DATABASE_URL and REDIS_URL must be set in production"
    twice = settings.database_url in settings.replica_urls
    yield twice, "DATABASE_REPLICA_URLS must name other servers than DATABASE_URL"
    yield not settings.smtp_host, "SMTP_HOST must be set in production"
    yield open_line, "SMTP_TLS must not be none where SMTP_PASSWORD is set: it would travel in the clear"
    yield whatsapp[0] != whatsapp[1], "WHATSAPP_TOKEN and WHATSAPP_PHONE_NUMBER_ID must be set together, or neither"
    yield not settings.https, "BASE_URL must be set to an https:// address in production"
    yield not _is_real(settings.admin_mail), "ADMIN_MAIL must be set to a real address in production"
    yield not _is_real(settings.mail_from), "MAIL_FROM must be set to a real address in production"
    yield settings.payment_gateway == "sandbox", "PAYMENT_GATEWAY must be razorpay in production"
    yield (
        not all(account),
        "RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRET must be set in production",
    )
    for name in ("jitsi_base", "razorpay_base_url", "whatsapp_base_url"):
        in_the_clear = not str(getattr(settings, name)).startswith("https://")
        yield in_the_clear, f"{name.upper()} must be an https:// address in production"
    yield (
        settings.rate_limit_factor > HIGHEST_FACTOR,
        f"RATE_LIMIT_FACTOR must be at most {HIGHEST_FACTOR} in production",
    )


def _is_real(address: str) -> bool:
    """Tell whether mail to an address can arrive: it is one, and its domain is none of those kept for examples."""
    return "@" in address and not RESERVED.search(address)
