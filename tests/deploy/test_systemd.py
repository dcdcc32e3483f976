"""The units start commands that exist, as nobody special, and leave time for a job to end."""

from __future__ import annotations

import re
import shlex

import pytest
from flask import Flask

from tests.deploy.reading import DEPLOY, flask_commands, same_command, settings_of, unit
from webapp.config import Settings
from webapp.core.jobs import JOB_SECONDS

FOLDER = DEPLOY / "systemd"
SERVICES = sorted(path.name for path in FOLDER.glob("*.service"))


def _words(name: str) -> list[str]:
    (line,) = unit(FOLDER / name)["ExecStart"]
    return same_command(shlex.split(line))


def test_there_is_one_for_each_process() -> None:
    expected = {"disha-migrate.service", "disha-web.service", "disha-worker@.service", "disha-scheduler.service"}
    assert set(SERVICES) == expected


@pytest.mark.parametrize("name", [name for name in SERVICES if "web" not in name])
def test_its_command_exists(name: str, app: Flask) -> None:
    program, option, entry, *words = _words(name)
    assert (program, option, entry) == ("flask", "--app", "wsgi")
    assert tuple(words) in flask_commands(app)


def test_web_is_served_as_in_the_image() -> None:
    image = re.search(r"granian .*?wsgi:app", (DEPLOY / "Containerfile").read_text())
    assert image is not None
    assert [word.strip("${}") for word in _words("disha-web.service")] == [
        word.strip('\\"$') for word in image.group(0).split()
    ]


@pytest.mark.parametrize("name", SERVICES)
def test_it_runs_as_nobody_special_with_the_settings_of_one_file(name: str) -> None:
    said = unit(FOLDER / name)
    assert said["User"] == ["disha"]
    assert said["NoNewPrivileges"] == ["yes"]
    assert said["EnvironmentFile"] == ["/etc/disha/production.env"]
    assert said["WorkingDirectory"] == ["/opt/disha/current"]
    (line,) = said["Environment"]
    assert all(pair.partition("=")[0].lower() in Settings.model_fields for pair in line.split())


def test_a_worker_has_time_to_end_its_job() -> None:
    assert int(unit(FOLDER / "disha-worker@.service")["TimeoutStopSec"][0]) > JOB_SECONDS


def test_the_target_wants_units_that_exist() -> None:
    (wanted,) = unit(FOLDER / "disha.target")["Wants"]
    for name in wanted.split():
        assert re.sub(r"@\d+", "@", name) in SERVICES, name


def test_each_variable_of_a_command_has_a_value() -> None:
    said = unit(FOLDER / "disha-web.service")
    given = {pair.partition("=")[0] for pair in said["Environment"][0].split()}
    assert set(re.findall(r"\$\{(\w+)\}", said["ExecStart"][0])) <= given
    assert "HOST" not in settings_of(
        DEPLOY / "production.env.example"
    )  # the container listens on all, systemd does not
