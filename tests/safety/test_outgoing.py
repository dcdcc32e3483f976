"""What the house asks elsewhere: few places, and none of them takes a visitor's word for where. SSRF has its tests in
tests/webhooks/test_ssrf.py; here is what holds for the whole house."""

from __future__ import annotations

import ast
import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories import make_user
from webapp.config import ROOT
from webapp.core.errors import ValidationFailed
from webapp.webhooks.rules import TargetRefused, WebhookEvent, forbidden_address, read_target
from webapp.webhooks.services import create_endpoint

SPEAKS = {
    "requests",
    "urllib.request",
    "http.client",
    "urllib3",
    "httpx",
    "aiohttp",
    "socket",
    "smtplib",
    "ftplib",
    "razorpay",
}
PLACES = {
    "webapp/webhooks/courier.py": "webhooks, to addresses that were checked",
    "webapp/webhooks/ssrf.py": "webhooks, to addresses that were checked",
    "webapp/notifications/smtp.py": "the mail server of the settings",
    "webapp/notifications/whatsapp.py": "WhatsApp's address of the settings",
    "webapp/notifications/transport.py": "the mail server of the settings",
    "webapp/payments/gateways/razorpay.py": "the gateway's address of the settings",
    "webapp/payments/gateways/sandbox/courier.py": "our own web server; absent in production",
    "webapp/core/supervisor.py": "our own web server",
    "webapp/core/processes.py": "our own web server",
}
INSIDE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "168.63.129.16", "100.100.100.200", "192.0.0.192", "::1", "::",
    "fe80::1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001::1", "fe80::1%eth0", "::ffff:0:127.0.0.1",
]  # fmt: skip
TARGETS = [
    "http://example.com/", "https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/", "https://metadata.google.internal/", "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/", "https://127.1/", "https://desk.local/", "https://db.internal/",
    "https://user:pass@example.com/",
    "https://example.com:6379/", "https://example.com:22/", "ftp://example.com/", "file:///etc/passwd",
    "gopher://example.com/",
    "https://example.com\\@127.0.0.1/", "https://example.com#@127.0.0.1/", "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/", "//127.0.0.1/",
    "https:///127.0.0.1", "https://example.com\r\nHost: inside/", "https://localhost./", "https://a.localhost/",
    "https://[fd00::1]/",
]  # fmt: skip


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_only_known_places_speak_with_others() -> None:
    speaking = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "webapp").rglob("*.py")
        if _imports(file) & SPEAKS and "devtools" not in file.parts and "embedded" not in file.parts
    }
    assert speaking - set(PLACES) == set()


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_may_be_sent_to(address: str) -> None:
    assert forbidden_address(address)


@settings(max_examples=300, deadline=None)
@given(st.ip_addresses())
def test_what_python_calls_private_is_never_sent_to(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        assert forbidden_address(str(address))
    if isinstance(address, ipaddress.IPv4Address):
        wrapped = f"::ffff:{address}"
        assert bool(forbidden_address(wrapped)) == bool(forbidden_address(str(address)))


@pytest.mark.parametrize("url", TARGETS)
def test_production_takes_no_target_inside(url: str) -> None:
    with pytest.raises(TargetRefused):
        read_target(url, production=True)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://10.0.0.1/", "https://[::ffff:10.0.0.1]/", "gopher://x/"]
)
def test_an_admin_cannot_add_one(db_session: Session, now: object, url: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        create_endpoint(actor=make_user(role="admin"), url=url, events=list(WebhookEvent), now=now)  # type: ignore[arg-type]
    assert "url" in caught.value.fields
