"""Carries one request to its receiver and brings back what came of it. Knows no database."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from webapp.webhooks.rules import Target, TargetRefused, read_target
from webapp.webhooks.rules.retries import is_accepted
from webapp.webhooks.ssrf import (
    CONNECT_SECONDS,
    READ_SECONDS,
    WHOLE_SECONDS,
    AddressForbidden,
    LookupFailed,
    PinnedConnection,
    Resolver,
    TimeLimit,
    checked_addresses,
    resolve,
)

MOST_BODY = 2000  # bytes of an answer that are read and kept
BODY_SECONDS = 2.0
log = structlog.get_logger(__name__)
_WORDS: tuple[tuple[type[Exception], str], ...] = (  # the special before the general
    (ssl.SSLCertVerificationError, "Its certificate is not accepted: {why}."),
    (ssl.SSLError, "No encrypted connection: {why}."),
    (TimeoutError, f"No connection within {CONNECT_SECONDS:g} s, or no answer within {READ_SECONDS:g} s."),
    (ConnectionRefusedError, "The connection was refused."),
    (ConnectionError, "The connection was closed before an answer."),  # also http.client's RemoteDisconnected
    (http.client.HTTPException, "An answer that is not HTTP ({kind})."),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Without a ``status`` nothing did; ``silent`` then says that waiting for it took its time."""

    status: int | None = None
    text: str = ""
    error: str = ""
    silent: bool = False
    milliseconds: int = 0


class Courier:
    """Sends requests, each on a connection of its own. Safe to use from several threads."""

    def __init__(
        self, *, production: bool, resolver: Resolver = resolve, context: ssl.SSLContext | None = None
    ) -> None:
        self._production, self._resolver, self._context = production, resolver, context

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a POST and return what came of it; never raises."""
        began = time.monotonic()
        try:
            status, text, error, silent = self._ask(url, headers, body)
        except Exception as unexpected:  # whatever a receiver makes of it, the others still get theirs
            log.exception("webhook_broken", url=url)
            status, text, error, silent = None, "", f"{type(unexpected).__name__}: {unexpected}"[:300], False
        return Answer(status, text, error, silent, round((time.monotonic() - began) * 1000))

    def _ask(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int | None, str, str, bool]:
        try:
            target = read_target(url, production=self._production)
            addresses = checked_addresses(target, loopback=not self._production, resolver=self._resolver)
        except (TargetRefused, AddressForbidden) as refused:
            return None, "", str(refused)[:300], False
        except LookupFailed as failed:
            return None, "", str(failed)[:300], True
        with TimeLimit(WHOLE_SECONDS) as limit:
            try:
                return self._exchange(target, addresses, limit, headers, body)
            except (OSError, http.client.HTTPException) as error:
                return None, "", _words_for(error, limit)[:300], True

    def _exchange(
        self, target: Target, addresses: list[str], limit: TimeLimit, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str, str, bool]:
        connection = PinnedConnection(target, addresses, limit, context=self._context)
        try:
            connection.connect()
            line = connection.sock
            connection.request("POST", target.path, body=body, headers={**headers, "Connection": "close"})
            response = connection.getresponse()
            line.settimeout(BODY_SECONDS)
            with response:
                text = _read_some(response)
            return response.status, text, _complaint(response), False
        finally:
            connection.close()


def _read_some(response: http.client.HTTPResponse) -> str:
    """Return the beginning of an answer's body; the status has said enough, so nobody waits for the rest."""
    parts, size, until = [], 0, time.monotonic() + BODY_SECONDS
    try:
        while size < MOST_BODY and time.monotonic() < until and (part := response.read1(MOST_BODY - size)):
            parts.append(part)
            size += len(part)
    except (OSError, http.client.HTTPException):
        log.info("webhook_answer_cut_off", bytes=size)
    return b"".join(parts)[:MOST_BODY].decode("utf-8", "replace").replace("\x00", "")


def _complaint(response: http.client.HTTPResponse) -> str:
    if is_accepted(response.status):
        return ""
    if 300 <= response.status <= 399:
        to = (response.getheader("Location") or "")[:200].replace("\x00", "")
        return f"It answered {response.status}: redirects are not followed{f' (to {to})' if to else ''}."
    return f"It answered {response.status}."


def _words_for(error: Exception, limit: TimeLimit) -> str:
    if limit.over:
        return f"No whole answer within {WHOLE_SECONDS:g} s."
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words.format(
                why=getattr(error, "verify_message", None) or getattr(error, "reason", None) or "unknown reason",
                kind=type(error).__name__,
            )
    return f"No connection: {getattr(error, 'strerror', None) or type(error).__name__}."
