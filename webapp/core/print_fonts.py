"""Cuts the fonts of printed papers (receipts) out of Inter's browser files: plain TrueType, one weight each.

A step of the asset build, because a PDF wants one static font that has every letter and the rupee
sign, while the browser gets a variable one in parts. The result is never served.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.merge import Options as MergeOptions
from fontTools.subset import Options as SubsetOptions
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("static/print")
SOURCES = "node_modules/@fontsource-variable/inter/files"
PARTS = ("latin", "latin-ext", "vietnamese")  # the rupee sign stands in the second
WEIGHTS = {"regular": 400, "bold": 650}
LAYOUT = ["GSUB", "GPOS", "GDEF", "STAT", "HVAR", "MVAR", "gasp", "prep"]


def font_path(name: str, root: Path = ROOT) -> Path:
    """Return where the font "regular" or "bold" lies once it is made."""
    return root / FOLDER / f"{name}.ttf"


def make_fonts(root: Path = ROOT) -> bool:
    """Make the fonts unless they are there and come from the same files; tell whether it had to."""
    sources = [root / SOURCES / f"inter-{part}-wght-normal.woff2" for part in PARTS]
    marker = root / FOLDER / ".made-from"
    total = hashlib.sha256(Path(__file__).read_bytes())
    for source in sources:
        total.update(source.read_bytes())
    if marker.is_file() and marker.read_text() == total.hexdigest():
        return False
    marker.parent.mkdir(parents=True, exist_ok=True)
    for name, weight in WEIGHTS.items():
        _cut(sources, weight, font_path(name, root))
    marker.write_text(total.hexdigest())
    return True


def _cut(sources: list[Path], weight: int, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        parts = [_one_weight(source, weight, Path(folder) / f"{source.stem}.ttf") for source in sources]
        whole = Path(folder) / "whole.ttf"
        Merger(MergeOptions()).merge([str(part) for part in parts]).save(whole)
        whole.replace(target)


def _one_weight(source: Path, weight: int, target: Path) -> Path:
    """Keep the letters alone: without alternates and kerning the parts can be joined, and quickly."""
    font = TTFont(source)
    subsetter = Subsetter(SubsetOptions(layout_features=[], drop_tables=LAYOUT, notdef_outline=True))
    subsetter.populate(unicodes=font.getBestCmap())
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"wght": weight})
    font.flavor = None
    font.save(target)
    return target
