"""A mail server that keeps a line about each mail it takes: ``python -m proof.sink PORT FILE``.

A process of its own, so that it can be killed like a real one. A line is on disk before the answer "250", so
a mail whose sender heard "250" is never missing from the file.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail that arrived: when (seconds since 1970), its Message-ID and whom it was for."""

    at: float
    message_id: str
    to: str
    subject: str


class Keeper:
    """Writes a line for each mail."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Note one mail, durably, and take it."""
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        line = {
            "at": time.time(),
            "message_id": str(mail["Message-ID"]),
            "to": ", ".join(envelope.rcpt_tos),
            "subject": str(mail["Subject"]),
        }
        os.write(self._file, json.dumps(line).encode() + b"\n")
        os.fsync(self._file)
        return "250 taken"


def deliveries(file: Path) -> list[Delivery]:
    """Return what arrived so far, the oldest first; a line cut off by a kill was never acknowledged."""
    found = []
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            found.append(Delivery(**json.loads(line)))
        except ValueError:
            continue
    return found


def main(port: int, file: Path) -> None:
    """Serve until killed."""
    Controller(Keeper(file), hostname=HOST, port=port).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
