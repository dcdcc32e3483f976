"""Reading what a person wants to be told, and how."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import select

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.notifications.kinds import Kind, Way
from webapp.notifications.models import NotificationPreference
from webapp.notifications.people import find_person
from webapp.notifications.unsubscribing import read_key


def chosen_ways(user_id: int | None, kind: Kind, ways: AbstractSet[Way]) -> frozenset[Way]:
    """Return by which of ``ways`` a person is told about a kind; asks the database only where there is a choice."""
    fixed = frozenset(way for way in ways if kind.is_fixed(way))
    free = frozenset(ways) - fixed
    if user_id is None or not free:
        return fixed | (free & kind.defaults)
    said = db.session.execute(
        select(NotificationPreference.channel, NotificationPreference.enabled).where(
            NotificationPreference.user_id == user_id,
            NotificationPreference.kind == kind.name,
            NotificationPreference.channel.in_(free),
        )
    )
    words = {Way(row.channel): row.enabled for row in said}
    return fixed | frozenset(way for way in free if words.get(way, way in kind.defaults))


def preferences_of(user_id: int) -> dict[tuple[str, str], bool]:
    """Return everything a person has said: (kind, channel) → on or off."""
    said = select(NotificationPreference).where(NotificationPreference.user_id == user_id)
    return {(row.kind, row.channel): row.enabled for row in db.session.scalars(said)}


def still_wanted(key: str, way: Way = Way.MAIL) -> bool:
    """Whether the person of a message's key still wants news of its kind by this channel."""
    try:
        refusal = read_key(key)
    except NotFound:
        return True  # a kind that is no longer listed: nobody could refuse it
    person = find_person(refusal.user_public_id)
    return person is None or way in chosen_ways(person.id, refusal.kind, {way})
