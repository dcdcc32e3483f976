"""What people and programs do: each act is a few requests, as a browser would send them, and a line in the books."""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import unquote

from proof.client import Answer, Attempt, Client
from proof.people import PASSWORD, Town

AT = re.compile(r"[?&;]at=([0-9T:%A-F-]+Z)")
HIDDEN = re.compile(r'name="(razorpay_[a-z_]+)" value="([^"]*)"')
REQUEST = re.compile(r"/counsellor/sessions/(session_\w+)/accept")
READS_AND_TYPES = 3.5  # seconds; whoever sends the guidance form sooner is taken for a machine
PACKAGE = "jee-complete"


@dataclass(frozen=True, slots=True)
class Booked:
    """A session of one's own: its public id and its counsellor's number."""

    public_id: str
    counsellor: int


@dataclass(slots=True)
class Person:
    """Somebody with a browser; ``hot`` counsellors are those whom everybody wants at once."""

    email: str
    client: Client
    town: Town
    hot: tuple[int, ...] = ()
    signed_in: bool = False
    mine: list[Booked] = field(default_factory=list)

    # everybody

    def sign_in(self) -> bool:
        """Sign in unless signed in already; tell whether it worked."""
        if not self.signed_in:
            page = self.client.get("/login", "sign-in page")
            attempt = self.client.books.begin("sign-in", self.email)
            form = {"email": self.email, "password": PASSWORD}
            self.signed_in = self.client.post("/login", form, "sign-in", page=page, about=attempt).status == 303
        return self.signed_in

    def look(self, path: str, kind: str) -> Answer:
        """Open a page; whoever is sent to the login signs in anew next time."""
        answer = self.client.get(path, kind)
        if answer.status == 302 and "/login" in answer.location:
            self.signed_in = False
        return answer

    def visit(self) -> None:
        """Look around as a visitor does."""
        self.look("/", "landing")
        self.look(f"/counsellors/{self._somebody_id()}", "counsellor")

    def ask_for_guidance(self) -> None:
        """Send the guidance form; its words are the key by which it is found again."""
        page = self.client.get("/guidance", "guidance page")
        found = re.search(r'name="stamp"[^>]*value="([^"]+)"', page.text)
        time.sleep(READS_AND_TYPES)
        key = _key()
        number = self.client.chance.randrange(10**9)
        form = {
            "name": "Proof Visitor",
            "phone": f"9{number:09d}",
            "email": f"visitor{number}@example.com",
            "exam": "jee-main",
            **dict.fromkeys(("rank", "category", "state", "website"), ""),
            "message": f"Which branch suits me? {key}",
            "consent": "y",
            "stamp": unescape(found.group(1)) if found else "",
        }
        attempt = self.client.books.begin("lead", key)
        self.client.post("/guidance", form, "guidance", page=page, about=attempt)

    # students

    def see_home(self) -> None:
        """Open the student's home, the list of sessions and the inbox."""
        for path, kind in (("/student", "home"), ("/sessions", "my sessions"), ("/inbox/count", "inbox count")):
            self.look(path, kind)

    def poll(self) -> None:
        """Ask what an open page asks every few seconds."""
        self.look("/live/inbox", "inbox poll")
        self.look(f"/live/slots/{self._somebody_id()}", "picker poll")

    def book(self) -> None:
        """Choose a free time in the picker and confirm it."""
        number = self._somebody()
        address = f"/book/{self.town.counsellor(number)}"
        page, at = self._choose(address, number in self.hot)
        if at:
            attempt = self.client.books.begin("book", _key())
            form = {"at": at, "agenda": attempt.key, "mode": "video"}
            self._remember(self.client.post(address, form, "booking", page=page, about=attempt), attempt, number)

    def move(self) -> None:
        """Give one of one's sessions another time."""
        if self.mine:
            old = self.mine.pop(self.client.chance.randrange(len(self.mine)))
            address = f"/book/{self.town.counsellor(old.counsellor)}?move={old.public_id}"
            page, at = self._choose(address, contended=False)
            if at:
                attempt = self.client.books.begin("move", old.public_id)
                form = {"at": at, "reason": "Another class"}
                answer = self.client.post(address, form, "move", page=page, about=attempt)
                self._remember(answer, attempt, old.counsellor)

    def cancel(self) -> None:
        """Cancel one of one's sessions."""
        if self.mine:
            old = self.mine.pop(self.client.chance.randrange(len(self.mine)))
            page = self.look(f"/sessions/{old.public_id}", "session")
            attempt = self.client.books.begin("cancel", old.public_id)
            attempt.named = old.public_id
            path = f"/sessions/{old.public_id}/cancel"
            self.client.post(path, {"reason": "Ill"}, "cancel", page=page, about=attempt)

    def buy(self) -> None:
        """Buy a package at the sandbox; one in four never comes back from the bank, its webhook does."""
        page = self.look(f"/checkout/{PACKAGE}", "checkout page")
        attempt = self.client.books.begin("order", _key())
        desk = self.client.post(f"/checkout/{PACKAGE}", {"coupon_code": ""}, "order", page=page, about=attempt)
        if desk.path.startswith("/orders/"):  # the gateway was not told yet: its page leads there
            page = self.look(desk.path, "order page")
            desk = self.client.post(f"{desk.path}/pay", {}, "order", page=page, about=attempt)
        if desk.path.startswith("/sandbox/"):
            self._pay(desk.path, attempt)

    def _pay(self, desk: str, attempt: Attempt) -> None:
        page = self.client.get(desk, "bank page")
        paid = self.client.post(desk, {"outcome": "success"}, "bank", page=page, about=attempt)
        attempt.named = desk.rsplit("/", 1)[-1]
        if paid.status == 303 and self.client.chance.random() > 0.25:
            page = self.client.get(paid.path, "bank result")
            back = re.search(r'action="(/orders/[^"]+/verify)"', page.text)
            if back:
                form = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
                self.client.post(back.group(1), form, "return", page=page, about=attempt)

    # staff

    def accept_requests(self) -> None:
        """Accept what waits, as a counsellor."""
        page = self.look("/counsellor/sessions", "counsellor's sessions")
        for public_id in sorted(set(REQUEST.findall(page.text)))[:2]:
            attempt = self.client.books.begin("accept", public_id)
            attempt.named = public_id
            self.client.post(f"/counsellor/sessions/{public_id}/accept", {}, "accept", page=page, about=attempt)

    def look_after_things(self) -> None:
        """Open what an admin looks at."""
        pages = {"/admin": "admin home", "/admin/leads": "leads", "/admin/sessions": "all sessions"}
        for path, kind in (pages | {"/admin/system": "system page"}).items():
            self.look(path, kind)

    # how

    def _somebody(self) -> int:
        if self.hot and self.client.chance.random() < 0.4:
            return self.client.chance.choice(self.hot)
        return self.client.chance.randint(1, self.town.size.counsellors)

    def _somebody_id(self) -> str:
        return self.town.counsellor(self._somebody())

    def _choose(self, address: str, contended: bool) -> tuple[Answer, str]:
        """Open a day of the picker; return the page and a time, the first one where everybody wants the same."""
        ahead = 4 if contended else self.client.chance.randint(2, 40)
        day = self.town.today + dt.timedelta(days=ahead)
        page = self.look(f"{address}{'&' if '?' in address else '?'}date={day}", "picker")
        free = sorted({unquote(found) for found in AT.findall(page.text)})
        return page, (free[0] if contended else self.client.chance.choice(free)) if free else ""

    def _remember(self, answer: Answer, attempt: Attempt, counsellor: int) -> None:
        if answer.status == 303 and answer.path.startswith("/sessions/"):
            attempt.named = answer.path.rsplit("/", 1)[-1]
            self.mine.append(Booked(attempt.named, counsellor))


def _key() -> str:
    return f"proof-{uuid.uuid4().hex}"
