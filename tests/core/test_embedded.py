"""The embedded servers start, keep their data, survive kills, and cope with what is left lying about."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy as sa

from tests.core.supervised import ROOT, SLEEPER, WEB, supervised, tmp_path
from tests.pace import patience
from webapp.core import undertaker
from webapp.core.embedded import (
    EmbeddedError,
    EmbeddedServer,
    PostgresServer,
    RedisServer,
    start_postgres,
    start_redis,
)

__all__ = ["tmp_path"]

pytestmark = pytest.mark.reliability


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    server = start_postgres(tmp_path)
    yield server
    server.stop()


def _kill(server: EmbeddedServer) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()


def _count(server: PostgresServer) -> int:
    engine = sa.create_engine(server.url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE IF NOT EXISTS note (id bigint)"))
        connection.execute(sa.text("INSERT INTO note VALUES (1)"))
        count = connection.scalar(sa.text("SELECT count(*) FROM note"))
    engine.dispose()
    assert isinstance(count, int)
    return count


def test_postgres_keeps_its_data_over_stop_kill_and_start(postgres: PostgresServer) -> None:
    assert _count(postgres) == 1
    postgres.stop()
    postgres.start()
    assert _count(postgres) == 2
    _kill(postgres)
    postgres.start()
    assert _count(postgres) == 3


def test_postgres_has_the_same_locale_and_zone_everywhere(postgres: PostgresServer) -> None:
    with postgres.connect("disha") as connection:
        row = connection.execute(
            "SELECT datlocale, pg_encoding_to_char(encoding), current_setting('TimeZone') FROM pg_database"
            " WHERE datname = 'disha'"
        ).fetchone()
    assert row == ("C.UTF-8", "UTF8", "UTC")


def test_postgres_is_durable_unless_told_otherwise(tmp_path: Path) -> None:
    server = start_postgres(tmp_path)
    try:
        with server.connect() as connection:
            settings = connection.execute(
                "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
            ).fetchone()
        assert settings == ("on", "on")
    finally:
        server.stop()


def test_postgres_listens_on_no_network_address_and_nobody_else_may_enter(postgres: PostgresServer) -> None:
    with postgres.connect() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert (postgres.pgdata.stat().st_mode & 0o077) == 0


def test_a_lock_file_that_names_a_stranger_does_not_block_the_start(postgres: PostgresServer) -> None:
    _kill(postgres)
    lock = postgres.pgdata / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")  # the number was given out again
    postgres.start()
    assert _count(postgres) == 1


def test_a_lock_file_that_names_a_zombie_does_not_block_the_start(postgres: PostgresServer) -> None:
    assert postgres.process is not None
    zombie = postgres.process
    zombie.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has reaped it
    second = PostgresServer(postgres.data_dir)
    second.start()
    try:
        assert _count(second) == 1
    finally:
        second.stop()


def test_a_half_made_data_folder_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    server = start_postgres(tmp_path, durable=False)
    assert _count(server) == 1
    server.stop()


def test_a_data_folder_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    folder = tmp_path / ("a long name, with % and blanks " * 3) / "data"
    folder.mkdir(parents=True)
    servers = [start_postgres(folder, durable=False), start_redis(folder)]
    try:
        assert _count(servers[0]) == 1  # type: ignore[arg-type]  # the first is the Postgres
        assert redis.Redis.from_url(servers[1].url).ping()
    finally:
        for server in servers:
            server.stop()
    assert not any(server.socket_dir.exists() for server in servers)


def test_a_server_that_cannot_start_says_why_in_one_line(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path, durable=False)
    server.start()
    server.stop()
    with (server.pgdata / "postgresql.conf").open("a") as file:
        file.write("max_wal_senders = many\n")
    with pytest.raises(EmbeddedError, match=r"postgres does not start: .*contains errors \(see .*postgres.log\)"):
        server.start()


def test_redis_keeps_every_write_over_a_kill(tmp_path: Path) -> None:
    server = start_redis(tmp_path)
    try:
        client = redis.Redis.from_url(server.url)
        for number in range(200):
            client.rpush("jobs", number)
        client.close()
        _kill(server)
        server.start()
        assert redis.Redis.from_url(server.url).llen("jobs") == 200
    finally:
        server.stop()


def test_a_redis_that_outlived_its_run_is_ended_and_its_data_kept(tmp_path: Path) -> None:
    first = start_redis(tmp_path)
    redis.Redis.from_url(first.url).set("kept", "yes")
    second = RedisServer(tmp_path)
    second.start()
    try:
        assert first.process is not None
        first.process.wait(patience(5))
        assert redis.Redis.from_url(second.url).get("kept") == b"yes"
    finally:
        second.stop()


def test_the_supervisor_brings_killed_servers_back_on_their_data(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with supervised(data_dir, [("web", WEB), ("worker", SLEEPER)], servers=True) as run:
        run.wait_for("Disha is ready")
        postgres, cache = PostgresServer(data_dir), RedisServer(data_dir)
        assert _count(postgres) == 1
        run.child("redis-server").kill()
        run.wait_for("redis is back after")
        assert redis.Redis.from_url(cache.url).ping()
        run.child("postgres").kill()
        run.wait_for("postgres is back after")
        assert "postgres died (signal 9); starting it again on the same data" in run.text
        assert _count(postgres) == 2
        run.process.terminate()
        assert run.wait() == 0
        assert run.left() == []
    with pytest.raises(psycopg.OperationalError):
        postgres.connect()


def test_killed_outright_the_supervisor_takes_its_servers_along(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with supervised(data_dir, [("web", WEB)], servers=True) as run:
        run.wait_for("Disha is ready")
        assert _count(PostgresServer(data_dir)) == 1
        run.family()
        run.process.kill()
        run.process.wait()
        assert run.left(patience(10)) == []
        with supervised(data_dir, [("web", WEB)], servers=True) as again:
            again.wait_for("Disha is ready")
            assert _count(PostgresServer(data_dir)) == 2


def test_a_single_command_starts_its_own_servers_or_joins_the_running_ones(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from webapp.core import embedded; import psycopg;"
        "folder = Path(sys.argv[1]); print(embedded.attach_postgres(folder), embedded.attach_redis(folder));"
        "print(embedded.PostgresServer(folder).connect('disha').info.backend_pid > 0)"
    )
    alone = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert alone.stdout.endswith("True\n")
    pid = (tmp_path / "lock").read_text()
    assert undertaker.command_of(int(pid)) == ""
    assert not PostgresServer(tmp_path).answers()
    assert not RedisServer(tmp_path).answers()
    running = start_postgres(tmp_path, durable=False)
    cache = start_redis(tmp_path)
    try:
        joined = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert joined.stdout == alone.stdout
        assert running.answers()
        assert cache.answers()
    finally:
        cache.stop()
        running.stop()
