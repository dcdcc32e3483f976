"""One function for each program that documents name: it runs the command, or looks whether all it names is there."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import yaml  # type: ignore[import-untyped]

from tests.core.test_config import COMPLETE
from tests.deploy.blocks import program, without_settings
from tests.deploy.reading import DEPLOY, make_targets, settings_of, unit
from tests.deploy.world import Desk
from tests.safety.test_production import RANDOM
from webapp.__main__ import commands as own_commands
from webapp.config import ROOT, Settings, load_settings

Words = list[str]
LATER = {"deploy/.env", "deploy/production.env"}  # made by whoever follows the handbook
COMPOSE = {  # what each command of compose is given here; another one is to be looked up and added
    "up": {"-d", "--build", "--scale"}, "logs": {"-f"}, "exec": set(), "run": {"--rm", "-v"}, "ps": set(),
    "stop": set(), "down": set(), "pull": set(), "restart": set(),
}  # fmt: skip
SYSTEMCTL = {"start", "stop", "restart", "enable", "disable", "status", "reload", "daemon-reload"}
TESTS_READ = {"API_FUZZ"}


def check(words: Words, desk: Desk) -> None:
    """Run or look at one command; fails when nobody knows how."""
    bare = without_settings(words)
    for name in (word.partition("=")[0] for word in words[: len(words) - len(bare)]):
        known = name.lower() in Settings.model_fields or name in _make_variables() or name in TESTS_READ
        assert known, f"{name} is no setting"
    if not bare:
        return
    checker = CHECKERS.get(program(bare))
    assert checker is not None, f"neither run nor checked: {' '.join(words)}"
    checker(bare, desk)


def _flask(words: Words, desk: Desk) -> None:
    words = words[3:] if words[1:2] == ["--app"] else words[1:]
    assert words, "flask does what?"
    if words == ["…"]:
        return
    done = desk.flask(words)
    assert done.exit_code == 0, (words, done.output, done.exception)


def _make(words: Words, desk: Desk) -> None:
    del desk
    targets = [word for word in words[1:] if "=" not in word]
    given = {word.partition("=")[0] for word in words[1:] if "=" in word}
    assert set(targets) <= make_targets(), words
    assert all(name in _make_variables() or name.lower() in Settings.model_fields for name in given), words
    assert _run(["make", "-n", *targets]), words


def _python(words: Words, desk: Desk) -> None:
    words = [word for word in words[1:] if word != "-q"]
    if words[:1] == ["-m"]:
        module, rest = words[1], words[2:]
        assert importlib.util.find_spec(module), module
        if module == "piptools":
            compiled = re.search(r"COMPILE := .*?-m (piptools (?:.*\\\n)*.*)", (ROOT / "Makefile").read_text())
            assert compiled
            asked = {word for word in rest if word.startswith("--")} - {"--output-file"}
            assert asked == {word for word in compiled[1].split() if word.startswith("--")}
        _paths_are_there(rest, desk)
    else:
        _paths_are_there(words, desk)


def _pip(words: Words, desk: Desk) -> None:
    options = [word for word in words if word.startswith("--")]
    assert _run([sys.executable, "-m", "pip", words[1], *options, "--help"]), words
    _paths_are_there(words, desk)


def _compose(words: Words, desk: Desk) -> None:
    assert words[:2] == ["docker", "compose"], words
    words = words[2:]
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    if words[0] == "-f":
        assert (ROOT / words[1]).is_file(), words[1]
        words = words[2:]
    verb, rest = words[0], words[1:]
    while rest and rest[0].startswith("-"):
        assert rest[0] in COMPOSE[verb], (verb, rest[0])
        if rest[0] == "--scale":
            assert rest[1].partition("=")[0] in services, rest[1]
        rest = rest[2:] if rest[0] in {"--scale", "-v"} else rest[1:]
    if rest:
        assert rest[0] in services, f"{rest[0]} is no service"
        if inner := rest[1:]:
            check(inner, desk)


def _podman(words: Words, desk: Desk) -> None:
    assert words[1] in {"build", "run", "compose"}, words
    _paths_are_there(words, desk)


def _systemctl(words: Words, desk: Desk) -> None:
    del desk
    assert words[1] in SYSTEMCTL, words
    for name in words[2:]:
        if not name.startswith("-"):
            _unit(name)


def _journalctl(words: Words, desk: Desk) -> None:
    del desk
    for option, name in pairwise(words):
        if option == "-u":
            _unit(name)


def _unit(name: str) -> None:
    file = re.sub(r"@.*", "@", name)
    file = file if "." in file else f"{file}.service"
    assert (DEPLOY / "systemd" / file).is_file(), f"no unit {name}"


def _files(words: Words, desk: Desk) -> None:
    """Commands on files: those under deploy/ are run in a copy of it, of the others the sources are looked for."""
    inside = [word for word in words[1:] if not word.startswith("-")]
    if program(words) in {"cp", "chmod"} and all(word.startswith("deploy/") or word.isdigit() for word in inside):
        assert subprocess.run(words, cwd=desk.folder, check=False).returncode == 0, words
        for made in (word for word in inside if word in LATER and program(words) == "cp"):
            assert settings_of(desk.folder / made), made
        return
    _paths_are_there(words, desk)


def _paths_are_there(words: Words, desk: Desk) -> None:
    del desk
    for word in words:
        path = word.partition("::")[0]
        if re.match(r"(deploy|webapp|tests|docs|bench|proof|migrations|\.ci)/", path) and path not in LATER:
            assert list(ROOT.glob(path)), path


def _useradd(words: Words, desk: Desk) -> None:
    del desk
    for service in (DEPLOY / "systemd").glob("*.service"):
        assert unit(service)["User"] == [words[-1]]
        assert unit(service)["WorkingDirectory"][0].startswith(words[words.index("--home-dir") + 1])


def _granian(words: Words, desk: Desk) -> None:
    del desk
    ours = next(one.argv for one in own_commands(load_settings({"APP_ENV": "demo"})) if one.name == "web")
    options = {word for word in words if word.startswith("--")}
    assert options <= set(ours), words
    assert words[-1] == ours[-1]


def _gunicorn(words: Words, desk: Desk) -> None:
    _paths_are_there(words, desk)
    assert words[-1] == "wsgi:app"


def _openssl(words: Words, desk: Desk) -> None:
    """The key that it makes is one that production takes."""
    del desk
    made = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    assert load_settings({**COMPLETE, "SECRET_KEY": made, "ENCRYPTION_KEY": RANDOM}).app_env == "production"


def _shell_settings(words: Words, desk: Desk) -> None:
    """``set -a; . FILE; set +a``: a shell reads the example as the app does."""
    del words, desk
    example = DEPLOY / "production.env.example"
    script = f"set -a; . {example}; set +a; env"
    read = dict(line.partition("=")[::2] for line in _said(["env", "-i", "sh", "-c", script]).splitlines())
    assert {name: read.get(name) for name in settings_of(example)} == settings_of(example)


def _script(words: Words, desk: Desk) -> None:
    _paths_are_there(words, desk)
    assert _run([words[0], "-n", *words[1:]]), words


def _anything(words: Words, desk: Desk) -> None:
    """Ordinary words of a shell that name nothing of ours."""
    _paths_are_there(words, desk)


CHECKERS: dict[str, Callable[[Words, Desk], None]] = {
    "flask": _flask, "make": _make, "python": _python, "python3": _python, "pip": _pip, "docker": _compose,
    "podman": _podman, "systemctl": _systemctl, "journalctl": _journalctl, "cp": _files, "chmod": _files,
    "install": _files, "ln": _files, "useradd": _useradd, "granian": _granian, "gunicorn": _gunicorn,
    "openssl": _openssl, "set": _shell_settings, "sh": _script,
    ".": _anything, "grep": _anything, "cd": _anything, "git": _anything,
}  # fmt: skip


@cache
def _make_variables() -> frozenset[str]:
    """The variables that the Makefile hands on."""
    text = (ROOT / "Makefile").read_text() + (ROOT / ".ci" / "setup").read_text()
    found = re.findall(r"^([A-Z_]+) \?=|\$+\{([A-Z_]+):-", text, re.MULTILINE)
    return frozenset(name for pair in found for name in pair if name)


def _run(words: Words) -> bool:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, timeout=60, check=False)
    return done.returncode == 0


def _said(words: Words) -> str:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
