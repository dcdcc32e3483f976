"""One command runs everything, sees every death, and leaves nothing behind."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import pytest

from tests.core.supervised import SLEEPER, STUBBORN, WEB, free_port, supervised, tmp_path
from tests.pace import patience

__all__ = ["tmp_path"]

READY = "Disha is ready at"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path / "data", [("web", WEB), ("worker", SLEEPER)]) as run:
        run.wait_for(READY)
        run.wait_for("worker | sleeping")
        assert len(run.family()) >= 4  # web, its grandchild, worker, undertaker
        run.process.send_signal(number)
        assert run.wait() == 0
        assert run.left() == []
        assert "stopped" in run.text


def test_each_line_carries_the_name_of_its_command(tmp_path: Path) -> None:
    with supervised(
        tmp_path / "data", [("web", WEB), ("worker", "print('a\\nb', end='', flush=True);" + SLEEPER)]
    ) as run:
        run.wait_for(READY)
        run.wait_for("worker | bsleeping")
        assert "web    | web is up" in run.text
        assert "worker | a\n" in run.text


def test_a_dead_command_is_said_and_started_again_and_its_own_children_are_cleared(tmp_path: Path) -> None:
    with supervised(tmp_path / "data", [("web", WEB)]) as run:
        run.wait_for(READY)
        before = set(run.family())
        web = run.child("serve_forever")
        web.kill()
        run.wait_for("web died (signal 9); starting it again")
        run.wait_for("web is up", times=2)
        assert run.child("serve_forever").pid != web.pid
        assert len(before & set(run.family())) == 1  # the undertaker alone
        assert len([process for process in run.left() if process in before]) == 1


def test_five_quick_deaths_end_the_run_with_a_clear_line(tmp_path: Path) -> None:
    with supervised(tmp_path / "data", [("web", WEB), ("worker", "raise SystemExit(3)")]) as run:
        assert run.wait() == 1
        assert "disha: worker died 5 times in a row (exit 3); stopped everything" in run.text
        assert run.text.count("worker died (exit 3)") == 4
        assert run.left() == []


def test_a_failed_preparation_starts_nothing(tmp_path: Path) -> None:
    steps: list[tuple[str, str] | tuple[str, str, bool]] = [("database", "print('no such table'); raise SystemExit(1)")]
    with supervised(tmp_path / "data", [("web", WEB)], preparations=steps) as run:
        assert run.wait() == 1
        assert "database | no such table" in run.text
        assert "disha: database failed (exit 1); nothing was started" in run.text
        assert "web is up" not in run.text


def test_a_signal_during_preparation_stops_it(tmp_path: Path) -> None:
    with supervised(tmp_path / "data", [("web", WEB)], preparations=[("database", SLEEPER)]) as run:
        run.wait_for("sleeping")
        run.process.send_signal(signal.SIGINT)
        assert run.wait() == 0
        assert run.left() == []


def test_a_greeting_is_shown_below_the_address(tmp_path: Path) -> None:
    with supervised(tmp_path / "data", [("web", WEB)], preparations=[("demo", "print('Student: a@b')", True)]) as run:
        run.wait_for("Student: a@b")
        assert run.text.index(READY) < run.text.index("Student: a@b")


def test_a_command_that_ignores_the_signal_is_killed_with_its_forks(tmp_path: Path) -> None:
    with supervised(tmp_path / "data", [("web", WEB), ("worker", STUBBORN)], grace=0.5) as run:
        run.wait_for(READY)
        run.wait_for("will not go", times=2)
        run.process.send_signal(signal.SIGTERM)
        assert run.wait() == 0
        assert run.left() == []


def test_a_second_signal_ends_the_patience(tmp_path: Path) -> None:
    with supervised(tmp_path / "data", [("web", WEB), ("worker", STUBBORN)], grace=60) as run:
        run.wait_for(READY)
        run.wait_for("will not go", times=2)
        run.process.send_signal(signal.SIGINT)
        run.wait_for("stopping")
        run.process.send_signal(signal.SIGINT)
        assert run.wait(min(patience(10), 50)) == 0  # and not after the minute it has
        assert run.left() == []


def test_killed_outright_it_takes_its_commands_along_and_the_next_run_starts(tmp_path: Path) -> None:
    port = free_port()
    commands = [("web", WEB), ("worker", STUBBORN)]
    with supervised(tmp_path / "data", commands, port=port) as run:
        run.wait_for(READY)
        run.wait_for("will not go", times=2)
        run.process.kill()
        run.process.wait()
        with supervised(tmp_path / "data", [("web", WEB)], port=port) as again:
            again.wait_for(READY)  # waits for the undertaker, then starts
            assert run.left() == []


def test_with_the_undertaker_killed_too_the_kernel_ends_the_commands(tmp_path: Path) -> None:
    with supervised(tmp_path / "data", [("worker", SLEEPER)]) as run:
        run.wait_for("sleeping")
        run.child("undertaker.py").kill()
        run.process.kill()
        run.process.wait()
        assert run.left(patience(5)) == []


def test_a_second_run_on_the_same_folder_is_refused_at_once(tmp_path: Path) -> None:
    with supervised(tmp_path / "data", [("web", WEB)]) as run:
        run.wait_for(READY)
        began = time.monotonic()
        with supervised(tmp_path / "data", [("web", WEB)]) as second:
            assert second.wait() == 1
            assert f"disha: another run (process {run.process.pid}) already uses" in second.text
            assert len(second.text.splitlines()) == 1
        assert time.monotonic() - began < patience(10)
        assert run.process.poll() is None


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with supervised(tmp_path / "data", [("web", WEB)], port=port) as run:
            assert run.wait() == 1
            assert run.text == (
                f"disha: cannot listen on 127.0.0.1:{port} (Address already in use); set PORT to a free one\n"
            )
