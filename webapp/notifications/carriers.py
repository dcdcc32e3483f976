"""What carries a message out of the outbox: one carrier a channel, all of them by the same loop."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from webapp.config import Settings
from webapp.notifications.models import Channel
from webapp.notifications.render import Letter, compose
from webapp.notifications.transport import Connection, Transport, make_transport
from webapp.notifications.whatsapp import WhatsAppCarrier


class Line(Protocol):
    """An open way out, for a batch of messages."""

    def make_ready(self) -> None:
        """Mend the way should it be broken; raises ServerAway."""

    def carry(self, letter: Letter) -> None:
        """Send one message. Raises MailNotSent, NeverSent or ServerAway."""


class Carrier(Protocol):
    """A way out. ``lease`` is longer than one sending can last."""

    channel: Channel
    lease: dt.timedelta

    def connect(self) -> AbstractContextManager[Line]:
        """Open the way; raises ServerAway."""


def carriers(settings: Settings) -> list[Carrier]:
    """Return a carrier for every channel that the settings switch on."""
    found: list[Carrier] = [MailCarrier(make_transport(settings))]
    if settings.sends_whatsapp:
        found.append(WhatsAppCarrier(settings))
    return found


class MailCarrier:
    """Composes mails and hands them to a mail transport."""

    channel = Channel.MAIL

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.lease = transport.lease

    @contextlib.contextmanager
    def connect(self) -> Iterator[Line]:
        """Open the transport."""
        with self.transport.connect() as connection:
            yield MailLine(connection)


class MailLine:
    """One open connection of a mail transport."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def make_ready(self) -> None:
        """Mend the connection."""
        self._connection.make_ready()

    def carry(self, letter: Letter) -> None:
        """Compose and send."""
        self._connection.send(compose(letter), name=letter.public_id)
