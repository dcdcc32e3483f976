"""From the bytes of an uploaded file to text, or to words that say why not: never to broken letters. Pure."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # begins as UTF-16's does, so it is asked first
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
KINDS = (
    (b"PK\x03\x04", "an Excel or zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"\x1f\x8b", "a zipped file"),
)
SAVE_AS = "Save it as “CSV UTF-8” in your spreadsheet and choose that file."
UNKNOWN = f"We can’t tell how the letters of this file are written, and do not want to guess names. {SAVE_AS}"
BROKEN = f"Letters in this file are broken already ({{sample}}): it was saved wrongly before. {SAVE_AS}"
NOT_TEXT = f"This is not a CSV file. {SAVE_AS}"
_PILED = re.compile(rb"[\x80-\xff]{3,}")
_WESTERN = re.compile(r"[À-ÖØ-öø-ÿŒœŠšŽžŸƒ‘’“”‚„–—…€£¥§©®°´·«»¿¡º²³½¼¾±×÷ªµ¢™•\xa0]")
_ODD_CAPITAL = re.compile(r"[a-zà-öø-ÿ][À-ÖØ-ÞŠŽŒŸ]")
_TAILS = "".join(bytes([byte]).decode(codec, "ignore") for byte in range(0x80, 0xC0) for codec in ("cp1252", "latin-1"))
_TAIL = f"[{re.escape(_TAILS)}]"
_MOJIBAKE = re.compile(f"[Â-ß]{_TAIL}|[à-ï]{_TAIL}{{2}}|ð{_TAIL}{{3}}")  # UTF-8 that was read as Windows-1252


class NotReadable(Exception):
    """The file cannot be read as text; str() is for the person."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, and how it was written."""

    text: str
    encoding: str


def decode(content: bytes) -> Decoded:
    """Return the text of a file in UTF-8, UTF-16, UTF-32 or Windows-1252.

    Raises:
        NotReadable: it is none of these, or no text, or its letters were broken before.
    """
    for start, kind in KINDS:
        if content.startswith(start):
            raise NotReadable(f"This is {kind}, not a CSV file. {SAVE_AS}")
    found = _marked(content) or _unmarked(content)
    if "\x00" in found.text:
        raise NotReadable(NOT_TEXT)
    if broken := _MOJIBAKE.search(found.text):
        begin = max(0, broken.start() - 12)
        sample = " ".join(found.text[begin : broken.end() + 6].split())
        raise NotReadable(BROKEN.format(sample=sample))
    return found


def _marked(content: bytes) -> Decoded | None:
    for mark, codec, name in MARKS:
        if content.startswith(mark):
            try:
                return Decoded(content.decode(codec), name)
            except UnicodeDecodeError:
                raise NotReadable(UNKNOWN) from None
    return None


def _unmarked(content: bytes) -> Decoded:
    if codec := _two_byte(content):
        try:
            return Decoded(content.decode(codec), "UTF-16")
        except UnicodeDecodeError:
            raise NotReadable(UNKNOWN) from None
    if b"\x00" in content:
        raise NotReadable(NOT_TEXT)
    try:
        return Decoded(content.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError:
        return Decoded(_western(content), "Windows-1252")


def _two_byte(content: bytes) -> str | None:
    """Return UTF-16's byte order where every second byte of the beginning is 0, as with Latin text."""
    sample = content[:2000]
    half = len(sample) // 2
    if half < 2:
        return None
    if sample[1::2].count(0) > 0.7 * half and sample[::2].count(0) == 0:
        return "utf-16-le"
    if sample[::2].count(0) > 0.7 * half and sample[1::2].count(0) == 0:
        return "utf-16-be"
    return None


def _western(content: bytes) -> str:
    """Return Windows-1252 text where it looks like it: single accented letters and quotes, not another script."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise NotReadable(UNKNOWN) from None
    high = [letter for letter in text if ord(letter) > 127]
    strange = [letter for letter in high if not _WESTERN.match(letter)]
    crowded = len(high) > 0.15 * len(text)
    if strange or crowded or _PILED.search(content) or _ODD_CAPITAL.search(text):
        raise NotReadable(UNKNOWN)
    return text
