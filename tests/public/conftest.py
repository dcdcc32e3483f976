"""Pages are opened at a fixed instant, Wed, 9 Dec 2026, 9:30 AM IST."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import NOW
from tests.pages import Browser
from webapp.core import clock

Opener = Callable[..., str]


@pytest.fixture(autouse=True)
def _at_nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def visitor(app: Flask, db_session: Session) -> Browser:
    """Return the browser of somebody who is not signed in."""
    return Browser(app)


@pytest.fixture
def opened(visitor: Browser) -> Opener:
    """Open a page as a visitor and return its HTML; anything but 200 fails."""

    def open_page(url: str, *, htmx: bool = False, **query: str) -> str:
        answer: TestResponse = visitor.get(url, htmx=htmx, **query)
        assert answer.status_code == 200, (url, answer.status_code)
        return answer.get_data(as_text=True)

    return open_page
