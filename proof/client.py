"""A browser without scripts, over real HTTP: keeps cookies, sends a page's own form token, tries again as people do."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|name="csrf-token" content="([^"]+)"')
AWAY = frozenset({0, 502, 503})  # nobody answered, or who answered said clearly that it was not done
ANSWER_SECONDS = 35.0
UNANSWERED = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0: nothing did."""

    status: int
    text: str = ""
    location: str = ""
    retry_after: str = ""

    @property
    def path(self) -> str:
        """Where it leads, without the host."""
        return urlsplit(self.location).path


@dataclass(slots=True)
class Attempt:
    """Something somebody wanted done: under one key, with the answers of all tries, and what the last one named."""

    kind: str
    key: str
    statuses: list[int] = field(default_factory=list)
    named: str = ""  # the public id of what was made or changed
    at: float = field(default_factory=time.time)

    @property
    def said_yes(self) -> bool:
        """Whether the last answer was that it is done."""
        return bool(self.statuses) and self.statuses[-1] in {200, 201, 303}

    @property
    def in_doubt(self) -> bool:
        """Whether a try may have been carried out although nobody heard of it."""
        return any(status in AWAY for status in self.statuses)


@dataclass(frozen=True, slots=True)
class Note:
    """One answer, as the reports count it."""

    at: float
    kind: str
    status: int
    seconds: float
    clear: bool  # a 503 with Retry-After and words


class Books:
    """What all clients together saw; safe to use from many threads."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.strange: list[str] = []  # answers of 500 and bodies that were cut off, in words
        self.lost: Counter[str] = Counter()  # requests without an answer, by what broke
        self._notes: list[Note] = []
        self._lock = threading.Lock()

    def note(self, note: Note) -> None:
        """Count one answer."""
        with self._lock:
            self._notes.append(note)

    def notes(self, first: int = 0) -> list[Note]:
        """Return the answers so far, from the given number on."""
        with self._lock:
            return self._notes[first:]

    def begin(self, kind: str, key: str) -> Attempt:
        """Open a line for something that is wanted."""
        attempt = Attempt(kind, key)
        with self._lock:
            self.attempts.append(attempt)
        return attempt


class Client:
    """One browser (or program). ``patience`` is for how many seconds it asks again when nobody answers."""

    def __init__(self, base: str, books: Books, chance: random.Random, patience: float = 0.0) -> None:
        self.base, self.books, self.chance, self.patience = base, books, chance, patience
        self.stopping = threading.Event()
        self._line = requests.Session()
        self._line.trust_env = False
        self._line.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) proof"

    def get(self, path: str, kind: str) -> Answer:
        """Open a page."""
        return self.ask("GET", path, kind)

    def post(self, path: str, data: Mapping[str, str], kind: str, *, page: Answer, about: Attempt) -> Answer:
        """Send the form that ``page`` carries."""
        found = TOKEN.search(page.text)
        token = (found.group(1) or found.group(2)) if found else ""
        return self.ask("POST", path, kind, about=about, data={**data, "csrf_token": token})

    def ask(self, method: str, path: str, kind: str, *, about: Attempt | None = None, **more: Any) -> Answer:
        """Send a request, again and again while nobody is there, as long as patience lasts."""
        until = time.monotonic() + self.patience
        while True:
            answer = self._once(method, path, kind, **more)
            if about is not None:
                about.statuses.append(answer.status)
            if answer.status not in AWAY or time.monotonic() > until or self.stopping.is_set():
                return answer
            time.sleep(0.5 + self.chance.random())

    def _once(self, method: str, path: str, kind: str, **more: Any) -> Answer:
        begun, at = time.perf_counter(), time.time()
        try:
            got = self._line.request(method, self.base + path, timeout=ANSWER_SECONDS, allow_redirects=False, **more)
        except requests.RequestException as error:
            self.books.lost[type(error).__name__] += 1
            self.books.note(Note(at, kind, UNANSWERED, time.perf_counter() - begun, clear=False))
            return Answer(UNANSWERED)
        waits = got.headers.get("Retry-After", "")
        self.books.note(Note(at, kind, got.status_code, time.perf_counter() - begun, clear=bool(waits)))
        if got.status_code >= 500 and not (got.status_code == 503 and waits):
            self.books.strange.append(f"{method} {path}: {got.status_code} {got.headers.get('X-Request-ID', '')}")
        return Answer(got.status_code, got.text, got.headers.get("Location", ""), waits)

    def close(self) -> None:
        """Let go of the connections."""
        self._line.close()
