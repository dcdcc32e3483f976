from __future__ import annotations

import re
from functools import cache

from webapp.config import ROOT, Settings

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def _tests_of(path: str) -> frozenset[str]:
    file = ROOT / path
    return frozenset(re.findall(r"def (test_\w+)\(", file.read_text())) if file.is_file() else frozenset()


def _rows() -> list[str]:
    lines = (ROOT / "docs" / "threat-model.md").read_text().split("## Doors")[1].split("## What stays")[0].splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| threat")]


def test_every_test_it_names_exists() -> None:
    gone = [f"{path}::{name}" for row in _rows() for path, name in NAMED.findall(row) if name not in _tests_of(path)]
    assert gone == []


def test_every_threat_has_a_proof() -> None:
    assert len(_rows()) > 40
    assert [row for row in _rows() if not NAMED.search(row.rpartition(" | ")[2])] == []


def test_settings_the_guides_name_exist() -> None:
    words = set(re.findall(r"`([A-Z][A-Z_]{5,})", (ROOT / "docs" / "security.md").read_text()))
    assert {word for word in words if word.lower() not in Settings.model_fields} == set()


def test_every_setting_of_safety_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in ("ALLOWED_HOSTS", "SECURITY_CONTACT", "ENCRYPTION_KEY", "ENCRYPTION_KEY_FALLBACKS", "ACCESS_LOG"):
        assert f"| `{name}`" in readme
