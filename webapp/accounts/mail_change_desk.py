"""The desk moves an account to another address, for who has lost the old mailbox and cannot agree from it.

The new address agrees by its link, as always. The old one is told at once, with a link that stops the change: so
whoever talks the desk into giving an account away is found out while there is time.
"""

from __future__ import annotations

import datetime as dt

from webapp.accounts.mail_change import begin_change, wrong_address
from webapp.accounts.models import EmailChange, User
from webapp.accounts.services_admin import locked_account, read_reason
from webapp.audit.services import record
from webapp.core.errors import InvalidState, ValidationFailed


def ask_for_person(*, actor: User, user_id: str, email: str, reason: str, now: dt.datetime) -> EmailChange:
    """Begin a change of another's address, in place of one that is open; the new address is asked.

    Once it agrees, all logins of the account end; password and two-step sign-in stay as they are.

    Raises:
        Forbidden, NotFound: the actor is no admin; there is no such account.
        InvalidState: it is the actor's own, or closed.
        ValidationFailed: no address, the present one, one that has an account (``new_email``); no reason (``reason``).
    """
    wrong: dict[str, str] = {}
    why = ""
    try:
        why = read_reason(reason)
    except ValidationFailed as error:
        wrong |= error.fields
    user = locked_account(actor, user_id)
    if not user.active:
        raise InvalidState("This account is deactivated. Reactivate it first.")
    address, problem = wrong_address(user, email)
    if problem:
        wrong["new_email"] = problem
    if wrong:
        raise ValidationFailed(fields=wrong)
    change = begin_change(user, address, by_desk=True, now=now)
    record(
        "user.email_change_asked",
        entity="user",
        entity_id=user.public_id,
        label=user.name,
        subject_id=user.id,
        reason=why,
        changes={"email": (user.email, address)},
    )
    return change
