"""WhatsApp's Cloud API as its documentation describes it, on loopback; it misbehaves where told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Trouble = Callable[["Handler"], None]
TOKEN, NUMBER, VERSION = "EAAG-test-token", "106540352242922", "v23.0"


class Meta:
    """The server: messages it accepted, requests it saw, and what it does next instead of accepting."""

    def __init__(self) -> None:
        self.accepted: list[dict[str, Any]] = []
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.troubles: list[Trouble] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.meta = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        """The setting that leads here."""
        return f"http://127.0.0.1:{self.server.server_port}/{VERSION}"

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def next(self, *troubles: Trouble) -> None:
        """Do these things to the requests that come, one each, before accepting again."""
        self.troubles += troubles


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Check the request as the documentation asks, and accept it."""
        meta: Meta = self.server.meta  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        meta.requests.append((self.path, dict(self.headers), body))
        if meta.troubles:
            return meta.troubles.pop(0)(self)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refuse(401, 190, "Access token has expired")(self)
        if self.path != f"/{VERSION}/{NUMBER}/messages":
            return refuse(400, 33, "Parameter value is not valid")(self)
        if body.get("messaging_product") != "whatsapp" or body.get("type") != "template" or "+" in body["to"]:
            return refuse(400, 100, "Invalid parameter")(self)
        meta.accepted.append(body)
        number = f"wamid.HBg{len(meta.accepted)}"
        return self.reply(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": body["to"], "wa_id": body["to"]}],
                "messages": [{"id": number, "message_status": "accepted"}],
            },
        )

    def reply(self, status: int, said: object) -> None:
        """Answer with JSON."""
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def refuse(status: int, code: int | None, message: str, details: str = "") -> Trouble:
    """Answer with an error of the documented shape."""

    def answer(handler: Handler) -> None:
        error: dict[str, Any] = {
            "message": f"(#{code}) {message}",
            "type": "OAuthException",
            "fbtrace_id": "Az8or2yhqk",
        }
        if code is not None:
            error["code"] = code
        if details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": details}
        handler.reply(status, {"error": error})

    return answer


def plain(status: int, text: str = "<html>bad gateway</html>", **headers: str) -> Trouble:
    """Answer as a proxy in between does."""

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())

    return answer


def accept_and_hang(handler: Handler) -> None:
    """Accept the message and never answer."""
    handler.server.meta.accepted.append(handler.server.meta.requests[-1][2])  # type: ignore[attr-defined]
    time.sleep(3)
    handler.close_connection = True


def accept_and_break(handler: Handler) -> None:
    """Accept the message and drop the line."""
    handler.server.meta.accepted.append(handler.server.meta.requests[-1][2])  # type: ignore[attr-defined]
    handler.close_connection = True
    handler.connection.close()


def accept_and_tear(handler: Handler) -> None:
    """Accept the message and drop the line in the middle of saying so."""
    handler.server.meta.accepted.append(handler.server.meta.requests[-1][2])  # type: ignore[attr-defined]
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"messages": [')
    handler.wfile.flush()
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """Answer a byte at a time, without end."""
    handler.close_connection = True
    try:
        for _ in range(200):
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        return
