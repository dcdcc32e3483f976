"""Guards: asked just before a mail goes, whether what it says is still true."""

from __future__ import annotations

from collections.abc import Callable

from webapp.notifications.models import OutboxMail

Guard = Callable[[str, OutboxMail], bool]
_registered: dict[str, Guard] = {}


def register_guard(name: str, ask: Guard) -> None:
    """Register a guard ``ask(argument, mail) -> still true``; mails name it as "<name>:<argument>"."""
    _registered[name] = ask


def still_true(mail: OutboxMail) -> bool:
    """Ask the mail's guard against the database as it is now; a mail without one is always true.

    Raises:
        LookupError: the guard is not registered; the mail is then kept and tried again.
    """
    if mail.guard is None:
        return True
    name, _, argument = mail.guard.partition(":")
    if name not in _registered:
        raise LookupError(f"no guard is called {name!r}")
    return _registered[name](argument, mail)
