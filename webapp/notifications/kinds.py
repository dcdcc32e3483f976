"""What people are told about: every kind of news, and by which channels it goes unless they say otherwise."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Way(enum.StrEnum):
    """How news reaches a person."""

    INBOX = "inbox"  # in the app
    MAIL = "mail"
    WHATSAPP = "whatsapp"


class Group(enum.StrEnum):
    """What kinds belong together: the filters of the inbox and the sections of the preferences."""

    SESSIONS = "sessions"
    REMINDERS = "reminders"
    REVIEWS = "reviews"
    MONEY = "money"
    LEADS = "leads"
    NEWS = "news"


GROUP_LABELS = {
    Group.SESSIONS: "Sessions",
    Group.REMINDERS: "Reminders",
    Group.REVIEWS: "Reviews",
    Group.MONEY: "Payments",
    Group.LEADS: "Inquiries",
    Group.NEWS: "Packages and news",
}
EVERYBODY = frozenset({"student", "counsellor", "admin"})
STUDENT, PARTIES, ADMIN = frozenset({"student"}), frozenset({"student", "counsellor"}), frozenset({"admin"})
STAFF = frozenset({"counsellor", "admin"})
PHONE_TOO = frozenset(Way)
ALWAYS = frozenset({Way.INBOX, Way.MAIL})  # how transactional news goes, whatever the preferences


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of news.

    ``transactional``: part of what the person asked us to do, so inbox and mail cannot be switched off.
    ``defaults``: the channels it goes by where the person has said nothing. WhatsApp is in none of
    them: its rules ask for a person's own yes.
    """

    name: str
    label: str
    group: Group
    transactional: bool = False
    defaults: frozenset[Way] = ALWAYS
    audience: frozenset[str] = EVERYBODY  # the roles that are ever told this
    ways: frozenset[Way] = ALWAYS  # the channels that features use for it, so the ones to choose among

    def is_fixed(self, way: Way) -> bool:
        """Whether the person has no say about this channel."""
        return self.transactional and way in ALWAYS


KINDS = (
    Kind(
        "session_requested",
        "A time was requested",
        Group.SESSIONS,
        transactional=True,
        audience=PARTIES,
        ways=PHONE_TOO,
    ),
    Kind(
        "session_confirmed",
        "A session is confirmed",
        Group.SESSIONS,
        transactional=True,
        audience=PARTIES,
        ways=PHONE_TOO,
    ),
    Kind(
        "session_declined",
        "A request was declined",
        Group.SESSIONS,
        transactional=True,
        audience=STUDENT,
        ways=PHONE_TOO,
    ),
    Kind(
        "session_expired",
        "A request ran out unanswered",
        Group.SESSIONS,
        transactional=True,
        audience=PARTIES,
        ways=PHONE_TOO,
    ),
    Kind(
        "session_cancelled",
        "A session is cancelled",
        Group.SESSIONS,
        transactional=True,
        audience=PARTIES,
        ways=PHONE_TOO,
    ),
    Kind(
        "session_rescheduled", "A session moved", Group.SESSIONS, transactional=True, audience=PARTIES, ways=PHONE_TOO
    ),
    Kind(
        "session_move_offered",
        "Another time is asked for",
        Group.SESSIONS,
        transactional=True,
        audience=STUDENT,
        ways=PHONE_TOO,
    ),
    Kind(
        "session_link",
        "The link of a meeting changed",
        Group.SESSIONS,
        transactional=True,
        audience=PARTIES,
        ways=PHONE_TOO,
    ),
    Kind(
        "session_no_show", "A session was missed", Group.SESSIONS, transactional=True, audience=PARTIES, ways=PHONE_TOO
    ),
    Kind(
        "session_notes",
        "Notes and next steps after a session",
        Group.SESSIONS,
        audience=STUDENT,
        ways=frozenset({Way.INBOX}),
    ),
    Kind(
        "session_reminder", "The day and the hour before a session", Group.REMINDERS, audience=PARTIES, ways=PHONE_TOO
    ),
    Kind("booking_nudge", "Sessions of a package wait to be booked", Group.REMINDERS, audience=STUDENT),
    Kind("review_prompt", "How was your session?", Group.REVIEWS, audience=STUDENT, ways=PHONE_TOO),
    Kind("review_received", "A review was written or published", Group.REVIEWS, audience=STAFF),
    Kind("review_answered", "A counsellor answered your review", Group.REVIEWS, audience=STUDENT),
    Kind("payment_received", "A payment and its receipt", Group.MONEY, transactional=True, audience=STUDENT),
    Kind("payment_failed", "A payment did not go through", Group.MONEY, transactional=True, audience=STUDENT),
    Kind("refund", "A refund, from asking to paid back", Group.MONEY, transactional=True, audience=STUDENT),
    Kind("money_alert", "Money that needs a look", Group.MONEY, transactional=True, audience=ADMIN),
    Kind("inquiry_new", "Somebody asked for guidance", Group.LEADS, audience=ADMIN, ways=frozenset({Way.INBOX})),
    Kind(
        "inquiry_assigned", "News of an inquiry that is yours", Group.LEADS, audience=ADMIN, ways=frozenset({Way.INBOX})
    ),
    Kind("enrolment_granted", "A package was given to you", Group.NEWS, transactional=True, audience=STUDENT),
    Kind("enrolment_cancelled", "A package was ended", Group.NEWS, transactional=True, audience=STUDENT),
    Kind(
        "export_ready",
        "A file of a table is ready, or an import is through",
        Group.NEWS,
        audience=ADMIN,
        defaults=frozenset({Way.INBOX}),
        ways=frozenset({Way.INBOX}),
    ),
    Kind("enrolment_expiring", "A package ends soon", Group.NEWS, audience=STUDENT),
    Kind("application", "Somebody applies to counsel here", Group.NEWS, transactional=True, audience=ADMIN),
    Kind(
        "application_answered",
        "The answer to your application",
        Group.NEWS,
        transactional=True,
        audience=frozenset({"counsellor"}),
    ),
    Kind("news", "News from us, a few times a year", Group.NEWS, defaults=frozenset({Way.INBOX})),
)
_BY_NAME = {kind.name: kind for kind in KINDS}


def kind_of(name: str) -> Kind:
    """Return a kind by its name.

    Raises:
        LookupError: there is none; every kind of news is listed here first.
    """
    if name not in _BY_NAME:
        raise LookupError(f"no kind of news is called {name!r}")
    return _BY_NAME[name]


def kinds_of(group: Group) -> tuple[Kind, ...]:
    """Return the kinds of a group, in the order they are shown."""
    return tuple(kind for kind in KINDS if kind.group is group)


def kinds_for(role: str) -> tuple[Kind, ...]:
    """Return the kinds that accounts of this role are ever told."""
    return tuple(kind for kind in KINDS if role in kind.audience)
