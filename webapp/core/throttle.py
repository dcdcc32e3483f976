"""Which limits there are, and the one place that counts every request against them (product.md "Limits").

A view says with `@limited` which limit is its own. Under ``/api/`` every request counts for the general limit of its
caller as well; pages have only their own limits, because a whole class sits behind one address. Every try counts,
those that are refused or fail too. Where forms are addressed to an account, the account is counted besides, so that
guessing from many addresses is slow as well. The numbers there follow from one thought: nobody may lock another out.

* One address alone never fills an account's count: it may try one account 100 times in 15 minutes (two full minutes
  of what product.md lets it sign in), and the account takes 200 from everywhere. It asks for 5 reset links, the
  account takes 10. So shutting somebody out needs several addresses at work all the time.
* Whoever comes from where the account was signed in lately (`register_familiar`) is not held by the account's count,
  only by the address's: the owner at home gets in while the rest of the world is guessing.
* Refused tries do not count for the account: it is free again at most 15 minutes after the last guess.
* Many addresses together get 800 guesses an hour at an account, of a password that is none of the commonest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from webapp.core import clock
from webapp.core.db import SAFE_METHODS
from webapp.core.error_pages import answer_domain_error
from webapp.core.errors import RateLimited
from webapp.core.ids import fingerprint
from webapp.core.limits import Verdict, address_key, hit
from webapp.core.requests import is_api

View = TypeVar("View", bound=Callable[..., Any])
MINUTE, HOUR = 60, 3600
QUARTER = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Limit:
    """``count`` requests in any ``seconds``.

    ``by_address``: per address even where somebody is signed in. ``reads``: GETs count, too. ``alone``: the general
    limit does not count besides. ``account`` is what the account addressed takes in `QUARTER` from one address and
    from everywhere, None where no account is addressed.
    """

    count: int
    seconds: int
    by_address: bool = False
    reads: bool = False
    alone: bool = False
    account: tuple[int, int] | None = None


LIMITS: dict[str, Limit] = {
    "public": Limit(100, MINUTE, reads=True, by_address=True),
    "signed_in": Limit(1000, MINUTE, reads=True),
    "login": Limit(50, MINUTE, by_address=True, account=(100, 200)),
    "forgot": Limit(5, QUARTER, by_address=True, account=(5, 10)),
    "reset": Limit(10, QUARTER, by_address=True),
    "booking": Limit(10, MINUTE),
    "cancel": Limit(20, HOUR),
    "payments": Limit(10, MINUTE),  # create-order, verify, refund
    "slots": Limit(50, 10, reads=True),  # of all counsellors
    # What product.md leaves to us.
    "signup": Limit(100, MINUTE, by_address=True),  # the public limit, on the page as well
    "second_step": Limit(30, 5 * MINUTE),  # an office behind one address; each account has its own, tighter count
    "password": Limit(10, QUARTER),  # whoever must type the present one
    "mail": Limit(5, QUARTER),  # sends a mail when asked
    "inquiries": Limit(50, 10 * MINUTE),  # programs': a school's pupils share one address
    "gateway": Limit(6000, MINUTE, by_address=True, alone=True),  # signed by the gateway, which sends what it must
    "preflight": Limit(1000, MINUTE, reads=True, by_address=True),  # a browser's question before another site's request
}

_who: list[Callable[[], str | None]] = []
_familiar: list[Callable[[str, str], bool]] = []


@dataclass(frozen=True, slots=True)
class Mark:
    """What a view said: its limit, and the form field whose presence makes a request another thing."""

    name: str
    unless: str = ""


def limited(name: str, *, unless: str = "") -> Callable[[View], View]:
    """Give a view its limit, by its name in `LIMITS`; a request with the form field ``unless`` does not count."""
    mark = Mark(name, unless)
    if name not in LIMITS:
        raise ValueError(f"unknown limit: {name}")

    def put(view: View) -> View:
        view.limit = mark  # type: ignore[attr-defined]
        return view

    return put


def limit_of(view: Callable[..., Any] | None, method: str = "GET") -> Mark | None:
    """Return the mark of a view, or of the method of a view class."""
    in_class = getattr(view, "view_class", None)
    handler = getattr(in_class, "get" if method == "HEAD" else method.lower(), None) if in_class else view
    return getattr(handler, "limit", None) or getattr(view, "limit", None)


def register_caller(who: Callable[[], str | None]) -> None:
    """Say who asks: a function that returns the public id of who is signed in, None for a visitor."""
    _who[:] = [who]


def register_familiar(is_familiar: Callable[[str, str], bool]) -> None:
    """Say whether an account (its mail address) was signed in lately from an address (`address_key`)."""
    _familiar[:] = [is_familiar]


def init_throttle(app: Flask) -> None:
    """Put the limit's state on every answer under ``/api/``."""
    app.after_request(_tell)


def enforce_limits() -> None:
    """Count this request, once, when it is known who asks; `g.rate_verdict` is the tightest limit that applies.

    Raises:
        RateLimited: one more than the limit.
    """
    if "limits_counted" in g:
        return
    g.limits_counted = True
    view = current_app.view_functions.get(request.endpoint or "")
    mark = limit_of(view, request.method)
    own = LIMITS[mark.name] if mark and _counts(mark) else None
    if is_api() and not (own and own.alone):
        _count_general()
    if mark and own:
        _count_own(mark.name, own)


def _count_general() -> None:
    name = "signed_in" if _caller() else "public"
    if request.method == "OPTIONS":
        name = "preflight"
    _pass(_hit(name, LIMITS[name]))


def _count_own(name: str, limit: Limit) -> None:
    _pass(_hit(name, limit))
    account = _account_addressed() if limit.account else ""
    if not account or limit.account is None:
        return
    address, key = address_key(request.remote_addr), f"{name}:{_hashed(account)}"
    one, all_of_them = limit.account
    by_one = _hit_key(f"{key}:{address}", one, QUARTER)
    if by_one.allowed:
        if by_one.remaining < g.rate_verdict.remaining:
            g.rate_verdict = by_one
        by_one = _hit_key(key, all_of_them, QUARTER)
    if not by_one.allowed and not _is_familiar(account, address):
        _pass(by_one)


def _pass(verdict: Verdict) -> None:
    g.rate_verdict = verdict
    if not verdict.allowed:
        raise RateLimited(
            f"{RateLimited.message} Try again in {wait_words(verdict.retry_after)}.",
            retry_after=verdict.retry_after,
        )


def _hit(name: str, limit: Limit) -> Verdict:
    caller = None if limit.by_address else _caller()
    key = f"{name}:{caller or address_key(request.remote_addr)}"
    return _hit_key(key, limit.count, limit.seconds, count_refused=True)


def _hit_key(key: str, count: int, seconds: int, *, count_refused: bool = False) -> Verdict:
    most = int(count * current_app.config["SETTINGS"].rate_limit_factor)
    return hit(key, most, seconds, now=g.get("now") or clock.now(), count_refused=count_refused)


def _counts(mark: Mark) -> bool:
    if request.method in SAFE_METHODS and not LIMITS[mark.name].reads:
        return False
    return not (mark.unless and mark.unless in request.form)


def _caller() -> str | None:
    return _who[0]() if _who else None


def _is_familiar(account: str, address: str) -> bool:
    return bool(_familiar) and _familiar[0](account, address)


def _account_addressed() -> str:
    """Return the mail address typed in the form or sent in the body, in one spelling; "" without one."""
    typed: object = request.form.get("email", "")
    if request.is_json:
        try:
            body = request.get_json(silent=True)
        except RecursionError:  # nested without end: the view refuses it
            body = None
        typed = body.get("email") if isinstance(body, dict) else ""
    return typed.strip().lower() if isinstance(typed, str) else ""


def _hashed(account: str) -> str:
    return fingerprint(account)[:24]


def wait_words(seconds: int) -> str:
    """Return a wait as a person reads it: "20 seconds", "5 minutes"."""
    count, unit = (seconds, "second") if seconds < 2 * MINUTE else (-(-seconds // MINUTE), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _tell(response: Response) -> Response:
    """Put X-RateLimit-Limit, -Remaining and -Reset on answers of the API.

    Reset is in whole seconds from now: when what was counted so far has left the window, or one more try fits.
    """
    if not is_api():
        return response
    if "rate_verdict" not in g:
        response = _count_late(response)
    verdict: Verdict = g.rate_verdict
    response.headers["X-RateLimit-Limit"] = str(verdict.limit)
    response.headers["X-RateLimit-Remaining"] = str(verdict.remaining if verdict.allowed else 0)
    response.headers["X-RateLimit-Reset"] = str(verdict.free_after)
    return response


def _count_late(response: Response) -> Response:
    """Count what never came to a view (no such address, a body too large), as a visitor's; refuse one too many."""
    name = "preflight" if request.method == "OPTIONS" else "public"
    try:
        _pass(_hit(name, LIMITS[name]))
    except RateLimited as error:
        return answer_domain_error(error)
    return response
