"""What every page is rendered with: an environment whose imports are cheap, icons, and fragments that are kept.

Source of the figures: bench/README.md. A page of ours imports macros some ten times and shows some forty icons.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, MutableMapping
from functools import lru_cache
from typing import Any

from flask import Flask, request
from flask.templating import Environment
from markupsafe import Markup

from webapp.core.urls import path_of

MOST_KEPT = 1000  # fragments a process, a few kilobytes each
_ICON = Markup('<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>')


class HouseEnvironment(Environment):
    """Gives all templates the one dictionary of globals.

    Jinja gives each a chain of its own and asks at every import which names the chains do not share: a tenth of
    a page's rendering, for names that no template of ours has.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the environment's own globals, unless a template brings more."""
        return super().make_globals(d) if d else self.globals


class Fragments:
    """Finished pieces of pages by everything they were made of, the oldest forgotten first.

    In a template: ``{% call kept("name", all, that, the, body, reads) %}…{% endcall %}``. The body may read
    nothing else: no person, no token, no clock. Two pages with equal keys share the piece; where the app is
    mounted is part of every key.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._pieces: dict[tuple[Hashable, ...], str] = {}
        self._lock = threading.Lock()

    def __call__(self, *key: Hashable, caller: Callable[[], str]) -> str:
        """Return the piece kept under ``key``, else make and keep it."""
        key = (request.script_root, *key)
        found = self._pieces.get(key)
        if found is None:
            found = caller()
            with self._lock:
                while len(self._pieces) >= self._most:
                    del self._pieces[next(iter(self._pieces))]
                self._pieces[key] = found
        return found


def init_templates(app: Flask) -> None:
    """Choose the environment and give it ``svg_icon`` and ``kept``; before anything else asks for it."""
    app.jinja_environment = HouseEnvironment
    # A plain dict: the usual cache orders its keys at each look-up, and a page looks up some thirty templates.
    app.jinja_options = {**app.jinja_options, "cache_size": -1}

    @lru_cache(maxsize=512)
    def svg_icon(name: str, cls: str = "") -> Markup:
        """Return an icon of static/icons.txt."""
        sprite = app.extensions["asset_url"]("vendor/icons.svg")
        return _ICON.format(f" {cls}" if cls else "", sprite, name)

    app.jinja_env.globals.update(svg_icon=svg_icon, kept=Fragments(), path_of=path_of)
