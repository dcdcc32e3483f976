"""WhatsApp by Meta's Cloud API: ``POST /<version>/<phone number id>/messages`` with an approved template.

The API knows no key against doubles, so ours is the claim on the row of the outbox. Every message
has a connection of its own: where it breaks tells what is known. Before the whole request has left,
nothing was accepted and it is tried again; after that, without an answer, it may have been accepted,
and it is not sent a second time (the same news also goes by mail and inbox).

Contract: "Send messages" and "Error codes" of the Cloud API's documentation. Errors are told apart
by ``error.code``, as it asks; the status of the answer only decides where there is no code.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import structlog

from webapp.config import Settings
from webapp.notifications.models import Channel
from webapp.notifications.render import Letter
from webapp.notifications.transport import MailNotSent, NeverSent, ServerAway

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0  # for the whole answer, however slowly it drips
MOST_BYTES = 64 * 1024
LONGEST_WORD = 1024

# Too many messages at all: everything waits. 131056 is about one receiver only.
THROTTLED = frozenset({4, 80007, 130429, 131048, 133016})
# The account, its token, its number or its bill: nobody is reached until an administrator mends it.
NOT_LET_IN = frozenset({0, 3, 10, 33, 190, 368, 130497, 131005, 131031, 131042, 131045, 133010, *range(200, 300)})
# A fault over there, or this receiver just had one: this message is tried again.
PASSING = frozenset({1, 2, 131000, 131016, 131056, 131057, 133004})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status and, of an error, its code and words."""

    status: int
    code: int | None
    words: str
    message_id: str = ""


class WhatsAppCarrier:
    """Sends from one WhatsApp number."""

    channel = Channel.WHATSAPP
    lease = dt.timedelta(seconds=CONNECT_SECONDS + ANSWER_SECONDS + 50)

    def __init__(
        self, settings: Settings, *, connect_seconds: float = CONNECT_SECONDS, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self.settings = settings
        self.connect_seconds = connect_seconds
        self.answer_seconds = answer_seconds

    @contextlib.contextmanager
    def connect(self) -> Iterator[WhatsAppLine]:
        """Nothing to open for a batch: each message connects for itself."""
        line = WhatsAppLine(self)
        try:
            yield line
        finally:
            line.close()


class WhatsAppLine:
    """The way out for a batch, with a connection ready for the next message."""

    def __init__(self, carrier: WhatsAppCarrier) -> None:
        self._carrier = carrier
        self._settings = carrier.settings
        self._ready: HTTPConnection | None = None

    def make_ready(self) -> None:
        """Connect for the next message; raises ServerAway."""
        if self._ready is None:
            connection = self._dial()
            try:
                connection.connect()
            except OSError as error:
                connection.close()
                raise ServerAway(f"WhatsApp: {error.strerror or error}") from error
            self._ready = connection

    def carry(self, letter: Letter) -> None:
        """Send one template message."""
        self.make_ready()
        connection, self._ready = self._ready, None
        if connection is None:
            raise ServerAway("WhatsApp: not connected")
        with contextlib.closing(connection):
            answer = self._ask(connection, letter)
        judge(answer)
        log.info("whatsapp_sent", mail=letter.public_id, message=answer.message_id)

    def close(self) -> None:
        """Let go of a connection nobody used."""
        if self._ready is not None:
            self._ready.close()
            self._ready = None

    def _dial(self) -> HTTPConnection:
        base, seconds = urlsplit(self._settings.whatsapp_base_url), self._carrier.connect_seconds
        if base.scheme == "http":
            return HTTPConnection(base.hostname or "", base.port, timeout=seconds)
        return HTTPSConnection(base.hostname or "", base.port, timeout=seconds, context=ssl.create_default_context())

    def _ask(self, connection: HTTPConnection, letter: Letter) -> Answer:
        with _bounded(connection, self._carrier.answer_seconds):
            try:
                self._post(connection, letter)
            except OSError as error:
                raise MailNotSent(f"WhatsApp: broke off while sending ({error})") from error
            try:
                return _read(connection.getresponse())
            except (OSError, HTTPException) as error:
                doubt = "WhatsApp: no answer, perhaps accepted; not sent again"
                raise NeverSent(f"{doubt} ({type(error).__name__})") from error

    def _post(self, connection: HTTPConnection, letter: Letter) -> None:
        path = f"{urlsplit(self._settings.whatsapp_base_url).path}/{self._settings.whatsapp_phone_number_id}/messages"
        headers = {
            "Authorization": f"Bearer {self._settings.whatsapp_token.get_secret_value()}",
            "Content-Type": "application/json",
            "Connection": "close",
        }
        body = json.dumps(template_message(letter, self._settings.whatsapp_language)).encode()
        connection.request("POST", path, body, headers)


def template_message(letter: Letter, language: str) -> dict[str, Any]:
    """Return the body of the request. A word of a template holds no line breaks, and 1,024 characters at most."""
    template: dict[str, Any] = {"name": letter.template, "language": {"code": language}}
    words = [" ".join(str(word).split())[:LONGEST_WORD] or "–" for word in letter.context.get("words", ())]
    if words:
        template["components"] = [{"type": "body", "parameters": [{"type": "text", "text": word} for word in words]}]
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": letter.recipient.removeprefix("+"),
        "type": "template",
        "template": template,
        "biz_opaque_callback_data": letter.public_id,
    }


def judge(answer: Answer) -> None:
    """Return if the message was accepted.

    Raises:
        ServerAway: no message will go now (throttled, not let in, a redirect nobody asked for).
        MailNotSent: this one may go later.
        NeverSent: this one is refused for good (a number without WhatsApp, a template that does not exist).
    """
    if 200 <= answer.status < 300:
        return
    words = f"WhatsApp: {answer.status} {answer.words}".strip()
    if answer.code in PASSING:
        raise MailNotSent(words)
    if answer.code in THROTTLED:
        raise ServerAway(words)
    if answer.code in NOT_LET_IN:
        log.error("whatsapp_not_let_in", answer=words)
        raise ServerAway(words)
    _judge_status(answer, words)


def _judge_status(answer: Answer, words: str) -> None:
    if answer.status >= 500:
        raise MailNotSent(words)
    if answer.status in (401, 403, 429) or answer.status < 400:
        raise ServerAway(words)
    raise NeverSent(words)


def _read(response: HTTPResponse) -> Answer:
    """Read an answer; the status alone says whether the message was accepted, so a torn body is no doubt."""
    try:
        said = json.loads(response.read(MOST_BYTES))
    except (OSError, HTTPException, ValueError):
        return Answer(response.status, None, response.reason)
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return Answer(response.status, None, response.reason, _message_id(said))
    details = (error.get("error_data") or {}).get("details") if isinstance(error.get("error_data"), dict) else None
    parts = [error.get("message"), details, error.get("fbtrace_id")]
    code = error.get("code")
    return Answer(response.status, code if isinstance(code, int) else None, " · ".join(str(p) for p in parts if p))


def _message_id(said: object) -> str:
    try:
        return str(said["messages"][0]["id"])  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return ""


@contextlib.contextmanager
def _bounded(connection: HTTPConnection, seconds: float) -> Iterator[None]:
    """Hang up when the whole exchange takes longer than ``seconds``: a socket's own time-out begins anew each byte."""
    timer = threading.Timer(seconds, _hang_up, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
