from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_package, make_user
from tests.inquiries.desk import ask, done
from webapp.accounts.models import User
from webapp.inquiries.services import convert_inquiry, write_mail
from webapp.notifications.models import OutboxMail
from webapp.notifications.render import Letter, compose

pytestmark = pytest.mark.usefixtures("db_session")


def letter(session: Session, template: str) -> tuple[str, str, str]:
    """Return subject, text and HTML of the one mail of a kind."""
    mail = session.scalars(select(OutboxMail).where(OutboxMail.template == template)).one()
    message = compose(
        Letter(mail.public_id, mail.recipient, mail.recipient_name, mail.template, mail.context, mail.attachments, NOW)
    )
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(message["Subject"]), text.get_content(), html.get_content()


def test_the_person_reads_ticket_promise_and_own_words(db_session: Session) -> None:
    ask(message="One <b>two</b>\nthree")
    subject, text, html = letter(db_session, "inquiry_received")
    assert subject == "INQ-2026-00001: we have your question"
    for words in ("Hello Rohan,", "JEE Main", "by Thu, 10 Dec 2026, 9:30 AM IST", "+919830041270", "One <b>two</b>"):
        assert words in text
    assert "One &lt;b&gt;two&lt;/b&gt;<br>three" in html


def test_the_admins_read_who_asks_and_what(db_session: Session) -> None:
    inquiry = ask(name='<script>alert("x")</script>', message="x" * 500)
    subject, text, html = letter(db_session, "inquiry_alert")
    assert subject == "New inquiry INQ-2026-00001: JEE Main"
    for words in ("Rank: 12345", "Home state: West Bengal", "Came by: website", "x" * 299 + "…"):
        assert words in text
    assert f"http://localhost/admin/leads/{inquiry.public_id}" in text
    assert "+9198" not in text
    assert "<script>" not in html


def test_what_an_admin_writes_is_plain_text(db_session: Session, admin: User) -> None:
    inquiry = ask()
    done(
        write_mail, actor=admin, inquiry_id=inquiry.public_id, subject="Seats & fees", text="Yes.\nNo <i>x</i>\n\nAsha"
    )
    subject, text, html = letter(db_session, "inquiry_reply")
    assert subject == "Seats & fees [INQ-2026-00001]"
    assert "Yes.\nNo <i>x</i>\n\nAsha\n\nRohan Mehta, Disha" in text.replace("\r\n", "\n")
    assert "Yes.<br>No &lt;i&gt;x&lt;/i&gt;</p>" in html


@pytest.mark.parametrize(
    ("way", "subject", "path"),
    [
        ("grant", "JEE Complete is yours", "/book"),
        ("link", "Your link to JEE Complete", "/checkout/jee-complete"),
        ("link", "Your link to our packages", "/packages"),
    ],
)
def test_who_has_an_account_reads_the_way_on(
    db_session: Session, admin: User, way: str, subject: str, path: str
) -> None:
    make_user(email="rohan.das@example.com")
    package = make_package(name="JEE Complete", slug="jee-complete")
    done(
        convert_inquiry,
        actor=admin,
        inquiry_id=ask().public_id,
        package_id=None if path == "/packages" else package.public_id,
        way=way,
        reason="",
        version=None,
    )
    found, text, html = letter(db_session, "inquiry_converted")
    assert found == subject
    assert f"http://localhost{path}\n" in text.replace("\r\n", "\n")
    assert f'href="http://localhost{path}"' in html
