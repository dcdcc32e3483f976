"""Addresses that people type: what is accepted, and whose platform it is."""

from __future__ import annotations

from urllib.parse import urlsplit

LINK_LIMIT = 500
PLATFORM_LIMIT = 40
_PLATFORMS = {
    "meet.google.com": "Google Meet",
    "zoom.us": "Zoom",
    "zoom.com": "Zoom",
    "teams.microsoft.com": "Microsoft Teams",
    "teams.live.com": "Microsoft Teams",
    "webex.com": "Webex",
    "meet.jit.si": "Jitsi",
    "8x8.vc": "Jitsi",
    "whereby.com": "Whereby",
}


def wrong_link(text: str) -> str | None:
    """Say what is wrong with an address; None when it is a plain https one that may be shown as a link."""
    if len(text) > LINK_LIMIT:
        return f"Keep the link within {LINK_LIMIT} characters."
    if any(letter.isspace() or not letter.isprintable() for letter in text):
        return "A link has no spaces in it."
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "This is not a link we can read."
    if parts.scheme != "https":
        return "The link must start with https://."
    if not host or "." not in host.strip(".") or "@" in parts.netloc or "\\" in text or port == 0:
        return "This is not a link we can read."
    return None


def platform_of(link: str) -> str:
    """Name the platform of an accepted address: "Google Meet", "Zoom", …, else its host."""
    host = (urlsplit(link).hostname or "").removeprefix("www.")
    for domain, name in _PLATFORMS.items():
        if host == domain or host.endswith(f".{domain}"):
            return name
    return host[:PLATFORM_LIMIT]
