"""A request goes to the address that was checked, whatever the name says a moment later."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from tests.pace import patience
from tests.webhooks.receiver import PEM, Receiver, free_port, receiving, silent_port
from webapp.webhooks import courier, ssrf
from webapp.webhooks.courier import Answer, Courier
from webapp.webhooks.rules import read_target
from webapp.webhooks.ssrf import AddressForbidden, LookupFailed, checked_addresses, resolve

HEADERS = {"Content-Type": "application/json", "X-Disha-Delivery": "delivery_1"}
Names = Callable[[dict[str, list[str]]], list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Replace the system's resolver for some names; return what was asked."""
    real = socket.getaddrinfo

    def use(book: dict[str, list[str]]) -> list[str]:
        asked: list[str] = []

        def look(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            name = host.decode() if isinstance(host, bytes) else host
            if name not in book:
                return real(host, port, *args, **kwargs)
            asked.append(name)
            if not book[name]:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [entry for address in book[name] for entry in real(address, port, *args, **kwargs)]

        monkeypatch.setattr(socket, "getaddrinfo", look)
        return asked

    return use


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait long."""
    monkeypatch.setattr(ssrf, "CONNECT_SECONDS", 0.4)
    monkeypatch.setattr(ssrf, "READ_SECONDS", 0.4)
    monkeypatch.setattr(ssrf, "LOOKUP_SECONDS", 0.3)
    monkeypatch.setattr(courier, "WHOLE_SECONDS", 0.8)
    monkeypatch.setattr(courier, "BODY_SECONDS", 0.3)


def post(url: str, *, production: bool = False, context: ssl.SSLContext | None = None) -> Answer:
    return Courier(production=production, context=context).post(url, HEADERS, b'{"id":1}')


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["10.0.0.5"], ["169.254.169.254"], ["192.168.0.10"], ["0.0.0.0"], ["100.100.100.200"],
        ["::1"], ["::ffff:127.0.0.1"], ["fd00:ec2::254"], ["fe80::1"], ["1.1.1.1", "10.0.0.5"], ["10.0.0.5", "1.1.1.1"],
    ],
)  # fmt: skip
def test_a_name_that_leads_inside_is_not_followed_in_production(names: Names, addresses: list[str]) -> None:
    names({"hooks.example.com": addresses})
    answer = post("https://hooks.example.com/in", production=True)
    assert answer.status is None
    assert "hooks.example.com leads to" in answer.error
    assert "Nothing was sent." in answer.error
    assert not answer.silent


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://169.254.169.254/", "https://2130706433/", "http://1.1.1.1/"]
)
def test_an_address_that_became_forbidden_is_refused_at_sending_too(url: str) -> None:
    answer = post(url, production=True)
    assert (answer.status, answer.silent) == (None, False)
    assert answer.error


def test_decimal_and_octal_forms_that_the_system_would_read_are_caught_after_the_lookup() -> None:
    target = read_target("https://hooks.example.com/", production=True)
    for text in ("2130706433", "0177.0.0.1", "0x7f.1", "127.1"):
        found = resolve(text, 443)
        assert found == ["127.0.0.1"]
        with pytest.raises(AddressForbidden):
            checked_addresses(target, loopback=False, resolver=lambda _host, _port, found=found: found)  # type: ignore[misc]


def test_in_the_demo_loopback_passes_and_other_inner_addresses_do_not(names: Names, receiver: Receiver) -> None:
    names({"hooks.test": ["127.0.0.1"], "inner.test": ["10.0.0.5"]})
    assert post(receiver.url(host="hooks.test")).status == 200
    assert post(receiver.url()).status == 200
    assert "a private address" in post(receiver.url(host="inner.test")).error
    assert len(receiver.taken) == 2


def test_the_name_is_looked_up_once_and_the_checked_address_is_used(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """The first answer is harmless, every later one leads to another receiver: DNS rebinding."""
    with receiving() as inner:
        lookups: list[str] = []
        connected: list[Any] = []
        real_connect = socket.create_connection

        def rebinding(host: str, port: int) -> list[str]:
            lookups.append(host)
            return ["127.0.0.1"] if len(lookups) == 1 else ["127.0.0.2"]

        def connect(address: Any, *args: Any, **kwargs: Any) -> Any:
            connected.append(address)
            return real_connect(address, *args, **kwargs)

        monkeypatch.setattr(socket, "create_connection", connect)
        sender = Courier(production=False, resolver=rebinding)
        assert sender.post(receiver.url(host="hooks.test"), HEADERS, b"{}").status == 200
        assert lookups == ["hooks.test"]
        assert connected == [("127.0.0.1", receiver.port)]
        assert receiver.taken[0].headers["host"] == f"hooks.test:{receiver.port}"
        assert inner.taken == []


def test_rebinding_to_the_inside_between_two_tries_is_refused(receiver: Receiver) -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    sender = Courier(production=False, resolver=lambda _host, _port: answers.pop(0))
    assert sender.post(receiver.url(host="hooks.test"), HEADERS, b"{}").status == 200
    assert "link-local" in sender.post(receiver.url(host="hooks.test"), HEADERS, b"{}").error
    assert len(receiver.taken) == 1


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    answer = post(receiver.url("/redirect"))
    assert answer.status == 307
    assert answer.error == f"It answered 307: redirects are not followed (to {receiver.url()})."
    assert [taken.path for taken in receiver.taken] == ["/redirect"]


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert post(receiver.url()).status == 200


def test_tls_speaks_with_the_name_and_checks_it(names: Names) -> None:
    names({"hooks.example.com": ["127.0.0.1"], "other.example.com": ["127.0.0.1"]})
    trusting = ssl.create_default_context(cafile=str(PEM))
    with receiving(tls=True) as receiver:
        assert post(receiver.url(host="hooks.example.com"), context=trusting).status == 200
        wrong_name = post(receiver.url(host="other.example.com"), context=trusting)
        untrusted = post(receiver.url(host="hooks.example.com"))
        assert len(receiver.taken) == 1
    assert "certificate is not accepted" in wrong_name.error
    assert "other.example.com" in wrong_name.error
    assert "self-signed" in untrusted.error.replace("self signed", "self-signed")


def test_tls_with_one_who_does_not_speak_it(receiver: Receiver, names: Names) -> None:
    names({"hooks.example.com": ["127.0.0.1"]})
    answer = post(f"https://hooks.example.com:{receiver.port}/")
    assert answer.status is None
    assert answer.error


def test_what_arrives(receiver: Receiver) -> None:
    answer = post(receiver.url("/ok/deep?x=1"))
    assert (answer.status, answer.text, answer.error, answer.silent) == (200, "thank you", "", False)
    (taken,) = receiver.taken
    assert (taken.path, taken.body) == ("/ok/deep?x=1", b'{"id":1}')
    assert taken.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert taken.headers["content-length"] == "8"


def test_other_answers(receiver: Receiver) -> None:
    assert post(receiver.url("/quiet")).status == 204
    failed = post(receiver.url("/fail"))
    assert (failed.status, failed.text, failed.error) == (500, "out oforder �", "It answered 500.")
    assert len(post(receiver.url("/big")).text) == 2000
    assert post(receiver.url("/gone")).status == 410


@pytest.mark.parametrize("path", ["/garbage", "/close"])
def test_answers_that_are_none(receiver: Receiver, path: str) -> None:
    answer = post(receiver.url(path))
    assert (answer.status, answer.silent) == (None, True)
    assert answer.error


def test_nobody_listens() -> None:
    answer = post(f"http://127.0.0.1:{free_port()}/")
    assert (answer.status, answer.error) == (None, "The connection was refused.")


@pytest.mark.usefixtures("quick")
def test_one_who_hangs_costs_a_limited_time(receiver: Receiver) -> None:
    answer = post(receiver.url("/hang"))
    assert (answer.status, answer.silent) == (None, True)
    assert answer.milliseconds < patience(1500)


@pytest.mark.usefixtures("quick")
def test_one_who_drips_costs_a_limited_time(receiver: Receiver) -> None:
    answer = post(receiver.url("/drip"))
    assert (answer.status, answer.silent) == (None, True)
    assert "No whole answer" in answer.error
    assert answer.milliseconds < patience(2000)


@pytest.mark.usefixtures("quick")
def test_a_slow_body_does_not_unmake_a_2xx(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssrf, "READ_SECONDS", 8.0)  # the head may take its time
    monkeypatch.setattr(courier, "WHOLE_SECONDS", 8.0)
    answer = post(receiver.url("/slowbody"))
    assert answer.status == 200
    assert answer.text.startswith("so.")
    assert answer.milliseconds < patience(1500)


@pytest.mark.usefixtures("quick")
def test_one_who_takes_the_connection_and_never_speaks_tls() -> None:
    with silent_port() as port:
        answer = post(f"https://localhost:{port}/")
        assert (answer.status, answer.silent) == (None, True)
        assert answer.milliseconds < patience(2000)


@pytest.mark.usefixtures("quick")
def test_a_lookup_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: over.wait(5) and [])
    with pytest.raises(LookupFailed, match="longer than"):
        resolve("hooks.example.com", 443)
    over.set()


def test_a_name_that_leads_nowhere(names: Names) -> None:
    names({"hooks.example.com": []})
    answer = post("https://hooks.example.com/", production=True)
    assert (answer.status, answer.error) == (None, "The name hooks.example.com leads nowhere.")


def test_the_second_address_is_tried_when_the_first_does_not_answer(receiver: Receiver) -> None:
    sender = Courier(production=False, resolver=lambda _host, _port: ["127.0.0.3", "127.0.0.1"])
    assert sender.post(receiver.url(host="hooks.test"), HEADERS, b"{}").status == 200


def test_a_broken_courier_is_an_answer_too(receiver: Receiver) -> None:
    def broken(_host: str, _port: int) -> list[str]:
        raise RuntimeError("unexpected")

    answer = Courier(production=False, resolver=broken).post(receiver.url(host="hooks.test"), HEADERS, b"{}")
    assert (answer.status, answer.error) == (None, "RuntimeError: unexpected")
