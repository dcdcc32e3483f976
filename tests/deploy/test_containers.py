"""Container and compose file: what they start exists, what they copy is there, nothing is unpinned or secret."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml  # type: ignore[import-untyped]
from flask import Flask

from tests.deploy.reading import DEPLOY, flask_commands, same_command, settings_of
from webapp.__main__ import commands
from webapp.config import ROOT, Settings, load_settings

CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
DRIVER = {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}
PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+) \\$", re.MULTILINE)


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def _last(instruction: str) -> list[str]:
    (words,) = re.findall(rf"^{instruction} (\[.*\])$", CONTAINERFILE, re.MULTILINE)
    loaded: list[str] = json.loads(words)
    return loaded


def test_the_image_serves_as_the_house_does() -> None:
    web = same_command(_last("CMD"))
    ours = next(command for command in commands(load_settings({"APP_ENV": "demo"})) if command.name == "web")
    assert web[0] == "granian"
    assert web[-1] == "wsgi:app"
    served = {word for word in ours.argv if word.startswith("--")}
    assert served - {word for word in web if word.startswith("--")} == {"--respawn-interval"}


def test_the_image_runs_without_root_and_asks_for_its_health() -> None:
    last_stage = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in last_stage
    assert "HEALTHCHECK" in last_stage
    assert "/healthz" in last_stage


def test_the_image_copies_what_is_there() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source in allowed, source


def test_the_image_installs_nothing_without_its_hash() -> None:
    installs = re.findall(r"pip install .*", CONTAINERFILE)
    assert installs
    assert all("--require-hashes" in line for line in installs)
    for name in ("requirements.txt", "requirements-build.txt"):
        blocks = re.split(r"\n(?=[a-z0-9])", (DEPLOY / name).read_text().strip())
        assert all(PINNED.match(block) and "--hash=sha256:" in block for block in blocks), name


def test_the_image_installs_what_the_app_was_tested_with() -> None:
    ours = dict(PINNED.findall((ROOT / "requirements.txt").read_text()))
    theirs = dict(PINNED.findall((DEPLOY / "requirements.txt").read_text()))
    differing = {name: theirs.get(name) for name, version in ours.items() if theirs.get(name) != version}
    assert set(differing) <= {"python-dateutil"}, differing  # s3fs's own wishes
    assert {"s3fs", "gunicorn"} <= set(theirs)
    assert theirs["s3fs"] == ours["fsspec"]
    node = dict(PINNED.findall((DEPLOY / "requirements-build.txt").read_text()))
    assert node.items() <= dict(PINNED.findall((ROOT / "requirements-demo.txt").read_text())).items()


def test_compose_starts_each_process_by_a_command_that_exists(app: Flask) -> None:
    services, known = _compose()["services"], flask_commands(app)
    assert {"migrate", "web", "worker", "scheduler", "postgres", "redis", "store"} <= set(services)
    assert "command" not in services["web"]
    for name in ("migrate", "worker", "scheduler"):
        program, option, entry, *words = services[name]["command"]
        assert (program, option, entry) == ("flask", "--app", "wsgi")
        assert tuple(words) in known, words


def test_compose_names_settings_that_exist_and_secrets_by_their_variable_only() -> None:
    composed = _compose()
    asked = settings_of(DEPLOY / "compose.env.example")
    for name in ("web", "worker", "scheduler", "migrate"):
        environment = composed["services"][name]["environment"]
        assert all(key in DRIVER or key.lower() in Settings.model_fields for key in environment)
    text = (DEPLOY / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) == set(asked)
    for name, value in re.findall(r"^\s+\w*(PASSWORD|SECRET\w*|ACCESS_KEY\w*): (.*)$", text, re.MULTILINE):
        assert value.startswith("${"), name


def test_compose_keeps_data_and_waits_for_what_it_needs() -> None:
    composed = _compose()
    services = composed["services"]
    for name in ("web", "worker", "scheduler"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    for name in ("postgres", "redis", "store", "web"):
        volumes = {volume.partition(":")[0] for volume in services[name]["volumes"]}
        assert volumes <= set(composed["volumes"]), name
    assert "--appendonly yes" in services["redis"]["command"][-1]
    assert int(services["postgres"]["image"].rpartition(":")[2]) >= 16
    assert float(services["redis"]["image"].rpartition(":")[2]) >= 7
    assert not any(service.get("image", "x:1").endswith(":latest") for service in services.values())
