"""The embedded Postgres."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psycopg

from webapp.core import undertaker
from webapp.core.embedded import files
from webapp.core.embedded.files import EmbeddedError
from webapp.core.embedded.server import LEFTOVER_SECONDS, EmbeddedServer

DATABASE = "disha"
PG_PORT = 5432  # only the name of the socket; nothing listens on it


class PostgresServer(EmbeddedServer):
    """An embedded Postgres with a database ``disha``, under ``data_dir/postgres``."""

    name = "postgres"
    env_name = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint
    rank = 0

    def __init__(self, data_dir: Path, *, durable: bool = True, max_connections: int = 100) -> None:
        """Describe the server; nothing starts yet.

        Args:
            durable: False turns fsync off: for a cluster that is thrown away, as in tests.
        """
        super().__init__(data_dir)
        self.durable = durable
        self.max_connections = max_connections
        self.pgdata = data_dir / "postgres"
        self.socket_dir = files.socket_dir(self.pgdata, f".s.PGSQL.{PG_PORT}")
        self.url = self.database_url(DATABASE)

    def database_url(self, database: str) -> str:
        """Return SQLAlchemy's address of one database of this server."""
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql+psycopg://postgres@/{database}?host={host}&port={PG_PORT}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Open an autocommit connection as the server's administrator."""
        return psycopg.connect(
            host=str(self.socket_dir), port=PG_PORT, user="postgres", dbname=database, autocommit=True
        )

    def _prepare(self) -> None:
        if os.geteuid() == 0:
            self.owner = files.postgres_owner(self.pgdata)
            files.open_way(self.owner, self.data_dir, files.bin_dir(self.pgdata))
        if self.socket_dir != self.pgdata:
            files.claim(self.socket_dir, self.owner)
        if not (self.pgdata / "PG_VERSION").exists():
            self._create_cluster()
        self._clear_leftovers()

    def _create_cluster(self) -> None:
        fresh = self.pgdata.with_name("postgres.new")  # renamed when whole: a half-made cluster never counts
        shutil.rmtree(fresh, ignore_errors=True)
        files.claim(fresh, self.owner)
        # One locale on every machine, whatever the environment says.
        options = [
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [] if self.durable else ["--no-sync"]
        result = subprocess.run(  # noqa: S603
            [str(files.bin_dir(self.pgdata) / "initdb"), *options, "-D", str(fresh)],
            env=files.plain_environment(),
            cwd=self.data_dir,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            user=self.owner.uid if self.owner else None,
            group=self.owner.gid if self.owner else None,
            extra_groups=[] if self.owner else None,
        )
        if result.returncode:
            reason = (result.stderr.strip() or result.stdout.strip() or "no reason given").splitlines()[-1]
            raise EmbeddedError(f"postgres: cannot create its data folder {self.pgdata}: {reason}")
        fresh.rename(self.pgdata)

    def _clear_leftovers(self) -> None:
        """End a Postgres that outlived a crash, and forget lock files that name a process no longer there.

        Only the holder of the data folder's lock comes here, so whatever still runs on it is a leftover.
        Postgres takes any process of that number for its own, a stranger or a zombie alike, and refuses to
        start; a real leftover it finds by the shared memory too.
        """
        for lock in (self.pgdata / "postmaster.pid", self.socket_dir / f".s.PGSQL.{PG_PORT}.lock"):
            pid = files.first_number(lock)
            command = undertaker.command_of(pid) if pid else ""
            if "postgres" in command and str(self.pgdata) in command:
                undertaker.end({pid: signal.SIGINT}, LEFTOVER_SECONDS)
            lock.unlink(missing_ok=True)

    def _argv(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_dir}"',
            "unix_socket_permissions": "0700",
            "port": str(PG_PORT),
            "max_connections": str(self.max_connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
        }
        if sys.platform == "linux":  # after a crash: one call instead of a thousand files
            settings["recovery_init_sync_method"] = "syncfs"
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        argv = [str(files.bin_dir(self.pgdata) / "postgres"), "-D", str(self.pgdata)]
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        return argv

    def answers(self) -> bool:
        """Say whether it takes queries; makes the database where it is missing."""
        try:
            with self.connect() as connection:
                row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if row is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True

    def _will_pass(self) -> bool:
        """After a kill, its last processes may hold the shared memory until the disk lets them go."""
        return any("is still in use" in line for line in self._log_end())
