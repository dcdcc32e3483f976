"""Files: none is read outside its folder, none that comes in is kept as it came."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy.orm import Session

from tests.core.test_pictures import opened, picture, png_bomb
from tests.factories import make_user
from tests.pages import Browser
from tests.safety.visits import unlimited
from webapp.config import ROOT
from webapp.core.pictures import SIDES, PictureRefused, square_pictures

UP = ("../", "..%2f", "..\\", "....//", "..;/", "%2e%2e%2f", "..\xc0\xaf", "/")
WANTED = ("wsgi.py", "webapp/config.py", "etc/passwd", "secret_key", ".git/config")
DOORS = (
    "/static/",
    "/static/css/",
    "/media/",
    "/admin/exports/",
    "/admin/charts/",
    "/receipts/",
    "/feed/",
    "/dev/mail/",
    "/",
)
NEVER = ("create_app", "BaseSettings", "root:x:0", "[core]")


@pytest.fixture
def data(app: Flask) -> None:
    """Secrets lie where somebody would look for them."""
    folder = app.config["SETTINGS"].data_dir
    for name in ("secret_key", "encryption_key"):
        (folder / name).write_text("create_app")


def test_no_path_leads_out_of_a_folder(app: Flask, db_session: Session, data: None) -> None:
    admin = Browser(app, make_user(role="admin")).client
    db_session.commit()
    leaked = []
    with unlimited(app):
        for door in DOORS:
            for up in UP:
                for wanted in WANTED:
                    path = f"{door}{up * 5}{wanted}"
                    answer = admin.open("/", environ_overrides={"PATH_INFO": path})
                    if answer.status_code == 200 or any(word in answer.text for word in NEVER):
                        leaked.append(f"{path}: {answer.status_code}")
    assert leaked == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.sampled_from("./\\%2ef5c~:a0\x00 -_\u2215\u3002"), max_size=40), door=st.sampled_from(DOORS[:3]))
def test_no_made_up_name_is_a_file_or_breaks_anything(app: Flask, name: str, door: str) -> None:
    environ = {"PATH_INFO": (door + name).encode("utf-8").decode("latin-1"), "REQUEST_METHOD": "GET"}
    with unlimited(app):
        answer = app.test_client().open("/", environ_overrides=environ)
    assert answer.status_code in {200, 301, 302, 308, 400, 401, 404}
    assert not any(word in answer.text for word in NEVER)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "rider",
    [b"<script>alert(1)</script>", b"<?php system($_GET[0]); ?>", b"PK\x03\x04 a zip", b"%PDF-1.7 a paper",
     b"GIF89a/*", b"#!/bin/sh\nid\n"],
    ids=["html", "php", "zip", "pdf", "gif", "sh"],
)  # fmt: skip
def test_a_file_that_is_a_photo_and_something_else_becomes_a_photo(kind: str, rider: bytes) -> None:
    """Behind the pixels, in a comment and in the metadata: nothing but pixels comes out."""
    exif = Image.Exif()
    exif[0x010E] = rider.decode("latin-1")
    for content in (
        picture(kind=kind) + rider * 50,
        picture(kind=kind, exif=exif),
        picture(kind=kind, comment=rider * 5),
    ):
        made = square_pictures(content)
        assert set(made) == set(SIDES)
        for written in made.values():
            assert rider[:12] not in written
            assert written[:4] == b"RIFF"
            assert opened(written).format == "WEBP"
            assert not {"exif", "icc_profile", "xmp", "comment"} & set(opened(written).info)


@pytest.mark.parametrize(
    "first", [b"<html><script>alert(1)</script>", b"<svg onload=alert(1)>", b"GIF89a", b"%PDF-1.7", b"BM"]
)
def test_a_photo_behind_something_else_is_no_photo(first: bytes) -> None:
    with pytest.raises(PictureRefused):
        square_pictures(first + picture())


def test_a_bomb_is_refused_before_it_takes_memory() -> None:
    """A file of 100 kB that says it is 20,000 × 20,000: its 1.2 GB are never laid out."""
    program = (
        "import resource, sys\n"
        "from webapp.core.pictures import PictureRefused, square_pictures\n"
        "content, before = sys.stdin.buffer.read(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    square_pictures(content)\nexcept PictureRefused as refused:\n    print(refused)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000)\n"
    )
    bomb = png_bomb(20_000, 20_000)
    assert len(bomb) < 200_000
    done = subprocess.run(
        [sys.executable, "-c", program], input=bomb, capture_output=True, check=True, cwd=ROOT, timeout=60
    )  # fmt: skip
    assert done.stdout.decode().splitlines() == [
        "This picture has too many pixels. Choose one of at most 50 megapixels.", "True",
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 5000), flips=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=20))
def test_a_broken_photo_is_refused_or_becomes_a_clean_one(cut: int, flips: list[tuple[int, int]]) -> None:
    content = bytearray(picture((300, 300)))
    for place, value in flips:
        content[place % len(content)] = value
    try:
        made = square_pictures(bytes(content[cut % len(content) :] if cut % 3 == 0 else content))
    except PictureRefused:
        return
    for written in made.values():
        Image.open(io.BytesIO(written)).verify()
