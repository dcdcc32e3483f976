"""Webhook answers: how many a second, and how long they take under a steady 50 a second, beside a bare endpoint.

The app must know the secret: start it with RAZORPAY_WEBHOOK_SECRET set and pass the same to `run`.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.ground import Ground
from bench.report import Report
from bench.server import Served, shared

ROOT = Path(__file__).resolve().parent.parent
PATH = "/webhooks/razorpay"
EVENT = "payment.downtime.started"  # taken and stored like any other, and settles nothing
PATIENCE_SECONDS = 10.0
START_SECONDS = 20.0


@dataclass
class Tally:
    """Answers of one measurement; times in seconds."""

    times: list[float] = field(default_factory=list)
    wrong: int = 0

    def summary(self, seconds: float) -> dict[str, float | int]:
        """Return rate and percentiles; milliseconds."""
        times = sorted(self.times)
        return {
            "answers": len(times),
            "wrong": self.wrong,
            "per_second": round(len(times) / seconds, 1),
            "p50_ms": _percentile(times, 0.50),
            "p99_ms": _percentile(times, 0.99),
            "max_ms": _percentile(times, 1.0),
        }


def run(
    base_url: str,
    webhook_secret: str,
    *,
    seconds: float = 10.0,
    rate: int = 50,
    clients: int = 16,
    workers: int = 2,
    threads: int = 2,
) -> dict[str, Any]:
    """Measure the webhook door of the app at ``base_url`` beside a bare endpoint.

    Args:
        seconds: length of each of the four measurements.
        rate: webhooks a second of the steady measurement.
        clients: connections of the measurement at full speed.
        workers, threads: those of the app's web server; the bare endpoint gets the same.

    Returns:
        ``{"webhook": {"full": …, "steady": …}, "bare": {…}}`` with answers, wrong, per_second, p50_ms, p99_ms, max_ms.
    """
    result: dict[str, Any] = {"webhook": _measure(base_url, webhook_secret, seconds, rate, clients)}
    with bare_server(workers=workers, threads=threads) as bare_url:
        result["bare"] = _measure(bare_url, webhook_secret, seconds, rate, clients)
    return result


def measure(ground: Ground, report: Report, *, seconds: float = 6.0, server: Served | None = None) -> None:
    """Measure the door at full speed and under a steady 50 a second, beside the bare endpoint."""
    secret, workers = ground.environ["RAZORPAY_WEBHOOK_SECRET"], int(ground.environ["WEB_WORKERS"])
    with shared(server, "wsgi:app", ground.environ) as web:
        found = run(f"http://127.0.0.1:{web.port}", secret, seconds=seconds, workers=workers)
    door, bare = found["webhook"], found["bare"]
    assert door["full"]["wrong"] == door["steady"]["wrong"] == 0, found
    detail = f"{door['full']['per_second']:.0f}/s, bare {bare['full']['per_second']:.0f}/s"
    report.add(
        "webhooks at full speed ÷ bare endpoint", door["full"]["per_second"] / bare["full"]["per_second"], "×", detail
    )
    detail = f"p50 {door['steady']['p50_ms']:.1f} ms; bare p99 {bare['steady']['p99_ms']:.1f} ms"
    report.add("webhooks at a steady 50 a second, p99", door["steady"]["p99_ms"], "ms", detail)


@contextmanager
def bare_server(*, workers: int, threads: int) -> Iterator[str]:
    """Serve the bare endpoint with the app's own web server while the block runs; gives its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    command += [
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        str(threads),
        "bench.bare_webhook:app",
    ]
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _measure(base_url: str, secret: str, seconds: float, rate: int, clients: int) -> dict[str, Any]:
    _send_all(base_url, secret, [0.0] * 20, 1)  # a warm start
    began = time.monotonic()
    full = _at_full_speed(base_url, secret, began + seconds, clients)
    took = time.monotonic() - began
    steady = _send_all(base_url, secret, [number / rate for number in range(int(rate * seconds))], clients)
    return {"full": full.summary(took), "steady": steady.summary(seconds)}


def _at_full_speed(base_url: str, secret: str, until: float, clients: int) -> Tally:
    tally = Tally()

    def client() -> None:
        with closing(_connect(base_url)) as line:
            while time.monotonic() < until:
                _send(line, secret, tally, time.monotonic())

    _together([client] * clients)
    return tally


def _send_all(base_url: str, secret: str, moments: list[float], clients: int) -> Tally:
    """Send one webhook at each moment; a late one counts from its moment, not from when it got its turn."""
    tally, began = Tally(), time.monotonic()
    waiting = iter(moments)
    turn = threading.Lock()

    def client() -> None:
        with closing(_connect(base_url)) as line:
            while True:
                with turn:
                    moment = next(waiting, None)
                if moment is None:
                    return
                time.sleep(max(0.0, began + moment - time.monotonic()))
                _send(line, secret, tally, max(began + moment, began))

    _together([client] * clients)
    return tally


def _send(line: http.client.HTTPConnection, secret: str, tally: Tally, since: float) -> None:
    body = json.dumps(
        {
            "entity": "event",
            "account_id": "acc_Bench000000001",
            "event": EVENT,
            "contains": ["payment.downtime"],
            "payload": {"payment.downtime": {"entity": {"id": "down_" + secrets.token_hex(7), "method": "upi"}}},
            "created_at": 1567674606,
        }
    ).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Razorpay-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
        "x-razorpay-event-id": secrets.token_hex(10),
    }
    try:
        line.request("POST", PATH, body, headers)
        answer = line.getresponse()
        fine = answer.status == 200 and json.loads(answer.read()) == {"received": True}
    except (OSError, http.client.HTTPException, ValueError):
        line.close()
        fine = False
    tally.times.append(time.monotonic() - since)
    tally.wrong += not fine


def _connect(base_url: str) -> http.client.HTTPConnection:
    parts = urlsplit(base_url)
    return http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=PATIENCE_SECONDS)


def _together(work: list[Any]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _percentile(times: list[float], part: float) -> float:
    if not times:
        return 0.0
    return round(times[min(len(times) - 1, int(part * len(times)))] * 1000, 2)
