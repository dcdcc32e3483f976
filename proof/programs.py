"""What a program does at the JSON door: sign in, look, book under an Idempotency-Key."""

from __future__ import annotations

import datetime as dt
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from proof.client import AWAY, Answer, Attempt, Client
from proof.people import PASSWORD, Town

MOST_TRIES = 100  # of one booking under one key
PAUSE_SECONDS = 0.3


@dataclass(slots=True)
class Program:
    """A student's program."""

    email: str
    client: Client
    town: Town
    token: str = ""
    enrolment: str = ""

    def sign_in(self) -> bool:
        """Get an access token, good for 15 minutes."""
        if not self.token:
            body = {"email": self.email, "password": PASSWORD}
            answer = self.client.ask("POST", "/api/v1/auth/login", "API sign-in", json=body)
            if answer.status == 200:
                self.token = json.loads(answer.text)["data"]["accessToken"]
        return bool(self.token)

    def look(self) -> None:
        """Read what programs read most."""
        self._get("/api/v1/counselling-packages", "API packages")
        self._get("/api/v1/counselling-sessions/my", "API my sessions")

    def book(self) -> Attempt | None:
        """Book a free time; asked again with the same key while nobody answers. None: nothing to book was shown."""
        number = self.client.chance.randint(1, self.town.size.counsellors)
        at, mine = self._free_time(self.town.counsellor(number)), self.own_enrolment()
        if not at or not mine:
            return None
        attempt = self.client.books.begin("API booking", f"proof-{uuid.uuid4().hex}")
        body = {"enrollmentId": mine, "counsellorId": self.town.counsellor(number), "startsAt": at}
        body["agenda"] = attempt.key
        for _ in range(MOST_TRIES):
            answer = self._post("/api/v1/counselling-sessions", body, attempt)
            if answer.status == 401:
                self.token = ""
            if answer.status not in AWAY | {401} or self.client.stopping.is_set() or not self.sign_in():
                break
            time.sleep(PAUSE_SECONDS)
        if answer.status == 201:
            attempt.named = json.loads(answer.text)["data"]["_id"]
        return attempt

    def own_enrolment(self) -> str:
        """Return what the student books with, once known."""
        if not self.enrolment:
            found = _data(self._get("/api/v1/counselling-enrollments/my", "API enrolments"))
            self.enrolment = found[0]["_id"] if found else ""
        return self.enrolment

    def _free_time(self, counsellor: str) -> str:
        day = self.town.today + dt.timedelta(days=self.client.chance.randint(2, 40))
        path = f"/api/v1/counsellors/{counsellor}/slots?startDate={day}&endDate={day}"
        free = _data(self._get(path, "API slots"))
        return str(self.client.chance.choice(free)["startsAt"]) if free else ""

    def _get(self, path: str, kind: str) -> Answer:
        answer = self.client.ask("GET", path, kind, headers=self._headers())
        if answer.status == 401:
            self.token = ""
        return answer

    def _post(self, path: str, body: dict[str, str], attempt: Attempt) -> Answer:
        headers = self._headers() | {"Idempotency-Key": attempt.key}
        return self.client.ask("POST", path, "API booking", about=attempt, json=body, headers=headers)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def _data(answer: Answer) -> Any:
    return json.loads(answer.text)["data"] if answer.status == 200 else []
