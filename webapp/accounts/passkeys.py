"""Passkeys (WebAuthn Level 2) as the second step: made on the account's page, asked for after the password.

The relying party is the host of BASE_URL, the origin BASE_URL itself, whatever a request's Host header says. A
challenge is kept in Redis for five minutes and spent by its first answer.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import webauthn
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import or_, select, update
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from webapp.accounts import second_step
from webapp.accounts.errors import PasskeyCopied, PasskeyRefused
from webapp.accounts.models import Login, Passkey, User
from webapp.accounts.passwords import password_fits
from webapp.accounts.security_mail import Change, tell_change
from webapp.config import Settings
from webapp.core.db import db, lock_for_update
from webapp.core.errors import InvalidState, NotFound, ServiceUnavailable, ValidationFailed
from webapp.core.jobs import get_redis

CHALLENGE_SECONDS = 300
TIMEOUT_MS = CHALLENGE_SECONDS * 1000
MOST_PASSKEYS = 20
LONGEST_NAME = 80
ADD, SIGN_IN = "add", "sign_in"
_CREDENTIAL_ID = re.compile(r"[A-Za-z0-9_-]{1,1364}")  # 1023 bytes at most (WebAuthn 4, "Credential ID")
_MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, EOFError)  # what reading may raise


@dataclass(frozen=True, slots=True)
class Party:
    """Who we are to an authenticator: ``id`` is a host name, ``origin`` what the browser says it is on."""

    id: str
    origin: str


def party() -> Party:
    """Return who we are. A passkey belongs to a name, never to a number: on this machine the name is localhost."""
    base = urlsplit(_settings().base_url)
    host = base.hostname or ""
    try:
        if ipaddress.ip_address(host).is_loopback:
            port = f":{base.port}" if base.port else ""
            return Party("localhost", f"{base.scheme}://localhost{port}")
    except ValueError:
        pass
    return Party(host, f"{base.scheme}://{base.netloc}")


def list_passkeys(user: User) -> Sequence[Passkey]:
    """Return an account's passkeys, the oldest first."""
    return db.session.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)).all()


def start_adding(*, actor: User, password: str) -> str:
    """Return, as JSON, what the browser needs to make a passkey. Asks for the password: an open browser is not enough.

    Raises:
        ValidationFailed: the password is wrong.
        InvalidState: the account has as many passkeys as it may.
        ServiceUnavailable: the challenge can be kept nowhere.
    """
    if not password_fits(actor.password_hash, password):
        raise ValidationFailed(fields={"password": second_step.WRONG_PASSWORD})
    present = list_passkeys(actor)
    if len(present) >= MOST_PASSKEYS:
        raise InvalidState(f"There are {MOST_PASSKEYS} passkeys already. Remove one first.")
    options = webauthn.generate_registration_options(
        rp_id=party().id,
        rp_name=_settings().site_name,
        user_id=actor.public_id.encode(),
        user_name=actor.email,
        user_display_name=actor.name,
        timeout=TIMEOUT_MS,
        exclude_credentials=_descriptors(present),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    _keep(ADD, actor, options.challenge)
    return webauthn.options_to_json(options)


def finish_adding(
    *, actor: User, credential: Any, name: str, now: dt.datetime, login: Login | None = None
) -> tuple[Passkey, list[str]]:
    """Keep a passkey the browser has made; return it, and ten backup codes if it is the account's first second step.

    Args:
        credential: the browser's answer, as `PublicKeyCredential.toJSON` writes it.
        login: the one in use; it then counts as having passed the second step.

    Raises:
        PasskeyRefused: not an answer to a challenge of ours, or of another site.
        ValidationFailed: no name.
    """
    name = clean_name(name)
    challenge = _spend(ADD, actor, credential)
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party().id,
            expected_origin=party().origin,
        )
    except _MALFORMED as error:
        raise PasskeyRefused from error
    credential_id = bytes_to_base64url(made.credential_id)
    if not _CREDENTIAL_ID.fullmatch(credential_id):
        raise PasskeyRefused
    user: User = lock_for_update(db.session(), User, actor.id)
    is_first = not second_step.needs_second_step(user)
    passkey = Passkey(
        user_id=user.id,
        credential_id=credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=_transports(credential),
        name=name,
        created_at=now,
    )
    db.session.add(passkey)
    db.session.flush()  # a passkey known already ends here
    tell_change(user, Change.PASSKEY_ADDED, now=now, name=name)
    if login is not None:
        login.second_step_at = now
    return passkey, second_step.replace_backup_codes(user, now=now) if is_first else []


def start_sign_in(challenge: str, *, now: dt.datetime) -> str:
    """Return, as JSON, what the browser needs to ask for a passkey of whom a sign-in's challenge is.

    Raises:
        ChallengeInvalid, ChallengeExpired: as `second_step.find_challenged`.
        NotFound: the account has no passkey.
        ServiceUnavailable: the challenge can be kept nowhere.
    """
    user = second_step.find_challenged(challenge, now=now)
    present = list_passkeys(user)
    if not present:
        raise NotFound("This account has no passkey.")
    options = webauthn.generate_authentication_options(
        rp_id=party().id,
        timeout=TIMEOUT_MS,
        allow_credentials=_descriptors(present),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    _keep(SIGN_IN, user, options.challenge)
    return webauthn.options_to_json(options)


def finish_sign_in(challenge: str, credential: Any, *, now: dt.datetime) -> User:
    """Return who signs in by password and this passkey; the login is the door's to open.

    Raises:
        ChallengeInvalid, ChallengeExpired: as `second_step.find_challenged`.
        PasskeyRefused: not a passkey of this account, or not an answer to our challenge.
        PasskeyCopied: its count went backwards; the door then tells the owner by `tell_copied`.
    """
    user = second_step.find_challenged(challenge, now=now)
    ours = _spend(SIGN_IN, user, credential)
    passkey = _shown(user, credential)
    try:
        shown = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=ours,
            expected_rp_id=party().id,
            expected_origin=party().origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # the count is judged below, once the signature is known to be right
        )
    except _MALFORMED as error:
        raise PasskeyRefused from error
    _count_up(passkey, shown.new_sign_count, now)
    return user


def tell_copied(challenge: str, passkey_name: str, *, now: dt.datetime) -> None:
    """Tell the owner by mail that a passkey was refused because its count went backwards."""
    tell_change(second_step.find_challenged(challenge, now=now), Change.PASSKEY_REFUSED, now=now, name=passkey_name)


def rename_passkey(*, actor: User, passkey_id: str, name: str) -> Passkey:
    """Give a passkey another name.

    Raises:
        NotFound: no passkey of the actor.
        ValidationFailed: no name, or one too long.
    """
    passkey = _own(actor, passkey_id)
    passkey.name = clean_name(name)
    return passkey


def remove_passkey(*, actor: User, passkey_id: str, password: str, now: dt.datetime) -> str:
    """Take a passkey away; return its name.

    Raises:
        NotFound: no passkey of the actor.
        ValidationFailed: the password is wrong.
        InvalidState: it is the only second step there is.
    """
    user: User = lock_for_update(db.session(), User, actor.id)
    passkey = _own(user, passkey_id)
    if not password_fits(user.password_hash, password):
        raise ValidationFailed(fields={"password": second_step.WRONG_PASSWORD})
    state = second_step.state_of(user)
    if state.app_since is None and state.passkeys == 1:
        raise InvalidState("This is your only second step. Turn two-step sign-in off instead, or set up an app first.")
    db.session.delete(passkey)
    tell_change(user, Change.PASSKEY_REMOVED, now=now, name=passkey.name)
    return passkey.name


def clean_name(raw: str) -> str:
    """Return a passkey's name on one line.

    Raises:
        ValidationFailed: nothing is left, or it is too long.
    """
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in raw).split())
    if not 1 <= len(name) <= LONGEST_NAME:
        words = f"Keep this within {LONGEST_NAME} characters." if name else "Give it a name, such as “My phone”."
        raise ValidationFailed(fields={"name": words})
    return name


def _shown(user: User, credential: Any) -> Passkey:
    shown = str(credential.get("id", ""))
    if not _CREDENTIAL_ID.fullmatch(shown):  # Postgres would not even look for some texts
        raise PasskeyRefused
    known = Passkey.user_id == user.id, Passkey.credential_id == shown
    passkey = db.session.scalar(select(Passkey).where(*known).with_for_update())
    if passkey is None:
        raise PasskeyRefused
    return passkey


def _own(actor: User, passkey_id: str) -> Passkey:
    passkey = db.session.scalar(select(Passkey).where(Passkey.user_id == actor.id, Passkey.public_id == passkey_id))
    if passkey is None:
        raise NotFound("That passkey was not found, or was removed already.")
    return passkey


def _count_up(passkey: Passkey, shown: int, now: dt.datetime) -> None:
    """Take an authenticator's count, which grows with every use unless it is always 0 (WebAuthn 7.2, step 21)."""
    grows = or_(Passkey.sign_count < shown, (Passkey.sign_count == 0) & (shown == 0))
    taken = update(Passkey).where(Passkey.id == passkey.id, grows).values(sign_count=shown, last_used_at=now)
    if not db.session.execute(taken.returning(Passkey.id)).first():
        raise PasskeyCopied(passkey.name)


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    known = {transport.value for transport in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(passkey.credential_id),
            transports=[AuthenticatorTransport(name) for name in passkey.transports if name in known] or None,
        )
        for passkey in passkeys
    ]


def _transports(credential: Any) -> list[str]:
    known = {transport.value for transport in AuthenticatorTransport}
    said = credential.get("response", {}).get("transports") or []
    return [name for name in said if isinstance(name, str) and name in known] if isinstance(said, list) else []


def _keep(purpose: str, user: User, challenge: bytes) -> None:
    try:
        get_redis().set(_key(purpose, user, challenge), 1, ex=CHALLENGE_SECONDS)
    except (RedisError, OSError):
        raise ServiceUnavailable from None


def _spend(purpose: str, user: User, credential: Any) -> bytes:
    """Return the challenge an answer names, if we gave it to this account for this purpose and nobody answered yet."""
    try:
        said = parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"]))
    except _MALFORMED as error:
        raise PasskeyRefused from error
    try:
        ours = get_redis().getdel(_key(purpose, user, said.challenge))
    except (RedisError, OSError):
        raise ServiceUnavailable from None
    if ours is None:
        raise PasskeyRefused("That took too long. Try again.")
    return said.challenge


def _key(purpose: str, user: User, challenge: bytes) -> str:
    return f"passkey:{purpose}:{user.public_id}:{bytes_to_base64url(challenge)}"


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
