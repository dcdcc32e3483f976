"""Whatever the documents tell people to type is run by a test, or, where it cannot run here, looked up word by word.

A block that is neither fails, so that nobody adds a command that nobody has tried.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.browser import test_readme_curl
from tests.browser.holder import RunningApp, clean_environ, running_app
from tests.deploy.blocks import Block, blocks, commands, commented_commands, documents, inline_commands, split
from tests.deploy.blocks import is_command as begins_like_a_command
from tests.deploy.checkers import check
from tests.deploy.reading import DEPLOY
from tests.deploy.world import Desk, open_desk
from webapp.config import ROOT, Settings
from webapp.core import clock
from webapp.webhooks.rules.messages import headers_for

SHELL = {"sh", ""}
DOOR = "docs/api.md"  # its shell is one story, run against a running app
WORDS = {  # blocks that are pictures, sums or texts, by their first line; anything else is taken for commands
    "README.md": {
        "Namaste {{1}}, your session with {{2}} on {{3}} is confirmed. {{4}}",
        "views · api · jobs · cli   →   services · queries   →   rules · models   →   core",
        "wsgi.py                  the WSGI entry",
    },
    "docs/scaling.md": {
        "people → load balancer with https, a cache for /static and /media",
    },
}


def _blocks(name: str) -> list[Block]:
    found = blocks((ROOT / name).read_text())
    return [one for one in found if one.language != "text" and one.first not in WORDS.get(name, ())]


def _talks(name: str, block: Block) -> bool:
    return block.language == "sh" and (name == DOOR or "curl" in block.text)


@pytest.fixture(scope="module")
def desk(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    yield from open_desk(settings, tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def running() -> RunningApp:
    """The app that the tests with a browser use, too."""
    return running_app()


@pytest.mark.parametrize("name", documents())
def test_every_block_is_of_a_kind_that_is_tried(name: str) -> None:
    for block in _blocks(name):
        assert block.language in {*SHELL, "python", "json", "yaml"}, f"{name}: nobody tries {block.language} blocks"
        if block.language in SHELL and not _talks(name, block):
            assert [words for words in commands(block.text) if not begins_like_a_command(words)] == [], block.first


@pytest.mark.parametrize("name", documents())
def test_commands_in_blocks(name: str, desk: Desk) -> None:
    for block in _blocks(name):
        if block.language in SHELL and not _talks(name, block):
            _check_all(block.text, desk)


@pytest.mark.parametrize("name", documents())
def test_commands_inside_sentences(name: str, desk: Desk) -> None:
    for line in inline_commands((ROOT / name).read_text()):
        _check_all(line, desk)


@pytest.mark.parametrize("file", sorted(path.name for path in DEPLOY.rglob("*") if path.suffix != ".txt"))
def test_commands_in_comments(file: str, desk: Desk) -> None:
    for path in (path for path in DEPLOY.rglob(file) if path.is_file() and "__pycache__" not in path.parts):
        for line in commented_commands(path):
            _check_all(line, desk)


@pytest.mark.parametrize("name", documents())
def test_data_in_blocks_can_be_read(name: str) -> None:
    for block in _blocks(name):
        if block.language == "json":
            json.loads(block.text)
        if block.language == "yaml":
            assert yaml.safe_load(block.text)


def test_the_handbook_of_the_door_runs_from_top_to_bottom(running: RunningApp, tmp_path: Path) -> None:
    script = "\n".join(block.text for block in _blocks(DOOR) if block.language == "sh")
    done = _shell(script, running, tmp_path)
    assert "Ananya Chatterjee" in done
    assert "x-ratelimit-remaining: " in done.lower()


def test_every_other_block_that_asks_the_door_is_run() -> None:
    """Those of the README are one story, run by `test_readme_curl`."""
    for name in documents():
        told = test_readme_curl.commands() if name == "README.md" else ""
        left = [block.first for block in _blocks(name) if _talks(name, block) and block.text not in told]
        assert name == DOOR or left == [], name


def test_the_program_of_the_handbook(running: RunningApp) -> None:
    (program,) = [text for text in _python(DOOR) if "urllib" in text]
    environ = {**clean_environ(), "API": f"{running.address}/api/v1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r" \d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z$", done.stdout.strip())


def test_the_receiver_of_the_handbook_knows_our_signature() -> None:
    (program,) = [text for text in _python(DOOR) if "hmac" in text]
    known: dict[str, Any] = {}
    exec(program, known)
    body, now = b'{"event":"counselling.session.booked"}', clock.now()
    headers = headers_for(site="Disha", event="x", delivery_id="delivery_1", secret="s3cret", sent_at=now, body=body)
    is_from_disha = known["is_from_disha"]
    assert is_from_disha("s3cret", headers, body)
    assert not is_from_disha("s3cret", headers, body + b" ")
    assert not is_from_disha("another", headers, body)
    assert not is_from_disha("s3cret", {**headers, "X-Disha-Timestamp": str(int(time.time()) - 301)}, body)
    assert not is_from_disha("s3cret", {**headers, "X-Disha-Signature": "\u20b9"}, body)
    assert not is_from_disha("s3cret", {}, body)


def test_no_python_block_is_left_out() -> None:
    for name in documents():
        left = [text for text in _python(name) if name != DOOR or not ("urllib" in text or "hmac" in text)]
        assert left == [], name


def test_what_nobody_tried_is_found(desk: Desk) -> None:
    """The tests above notice an unknown program, command, service, unit, target, file, flag and setting."""
    for line in (
        "terraform apply",
        "flask --app wsgi water-plants",
        "docker compose -f deploy/compose.yaml logs kitchen",
        "docker compose -f deploy/compose.yaml up --fast",
        "docker compose -f deploy/compose.yaml exec web flask --app wsgi water-plants",
        "systemctl restart disha-kitchen",
        "make tea",
        "cp deploy/tea.env.example deploy/.env",
        "pip install --tea -r deploy/requirements.txt",
        "TEA_LEAVES=2 make run",
        "python -m webapp.tea",
        "granian --tea wsgi:app",
    ):
        with pytest.raises((AssertionError, ModuleNotFoundError)):
            _check_all(line, desk)


def _check_all(text: str, desk: Desk) -> None:
    for words in commands(text):
        check(words, desk)


def test_a_block_nobody_knows_is_found() -> None:
    text = "Brew:\n\n    brew install tea\n\n```kotlin\nfun tea()\n```\n\n1. Then:\n\n   ```sh\n   make tea\n   ```\n"
    assert [(one.language, one.first) for one in blocks(text)] == [
        ("kotlin", "fun tea()"), ("sh", "make tea"), ("", "brew install tea"),
    ]  # fmt: skip
    assert not begins_like_a_command(split("brew install tea"))


def _python(name: str) -> list[str]:
    return [block.text for block in _blocks(name) if block.language == "python"]


def _shell(script: str, running: RunningApp, folder: Path) -> str:
    environ = {**clean_environ(), "API": f"{running.address}/api/v1", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["sh", "-eu"],
        input=script,
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout
