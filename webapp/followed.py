"""Whose pieces grow old when which rows change, in one list (core/pieces.py)."""

from __future__ import annotations

from flask import Flask

from webapp import models as m
from webapp.core.db import db
from webapp.core.pieces import follow, init_pieces, rows_key, table_key


def init_followed(app: Flask) -> None:
    """Give the app its pieces and follow what they are made of; called once an app.

    ``rows_key(Counsellor, …)`` stands for a counsellor's profile, hours, taken times, services and reviews;
    ``rows_key(User, …)`` for a person's account, sessions, packages, orders, reviews and inbox;
    ``table_key(Package)`` for all that is on sale and who counsels in it; ``table_key(Counsellor)`` for all profiles;
    ``table_key(Review)`` for all reviews; ``table_key(Calendar)`` for the free times of everybody.
    """
    init_pieces(app, check=app.config["SETTINGS"].check_kept_pieces)
    follow(m.User, lambda row: [rows_key(m.User, row.id), table_key(m.Review)])  # reviews are signed
    follow(m.Counsellor, lambda row: [_counsellor(row.id), table_key(m.Counsellor), _times()])
    for hours in (m.Calendar, m.AvailabilityWindow, m.AvailabilityException):
        follow(hours, lambda row: [_counsellor(row.counsellor_id), _times()])
    follow(m.CounsellingSession, lambda row: [_counsellor(row.counsellor_id), _user(row.student_id), _times()])
    follow(m.NextStep, _of_step)
    follow(m.Review, lambda row: [_counsellor(row.counsellor_id), _user(row.student_id), table_key(m.Review)])
    follow(m.Enrolment, lambda row: [_user(row.user_id)])
    follow(m.Order, lambda row: [_user(row.user_id)])
    follow(m.Notification, lambda row: [_user(row.user_id)])
    follow(m.Package, lambda _row: [table_key(m.Package)])
    follow(m.PackageFeature, lambda _row: [table_key(m.Package)])
    follow(m.Service, lambda row: [_counsellor(row.counsellor_id), table_key(m.Package)])


def _counsellor(primary_key: int) -> str:
    return rows_key(m.Counsellor, primary_key)


def _user(primary_key: int) -> str:
    return rows_key(m.User, primary_key)


def _times() -> str:
    return table_key(m.Calendar)


def _of_step(row: m.NextStep) -> list[str]:
    session = db.session.get(m.CounsellingSession, row.session_id)  # who changes a step has read its session
    return [_user(session.student_id)] if session is not None else []
