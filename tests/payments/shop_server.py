"""The shop's end of a webhook: a local HTTP server that notes what comes and answers as told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Shop:
    """What came, and what to answer."""

    url: str = ""
    status: int = 200
    pause: float = 0.0
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    shop: Shop


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        shop = self.server.shop
        body = self.rfile.read(int(self.headers["Content-Length"]))
        shop.came.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        time.sleep(shop.pause)
        try:
            self.send_response(shop.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
        except OSError:  # the courier has left
            return

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Serve on a free port of this machine while the block runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.shop = Shop(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
