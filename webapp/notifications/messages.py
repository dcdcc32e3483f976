"""Finished messages, as features hand them over: plain words, no rows of anybody's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file that goes with a mail, such as a calendar entry.

    ``content_type`` may carry parameters: "text/calendar; method=REQUEST".
    """

    filename: str
    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person to tell. Without an account (``id`` is None) there is only the mail address.

    ``phone`` is international, "+" and digits; ``zone`` the IANA zone of the words they read.
    """

    id: int | None
    public_id: str
    name: str
    email: str
    zone: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose inbox and preferences these are; ``role`` is the word of the account's role."""

    id: int
    public_id: str
    role: str


@dataclass(frozen=True, slots=True)
class MailMessage:
    """What a mail says: a folder under templates/email, finished words for it, and what goes along.

    ``guard`` is "<name>:<argument>", asked just before sending whether it is still true.
    """

    template: str
    context: dict[str, Any]
    guard: str | None = None
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class WhatsAppMessage:
    """One approved template of the WhatsApp account and the words for its places, in order."""

    template: str
    words: Sequence[str]
    guard: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell one person, by whichever channels."""

    kind: str
    title: str
    body: str
    url: str  # a path on this site
    dedupe_key: str
    mail: MailMessage | None = None
    whatsapp: WhatsAppMessage | None = None
