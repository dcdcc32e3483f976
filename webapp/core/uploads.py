"""What people upload: kept by fsspec, so on a disk or in a bucket by one setting, and served to everybody.

A photo is one random name in its owner's row and one file for each size. Files are written before the
transaction that names them, and removed after the one that lets them go: a crash in between leaves a
file that nobody knows the name of, never a name without its file.
"""

from __future__ import annotations

import re
import secrets
import string
from typing import Any, cast

import fsspec.core
import structlog
from flask import Blueprint, Flask, Response, current_app, url_for

from webapp.config import Settings
from webapp.core.access import allow
from webapp.core.errors import NotFound
from webapp.core.pictures import CONTENT_TYPE, SIDES, square_pictures

log = structlog.get_logger(__name__)
blueprint = Blueprint("media", __name__)

NAME_LENGTH = 22  # 62^22 ≈ 2^131: not to be guessed
ALPHABET = string.ascii_letters + string.digits
FILE = re.compile(rf"[A-Za-z0-9]{{{NAME_LENGTH}}}-({'|'.join(str(side) for side in SIDES)})\.webp")
YEAR = 365 * 24 * 60 * 60
LARGE, SMALL = SIDES


def init_uploads(app: Flask) -> None:
    """Serve what is kept, and teach templates the filter that leads from a photo's name to its address."""
    app.register_blueprint(blueprint)
    app.jinja_env.filters["photo_url"] = photo_url


def keep_photo(content: bytes) -> str:
    """Keep a photo in all its sizes and return its name. Not for inside a transaction: the store may be far away.

    Raises:
        PictureRefused: the file cannot become a photo; nothing is kept.
    """
    pictures = square_pictures(content)
    name = "".join(secrets.choice(ALPHABET) for _ in range(NAME_LENGTH))
    store, root = _store()
    store.makedirs(root, exist_ok=True)
    for side, picture in pictures.items():
        store.pipe_file(f"{root}/{name}-{side}.webp", picture)
    return name


def drop_photo(name: str | None) -> None:
    """Remove a photo that no row names any more. Never raises: what stays behind is only a file too many."""
    if not name:
        return
    try:
        store, root = _store()
        for side in SIDES:
            if store.exists(path := f"{root}/{name}-{side}.webp"):
                store.rm_file(path)
    except Exception:  # every store has errors of its own
        log.warning("photo_not_removed", name=name, exc_info=True)


def photo_url(name: str, side: int = SMALL) -> str:
    """Return the address of a photo, 160 or 512 pixels wide."""
    return url_for("media.file", name=f"{name}-{side}.webp")


@blueprint.get("/media/<name>")
@allow("public")
def file(name: str) -> Response:
    """Hand out a kept file; its name never means anything else, so browsers may keep it for a year."""
    content = _read(name) if FILE.fullmatch(name) else None
    if content is None:
        raise NotFound
    answer = Response(content, content_type=CONTENT_TYPE)
    answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _read(name: str) -> bytes | None:
    store, root = _store()
    try:
        return cast(bytes, store.cat_file(f"{root}/{name}"))
    except FileNotFoundError:
        return None


def _store() -> tuple[Any, str]:
    """The file system of the setting, and the folder in it; fsspec keeps the connection."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    return cast("tuple[Any, str]", fsspec.core.url_to_fs(settings.uploads_at))
