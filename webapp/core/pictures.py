"""Photos that people send, made into small square pictures of ours.

Nothing of the file that came is kept: it is decoded, turned upright, cut to a square and written anew,
so neither a hidden script nor the place where it was taken comes along.
"""

from __future__ import annotations

import io

from PIL import Image, ImageCms, ImageOps

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 50_000_000  # decoded, at 4 bytes each, that is 200 MB; a phone's camera makes 12 to 50 million
SMALLEST_SIDE = 160
SIDES = (512, 160)
ACCEPTED = ("JPEG", "PNG", "WEBP")
CENTRE = (0.5, 0.4)  # of a tall photo the upper part: that is where the face is
QUALITY = 84
CONTENT_TYPE = "image/webp"

TOO_LARGE = "This file is larger than 5 MB. Choose a smaller one."
NO_PICTURE = "This is not a photo we can read. Choose a JPG, PNG or WEBP file."
TOO_MANY_PIXELS = "This picture has too many pixels. Choose one of at most 50 megapixels."
TOO_SMALL = f"This picture is too small. Choose one of at least {SMALLEST_SIDE} × {SMALLEST_SIDE} pixels."


class PictureRefused(ValueError):
    """A file that cannot become a photo; str() is for the person who sent it."""


def square_pictures(content: bytes) -> dict[int, bytes]:
    """Return side in pixels → a square WEBP of that side, without any data but its pixels.

    Raises:
        PictureRefused: over 5 MB, not a whole JPG, PNG or WEBP, over 50 megapixels, or too small.
    """
    if len(content) > MOST_BYTES:
        raise PictureRefused(TOO_LARGE)
    picture = _decoded(content)
    return {side: _written(picture, side) for side in SIDES}


def _decoded(content: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(content), formats=ACCEPTED) as opened:
            _require_size(*opened.size)
            opened.draft("RGB", (2 * SIDES[0], 2 * SIDES[0]))  # a large JPEG is decoded small at once
            return _plain(opened)
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(TOO_MANY_PIXELS) from error
    except Exception as error:  # decoders raise whatever broken bytes lead them to
        raise PictureRefused(NO_PICTURE) from error


def _require_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise PictureRefused(TOO_MANY_PIXELS)
    if min(width, height) < SMALLEST_SIDE:
        raise PictureRefused(TOO_SMALL)


def _plain(opened: Image.Image) -> Image.Image:
    """The pixels upright, in sRGB, on white where they are transparent."""
    opened.load()
    profile = opened.info.get("icc_profile")
    upright = ImageOps.exif_transpose(opened)
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        upright = Image.new("RGBA", layer.size, "white")
        upright.alpha_composite(layer)
    elif profile and upright.mode in ("RGB", "CMYK"):
        upright = _in_srgb(upright, profile)
    return upright.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture  # colours slightly off are better than no photo
    return turned or picture


def _written(picture: Image.Image, side: int) -> bytes:
    fitted = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS, centering=CENTRE)
    clean = Image.new("RGB", (side, side))  # a new picture has no metadata to carry over
    clean.paste(fitted)
    target = io.BytesIO()
    clean.save(target, "WEBP", quality=QUALITY, method=4)
    return target.getvalue()
