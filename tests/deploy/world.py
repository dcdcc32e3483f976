"""A small house of its own, with a database where commits are real, for the commands that documents name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from click.testing import Result
from flask import Flask
from flask.cli import FlaskGroup

from tests.core.test_backup import house
from tests.factories import NOW, make_package, make_user
from webapp.accounts.models import TwoFactor
from webapp.accounts.second_step import begin
from webapp.config import ROOT, Settings
from webapp.core.db import transaction

LOST = "lost@example.com"
WARNED = {("db", "downgrade")}  # named so that nobody uses it
FLASKS_OWN = {"routes"}
NEVER_ENDS = {"worker", "scheduler"}  # started and stopped by tests/reliability/test_start_stop.py


class Desk:
    """Where commands are run: a demo with a student, a package and somebody who lost the phone, and an empty house."""

    def __init__(self, app: Flask, empty: Flask, folder: Path) -> None:
        self.app, self.empty, self.folder = app, empty, folder
        self.backup: Path | None = None
        self.done: dict[tuple[str, ...], Result] = {}
        shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns(".env", "production.env"))

    def flask(self, words: list[str]) -> Result:
        """Run a command of ``flask`` once, on the real database; placeholders get values."""
        words = words[2:] if words[:1] == ["--app"] else words
        key = tuple(words[:1] if words[0] == "restore" else words)  # a house is empty once
        if key not in self.done:
            if words[0] in {"backup", "restore"}:
                self._make_backup()
            if words[0] in NEVER_ENDS or tuple(words) in WARNED:
                words = [*words, "--help"]
            app = self.empty if words[0] == "restore" else self.app
            typed = "Neem-tree-44\nNeem-tree-44\n" if words[0] == "create-admin" else None
            self.done[key] = _run(app, [self._filled(words, word) for word in words], typed)
        return self.done[key]

    def _filled(self, words: list[str], word: str) -> str:
        if words[0] == "backup" and word != "backup":
            return str(self.folder / f"{len(self.done)}.zip")
        if words[0] == "restore" and word != "restore":
            return str(self.backup)
        return {"EMAIL": LOST, "WHY": "Called from the number we know"}.get(word, word)

    def _make_backup(self) -> None:
        if self.backup is None:
            self.backup = self.folder / "first.zip"
            done = _run(self.app, ["backup", str(self.backup)])
            assert done.exit_code == 0, done.output


def _run(app: Flask, words: list[str], typed: str | None = None) -> Result:
    with app.app_context():  # the command's own, whatever the test is in
        whole = FlaskGroup(create_app=lambda: app) if words[0] in FLASKS_OWN else None
        return app.test_cli_runner().invoke(whole, args=words, input=typed)


def open_desk(settings: Settings, folder: Path) -> Iterator[Desk]:
    """Give a desk; its databases go with it."""
    demo = settings.model_copy(update={"app_env": "demo"})
    with ExitStack() as stack:
        app = stack.enter_context(house(demo, "docs", folder))
        empty = stack.enter_context(house(demo, "docs_empty", folder))
        with app.app_context(), transaction() as session:
            make_user(email="student@demo.test")
            make_package(slug="jee-complete")
            lost = make_user(email=LOST)
            begin(actor=lost, now=NOW)
            session.get_one(TwoFactor, lost.id).confirmed_at = NOW
        yield Desk(app, empty, folder)
