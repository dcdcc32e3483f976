"""The fonts of receipts: one weight each, with the rupee sign, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from webapp.core import print_fonts


@pytest.mark.parametrize("name", ["regular", "bold"])
def test_a_font_has_what_receipts_say(name: str) -> None:
    font = TTFont(print_fonts.font_path(name))
    assert set(map(ord, "₹−–·’AĀŁễz0")) <= set(font.getBestCmap())
    assert "fvar" not in font


def test_they_are_made_again_only_when_their_source_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / print_fonts.SOURCES
    source.mkdir(parents=True)
    for part in print_fonts.PARTS:
        (source / f"inter-{part}-wght-normal.woff2").write_bytes(b"one")
    cut: list[Path] = []
    monkeypatch.setattr(print_fonts, "_cut", lambda sources, weight, target: cut.append(target))
    assert print_fonts.make_fonts(tmp_path) is True
    assert print_fonts.make_fonts(tmp_path) is False
    (source / "inter-latin-wght-normal.woff2").write_bytes(b"two")
    assert print_fonts.make_fonts(tmp_path) is True
    assert len(cut) == 4
