"""Wires accounts into the app."""

from __future__ import annotations

from flask import Flask

from webapp.accounts import views_mail_change, views_security  # noqa: F401  their routes join the blueprint
from webapp.accounts.callers import caller_id, is_familiar
from webapp.accounts.cli import two_step_off_command
from webapp.accounts.device_cookie import init_device_cookie
from webapp.accounts.emails import (
    CREDENTIALS_GUARD,
    UNVERIFIED_GUARD,
    has_still_these_credentials,
    is_still_unverified,
)
from webapp.accounts.errors import EmailTaken, PasskeyKnown
from webapp.accounts.gate import init_gate
from webapp.accounts.mail_change_mails import OPEN_GUARD, is_still_open
from webapp.accounts.models import TwoFactor
from webapp.accounts.recipients import find_recipient
from webapp.accounts.second_step import SEALED_FOR
from webapp.accounts.views_welcome import blueprint
from webapp.config import Settings
from webapp.core.errors import register_constraint
from webapp.core.resealing import register_sealed
from webapp.core.throttle import register_caller, register_familiar
from webapp.notifications.guards import register_guard
from webapp.notifications.people import register_finder


def init_app(app: Flask, settings: Settings) -> None:
    """Register pages, guards of mail, and what a violated constraint means."""
    del settings
    app.register_blueprint(blueprint)
    register_finder(find_recipient)
    register_caller(caller_id)
    register_familiar(is_familiar)
    register_guard(UNVERIFIED_GUARD, is_still_unverified)
    register_guard(CREDENTIALS_GUARD, has_still_these_credentials)
    register_guard(OPEN_GUARD, is_still_open)
    register_constraint("uq_users_email_lower", EmailTaken)
    register_constraint("uq_passkeys_credential_id", PasskeyKnown)
    register_sealed(TwoFactor, "secret", purpose=SEALED_FOR)
    init_gate(app)
    init_device_cookie(app)
    app.cli.add_command(two_step_off_command)
