"""What the documents tell people to type exists: commands, targets, files, settings, addresses."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.deploy.reading import calls_of, flask_commands, make_targets, shell_lines
from webapp.config import ROOT, Settings

DOCS = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
DRIVER = re.compile(r"AWS_|FLASK_")


def _text(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("name", DOCS)
def test_every_flask_command_exists(name: str, app: Flask) -> None:
    known = flask_commands(app)
    wrong = [words for words in calls_of("flask", _text(name)) if words[:1] not in known and words[:2] not in known]
    assert wrong == []


@pytest.mark.parametrize("name", DOCS)
def test_every_make_target_exists(name: str) -> None:
    assert [words for words in calls_of("make", _text(name)) if words[0] not in make_targets()] == []


@pytest.mark.parametrize("name", DOCS)
def test_every_file_it_leads_to_is_there(name: str) -> None:
    text = _text(name)
    folder = (ROOT / name).parent
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (folder / target).exists(), target
    for path in re.findall(r"\bdeploy/[\w./*-]*\w\*?", text):
        if path not in {"deploy/.env", "deploy/production.env"}:
            assert list(ROOT.glob(path)), path


@pytest.mark.parametrize("name", ["docs/operating.md", "docs/scaling.md"])
def test_every_setting_it_names_exists(name: str) -> None:
    for line in shell_lines(_text(name)):
        for setting in re.findall(r"\b([A-Z]+(?:_[A-Z]+)+)=?", line):
            assert DRIVER.match(setting) or setting.lower() in Settings.model_fields, setting


@pytest.mark.parametrize("name", ["docs/operating.md", "docs/scaling.md"])
def test_every_address_it_names_answers(name: str, app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    for path in re.findall(r"`(?:GET |POST )?(?:https://YOUR-NAME)?(/[a-z]+(?:/[a-z]+)*)`", _text(name)):
        assert path in rules or path in {"/static", "/media"}, path


def test_every_metric_it_names_is_told() -> None:
    told = "".join(path.read_text() for path in (ROOT / "webapp").rglob("*.py"))
    for metric in re.findall(r"`(disha_[a-z_]+?)(?:_\*)?`", _text("docs/operating.md")):
        assert f'"{metric}' in told, metric
