"""What can be done to an account, each a small form that asks why: in a dialog, and as a page of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_wtf import FlaskForm

from webapp.accounts.mail_change_desk import ask_for_person
from webapp.accounts.models import Role, User
from webapp.accounts.second_step import needs_second_step
from webapp.accounts.services_admin import end_second_step, reactivate_user
from webapp.accounts.viewing import start_looking
from webapp.core.errors import NotFound
from webapp.dashboards.people import services
from webapp.dashboards.people.forms import CloseForm, EraseForm, LookForm, MailForm, OpenForm, RoleForm, TwoStepForm
from webapp.dashboards.people.privacy.erasing import erase_person
from webapp.dashboards.people.privacy.letting_go import KEPT
from webapp.dashboards.people.privacy.obstacles import obstacles

Run = Callable[[User, User, Any, dt.datetime], str]


@dataclass(frozen=True, slots=True)
class Act:
    """One act: its words, its form, whom it is for, and the use-case behind it, which returns what to say."""

    key: str
    label: str
    title: str
    text: str
    button: str
    icon: str
    form: type[FlaskForm]
    fits: Callable[[User, User], bool]
    run: Run
    danger: bool = False
    keep: str = "Leave it"


@dataclass(frozen=True, slots=True)
class Asked:
    """An act with the form that asks for it; ``obstacles`` say why it cannot be done now."""

    act: Act
    form: FlaskForm
    obstacles: Sequence[str] = field(default=())


def _role(actor: User, user: User, form: Any, now: dt.datetime) -> str:
    role = Role(form.role.data) if form.role.data in list(Role) else user.role
    changed = services.change_role(
        actor=actor, user_id=user.public_id, role=role, reason=form.reason.data or "", now=now
    )
    return f"{changed.name} is now: {changed.role.value}."


def _close(actor: User, user: User, form: Any, now: dt.datetime) -> str:
    closed = services.deactivate(actor=actor, user_id=user.public_id, reason=form.reason.data or "", now=now)
    return f"{closed.name} is signed out and cannot sign in any more."


def _open(actor: User, user: User, form: Any, now: dt.datetime) -> str:
    opened = reactivate_user(actor=actor, user_id=user.public_id, reason=form.reason.data or "", now=now)
    return f"{opened.name} can sign in again."


def _two_step(actor: User, user: User, form: Any, now: dt.datetime) -> str:
    ended = end_second_step(actor=actor, user_id=user.public_id, reason=form.reason.data or "", now=now)
    return f"{ended.name} signs in with the password alone now, and is told by mail."


def _mail(actor: User, user: User, form: Any, now: dt.datetime) -> str:
    change = ask_for_person(
        actor=actor, user_id=user.public_id, email=form.new_email.data or "", reason=form.reason.data or "", now=now
    )
    return f"A link is on its way to {change.new_email}. The account moves when it is opened and agreed to."


def _look(actor: User, user: User, form: Any, now: dt.datetime) -> str:
    del now
    start_looking(actor=actor, user_id=user.public_id, reason=form.reason.data or "")
    return ""


def _erase(actor: User, user: User, form: Any, now: dt.datetime) -> str:
    erase_person(
        actor=actor, user_id=user.public_id, typed=form.email.data or "", reason=form.reason.data or "", now=now
    )
    return "The personal data is erased. The books keep their sums."


def _others(user: User, actor: User) -> bool:
    return user.id != actor.id and user.erased_at is None


LOOK = Act(
    "look",
    "Look as this person",
    "Look at the app as {name}?",
    "You see what {first} sees, and can change nothing. A bar on every page says so. Password, feed address and "
    "devices stay hidden. Beginning and end are in the audit log.",
    "Start looking",
    "eye",
    LookForm,
    lambda user, actor: _others(user, actor) and user.active and user.role is not Role.ADMIN,
    _look,
)
ACTS = (
    LOOK,
    Act(
        "role",
        "Change role…",
        "Change the role of {name}?",
        "{first} is signed out and finds the pages of the new role at the next sign-in.",
        "Change role",
        "users",
        RoleForm,
        lambda user, actor: _others(user, actor) and user.active,
        _role,
    ),
    Act(
        "deactivate",
        "Deactivate…",
        "Deactivate {name}?",
        "{first} is out on the next request and cannot sign in. Sessions, payments and receipts stay as they are.",
        "Deactivate",
        "ban",
        CloseForm,
        lambda user, actor: _others(user, actor) and user.active,
        _close,
        danger=True,
    ),
    Act(
        "reactivate",
        "Reactivate…",
        "Reactivate {name}?",
        "{first} can sign in again with the same password.",
        "Reactivate",
        "circle-check",
        OpenForm,
        lambda user, actor: _others(user, actor) and not user.active,
        _open,
    ),
    Act(
        "mail",
        "Change mail address…",
        "Change the mail address of {name}?",
        "For who has lost the old mailbox. Be sure who asks: call the number you know. The new address must agree by a "
        "link; the old one is told and can stop it. Then {first} is signed out everywhere; password and two-step "
        "sign-in stay.",
        "Send the link",
        "mail",
        MailForm,
        lambda user, actor: _others(user, actor) and user.active,
        _mail,
    ),
    Act(
        "two-step",
        "Turn two-step off…",
        "Turn two-step sign-in of {name} off?",
        "For who has lost phone and backup codes. Be sure who asks: call the number you know. App, codes and passkeys "
        "are removed, and {first} is told by mail.",
        "Turn two-step off",
        "shield-lock",
        TwoStepForm,
        lambda user, actor: _others(user, actor) and needs_second_step(user),
        _two_step,
        danger=True,
    ),
    Act(
        "erase",
        "Erase personal data…",
        "Erase the personal data of {name}?",
        "This cannot be undone. Name, addresses, notes and messages go. " + KEPT,
        "Erase for ever",
        "trash",
        EraseForm,
        lambda user, actor: _others(user, actor) and user.role is not Role.ADMIN,
        _erase,
        danger=True,
    ),
)


def acts_for(user: User, actor: User, *, now: dt.datetime) -> list[Asked]:
    """Return what this admin can do to an account, each with its empty form."""
    return [
        ask(act, user, act.form(formdata=None, role=user.role.value), now=now) for act in ACTS if act.fits(user, actor)
    ]


def act_for(key: str, user: User, actor: User) -> Act:
    """Return an act by its name. Raises NotFound: there is none, or it is not for this account."""
    for act in ACTS:
        if act.key == key and act.fits(user, actor):
            return act
    raise NotFound("This can't be done to this account.")


def ask(act: Act, user: User, form: FlaskForm, *, now: dt.datetime) -> Asked:
    """Return an act with its form; the fields get ids of their own, as several forms stand on one page."""
    for one in form:
        if not one.id.startswith(act.key):
            one.id = f"{act.key}-{one.id}"
    return Asked(act, form, obstacles(user, now=now) if act.key == "erase" else ())
