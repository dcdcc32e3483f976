"""What an uploaded file may be: encodings, delimiters, headings, broken quotes."""

from __future__ import annotations

import pytest

from webapp.inquiries.importing.decoding import NotReadable, decode
from webapp.inquiries.importing.sheet import MAX_ROWS, field_of, read_sheet

NAMES = "Name,Mail,Phone\nRenée Müller,renee@example.com,98300 12345\n"
HINDI = "Name,Mail,Phone\nअनन्या चटर्जी,ananya@example.com,98300 12345\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (NAMES.encode("utf-8"), "UTF-8"),
        (NAMES.encode("utf-8-sig"), "UTF-8"),
        (NAMES.encode("utf-16"), "UTF-16"),
        (NAMES.encode("utf-16-le"), "UTF-16"),
        (NAMES.encode("utf-16-be"), "UTF-16"),
        (NAMES.encode("utf-32"), "UTF-32"),
        (NAMES.encode("cp1252"), "Windows-1252"),
    ],
)
def test_the_same_names_from_every_encoding(content: bytes, encoding: str) -> None:
    found = decode(content)
    assert (found.text, found.encoding) == (NAMES, encoding)


def test_other_scripts_come_through_unicode() -> None:
    for codec in ("utf-8", "utf-8-sig", "utf-16"):
        assert decode(HINDI.encode(codec)).text == HINDI


@pytest.mark.parametrize(
    "content",
    [
        "Name,Mail\nИван Петров,a@b.co\n".encode("cp1251"),
        "Name,Mail\n山田太郎,a@b.co\n".encode("shift_jis"),
        "Name,Mail\n李小龙,a@b.co\n".encode("gbk"),
        "Name,Mail\nRenée,a@b.co\n".encode("mac-roman"),
        "Name,Mail\nΓιώργος,a@b.co\n".encode("cp1253"),
        b"Name,Mail\nRen\x81e,a@b.co\n",
        b"\xff\xfeN\x00a\x00m",  # a letter cut in two
    ],
)
def test_letters_we_would_have_to_guess_are_refused(content: bytes) -> None:
    with pytest.raises(NotReadable, match="CSV UTF-8"):
        decode(content)


@pytest.mark.parametrize(
    "text",
    [NAMES.encode().decode("cp1252"), HINDI.encode().decode("latin-1"), "Name,Mail\nit’s".encode().decode("cp1252")],
)
def test_letters_broken_before_are_refused(text: str) -> None:
    with pytest.raises(NotReadable, match="broken already"):
        decode(text.encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04\x14\x00", "an Excel or zip file"),
        (b"\xd0\xcf\x11\xe0\xa1", "an old Excel file"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "an image"),
        (b"Name,\x00\x01\x02\x00Mail,Phone,plain\x00" * 20, "not a CSV file"),
    ],
)
def test_other_files_are_named(content: bytes, words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        decode(content)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    heads = delimiter.join(["Name", '"E-mail, or mail id"', "Mobile No.", "Mail"])
    sheet = read_sheet(f"{heads}\r\n{delimiter.join('Abcd')}\r\n")
    assert sheet.lines[0].cells == {"name": "A", "phone": "c", "email": "d"}
    assert sheet.unread == ("E-mail, or mail id",)


def test_a_spreadsheets_word_about_the_delimiter_is_obeyed() -> None:
    sheet = read_sheet("sep=;\r\nName;Mail;Phone\r\nA, B;a@b.co;1\r\n")
    assert (sheet.lines[0].number, sheet.lines[0].cells["name"]) == (3, "A, B")


def test_headings_have_many_names() -> None:
    assert [field_of(one) for one in ("E-Mail ID*", " Mobile Number ", "Student’s shoe", "AIR", "HOME STATE")] == [
        "email",
        "phone",
        None,
        "rank",
        "state",
    ]


def test_lines_are_counted_as_an_editor_does() -> None:
    sheet = read_sheet('Name,Mail,Phone\n\nA,a@b.co,1\n"two\nlines",b@b.co,2\nC,c@b.co,3,too much\n,,\nD,d@b.co\n')
    assert [(line.number, line.problem) for line in sheet.lines] == [
        (3, ""),
        (4, ""),
        (6, "This row has 4 cells under 3 headings."),
        (8, ""),
    ]


def test_our_own_guard_against_formulas_is_taken_off() -> None:
    sheet = read_sheet("Name,Mail,Phone\n'=1+1,a@b.co,'+91 98300 12345\n'Tis,b@b.co,1\n")
    assert [line.cells["name"] for line in sheet.lines] == ["=1+1", "'Tis"]
    assert sheet.lines[0].cells["phone"] == "+91 98300 12345"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("Name,Mail,Phone\n", "no rows"),
        ("Ananya,a@b.co,98300\n", "Missing: Name, Mail, Phone. We found: “Ananya”"),
        ("Name,Mail\nA,b\n", "Missing: Phone"),
        ("Name,Mail,Phone,Mobile\nA,b,c,d\n", "Two columns mean the same: Phone"),
        ('Name,Mail,Phone\nA,a@b.co,1\n"B,b@b.co,2\nC,c@b.co,3\n', "at line 3 is never closed"),
        ('Name,Mail,Phone\n"A"x,a@b.co,1\n', "line 2 can’t be read"),
        ("Name,Mail,Phone\nA," + "x" * 140_000 + ",1\n", "line 2 is far too long"),
        ("Name,Mail,Phone\n" + "A,a@b.co,1\n" * (MAX_ROWS + 1), "more than 5,000 rows"),
    ],
)
def test_broken_files_are_said_in_words(text: str, words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        read_sheet(text)
