"""What becomes of photos people send, and of files that are none."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from webapp.core import pictures
from webapp.core.pictures import PictureRefused, square_pictures
from webapp.core.uploads import drop_photo, keep_photo, photo_url


def picture(size: tuple[int, int] = (640, 800), kind: str = "JPEG", mode: str = "RGB", **more: object) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, more.pop("color", "teal")).save(target, kind, **more)  # type: ignore[arg-type]
    return target.getvalue()


def opened(content: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(content))
    found.load()
    return found


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_squares(kind: str) -> None:
    made = square_pictures(picture(kind=kind))
    assert {side: (*(found := opened(content)).size, found.format) for side, content in made.items()} == {
        512: (512, 512, "WEBP"),
        160: (160, 160, "WEBP"),
    }


def test_the_place_it_was_taken_at_does_not_come_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = "my home"
    exif.get_ifd(0x8825)[2] = (22.5, 34.0, 21.0)
    content = picture(exif=exif, comment=b"secret words")
    assert b"my home" in content
    for made in square_pictures(content).values():
        assert not opened(made).getexif()
        assert b"EXIF" not in made
        assert b"secret" not in made
        assert b"XMP" not in made


def test_a_photo_taken_sideways_stands_upright() -> None:
    lying = Image.new("RGB", (800, 600), "white")
    lying.paste((200, 0, 0), (0, 0, 400, 600))  # red on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter: left becomes top
    target = io.BytesIO()
    lying.save(target, "JPEG", exif=exif)
    upright = opened(square_pictures(target.getvalue())[160])
    top, bottom = upright.getpixel((80, 10)), upright.getpixel((80, 150))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[1] < 60
    assert bottom[1] > 200


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    target = io.BytesIO()
    Image.new(mode, (200, 200)).save(target, "PNG")
    assert opened(square_pictures(target.getvalue())[160]).mode == "RGB"


def test_what_is_transparent_becomes_white() -> None:
    clear = picture((200, 200), "PNG", "RGBA", color=(0, 0, 0, 0))
    assert opened(square_pictures(clear)[160]).getpixel((80, 80)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", pictures.NO_PICTURE),
        (b"this is a letter, not a photo" * 20, pictures.NO_PICTURE),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', pictures.NO_PICTURE),
        (picture(kind="GIF"), pictures.NO_PICTURE),
        (picture(kind="BMP"), pictures.NO_PICTURE),
        (picture((2000, 2000), quality=95)[:9000], pictures.NO_PICTURE),
        (picture(kind="PNG")[:-400], pictures.NO_PICTURE),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 1000, pictures.NO_PICTURE),
        (png_bomb(20_000, 20_000), pictures.TOO_MANY_PIXELS),
        (png_bomb(9_000, 6_000), pictures.TOO_MANY_PIXELS),
        (png_bomb(12_000, 9_000), pictures.TOO_MANY_PIXELS),
        (picture((100, 900)), pictures.TOO_SMALL),
        (picture() + b"\x00" * pictures.MOST_BYTES, pictures.TOO_LARGE),
    ],
    ids=[
        "empty", "text", "svg", "gif", "bmp", "half a JPEG", "half a PNG", "a head alone", "bomb", "big", "bigger",
        "narrow", "heavy",
    ],
)  # fmt: skip
def test_what_is_no_photo_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(PictureRefused) as refused:
        square_pictures(content)
    assert str(refused.value) == said


def test_a_kept_photo_is_served_for_a_year_until_it_is_dropped(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        name = keep_photo(picture())
        small, large = photo_url(name), photo_url(name, 512)
    answer = client.get(small)
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    assert opened(answer.data).size == (160, 160)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert client.get(large).status_code == 200
    drop_photo(name)
    assert client.get(small).status_code == client.get(large).status_code == 404


@pytest.mark.parametrize("name", ["x", "..%2Fsecret_key", "secret_key", "a" * 22 + "-999.webp", "a" * 22 + "-160.webp"])
def test_other_names_lead_nowhere(client: FlaskClient, name: str) -> None:
    assert client.get(f"/media/{name}").status_code == 404


def test_a_store_that_is_away_does_not_break_dropping(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OSError("no route to the bucket")

    monkeypatch.setattr("webapp.core.uploads._store", away)
    with app.app_context():
        drop_photo("a" * 22)
        drop_photo(None)


def test_refused_files_leave_nothing_behind(app: Flask, tmp_path: Path) -> None:
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"uploads_url": f"file://{tmp_path}/kept here"})
    try:
        with app.app_context():
            with pytest.raises(PictureRefused):
                keep_photo(b"nothing")
            assert not list(tmp_path.rglob("*.webp"))
            keep_photo(picture())
            assert len(list((tmp_path / "kept here").glob("*.webp"))) == 2
    finally:
        app.config["SETTINGS"] = settings
