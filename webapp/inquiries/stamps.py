"""The hidden, signed field of the form: when it was shown, and where its reader came from. No cookie is needed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from webapp.inquiries.rules.entry import LONGEST_REFERRER, LONGEST_UTM

TOO_FAST = dt.timedelta(seconds=3)  # nobody reads and fills in the form sooner
TOO_OLD = dt.timedelta(hours=24)
UTM = ("utm_source", "utm_medium", "utm_campaign")


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a form was shown (to the second), the campaign's words of its address, and the page that led there."""

    at: dt.datetime
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    referrer: str = ""


def stamp_of(args: Mapping[str, str], came_from: str | None, hosts: frozenset[str], now: dt.datetime) -> Stamp:
    """Return the stamp of a form shown now.

    Args:
        args: the query of the address; where it names no campaign, the page of ours that led here may.
        came_from: the Referer header; kept without its query, and only if it is somebody else's page.
        hosts: our own names.
    """
    page = _split(came_from)
    ours = page is not None and page[0] in hosts
    words = {name: args.get(name, "")[:LONGEST_UTM] for name in UTM}
    if page is not None and ours and not any(words.values()):
        query = parse_qs(page[2])
        words = {name: query.get(name, [""])[0][:LONGEST_UTM] for name in UTM}
    referrer = "" if page is None or ours else page[1][:LONGEST_REFERRER]
    return Stamp(now, **words, referrer=referrer)


def _split(address: str | None) -> tuple[str, str, str] | None:
    """Return host, address without its query, and query; None for what is no web address."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return parts.netloc.lower(), f"{parts.scheme}://{parts.netloc}{parts.path}", parts.query


def write_stamp(stamp: Stamp) -> str:
    """Return the signed text of the hidden field."""
    words = [stamp.utm_source, stamp.utm_medium, stamp.utm_campaign, stamp.referrer]
    return str(_serializer("stamp").dumps([int(stamp.at.timestamp()), *words]))


def read_stamp(text: str) -> Stamp | None:
    """Return what a hidden field says; None if it was not written here."""
    try:
        at, *words = _serializer("stamp").loads(text[:4000])
        return Stamp(dt.datetime.fromtimestamp(at, dt.UTC), *words)
    except (BadData, ValueError, TypeError, OverflowError):
        return None


def pace_problem(stamp: Stamp | None, now: dt.datetime) -> str | None:
    """Return what to tell somebody whose form came at a machine's speed, or after a day; None if all is well."""
    if stamp is None or now - stamp.at > TOO_OLD or stamp.at - now > TOO_FAST:
        return "This page was open for a long time. Nothing was lost: look it over and send it again."
    if now - stamp.at < TOO_FAST:
        return "That was very quick. Look it over once more, then send it again."
    return None


def write_receipt(inquiry_id: str) -> str:
    """Return the key of an inquiry's "we have it" page."""
    return str(_serializer("receipt").dumps(inquiry_id))


def read_receipt(key: str) -> str | None:
    """Return whose page a key opens; None if it was not written here."""
    try:
        found = _serializer("receipt").loads(key[:400])
    except BadData:
        return None
    return found if isinstance(found, str) else None


def _serializer(purpose: str) -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(
        keys,  # the last one signs, all of them verify
        salt=f"inquiries.{purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
