"""How a person got in: former addresses, logins, the second step. All of it goes when they are forgotten."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from webapp.accounts.mail_change_mails import MAIL_KEY
from webapp.accounts.models import BackupCode, EmailChange, Login, Passkey, TwoFactor, User
from webapp.audit.models import AuditEntry
from webapp.core.db import db
from webapp.dashboards.people.privacy.letting_go import ERASED_NAME
from webapp.dashboards.people.privacy.scrubbing import put
from webapp.notifications.models import OutboxMail

ROWS = (EmailChange, Login, Passkey, BackupCode, TwoFactor)


def former_addresses(user: User) -> list[str]:
    """Return the addresses the account had before, as the log tells; one that is another account's now is left out."""
    about = select(AuditEntry.changes).where(
        AuditEntry.subject_id == user.id,
        AuditEntry.entity == "user",
        AuditEntry.changes.contains([{"field": "email"}]),
    )
    changes = (change for listed in db.session.scalars(about) for change in listed if change["field"] == "email")
    found = {str(change[side]).lower() for change in changes for side in ("before", "after") if change[side]}
    others = select(func.lower(User.email)).where(func.lower(User.email).in_(found), User.id != user.id)
    return sorted(found - set(db.session.scalars(others)))


def forget_access(user: User, *, email_now: str) -> None:
    """Delete logins and what opens the account; empty the mails about a change of address, wherever they went.

    An address that was asked and never became the account's may be somebody else's: only these mails lose it.
    """
    ids = db.session.scalars(select(EmailChange.public_id).where(EmailChange.user_id == user.id)).all()
    for change_id in ids:
        mails = OutboxMail.dedupe_key.startswith(f"{MAIL_KEY}:{change_id}:", autoescape=True)
        put(OutboxMail, mails, recipient=email_now, recipient_name=ERASED_NAME, context={})
    for model in ROWS:
        db.session.execute(delete(model).where(model.user_id == user.id).execution_options(synchronize_session=False))
