"""Another system on this machine: takes webhooks, or fails at it in every way that receivers fail."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PEM = Path(__file__).with_name("receiver.pem")
PATIENCE = 20.0


@dataclass(frozen=True)
class Taken:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def delivery(self) -> str:
        return self.headers["x-disha-delivery"]


@dataclass
class Receiver:
    """What a running receiver has taken. ``answers`` are used up one by one before the path decides."""

    port: int
    scheme: str = "http"
    taken: list[Taken] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/ok", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


class Handler(BaseHTTPRequestHandler):
    """The path says how it behaves."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.receiver.taken.append(Taken(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.close_connection = True
        if self.receiver.answers:
            return self._answer(self.receiver.answers.pop(0))
        kind = self.path.strip("/").split("/")[0].split("?")[0]
        with contextlib.suppress(OSError):
            getattr(self, f"_{kind}")()
        return None

    def _answer(self, status: int, text: bytes = b"thank you", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _ok(self) -> None:
        self._answer(200)

    def _quiet(self) -> None:
        self.send_response(204)
        self.end_headers()

    def _fail(self) -> None:
        self._answer(500, b"out of\x00order \xff")

    def _gone(self) -> None:
        self._answer(410, b"never again")

    def _redirect(self) -> None:
        self._answer(307, b"", Location=f"http://127.0.0.1:{self.receiver.port}/ok")

    def _big(self) -> None:
        self._answer(200, b"x" * 1_000_000)

    def _hang(self) -> None:
        self.receiver.over.wait(PATIENCE)

    def _drip(self) -> None:
        for sign in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" * 20:
            self.wfile.write(bytes([sign]))
            if self.receiver.over.wait(0.1):
                return

    def _slowbody(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"so")
        for _ in range(100):
            self.wfile.write(b".")
            if self.receiver.over.wait(0.1):
                return

    def _garbage(self) -> None:
        self.wfile.write(b"\x15\x03\x01 what is HTTP\r\n\r\n")

    def _close(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_args: Any) -> None:
        return


class Desk(ThreadingHTTPServer):
    """Takes many at once."""

    daemon_threads = True
    request_queue_size = 128


@contextlib.contextmanager
def receiving(*, tls: bool = False) -> Iterator[Receiver]:
    """Run a receiver on a free port of 127.0.0.1."""
    handler = type("Bound", (Handler,), {})
    server = Desk(("127.0.0.1", 0), handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEM)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server.server_address[1], "https" if tls else "http")
    handler.receiver = receiver  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """Give a port that takes connections and says nothing, ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(condition: Any, seconds: float = 5.0) -> None:
    """Wait until something has become true."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
