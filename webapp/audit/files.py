"""The log as a file."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.audit.asked import read_asked, read_filter
from webapp.audit.people import names_of
from webapp.audit.presenters import changes_text, entity_words, keys_in, lines_of
from webapp.audit.queries import AuditFilter, count_entries, every_entry
from webapp.core.csv_export import Cell, moment_cell
from webapp.core.errors import ValidationFailed
from webapp.exports.registry import Params, register_export

HEADER = ("When", "Who", "As", "What", "Thing", "Name", "Number", "Changes", "Personal data", "Reason", "From where")


def register_audit_file() -> None:
    """Offer the log as a file; harmless to repeat."""
    register_export(
        "audit",
        title="Audit log",
        filename="audit-log.csv",
        header=HEADER,
        count=lambda params: count_entries(_filter(params)),
        rows=_rows,
    )


def _filter(params: Params) -> AuditFilter:
    filters, wrong = read_filter(read_asked(params), params.zone)
    if wrong:
        raise ValidationFailed(next(iter(wrong.values())), fields=wrong)
    return filters


def _rows(params: Params, zone: str) -> Iterator[tuple[Cell, ...]]:
    for entries in every_entry(_filter(params)):
        for one in lines_of(entries, names_of(keys_in(entries)), zone=zone):
            yield (
                moment_cell(one.at, zone),
                one.who,
                one.kind,
                one.action,
                entity_words(one.entity),
                one.label,
                one.entity_id,
                changes_text(one.changes),
                "yes" if any(change.personal for change in one.changes) else "",
                one.reason,
                one.address,
            )
