"""Refusals of this room."""

from __future__ import annotations

from webapp.core.errors import DomainError, DuplicateEntry, RateLimited

TAKEN = "An account with this address exists. Sign in, or reset the password."


class EmailTaken(DuplicateEntry):
    """Someone has signed up with this address before."""

    message = TAKEN

    def __init__(self) -> None:
        super().__init__(fields={"email": TAKEN})


class WrongCredentials(DomainError):
    """Address and password do not belong together; it is never said which of them is wrong."""

    code = "INVALID_CREDENTIALS"
    http_status = 422
    api_status = 401
    message = "Email or password is not right."


class AccountNotOpen(WrongCredentials):
    """They belong together, and the account is closed. Pages say no more than of a wrong password."""


class LinkInvalid(DomainError):
    """A link from a mail that was changed, was used, or was followed by a newer one."""

    code = "INVALID_TOKEN"
    http_status = 410
    api_status = 401
    message = "This link was used before, or there is a newer one in your mail."


class LinkExpired(LinkInvalid):
    """A link from a mail that is too old."""

    code = "TOKEN_EXPIRED"
    message = "This link is too old."


class SecondStepNeeded(DomainError):
    """Address and password are right; a code or a passkey is still missing. ``challenge`` goes with it, 5 minutes."""

    code = "TWO_FACTOR_REQUIRED"
    http_status = 401
    message = "Enter the code of your app, or a backup code."

    def __init__(self, challenge: str) -> None:
        super().__init__()
        self.challenge = challenge

    @property
    def more(self) -> dict[str, object]:
        """What goes on with it."""
        return {"challenge": self.challenge}


class WrongCode(DomainError):
    """No code of this account, or one that was used."""

    code = "INVALID_CREDENTIALS"
    http_status = 422
    api_status = 401
    message = "This code is not right. Look for the newest one."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, fields={"code": message or self.message})


class TooManyCodes(RateLimited):
    """Too many codes were tried for one account."""

    def __init__(self, retry_after: int) -> None:
        minutes = -(-retry_after // 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"Too many codes were tried. Try again in {wait}.", retry_after=retry_after)


class ChallengeInvalid(LinkInvalid):
    """What a sign-in began with was not made here, or the account has changed since."""

    http_status = 401
    message = "Start signing in again."


class ChallengeExpired(ChallengeInvalid):
    """The second step came too late."""

    code = "TOKEN_EXPIRED"
    message = "That took longer than five minutes. Start signing in again."


class PasskeyRefused(DomainError):
    """No passkey of this account, or not for this site and this moment."""

    code = "INVALID_CREDENTIALS"
    http_status = 422
    api_status = 401
    message = "This passkey was not accepted. Try again, or use a code."


class PasskeyCopied(PasskeyRefused):
    """A passkey whose count went backwards: there may be two of it."""

    message = "This passkey was refused, because it may have been copied. Use a code instead."

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class PasskeyKnown(DuplicateEntry):
    """This passkey belongs to an account already."""

    message = "This passkey was added before."
