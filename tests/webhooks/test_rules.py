"""Rules: signature, body, back-off, and which addresses are read."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.webhooks.rules import (
    DESCRIPTIONS,
    RETRIED_FOR,
    Target,
    TargetRefused,
    WebhookEvent,
    body_of,
    forbidden_address,
    headers_for,
    is_accepted,
    is_over,
    pause_after,
    read_target,
    rest_after,
    signature_of,
)

NOW = dt.datetime(2026, 12, 9, 4, 0, 0, 123456, tzinfo=dt.UTC)


def test_the_signature_is_that_of_everybody_s_hmac() -> None:
    body = '{"name":"हिन्दी"}'.encode()
    wanted = hmac.new(b"whsec_x", b"1796788800." + body, hashlib.sha256).hexdigest()
    assert signature_of("whsec_x", "1796788800", body) == wanted
    assert signature_of("whsec_y", "1796788800", body) != wanted
    assert signature_of("whsec_x", "1796788801", body) != wanted
    assert signature_of("whsec_x", "1796788800", body + b" ") != wanted


def test_a_known_signature() -> None:
    # printf '1700000000.{}' | openssl dgst -sha256 -hmac key
    wanted = "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
    assert signature_of("key", "1700000000", b"{}") == wanted


def test_body_and_headers() -> None:
    body = body_of("delivery_1", WebhookEvent.SESSION_BOOKED, NOW, {"sessionId": "session_1"})
    assert json.loads(body) == {
        "id": "delivery_1",
        "event": "counselling.session.booked",
        "createdAt": "2026-12-09T04:00:00.123Z",
        "data": {"sessionId": "session_1"},
    }
    headers = headers_for(site="Disha", event="e", delivery_id="delivery_1", secret="s", sent_at=NOW, body=body)
    stamp = str(int(NOW.timestamp()))
    assert headers == {
        "Content-Type": "application/json",
        "User-Agent": "Disha-Webhooks/1",
        "X-Disha-Event": "e",
        "X-Disha-Delivery": "delivery_1",
        "X-Disha-Timestamp": stamp,
        "X-Disha-Signature": signature_of("s", stamp, body),
    }


def test_every_event_is_described() -> None:
    assert set(DESCRIPTIONS) == set(WebhookEvent)
    assert all(event.value.startswith("counselling.") for event in WebhookEvent)


def test_pauses_double_and_last_a_day() -> None:
    middle = [pause_after(tries, 0.5) for tries in range(1, 12)]
    assert middle[0] == dt.timedelta(seconds=30)
    assert all(later == min(2 * sooner, dt.timedelta(hours=4)) for sooner, later in itertools.pairwise(middle))
    assert pause_after(3, 0.0) == dt.timedelta(seconds=96)
    assert pause_after(3, 1.0) == dt.timedelta(seconds=144)
    assert pause_after(10_000, 0.5) == dt.timedelta(hours=4)
    tries, spent = 1, dt.timedelta()
    while spent < RETRIED_FOR:
        spent += pause_after(tries, 0.5)
        tries += 1
    assert 12 <= tries <= 17


def test_the_day_is_over_after_a_day() -> None:
    assert not is_over(NOW, NOW + dt.timedelta(hours=23, minutes=59))
    assert is_over(NOW, NOW + dt.timedelta(hours=24))


def test_a_silent_endpoint_rests_for_minutes_only() -> None:
    assert rest_after(1) == dt.timedelta(seconds=30)
    assert rest_after(30) == dt.timedelta(minutes=10)


def test_any_2xx_is_accepted() -> None:
    assert [status for status in range(100, 600) if is_accepted(status)] == list(range(200, 300))


FORBIDDEN = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.1.1",
    "168.63.129.16", "169.254.169.254", "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
    "3fff::1", "4000::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "ff02::1",
    "localhost", "", "127.1", "2130706433", "0x7f000001", "017700000001",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_that_are_not_public(address: str) -> None:
    assert forbidden_address(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "9.9.9.9", "172.15.0.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"]
)
def test_public_addresses(address: str) -> None:
    assert forbidden_address(address) is None


@pytest.mark.parametrize("address", FORBIDDEN)
def test_only_loopback_passes_in_the_demo(address: str) -> None:
    passes = forbidden_address(address, loopback=True) is None
    assert passes == (address in {"127.0.0.1", "127.255.1.1", "::1", "::ffff:127.0.0.1"})


GOOD = [
    ("https://hooks.example.com/in", Target("https", "hooks.example.com", 443, "/in")),
    ("  https://hooks.example.com  ", Target("https", "hooks.example.com", 443, "/")),
    ("HTTPS://Hooks.Example.COM./In?x=1&y=%20", Target("https", "hooks.example.com", 443, "/In?x=1&y=%20")),
    ("https://hooks.example.com:8443/a", Target("https", "hooks.example.com", 8443, "/a")),
    ("https://bücher.example/x", Target("https", "xn--bcher-kva.example", 443, "/x")),
    ("https://1.1.1.1/", Target("https", "1.1.1.1", 443, "/")),
    ("https://[2606:4700:4700::1111]:8443/", Target("https", "2606:4700:4700::1111", 8443, "/")),
    ("https://a_b.example.com/", Target("https", "a_b.example.com", 443, "/")),
]


@pytest.mark.parametrize(("url", "wanted"), GOOD)
def test_addresses_that_are_read(url: str, wanted: Target) -> None:
    target = read_target(url, production=True)
    assert target == wanted
    assert read_target(target.url, production=True) == target


BAD = [
    ("", "Type the address"),
    ("hooks.example.com/in", "must begin with https://"),
    ("http://hooks.example.com/in", "must begin with https://"),
    ("ftp://hooks.example.com/in", "must begin with https://"),
    ("javascript:alert(1)", "must begin with https://"),
    ("file:///etc/passwd", "must begin with https://"),
    ("https://", "no host"),
    ("https:///in", "no host"),
    ("https://user:pass@hooks.example.com/", "user name"),
    ("https://user@hooks.example.com/", "user name"),
    ("https://@hooks.example.com/", "user name"),
    ("https://hooks.example.com/#part", "#"),
    ("https://hooks.example.com/#", "#"),
    ("https://hooks.example.com/a b", "no spaces"),
    ("https://hooks.example.com/a\r\nHost: evil", "no spaces"),
    ("https://hooks.example.com\\@127.0.0.1/", "backslashes"),
    ("https://hooks.example.com/ü", "%XX"),
    ("https://hooks.example.com:0/", "Port 0"),
    ("https://hooks.example.com:22/", "Port 22"),
    ("https://hooks.example.com:25/", "Port 25"),
    ("https://hooks.example.com:6379/", "Port 6379"),
    ("https://hooks.example.com:5432/", "Port 5432"),
    ("https://hooks.example.com:99999/", "can read"),
    ("https://hooks.example.com:x/", "can read"),
    ("https://[::1/", "can read"),
    ("https://[v1.x]/", "can read"),
    ("https://[fe80::1%25eth0]/", "can read"),
    ("https://ex%61mple.com/", "can read"),
    ("https://-bad.example.com/", "can read"),
    ("https://a..example.com/", "can read"),
    (f"https://{'a' * 64}.example.com/", "can read"),
    (f"https://hooks.example.com/{'x' * 500}", "500"),
    ("https://127.0.0.1/", "loopback"),
    ("https://127.0.0.1:8443/", "loopback"),
    ("https://[::1]/", "loopback"),
    ("https://[::ffff:127.0.0.1]/", "loopback"),
    ("https://[::ffff:a9fe:a9fe]/", "link-local"),
    ("https://169.254.169.254/latest/meta-data/", "metadata"),
    ("https://10.1.2.3/", "private"),
    ("https://0.0.0.0/", "this machine"),
    ("https://2130706433/", "usual form"),
    ("https://0x7f000001/", "usual form"),
    ("https://0x7f.0.0.1/", "usual form"),
    ("https://0177.0.0.1/", "usual form"),
    ("https://127.1/", "usual form"),
    ("https://127.0.0.1./", "loopback"),
    ("https://127.0.0.0x1/", "usual form"),
    ("https://１２７.0.0.1/", "usual form"),
    ("https://127。0。0。1/", "can read"),
    ("https://localhost/", "inside a network"),
    ("https://LOCALHOST./", "inside a network"),
    ("https://app.localhost/", "inside a network"),
    ("https://metadata.google.internal/", "inside a network"),
    ("https://printer.local/", "inside a network"),
    ("https://intranet/", "inside a network"),
]


@pytest.mark.parametrize(("url", "words"), BAD)
def test_addresses_that_are_refused(url: str, words: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        read_target(url, production=True)
    assert words in str(refused.value)


def test_the_demo_takes_loopback_and_http() -> None:
    assert read_target("http://127.0.0.1:8123/in", production=False).url == "http://127.0.0.1:8123/in"
    assert read_target("http://localhost:8123/", production=False).host == "localhost"
    assert read_target("http://[::1]:8123/", production=False).url == "http://[::1]:8123/"
    for url in ("http://10.0.0.1/", "http://169.254.169.254/", "http://0.0.0.0/", "http://2130706433/"):
        with pytest.raises(TargetRefused):
            read_target(url, production=False)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://hooks.example.com/{text}", f"https://hooks.example.com:{text}"):
        try:
            target = read_target(url, production=True)
        except TargetRefused:
            continue
        assert target.is_tls
        assert target.host.isascii()
        assert target.path.isascii()
        assert read_target(target.url, production=True) == target
