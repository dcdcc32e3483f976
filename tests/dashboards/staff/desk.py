"""Who looks at the desk's pages of counsellors, and what an answer says."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.test import TestResponse

from tests.pages import Browser
from webapp.accounts.models import User
from webapp.counsellors.models import Counsellor

LIST = "/admin/counsellors"


@dataclass
class Desk:
    """An admin at the desk and a counsellor to look at."""

    admin: User
    browser: Browser
    meera: Counsellor

    @property
    def url(self) -> str:
        return f"{LIST}/{self.meera.public_id}"


def text(answer: TestResponse, status: int = 200) -> str:
    assert answer.status_code == status
    return " ".join(answer.get_data(as_text=True).split())
