"""Where the two meet: a link made at confirmation by the configured provider."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from webapp.bookings.models import MeetingMode
from webapp.config import Settings

TOKEN_BYTES = 20  # 160 bits in lower-case hex: room names do not tell upper from lower case
ONLINE = frozenset({MeetingMode.VIDEO, MeetingMode.CHAT})


@dataclass(frozen=True, slots=True)
class MeetingLink:
    """A room: its address and the platform's name."""

    url: str
    platform: str


def make_link(settings: Settings, mode: MeetingMode) -> MeetingLink | None:
    """Return a fresh room that nobody can guess; None where links are typed by hand or none is needed."""
    if settings.meeting_provider != "jitsi" or mode not in ONLINE:
        return None
    return MeetingLink(f"{settings.jitsi_base}/disha-{secrets.token_hex(TOKEN_BYTES)}", "Jitsi")
