"""Refusals of this room."""

from __future__ import annotations

from webapp.core.errors import DomainError, DuplicateEntry

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
