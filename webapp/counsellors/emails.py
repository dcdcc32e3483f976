"""What is told about applications: the admins of a new one, its writer of the answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NamedTuple, cast

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.accounts.recipients import recipient_of
from webapp.config import Settings
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.notifications.links import external_url
from webapp.notifications.services import MailMessage, notify, queue_mail

APPLICATION, ANSWER = "application", "application_answered"


def tell_application(counsellor: Counsellor, now: dt.datetime) -> None:
    """Tell the admins of an application: one mail to their address, a line in each one's inbox."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    path = f"/admin/counsellors/{counsellor.public_id}"
    key = f"application:{counsellor.public_id}"
    queue_mail(
        dedupe_key=key,
        recipient=settings.admin_mail,
        recipient_name=f"{settings.site_name} admins",
        template="application_received",
        context={
            "name": counsellor.name,
            "title": counsellor.title,
            "experience": counsellor.experience,
            "text": counsellor.application,
            "url": settings.base_url + path,
        },
        now=now,
    )
    for admin in db.session.scalars(select(User).where(User.role == Role.ADMIN, User.active).order_by(User.id)):
        notify(
            user=recipient_of(admin),
            kind=APPLICATION,
            title=f"{counsellor.name} applies to counsel here",
            body=counsellor.title,
            url=path,
            dedupe_key=f"{key}:{admin.public_id}",
            now=now,
        )


def tell_approved(counsellor: Counsellor, now: dt.datetime) -> None:
    """Tell an applicant that they counsel here now, and what comes next."""
    words = {
        "profile_url": external_url("staff.profile"),
        "hours_url": external_url("availability.edit"),
        "public_url": external_url("public.counsellor", public_id=counsellor.public_id),
    }
    news = _News("You counsel here now", "Set your hours, then students can book you.")
    _answer(counsellor, news, MailMessage("application_approved", words), now)


def tell_declined(counsellor: Counsellor, reason: str, now: dt.datetime) -> None:
    """Tell an applicant that it is a no, and why."""
    news = _News("Your application was declined", reason)
    _answer(counsellor, news, MailMessage("application_declined", {"reason": reason}), now)


class _News(NamedTuple):
    """The line in the inbox."""

    title: str
    body: str


def _answer(counsellor: Counsellor, news: _News, mail: MailMessage, now: dt.datetime) -> None:
    user = counsellor.user
    if user is None:
        return
    notify(
        user=recipient_of(user),
        kind=ANSWER,
        title=news.title,
        body=news.body,
        url="/counsellor",
        dedupe_key=f"{mail.template}:{counsellor.public_id}:{now.isoformat()}",
        mail=replace(mail, context={"first_name": user.first_name, **mail.context}),
        now=now,
    )
