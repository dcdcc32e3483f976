"""Telling a person something, by every channel that is open to it.

A channel writes a row in the transaction of what happened; the mail server and WhatsApp are met
later, by the sender of the outbox.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

from webapp.config import Settings
from webapp.core import live, pieces
from webapp.notifications.kinds import Kind, Way, kind_of
from webapp.notifications.messages import MailMessage, News, Recipient, WhatsAppMessage
from webapp.notifications.queries import chosen_ways
from webapp.notifications.services.inbox import inbox_key
from webapp.notifications.services.outbox import queue_mail, queue_whatsapp
from webapp.notifications.services.writing import Writing
from webapp.notifications.unsubscribing import make_key


class NewsChannel(Protocol):
    """One way to a person."""

    way: Way

    def is_open(self, to: Recipient, news: News) -> bool:
        """Whether this news can reach this person here at all."""

    def tell(self, letter: Letter, writing: Writing, now: dt.datetime) -> None:
        """Add what is to be told to what is written; the same news again adds nothing.

        News that is not ``wanted`` here leaves at most a note that it was thought of.
        """


@dataclass(frozen=True, slots=True)
class Letter:
    """News on its way to one person by one channel."""

    to: Recipient
    news: News
    kind: Kind
    wanted: bool


def notify(
    *,
    user: Recipient,
    kind: str,
    title: str,
    body: str,
    url: str,
    dedupe_key: str,
    now: dt.datetime,
    mail: MailMessage | None = None,
    whatsapp: WhatsAppMessage | None = None,
) -> None:
    """Tell a person one thing: in the inbox of the app, by mail, by WhatsApp, as they prefer.

    Transactional kinds always go to inbox and mail. All of it is rows of the caller's transaction;
    a key seen before adds nothing.

    Args:
        kind: a name from `notifications.kinds`.
        title, body: finished words in the reader's zone (cut at 200 and 500 characters).
        url: the path on this site that shows it, such as "/sessions/session_…".
        dedupe_key: event, version and recipient (up to 190 characters): what makes it once.

    Raises:
        LookupError: the kind is not listed.
    """
    notify_all([(user, News(kind, title, body, url, dedupe_key, mail, whatsapp))], now=now)


def notify_all(told: Iterable[tuple[Recipient, News]], *, now: dt.datetime) -> None:
    """Tell several people what `notify` tells one; all of their rows are written by one statement."""
    writing = Writing()
    for user, news in told:
        kind = kind_of(news.kind)
        ways = [channel for channel in CHANNELS if channel.is_open(user, news)]
        wanted = chosen_ways(user.id, kind, {channel.way for channel in ways})
        for channel in ways:
            channel.tell(Letter(user, news, kind, wanted=channel.way in wanted), writing, now)
    writing.write()


class InboxChannel:
    """The inbox in the app: a row that the person's pages show."""

    way = Way.INBOX

    def is_open(self, to: Recipient, news: News) -> bool:
        """Whoever has an account has an inbox."""
        del news
        return to.id is not None

    def tell(self, letter: Letter, writing: Writing, now: dt.datetime) -> None:
        """Write the line, and let open pages know of it."""
        to, news = letter.to, letter.news
        if not letter.wanted or to.id is None:
            return
        writing.line(
            user_id=to.id,
            kind=news.kind,
            title=news.title[:200],
            body=news.body[:500],
            url=news.url,
            dedupe_key=news.dedupe_key,
            created_at=now,
        )
        pieces.changed(pieces.rows_key("users", to.id))
        live.bump(inbox_key(to.public_id))


class MailChannel:
    """Mail, through the outbox."""

    way = Way.MAIL

    def is_open(self, to: Recipient, news: News) -> bool:
        """Whether there is a mail to send."""
        return news.mail is not None and bool(to.email)

    def tell(self, letter: Letter, writing: Writing, now: dt.datetime) -> None:
        """Queue the mail; one that may be refused says how.

        A refused one is written as dropped: who looks for its key knows that it was told.
        """
        to, mail = letter.to, letter.news.mail
        if mail is None:
            return
        may_refuse = to.id is not None and not letter.kind.is_fixed(self.way)
        queue_mail(
            dedupe_key=letter.news.dedupe_key,
            recipient=to.email,
            recipient_name=to.name,
            template=mail.template,
            context=mail.context,
            now=now,
            guard=mail.guard,
            attachments=mail.attachments,
            unsubscribe_key=make_key(to.public_id, letter.kind.name) if may_refuse else None,
            wanted=letter.wanted,
            writing=writing,
        )


class WhatsAppChannel:
    """WhatsApp, through the outbox: only where an account to send from is configured."""

    way = Way.WHATSAPP

    def is_open(self, to: Recipient, news: News) -> bool:
        """Whether there is a message, a number, and somebody to send it."""
        settings = cast(Settings, current_app.config["SETTINGS"])
        return news.whatsapp is not None and to.id is not None and bool(to.phone) and settings.sends_whatsapp

    def tell(self, letter: Letter, writing: Writing, now: dt.datetime) -> None:
        """Queue the message for who has said yes to it."""
        if letter.wanted and letter.news.whatsapp is not None:
            queue_whatsapp(
                dedupe_key=f"{letter.news.dedupe_key}:whatsapp",
                to=letter.to,
                message=letter.news.whatsapp,
                now=now,
                unsubscribe_key=make_key(letter.to.public_id, letter.kind.name),
                writing=writing,
            )


CHANNELS: tuple[NewsChannel, ...] = (InboxChannel(), MailChannel(), WhatsAppChannel())
