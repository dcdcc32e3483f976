"""A Chromium a worker, a context a person, emptied before the next one has it; every page is watched for errors."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from tests.browser.chromium import arguments, find_chromium
from tests.browser.holder import RunningApp, running_app
from tests.browser.world import Person, World

ZONE = "Asia/Kolkata"
PATIENCE_MS = 30_000  # how long something may take to come; what is there comes at once
REFUSED = r"status of (400|401|409|422)"  # an answer in place; Chromium calls every 4xx an error

FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def running() -> RunningApp:
    """The app under test: one for all workers."""
    return running_app()


@pytest.fixture(scope="session")
def world(running: RunningApp) -> Iterator[World]:
    """Makes people in the app's database."""
    world = World(running)
    yield world
    world.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a worker."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments())
        yield browser
        browser.close()


class Contexts:
    """Contexts to use again: one that has fetched styles, scripts and fonts opens a page in half the time."""

    def __init__(self, chromium: Browser, address: str) -> None:
        self.chromium = chromium
        self.address = address
        self._free: list[BrowserContext] = []

    def take(self, **options: Any) -> BrowserContext:
        """Return an empty context: the usual one unless ``options`` (Playwright's) say otherwise."""
        if self._free and not options:
            return self._free.pop()
        defaults: dict[str, Any] = {
            "base_url": self.address,
            "timezone_id": ZONE,
            "locale": "en-IN",
            "viewport": {"width": 1440, "height": 900},
            "reduced_motion": "reduce",
        }
        context = self.chromium.new_context(**{**defaults, **options})
        context.set_default_timeout(PATIENCE_MS)
        return context

    def give_back(self, context: BrowserContext) -> None:
        """Keep a usual context for the next person, without anything of the last one."""
        for page in context.pages:
            if page.url.startswith(self.address):
                page.evaluate("localStorage.clear(); sessionStorage.clear()")
            page.close()
        context.clear_cookies()
        context.unroute_all()
        self._free.append(context)


@pytest.fixture(scope="session")
def contexts(chromium: Browser, running: RunningApp) -> Contexts:
    """The contexts of a worker."""
    return Contexts(chromium, running.address)


class Watched:
    """The contexts of one test, and what went wrong in their pages."""

    def __init__(self, contexts: Contexts, world: World) -> None:
        self.supply = contexts
        self.world = world
        self.contexts: list[BrowserContext] = []
        self.usual: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.allowed = [REFUSED]

    def __call__(self, person: Person | None = None, **options: Any) -> Page:
        """Open a page in a context of its own, signed in as ``person``; ``options`` are Playwright's."""
        context = self.supply.take(**options)
        self.contexts.append(context)
        if not options:
            self.usual.append(context)
        if person is not None:
            self.sign_in(context, person)
        page = context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._look)
        return page

    def with_clock(self, person: Person | None = None) -> Page:
        """Open a page whose timers can be hurried with ``page.clock``."""
        page = self(person, color_scheme="light")
        page.clock.install()
        return page

    def sign_in(self, context: BrowserContext, person: Person) -> None:
        """Give a context the cookie that signing in gives."""
        host = urlsplit(self.world.running.address).hostname
        cookie = {"name": "disha", "value": self.world.cookie(person), "domain": host, "path": "/", "httpOnly": True}
        context.add_cookies([cookie])  # type: ignore[list-item]  # a TypedDict of Playwright's own

    def allow(self, words: str) -> None:
        """Expect lines like this (a pattern) on the console."""
        self.allowed.append(words)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(re.search(words, message.text) for words in self.allowed):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _look(self, answer: Response) -> None:
        if answer.status >= 500:
            self.complaints.append(f"{answer.status} {answer.url}")

    def photograph(self, name: str) -> list[str]:
        """Keep pictures of all open pages; return their paths."""
        folder = Path(tempfile.mkdtemp(prefix=f"disha-{name}-"))
        shots = []
        for number, page in enumerate(page for context in self.contexts for page in context.pages):
            path = folder / f"{number}.png"
            page.screenshot(path=path, full_page=True)
            shots.append(f"{page.url} → {path}")
        return shots

    def close(self, *, keep: bool = False) -> None:
        """Close all contexts; ``keep`` the usual ones for the next test."""
        for context in self.contexts:
            if keep and context in self.usual:
                self.supply.give_back(context)
            else:
                context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Tell the fixture how the test went."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def visit(contexts: Contexts, world: World, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Open pages with ``visit(person)``; the test fails on any error of theirs, pictures are kept on failure."""
    watched, fine = Watched(contexts, world), False
    try:
        yield watched
        fine = not watched.complaints and not request.node.stash.get(FAILED, True)
        if not fine:
            name = re.sub(r"\W+", "-", request.node.name)[:60]
            print(*watched.photograph(name), sep="\n")
        assert not watched.complaints, "\n".join(watched.complaints)
    finally:
        watched.close(keep=fine)
