"""Two ways out: a mail server, or a folder of files for the viewer of the demo.

A transport says how long a sender may hold a mail (``lease``): longer than one sending can last, so
that nobody takes over a mail that is still on its way, and short enough that a killed sender is soon replaced.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from webapp.config import Settings

TIMEOUT_SECONDS = 20.0
CLOSING = 421  # "service not available, closing transmission channel"
SUFFIX = ".eml"


class MailNotSent(Exception):
    """This one mail was refused or broke off; the next may go."""


class NeverSent(MailNotSent):
    """This one is refused for good: trying again is of no use, or might send it twice."""


class ServerAway(Exception):
    """The mail server cannot be reached or does not let us in: no mail will go now."""


class Connection(Protocol):
    """An open way out, for a batch of mails."""

    def make_ready(self) -> None:
        """Mend the connection should it be broken; raises ServerAway."""

    def send(self, message: EmailMessage, *, name: str) -> None:
        """Send one message; ``name`` is the same each time it is tried. Raises MailNotSent."""


class Transport(Protocol):
    """A way out."""

    lease: dt.timedelta

    def connect(self) -> AbstractContextManager[Connection]:
        """Open the way; raises ServerAway."""


def make_transport(settings: Settings) -> Transport:
    """Return the way out that the settings ask for."""
    return MaildirTransport(settings.mail_dir) if settings.captures_mail else SmtpTransport(settings)


class MaildirTransport:
    """Writes each mail to a file of its own name, so that sending it again leaves one file."""

    lease = dt.timedelta(seconds=10)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        """Make sure of the folder."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ServerAway(f"{self.folder}: {error.strerror}") from error
        yield self

    def make_ready(self) -> None:
        """Nothing to mend: each file stands alone."""

    def send(self, message: EmailMessage, *, name: str) -> None:
        """Write the file in one step: a reader sees all of it or nothing."""
        draft = self.folder / f".{name}.{secrets.token_hex(4)}.new"
        try:
            draft.write_bytes(message.as_bytes())
            draft.replace(self.folder / f"{name}{SUFFIX}")
        except OSError as error:
            raise MailNotSent(f"{draft.name}: {error.strerror}") from error


def clear_mail(settings: Settings) -> int:
    """Throw captured mail away, half-written files too; return how many files went."""
    old = [path for path in settings.mail_dir.glob("*") if path.name.endswith((SUFFIX, ".new"))]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


class SmtpTransport:
    """Sends through a mail server, one connection a batch."""

    # One mail waits for at most five answers of the server (MAIL, RCPT, DATA, the text itself, its end).
    lease = dt.timedelta(seconds=6 * TIMEOUT_SECONDS)

    def __init__(self, settings: Settings, timeout: float = TIMEOUT_SECONDS) -> None:
        self.settings = settings
        self.timeout = timeout

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        """Connect and sign in as the settings say."""
        connection = SmtpConnection(self)
        connection.make_ready()
        try:
            yield connection
        finally:
            connection.close()

    def dial(self) -> smtplib.SMTP:
        """Return a fresh, signed-in connection; raises ServerAway."""
        wanted = self.settings
        secure = ssl.create_default_context() if wanted.smtp_tls != "none" else None
        server: smtplib.SMTP | None = None
        try:
            if wanted.smtp_tls == "tls":
                server = smtplib.SMTP_SSL(wanted.smtp_host, wanted.smtp_port, timeout=self.timeout, context=secure)
            else:
                server = smtplib.SMTP(wanted.smtp_host, wanted.smtp_port, timeout=self.timeout)
            if wanted.smtp_tls == "starttls":
                server.starttls(context=secure)
            if wanted.smtp_user:
                server.login(wanted.smtp_user, wanted.smtp_password.get_secret_value())
        except (smtplib.SMTPException, OSError) as error:
            if server is not None:
                server.close()
            raise ServerAway(_in_words(error)) from error
        return server


class SmtpConnection:
    """One connection to the mail server, opened again should it break between two mails."""

    def __init__(self, transport: SmtpTransport) -> None:
        self._transport = transport
        self._server: smtplib.SMTP | None = None

    def make_ready(self) -> None:
        """Connect, if the line is not open."""
        if self._server is None:
            self._server = self._transport.dial()

    def send(self, message: EmailMessage, *, name: str) -> None:
        """Send one message."""
        if self._server is None:
            raise MailNotSent(f"{name}: not connected")
        try:
            self._server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise MailNotSent(_in_words(next(iter(error.recipients.values()), error))) from error
        except (smtplib.SMTPException, OSError) as error:
            if not isinstance(error, smtplib.SMTPResponseException) or error.smtp_code == CLOSING:
                self._server.close()
                self._server = None
            raise MailNotSent(_in_words(error)) from error

    def close(self) -> None:
        """Say goodbye; a server that does not answer is left alone."""
        if self._server is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._server.quit()
            self._server = None


def _in_words(error: object) -> str:
    if isinstance(error, tuple):
        code, text = error
        return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    if isinstance(error, smtplib.SMTPResponseException):
        return _in_words((error.smtp_code, error.smtp_error))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
