"""Queries and measures over telemetry as values of configuration files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import UsageError
from outrider.workspace import Refused, as_any_text, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.model import RecordKind


def as_query(kind: RecordKind, chosen: Mapping[str, str] | None = None) -> Callable[[object], str]:
    """Return what converts the text of a query without times; `chosen` fills the variables that it may have."""

    def convert(value: object) -> str:
        from outrider.telemetry_store import check_timeless_query, fill_variables  # noqa: PLC0415 - dear

        text = as_any_text(value)
        try:
            check_timeless_query(kind, text if chosen is None else fill_variables(text, chosen))
        except UsageError as error:
            raise Refused(f"is no query: {error.what}", error.fix, error.slug) from None
        return text

    return convert


def as_measure(kind: RecordKind) -> Callable[[object], str]:
    """Return what converts the text of a measure of records."""

    def convert(value: object) -> str:
        from outrider.telemetry_store import check_measure  # noqa: PLC0415 - dear

        text = as_text(value)
        try:
            check_measure(kind, text)
        except UsageError as error:
            raise Refused(f"is no measure: {error.what}", error.fix, error.slug) from None
        return text

    return convert
