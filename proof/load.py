"""Mixed use: a handful of people and programs in threads of their own, each with pauses as people make them."""

from __future__ import annotations

import random
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from proof.acts import Person
from proof.client import Books, Client
from proof.people import ADMIN, BUYERS, Town
from proof.programs import Program

Act = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Pace:
    """How many of each kind there are, how long each pauses (seconds), and for how long each asks again."""

    students: int = 5
    visitors: int = 2
    programs: int = 1
    counsellors: int = 1
    pause: float = 1.5
    patience: float = 0.0
    hot: tuple[int, ...] = (1,)


@contextmanager
def using(base: str, town: Town, books: Books, pace: Pace) -> Iterator[None]:
    """Use the house for the length of the block; at the end everybody finishes what they are at."""
    crowd, over = list(_crowd(base, town, books, pace)), threading.Event()
    threads = [
        threading.Thread(target=_live, args=(acts, weights, pace.pause, client, over), name=f"proof-{number}")
        for number, (client, acts, weights) in enumerate(crowd)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(120)
        for client, _, _ in crowd:
            client.close()


def _live(acts: Sequence[Act], weights: Sequence[int], pause: float, client: Client, over: threading.Event) -> None:
    """Do one thing after another until it is over; what goes wrong in an act is told, not hidden."""
    while not over.wait(pause * (0.5 + client.chance.random())):
        try:
            if acts[0]():  # signed in, or nothing to sign in to
                client.chance.choices(acts[1:], weights[1:])[0]()
        except Exception:
            client.books.strange.append(traceback.format_exc())


def _crowd(base: str, town: Town, books: Books, pace: Pace) -> Iterator[tuple[Client, list[Act], list[int]]]:
    def client(name: str) -> Client:
        return Client(base, books, random.Random(name), pace.patience)

    for number in range(1, pace.students + 1):
        one = Person(f"s{number}@bench.test", client(f"student {number}"), town, pace.hot)
        acts: list[Act] = [one.sign_in, one.see_home, one.poll, one.book, one.move, one.cancel]
        yield one.client, acts, [0, 3, 4, 6, 2, 2]
    for number in range(1, pace.visitors + 1):
        buyer = Person(f"b{1 + number % BUYERS}@bench.test", client(f"visitor {number}"), town)
        guest = Person("", client(f"guest {number}"), town)
        yield guest.client, [lambda: True, guest.visit, guest.ask_for_guidance], [0, 4, 1]
        yield buyer.client, [buyer.sign_in, buyer.buy, buyer.visit, buyer.see_home], [0, 3, 2, 1]
    for number in range(1, pace.counsellors + 1):
        staff = Person(f"c{4 * number}@bench.test", client(f"counsellor {number}"), town)
        yield staff.client, [staff.sign_in, staff.accept_requests], [0, 1]
    for number in range(1, pace.programs + 1):
        program = Program(f"s{pace.students + number}@bench.test", client(f"program {number}"), town)
        yield program.client, [program.sign_in, program.look, program.book], [0, 2, 3]
    admin = Person(ADMIN, client("admin"), town)
    yield admin.client, [admin.sign_in, admin.look_after_things], [0, 1]
