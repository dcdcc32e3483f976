"""Leads in words: how urgent one is, what happened to it, where it came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from markupsafe import Markup

from webapp.core.money import group_indian
from webapp.core.times import format_date
from webapp.inquiries.models import EventKind, Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.rules import CATEGORIES, EXAM_LABELS, MOVES, OUTCOME_LABELS, STATES, STATUS_LABELS

SOON = dt.timedelta(hours=4)
SELECTED = Markup(" selected")
SOURCE_WORDS = {"whatsapp": "WhatsApp", "google": "Google", "youtube": "YouTube", "api": "API"}
LOOKS = {
    EventKind.CREATED: ("message-circle", "now"),
    EventKind.STATUS: ("refresh", ""),
    EventKind.ASSIGNEE: ("user-check", ""),
    EventKind.FOLLOW_UP: ("calendar-plus", ""),
    EventKind.EDITED: ("pencil", ""),
    EventKind.NOTE: ("file-text", ""),
    EventKind.CALL: ("phone", ""),
    EventKind.MAIL: ("mail", "ok"),
    EventKind.DUPLICATE: ("copy", "warn"),
    EventKind.CONVERTED: ("user-check", "ok"),
    EventKind.PAID: ("cash", "ok"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A few words with a tone ("bad", "warn", "ok", "muted") and an icon's name."""

    text: str
    tone: str
    icon: str


def answer_clock(lead: Inquiry, now: dt.datetime) -> Mark | None:
    """Return how the promise "answered within 24 hours" stands; None where nobody waits any more unanswered."""
    if lead.answered_at is not None:
        late = lead.answered_at > lead.answer_due_at
        took = span_words(lead.answered_at - lead.asked_at)
        return Mark(f"Answered after {took}", "warn" if late else "muted", "clock")
    if lead.status is not InquiryStatus.NEW:
        return None
    if lead.answer_due_at <= now:
        return Mark(f"Answer {span_words(now - lead.answer_due_at)} late", "bad", "alert-triangle")
    left = lead.answer_due_at - now
    return Mark(f"{span_words(left)} left to answer", "warn" if left <= SOON else "muted", "clock")


def follow_up_mark(lead: Inquiry, today: dt.date) -> Mark | None:
    """Return when to get in touch again, "2 days late" where that was before; None if no day is set."""
    if lead.follow_up_on is None:
        return None
    if not lead.is_open:
        return Mark(short_day(lead.follow_up_on), "muted", "clock")
    days = (lead.follow_up_on - today).days
    if days < 0:
        return Mark(f"{-days} {'day' if days == -1 else 'days'} late", "bad", "alert-triangle")
    if days <= 1:
        return Mark("Tomorrow" if days else "Today", "muted" if days else "warn", "clock")
    return Mark(short_day(lead.follow_up_on), "muted", "clock")


def span_words(span: dt.timedelta) -> str:
    """Return a length of time as one says it: "25 min", "3 h 20 min", "2 days"."""
    minutes = max(1, int(span.total_seconds()) // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours >= 3 or not rest:
        return f"{hours} h" if hours else f"{rest} min"
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def short_day(day: dt.date) -> str:
    """Return "Mon, 7 Dec"."""
    return format_date(day).rsplit(" ", 1)[0]


def exam_words(lead: Inquiry) -> str:
    """Return the exam as people write it."""
    return EXAM_LABELS[lead.exam]


def rank_words(lead: Inquiry) -> str:
    """Return "Rank 1,204", grouped as in India; "" if it was not told."""
    return f"Rank {group_indian(str(lead.rank))}" if lead.rank else ""


def phone_words(phone: str) -> str:
    """Return a number in groups: "+91 98311 40276"; others as they are."""
    if phone.startswith("+91") and len(phone) == 13:
        return f"+91 {phone[3:8]} {phone[8:]}"
    return phone


def source_words(source: str) -> str:
    """Return where a lead came from with a capital: "Instagram"."""
    return SOURCE_WORDS.get(source, source[:1].upper() + source[1:])


def origin_words(lead: Inquiry) -> str:
    """Return source and campaign: "Instagram / reel-tfw"."""
    more = [part for part in (lead.utm_source, lead.utm_medium, lead.utm_campaign) if part and part != lead.source]
    return " / ".join([source_words(lead.source), *more])


def next_statuses(lead: Inquiry) -> tuple[tuple[str, str], ...]:
    """Return (value, word) of what a lead may be set to, as it is first; "Converted…" leads to its form."""
    return _statuses_after(lead.status)


@lru_cache(maxsize=len(InquiryStatus))
def _statuses_after(status: InquiryStatus) -> tuple[tuple[str, str], ...]:
    able = [one for one in InquiryStatus if one is status or one in MOVES[status]]
    words = [(one.value, STATUS_LABELS[one]) for one in able]
    if status in (InquiryStatus.NEW, InquiryStatus.CONTACTED):
        words.append((InquiryStatus.CONVERTED.value, f"{STATUS_LABELS[InquiryStatus.CONVERTED]}…"))
    order = [one.value for one in InquiryStatus]
    return tuple(sorted(words, key=lambda pair: order.index(pair[0])))


Choices: TypeAlias = tuple[tuple[str, str], ...]


def assignees_of(lead: Inquiry, people: Choices) -> Choices:
    """Return (id, name) of whom a lead may be given to: nobody, who has it though they left, everybody at the desk."""
    if lead.assignee is not None and (theirs := (lead.assignee.public_id, lead.assignee.name)) not in people:
        people = (theirs, *people)
    return (("", "Nobody"), *people)


@lru_cache(maxsize=512)
def options(choices: Choices, chosen: str) -> Markup:
    """Return the options of a select; a list has the same for most of its rows, so they are written once."""
    return Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(value, SELECTED if value and value == chosen else "", text)
        for value, text in choices
    )


class LeadLine(NamedTuple):
    """A lead as a row of the table shows it; ``answer`` only while nobody has answered, ``follow_up`` an ISO day."""

    id: str
    name: str
    phone: str
    phone_words: str
    exam: str
    rank: str
    status: str
    is_open: bool
    version: int
    answer: Mark | None
    due: Mark | None
    follow_up: str
    assignee: str
    assignee_id: str
    statuses: Choices
    assignees: Choices


def lead_line(lead: Inquiry, people: Choices, now: dt.datetime, today: dt.date) -> LeadLine:
    """Return a row of the table: everything in words, so that the template only places it."""
    return LeadLine(
        id=lead.public_id,
        name=lead.name,
        phone=lead.phone,
        phone_words=phone_words(lead.phone),
        exam=exam_words(lead),
        rank=rank_words(lead),
        status=lead.status.value,
        is_open=lead.is_open,
        version=lead.version,
        answer=answer_clock(lead, now) if lead.status is InquiryStatus.NEW else None,
        due=follow_up_mark(lead, today),
        follow_up=lead.follow_up_on.isoformat() if lead.follow_up_on else "",
        assignee=lead.assignee.name if lead.assignee else "",
        assignee_id=lead.assignee.public_id if lead.assignee else "",
        statuses=next_statuses(lead),
        assignees=assignees_of(lead, people),
    )


def timeline(events: Iterable[InquiryEvent], lead: Inquiry) -> list[dict[str, Any]]:
    """Return the lines of a timeline for the macro of that name, in the order given."""
    return [_line(event, lead) for event in events]


def _line(event: InquiryEvent, lead: Inquiry) -> dict[str, Any]:
    icon, tone = LOOKS[event.kind]
    if event.kind is EventKind.CALL and event.outcome is not None and event.outcome.value != "reached":
        tone = "warn"
    who = event.actor.name if event.actor is not None else ""
    return {"text": _words(event, lead), "at": event.at, "tone": tone, "icon": icon, "who": who}


def _words(event: InquiryEvent, lead: Inquiry) -> str:
    said = [_head(event, lead), _changed(event), event.body if event.kind is not EventKind.DUPLICATE else ""]
    return ". ".join(part.rstrip(".") if part != said[-1] else part for part in said if part)


def _head(event: InquiryEvent, lead: Inquiry) -> str:
    """Return what kind of thing happened, where the changes do not say it already."""
    if event.kind is EventKind.CREATED:
        return f"“{lead.message}”" if lead.message else f"Asked by way of {source_words(lead.source)}"
    if event.kind is EventKind.CALL and event.outcome is not None:
        return f"Call: {OUTCOME_LABELS[event.outcome].lower()}"
    if event.kind is EventKind.MAIL:
        return f"Mail sent: {event.data.get('subject', '')}"
    if event.kind is EventKind.CONVERTED:
        return _converted(event.data)
    if event.kind is EventKind.DUPLICATE:
        return event.body
    return "Paid" if event.kind is EventKind.PAID else ""


def _converted(data: dict[str, Any]) -> str:
    account = "an invitation went out" if data.get("invited") else "the account was there already"
    package = data.get("package") or ""
    if not package:
        return f"Converted; {account}"
    how = "given" if data.get("way") == "grant" else "payment link sent for it"
    return f"Converted: {package}, {how}; {account}"


def _changed(event: InquiryEvent) -> str:
    if event.kind is EventKind.CONVERTED:
        return ""
    changes: Sequence[dict[str, str]] = event.data.get("changes", [])
    return ", ".join(change_words(one) for one in changes)


def change_words(change: dict[str, str]) -> str:
    """Return "Status: New → Contacted"; a long text only says that it changed."""
    before, after = change.get("before", ""), change.get("after", "")
    if max(len(before), len(after)) > 80:
        return f"{change['label']} changed"
    return f"{change['label']}: {before or 'none'} → {after or 'none'}"


CATEGORY_CHOICES = list(CATEGORIES)
STATE_CHOICES = list(STATES)
