"""The yardstick: Flask, Jinja and one query, nothing else, on the same server as the app.

``/line`` renders one line, ``/json`` answers one object; ``/page`` loops over a query's rows until the page is as
long as a picker.
"""

from __future__ import annotations

import os

from flask import Flask, jsonify, request
from jinja2 import Environment
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.wrappers import Response

ROWS = 130
SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head><body><main>
<h1>{{ title }}</h1>{{ body }}</main></body></html>"""
TABLE = """<table>{% for row in rows %}<tr class="row{{ " odd" if loop.index is odd }}"><td>{{ row.name }}</td>
<td><a href="/sessions/{{ row.public_id }}">{{ row.starts_at }}</a></td><td>{{ row.status }}</td></tr>
{% endfor %}</table>"""
LINE = text("select id, name, title from counsellors where public_id = 'counsellor_b1'")
MANY = text(
    "select s.public_id, s.starts_at, s.status, u.name from counselling_sessions s join users u on u.id = s.student_id"
    " where s.counsellor_id = :who order by s.starts_at limit :rows"
)

INSERT = text("""
insert into counselling_sessions (public_id, counsellor_id, student_id, enrolment_id, status, starts_at, ends_at,
                                  requested_at, confirmed_at, meeting_mode, meeting_link)
select 'session_posted' || cast(:number as text), :who, :student, :mine, 'scheduled', at, at + interval '30 minutes',
       now(), now(), 'video', 'https://meet.jit.si/bench'
from (select cast(cast(:starts_at as text) as timestamptz) as at) t
""")

app = Flask("bare")
jinja = Environment(autoescape=True)
shell = jinja.from_string(SHELL)
line = jinja.from_string("<!doctype html><title>{{ row.name }}</title><p>{{ row.name }}, {{ row.title }}</p>")
page = jinja.from_string(SHELL.replace("{{ body }}", TABLE))
sessions: sessionmaker[Session] = sessionmaker(
    create_engine(
        os.environ.get("DATABASE_URL", "postgresql+psycopg://"),
        pool_size=5,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )
)


@app.get("/line")
def one_line() -> str:
    """One query, one line."""
    with sessions() as session:
        return line.render(row=session.execute(LINE).one())


@app.get("/json")
def one_object() -> Response:
    """One query, one JSON object."""
    with sessions() as session:
        return jsonify(dict(session.execute(LINE).one()._mapping))  # noqa: SLF001  that is how a row is read by name


@app.get("/page")
def one_page() -> str:
    """One query, a page as long as a picker."""
    with sessions() as session:
        return page.render(title="Sessions", rows=session.execute(MANY, {"who": 1, "rows": ROWS}).all())


@app.post("/insert")
def insert() -> tuple[str, int]:
    """One row of a session, with its constraints, in one durable transaction."""
    with sessions() as session:  # autocommit: the statement is the transaction
        values = {name: int(request.form[name]) for name in ("number", "who", "student", "mine")}
        session.execute(INSERT, {**values, "starts_at": request.form["starts_at"]})
    return "booked", 201


@app.get("/healthz")
def healthz() -> str:
    """Answer when it is up."""
    return "ok"
