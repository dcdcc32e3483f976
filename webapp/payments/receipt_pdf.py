"""The receipt as a PDF of one A4 page: who, for what, sums line by line, the amount in words.

Pure: finished words in, bytes out. The letters are embedded, the rupee sign among them; a name in a
script the font lacks is left to the mail address beside it.
"""

from __future__ import annotations

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from webapp.core.print_fonts import font_path
from webapp.payments.receipt_words import ReceiptWords

FONT = "Inter"
INK, MUTED, LINE, BRAND = (28, 27, 38), (95, 93, 110), (216, 212, 204), (59, 48, 140)
LEFT, WIDTH, VALUE = 20, 170, 45  # millimetres
SMALL, BODY, LARGE = 9, 10.5, 22  # points


def render_receipt(words: ReceiptWords) -> bytes:
    """Return the PDF."""
    pdf = _page(words)
    _head(pdf, words)
    _parties(pdf, words)
    _item(pdf, words)
    _sums(pdf, words)
    _foot(pdf, words)
    return bytes(pdf.output())


def _page(words: ReceiptWords) -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_margins(LEFT, 22, LEFT)
    pdf.set_title(f"Receipt {words.number}")
    pdf.set_author(words.company)
    pdf.set_lang("en-IN")
    pdf.set_creation_date(words.issued_at)
    pdf.add_font(FONT, "", font_path("regular"))
    pdf.add_font(FONT, "B", font_path("bold"))
    pdf.add_page()
    return pdf


def _head(pdf: FPDF, words: ReceiptWords) -> None:
    top = pdf.get_y()
    _write(pdf, "Receipt", LARGE, bold=True, colour=BRAND)
    _write(pdf, f"No. {words.number}", BODY, bold=True)
    _write(pdf, words.issued, BODY, colour=MUTED)
    low = pdf.get_y()
    pdf.set_y(top)
    _write(pdf, words.company, BODY + 1, bold=True, align="R")
    for line in words.company_lines:
        _write(pdf, line, SMALL, colour=MUTED, align="R")
    pdf.set_y(max(low, pdf.get_y()) + 6)
    _rule(pdf)


def _parties(pdf: FPDF, words: ReceiptWords) -> None:
    known = _printable(pdf, words.name)
    _write(pdf, "Received from", SMALL, colour=MUTED)
    _write(pdf, known or words.email, BODY, bold=True)
    if known:
        _write(pdf, words.email, BODY)
    pdf.ln(4)
    for label, value in words.facts:
        pdf.set_font(FONT, "", BODY)
        _ink(pdf, MUTED)
        pdf.cell(40, 6, label)
        _ink(pdf, INK)
        pdf.multi_cell(WIDTH - 40, 6, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(4)
    _rule(pdf)


def _item(pdf: FPDF, words: ReceiptWords) -> None:
    _write(pdf, "For", SMALL, colour=MUTED)
    _write(pdf, _printable(pdf, words.title) or words.detail, BODY + 1, bold=True)
    _write(pdf, words.detail, BODY, colour=MUTED)
    pdf.ln(4)


def _sums(pdf: FPDF, words: ReceiptWords) -> None:
    *lines, (total, amount) = words.sums
    for label, value in lines:
        _line(pdf, label, value)
    pdf.ln(1)
    _rule(pdf)
    _line(pdf, total, amount, bold=True)
    pdf.ln(2)
    _write(pdf, words.in_words, BODY)
    pdf.ln(3)
    for label, value in words.split:
        _line(pdf, label, value, colour=MUTED)
    pdf.ln(2)
    _rule(pdf)


def _foot(pdf: FPDF, words: ReceiptWords) -> None:
    for note in words.notes:
        _write(pdf, note, SMALL, colour=MUTED)
    _write(pdf, "Made by computer and valid without a signature.", SMALL, colour=MUTED)


def _line(pdf: FPDF, label: str, value: str, *, bold: bool = False, colour: tuple[int, int, int] = INK) -> None:
    pdf.set_font(FONT, "B" if bold else "", BODY + 1.5 if bold else BODY)
    _ink(pdf, colour)
    pdf.cell(WIDTH - VALUE, 7, label)
    pdf.cell(VALUE, 7, value, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _write(
    pdf: FPDF, text: str, size: float, *, bold: bool = False, colour: tuple[int, int, int] = INK, align: str = "L"
) -> None:
    pdf.set_font(FONT, "B" if bold else "", size)
    _ink(pdf, colour)
    pdf.multi_cell(WIDTH, size * 0.5, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _rule(pdf: FPDF) -> None:
    pdf.set_draw_color(*LINE)
    pdf.line(LEFT, pdf.get_y(), LEFT + WIDTH, pdf.get_y())
    pdf.ln(4)


def _ink(pdf: FPDF, colour: tuple[int, int, int]) -> None:
    pdf.set_text_color(*colour)


def _printable(pdf: FPDF, text: str) -> str:
    """Return the text if the font has all its letters, else nothing."""
    letters = pdf.fonts[FONT.lower()].cmap  # type: ignore[union-attr]  # a TrueType font, not a core one
    return text if all(ord(letter) in letters for letter in text) else ""
