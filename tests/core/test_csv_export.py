from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from webapp.core import csv_export

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize("start", [*DANGEROUS, "\n", "＝", " =", "  @"])
def test_what_could_be_a_formula_begins_with_an_apostrophe(start: str) -> None:
    cell = f"{start}cmd|' /C calc'!A0"
    assert csv_export.safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("text", ["Ananya Chatterjee", "a=b", "₹499", "O'Brien", ""])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert csv_export.safe_cell(text) == text


def test_numbers_stay_numbers() -> None:
    assert csv_export.safe_cell(-5) == "-5"
    assert csv_export.safe_cell(csv_export.rupees_cell(-49950)) == "-499.50"
    assert csv_export.rupees_cell(123456789) == Decimal("1234567.89")
    assert csv_export.safe_cell(csv_export.rupees_cell(None)) == ""


def test_a_moment_is_told_on_the_readers_clock() -> None:
    at = dt.datetime(2026, 12, 12, 5, 0, tzinfo=dt.UTC)
    assert csv_export.moment_cell(at, "Asia/Kolkata") == "2026-12-12 10:30"
    assert csv_export.moment_cell(None, "Asia/Kolkata") == ""


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=20))
def test_no_cell_of_a_file_is_a_formula_and_no_row_is_lost(rows: list[list[str]]) -> None:
    text = "".join(csv_export.csv_lines(["a", "b"], rows))
    assert text.startswith(csv_export.BYTE_ORDER_MARK)
    read = list(csv.reader(io.StringIO(text.removeprefix(csv_export.BYTE_ORDER_MARK), newline="")))
    assert len(read) == len(rows) + 1
    assert not any(cell.startswith(DANGEROUS) for row in read for cell in row)


def test_a_large_table_is_sent_in_pieces() -> None:
    pieces = list(csv_export.csv_lines(["n"], ([number] for number in range(1000))))
    assert len(pieces) == 1000 // csv_export.ROWS_A_CHUNK + 1
    assert pieces[0].count("\r\n") == csv_export.ROWS_A_CHUNK + 1


def test_rows_are_read_while_the_file_is_sent(app: Flask) -> None:
    read = []

    def rows() -> Iterator[list[int]]:
        for number in range(500):
            read.append(number)
            yield [number]

    with app.test_request_context():
        answer = csv_export.csv_response("rows.csv", ["n"], rows())
        first = next(iter(answer.response))
        assert len(read) < 500
        assert str(first).startswith(csv_export.BYTE_ORDER_MARK)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rows.csv"'
    assert answer.content_type == "text/csv; charset=utf-8"
