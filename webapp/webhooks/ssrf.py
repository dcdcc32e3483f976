"""A connection that goes where it was checked to go, and nowhere inside.

A name is looked up once; every address it has must be public; and the connection is made to one of
these very addresses. A name that changes its address meanwhile (DNS rebinding) therefore changes
nothing, while the Host header and the certificate are still those of the name. Redirects are not
followed and no proxy of the environment is asked: http.client knows neither.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Sequence

import certifi

from webapp.webhooks.rules import Target, forbidden_address

CONNECT_SECONDS = 3.0
READ_SECONDS = 8.0  # of silence
WHOLE_SECONDS = 12.0  # for everything, from the connection to the answer's end
LOOKUP_SECONDS = 5.0
MOST_ADDRESSES = 2  # tried one after the other

Resolver = Callable[[str, int], Sequence[str]]


class AddressForbidden(Exception):
    """A name leads to an address that nothing is sent to; str() says where."""


class LookupFailed(Exception):
    """A name leads nowhere, or nobody said where within the time."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the order the system prefers them.

    Raises:
        LookupFailed: no such name, or no answer within 5 s (the system itself may wait much longer).
    """
    answers: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="webhook-lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=LOOKUP_SECONDS)
    except queue.Empty:
        raise LookupFailed(f"Looking up {host} took longer than {LOOKUP_SECONDS:g} s.") from None
    if isinstance(answer, Exception) or not answer:
        raise LookupFailed(f"The name {host} leads nowhere.")
    return answer


def checked_addresses(target: Target, *, loopback: bool, resolver: Resolver = resolve) -> list[str]:
    """Look a target up and return its addresses; all of them must be allowed.

    Raises:
        AddressForbidden: one of them is not public (a loopback one passes where ``loopback`` is set).
        LookupFailed: it has none.
    """
    addresses = list(resolver(target.host, target.port))
    for address in addresses:
        if why := forbidden_address(address, loopback=loopback):
            raise AddressForbidden(f"{target.host} leads to {address}, {why}. Nothing was sent.")
    if not addresses:
        raise LookupFailed(f"The name {target.host} leads nowhere.")
    return addresses


class TimeLimit:
    """Cuts a connection off when its time is up, wherever it hangs: a socket's own timeout counts only silence."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self.over = False

    def __enter__(self) -> TimeLimit:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._line is not None:
                self._line.close()

    def watch(self, line: socket.socket) -> None:
        """Put a connection under the limit; a second handle of it survives what TLS does with the first."""
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line = line.dup()
        if self.over:
            self._cut()

    def _cut(self) -> None:
        self.over = True
        with self._lock, contextlib.suppress(OSError):
            if self._line is not None:
                self._line.shutdown(socket.SHUT_RDWR)


class PinnedConnection(http.client.HTTPConnection):
    """An HTTP connection to addresses that were checked before; the name is only said, never looked up."""

    def __init__(
        self, target: Target, addresses: Sequence[str], limit: TimeLimit, *, context: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self.default_port = 443 if target.is_tls else 80  # the Host header names any other
        self._addresses, self._limit = addresses, limit
        self._tls = (context or default_context()) if target.is_tls else None

    def connect(self) -> None:
        """Connect to a checked address and, where the target wants it, speak TLS with the name it has."""
        line = self._reach()
        self._limit.watch(line)
        line.settimeout(READ_SECONDS)
        if self._tls is not None:
            try:
                line = self._tls.wrap_socket(line, server_hostname=self.host)
            except BaseException:
                line.close()
                raise
        self.sock = line

    def _reach(self) -> socket.socket:
        failure: OSError | None = None
        for address in self._addresses[:MOST_ADDRESSES]:
            try:
                return socket.create_connection((address, self.port), timeout=CONNECT_SECONDS)
            except OSError as error:
                failure = error
        raise failure or OSError("no address")


@functools.cache
def default_context() -> ssl.SSLContext:
    """Return the TLS rules for all targets: TLS 1.2 or newer, certificate and name are checked."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # where the system has no list of its own
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
