"""How soon is it back? Probes that ask, from a fault on, until pages, a booking and its mail are good again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from proof.client import Books, Client
from proof.house import House
from proof.people import Town
from proof.programs import Program
from proof.sink import deliveries

STEADY = 3  # so many good answers in a row, from both web processes as chance has it
ASK_SECONDS = 0.2
MOST_SECONDS = 90.0
NEVER = float("inf")
ABOUT_BOOKINGS = ("Confirmed", "Request")  # how the subjects of their mails begin


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from the fault to: pages steadily good, a booking taken, the mail of that booking delivered.

    ``cpu`` are the seconds of CPU that the processes started meanwhile have used by then: a machine that has nothing
    else to do needs about so long.
    """

    fault: str
    pages: float
    booking: float
    mail: float
    cpu: float

    @property
    def slowest(self) -> float:
        """All of it is back after so many seconds."""
        return max(self.pages, self.booking, self.mail)


class Probe:
    """A reader, and for each fault a student of its own, who ask without a pause; their answers count like all."""

    def __init__(self, house: House, town: Town, books: Books) -> None:
        self._house, self._town, self._books = house, town, books
        self._reader = Client(house.base, books, random.Random("reader"))
        self._students = iter(range(town.size.students, 0, -1))  # the load's are the first

    @contextmanager
    def measuring(self, fault: str, found: list[Recovery]) -> Iterator[None]:
        """Measure from the beginning of the block, which strikes; leave when all is back, or after long enough."""
        email = f"s{next(self._students)}@bench.test"
        program = Program(email, Client(self._house.base, self._books, random.Random(email)), self._town)
        if not (program.sign_in() and program.own_enrolment()):
            raise RuntimeError(f"before “{fault}” nothing answers")
        begun, at = time.monotonic(), time.time()
        pages, booking = [NEVER], [NEVER]
        asking = [
            threading.Thread(target=self._ask_pages, args=(begun, pages)),
            threading.Thread(target=self._ask_booking, args=(program, begun, booking)),
        ]
        yield
        for thread in asking:  # not before the blow has fallen: what was asked earlier would be answered well
            thread.start()
        for thread in asking:
            thread.join()
        mail = self._first_mail(email, begun, at)
        found.append(Recovery(fault, pages[0], booking[0], mail, self._house.cpu_since(at)))
        program.client.close()

    def _ask_pages(self, begun: float, back: list[float]) -> None:
        good, first = 0, NEVER
        while good < STEADY and time.monotonic() - begun < MOST_SECONDS:
            asked = time.monotonic() - begun
            good = good + 1 if self._reader.get("/counsellors/counsellor_b2", "probe: page").status == 200 else 0
            first = asked if good == 1 else first
            time.sleep(ASK_SECONDS)
        back[0] = first if good == STEADY else NEVER

    def _ask_booking(self, program: Program, begun: float, back: list[float]) -> None:
        while time.monotonic() - begun < MOST_SECONDS:
            attempt = program.book()
            if attempt is not None and attempt.said_yes:
                back[0] = time.monotonic() - begun
                return
            time.sleep(ASK_SECONDS)

    def _first_mail(self, email: str, begun: float, at: float) -> float:
        """Seconds until the mail about the booking arrived."""
        while time.monotonic() - begun < MOST_SECONDS:
            for one in deliveries(self._house.mail_file):
                if one.to == email and one.at > at and one.subject.startswith(ABOUT_BOOKINGS):
                    return one.at - at
            time.sleep(ASK_SECONDS)
        return NEVER
