"""What a person wants to be told, and how."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.dialects.postgresql import insert

from webapp.core.db import db
from webapp.core.errors import NotFound, ValidationFailed
from webapp.notifications.kinds import Kind, Way, kinds_for
from webapp.notifications.messages import Reader
from webapp.notifications.models import NotificationPreference
from webapp.notifications.people import find_person
from webapp.notifications.unsubscribing import read_mail_key


def save_preferences(*, reader: Reader, ways: Collection[Way], wanted: Collection[tuple[str, str]]) -> None:
    """Keep a person's word about everything that was offered to them.

    Args:
        ways: the channels that the form showed; what was not shown keeps what was said before.
        wanted: pairs of kind and channel that are ticked; all others offered are switched off.

    Raises:
        ValidationFailed: a pair that was not offered; nothing is changed.
    """
    kinds = kinds_for(reader.role)
    offered = [(kind, way) for kind in kinds for way in ways if way in kind.ways and not kind.is_fixed(way)]
    unknown = set(wanted) - {(kind.name, way.value) for kind, way in offered}
    if unknown:
        raise ValidationFailed("One of these choices does not exist. Nothing was changed.")
    for kind, way in offered:
        _say(reader.id, kind, way, enabled=(kind.name, way.value) in wanted)


def set_mail(*, key: str, enabled: bool) -> Kind:
    """Switch one kind of mail off or on again, by the key of a mail; return the kind.

    Raises:
        NotFound: the key is not ours, its kind cannot be refused, or the account is gone.
    """
    refusal = read_mail_key(key)
    person = find_person(refusal.user_public_id)
    if person is None or person.id is None:
        raise NotFound("This account does not exist any more, and gets no mail.")
    _say(person.id, refusal.kind, Way.MAIL, enabled=enabled)
    return refusal.kind


def _say(user_id: int, kind: Kind, way: Way, *, enabled: bool) -> None:
    row = {"user_id": user_id, "kind": kind.name, "channel": way.value, "enabled": enabled}
    said = insert(NotificationPreference).values(**row)
    db.session.execute(
        said.on_conflict_do_update(index_elements=["user_id", "kind", "channel"], set_={"enabled": enabled})
    )
