"""Reading a webhook's address, so strictly that no two programs can read it differently."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import idna

from webapp.webhooks.rules.addresses import forbidden_address

MAX_URL = 500
UNREADABLE = "This is not a host we can read."
WEB_PORTS = frozenset({80, 443})
INNER_PORTS = frozenset(  # services that answer to anybody inside a network, and ports browsers refuse too
    {1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5984, 6000, 6379, 6443, 6666, 6667}
    | {8300, 8500, 9042, 9092, 9200, 9300, 10250, 11211, 15672, 25672, 26379, 27017, 27018, 50070, 61616}
)
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "corp", "home", "private")


class TargetRefused(ValueError):
    """An address that a webhook cannot have; str() says why, to the person who typed it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes. ``host`` is ASCII, an IPv6 address without brackets; ``path`` has its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_tls(self) -> bool:
        """Whether the line is encrypted."""
        return self.scheme == "https"

    @property
    def url(self) -> str:
        """The address as one text, in its one form."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.is_tls else 80
        return f"{self.scheme}://{host}{'' if self.port == usual else f':{self.port}'}{self.path}"


def read_target(url: str, *, production: bool) -> Target:
    """Read a webhook's address. Names are not looked up here; see `webhooks.ssrf`.

    In production only https, and nothing that names this machine or a network's inside; elsewhere
    http too, and loopback targets.

    Raises:
        TargetRefused: with words for the person who typed it.
    """
    parts = _split(url.strip())
    if parts.scheme != "https" and (production or parts.scheme != "http"):
        words = "https://" if production else "https:// or http://"
        raise TargetRefused(f"The address must begin with {words}.")
    if "@" in parts.netloc:
        raise TargetRefused("Leave user name and password out of the address; requests are signed instead.")
    if parts.fragment or url.rstrip().endswith("#"):
        raise TargetRefused("Leave out what follows the # sign; it is never sent.")
    if "[" in parts.netloc and ":" not in (parts.hostname or ""):
        raise TargetRefused(UNREADABLE)
    host = _read_host(parts.hostname or "", production=production)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _VISIBLE_ASCII.fullmatch(path):
        raise TargetRefused("Write other letters in the path as %XX.")
    return Target(parts.scheme, host, _read_port(parts, host), path)


class _Parts:
    """What `urlsplit` finds, with its port read carefully."""

    def __init__(self, url: str) -> None:
        found = urlsplit(url)
        self.scheme, self.netloc, self.path = found.scheme, found.netloc, found.path
        self.query, self.fragment = found.query, found.fragment
        self.hostname, self.port = found.hostname, found.port


def _split(url: str) -> _Parts:
    if not url:
        raise TargetRefused("Type the address that events are sent to.")
    if len(url) > MAX_URL:
        raise TargetRefused(f"Keep the address within {MAX_URL} characters.")
    if "\\" in url or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise TargetRefused("An address has no spaces, line ends or backslashes.")
    try:
        return _Parts(url)
    except ValueError:
        raise TargetRefused("This is not an address we can read.") from None


def _read_host(host: str, *, production: bool) -> str:
    host = host.rstrip(".").lower()
    if not host:
        raise TargetRefused("The address has no host, such as hooks.example.com.")
    if "%" in host:
        raise TargetRefused(UNREADABLE)
    if ":" in host or _ends_in_number(host):
        return _read_ip(host, production=production)
    name = _read_name(host)
    if production and ("." not in name or name.endswith(tuple(f".{suffix}" for suffix in _LOCAL_NAMES))):
        raise TargetRefused(f"{name} is a name inside a network. Webhooks go to public addresses only.")
    return name


def _read_ip(host: str, *, production: bool) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # 2130706433, 0177.0.0.1, 127.1: some programs read these as 127.0.0.1
        raise TargetRefused("Write an IP address in its usual form, such as 198.41.0.4.") from None
    if why := forbidden_address(str(address), loopback=not production):
        raise TargetRefused(f"{host} is {why}. Webhooks go to public addresses only.")
    return str(address)


def _ends_in_number(host: str) -> bool:
    """Whether the last part is a number, so that the host is an IPv4 address or nothing (WHATWG URL, 4.3)."""
    last = host.rsplit(".", 1)[-1]
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _read_name(host: str) -> str:
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise TargetRefused(UNREADABLE) from None
    if len(name) > 253 or _ends_in_number(name) or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise TargetRefused(UNREADABLE)
    return name


def _read_port(parts: _Parts, host: str) -> int:
    port = parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)
    if port not in WEB_PORTS and (port < 1024 or port in INNER_PORTS):
        raise TargetRefused(f"Port {port} is not one a web server uses on {host}.")
    return port
