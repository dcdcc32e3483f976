"""A real replica of the test servers' Postgres: a base backup that follows it over its socket."""

from __future__ import annotations

import subprocess
from pathlib import Path

from webapp.core.embedded import PostgresServer, files


class ReplicaServer(PostgresServer):
    """An embedded Postgres that replays what another one writes."""

    def __init__(self, data_dir: Path, primary: PostgresServer) -> None:
        super().__init__(data_dir, durable=False, max_connections=300)  # no fewer than the primary's
        self.primary = primary

    def pause(self) -> None:
        """Stop replaying: from now on it falls behind."""
        self._tell("select pg_wal_replay_pause()")

    def resume(self) -> None:
        """Replay again."""
        self._tell("select pg_wal_replay_resume()")

    def _tell(self, words: str) -> None:
        with self.connect() as connection:
            connection.execute(words.encode())

    def _create_cluster(self) -> None:
        files.claim(self.pgdata, self.owner)
        copying = subprocess.run(
            [
                *(str(files.bin_dir(self.pgdata) / "pg_basebackup"), "-D", str(self.pgdata), "-R", "-X", "stream"),
                *("--checkpoint=fast", "--no-sync", "-U", "postgres"),
                *("-h", str(self.primary.socket_dir), "-p", "5432"),
            ],
            env=files.plain_environment(),
            cwd=self.data_dir,
            check=False,
            capture_output=True,
            text=True,
            user=self.owner.uid if self.owner else None,
            group=self.owner.gid if self.owner else None,
            extra_groups=[] if self.owner else None,
        )
        if copying.returncode:
            raise files.EmbeddedError(copying.stderr)
