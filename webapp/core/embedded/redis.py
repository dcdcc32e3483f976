"""The embedded Redis."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from webapp.core.embedded import files
from webapp.core.embedded.server import LEFTOVER_SECONDS, EmbeddedServer


class RedisServer(EmbeddedServer):
    """An embedded Redis that logs every write, under ``data_dir/redis``: a kill loses no job."""

    name = "redis"
    env_name = "REDIS_URL"
    stop_signal = signal.SIGTERM
    rank = 1

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """Describe the server; ``durable=False`` keeps everything in memory, for tests."""
        super().__init__(data_dir)
        self.durable = durable
        self.folder = data_dir / "redis"
        self.socket_dir = files.socket_dir(self.folder, "redis.sock")
        self._socket = self.socket_dir / "redis.sock"
        self.url = self.database_url(0)

    def database_url(self, number: int) -> str:
        """Return the address of one of its 64 numbered databases."""
        return f"unix://{quote(str(self._socket), safe='/')}?db={number}"

    def _prepare(self) -> None:
        files.claim(self.folder, None)
        files.claim(self.socket_dir, None)
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while self.answers() and time.monotonic() < deadline:  # it outlived a crash
            with contextlib.suppress(redis.RedisError), self._client() as client:
                client.shutdown(nosave=True)
            time.sleep(0.05)

    def _argv(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "databases": "64",
            "daemonize": "no",
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        argv = [files.redis_binary()]
        for key, value in settings.items():
            argv += [f"--{key}", value]
        return argv

    def answers(self) -> bool:
        """Say whether it has loaded its data and takes commands."""
        with self._client() as client, contextlib.suppress(redis.RedisError):
            return bool(client.ping())
        return False

    def _client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self._socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))
