"""Two and more admins at the same moment, on committed rows."""

from __future__ import annotations

from functools import partial

from sqlalchemy import select

from tests.crowd import Rush, Work, crowded_app, rush
from tests.factories import NOW, make_package
from tests.packages.desk import an_admin, good, names
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.packages import services
from webapp.packages.models import Package
from webapp.packages.queries.desk import DeskFilter
from webapp.packages.versions import as_input, version_of

__all__ = ["crowded_app", "rush"]
ADMINS = 8


def _admin() -> User:
    return db.session.scalars(select(User)).one()


def test_an_address_wanted_by_many_goes_to_one(rush: Rush) -> None:
    an_admin()
    db.session.commit()
    works: list[Work] = [lambda: services.create_package(actor=_admin(), data=good(), now=NOW)] * ADMINS
    answers = [one.answer for one in rush(works)]
    assert answers.count("done") == 1
    assert set(answers) == {"done", "SlugTaken"} or set(answers) == {"done", "SlugTaken", "ValidationFailed"}


def test_one_of_two_editors_saves_and_the_other_is_told(rush: Rush) -> None:
    an_admin()
    package = make_package()
    db.session.commit()
    seen, public_id = version_of(as_input(package)), package.public_id

    def save(number: int) -> Package:
        data = good(name=f"Name {number}", slug=f"name-{number}")
        return services.update_package(actor=_admin(), package_id=public_id, data=data, version=seen, now=NOW)

    answers = sorted(one.answer for one in rush([partial(save, number) for number in range(2)]))
    assert answers == ["StaleVersion", "done"]


def test_many_who_reorder_wait_for_each_other(rush: Rush) -> None:
    an_admin()
    ids = [make_package(name=str(number), display_order=number).public_id for number in range(ADMINS)]
    db.session.commit()

    def reorder(number: int) -> None:
        if number % 2:
            services.place_packages(actor=_admin(), package_ids=ids[number:] + ids[:number], now=NOW)
        else:
            services.move_package(actor=_admin(), package_id=ids[number], step=-1, within=DeskFilter(), now=NOW)

    answers = {one.answer for one in rush([partial(reorder, number) for number in range(ADMINS)])}
    assert answers == {"done"}
    assert sorted(names()) == [str(number) for number in range(ADMINS)]
    assert sorted(db.session.scalars(select(Package.display_order))) == list(range(1, ADMINS + 1))
