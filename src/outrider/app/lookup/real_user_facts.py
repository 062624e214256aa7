"""What commands ask of real users."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outrider.dashboard import (
    TROUBLES,
    LabField,
    LabFields,
    api_lab_field,
    explanation,
    lab_and_field,
    signed_figure,
    vital_figure,
)
from outrider.model import UsageError
from outrider.real_users import SessionFilter, SessionRow, ViewFilter, ViewKey, VitalRow
from outrider.real_users import Vital as _Vital

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.model import DashboardRecords
    from outrider.real_users import PageView, RealUserReader

__all__ = [
    "TROUBLES", "VIEW_KEYS", "LabField", "LabFields", "SessionRow", "ViewFilter", "VitalRow", "api_lab_field",
    "explanation", "read_lab_field", "read_session", "read_sessions", "read_vitals",
    "real_user_filter", "signed_figure", "timeline_lines", "vital_text",
]  # fmt: skip

VIEW_KEYS: Final = tuple(key.value for key in ViewKey)
vital_text = vital_figure
_US: Final = 1_000_000


def real_user_filter(now_us: int, since_s: float, *, page: str = "", service: str = "") -> ViewFilter:
    """Return which views of the last seconds count."""
    return ViewFilter(now_us - round(since_s * _US), now_us + _US, page=page, service=service)


def read_vitals(reader: RealUserReader, wanted: ViewFilter, by: str, limit: int) -> list[VitalRow]:
    """Return vitals by the values of a key.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    return reader.vitals(wanted, ViewKey(by), limit=limit)


def read_lab_field(store: DashboardRecords, reader: RealUserReader, wanted: ViewFilter, check: str) -> LabFields:
    """Return pages that journeys open beside those of real users; of one journey, if it is named.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    return lab_and_field(store, reader, wanted, check)


def read_sessions(
    reader: RealUserReader, wanted: ViewFilter, *, has: str, user: str, trace: str, limit: int
) -> list[SessionRow]:
    """Return visits, those that began last first.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    return reader.sessions(SessionFilter(wanted, has, user, trace.lower()), limit=limit)


def read_session(reader: RealUserReader, session: str) -> list[PageView]:
    """Return the views of a visit.

    Raises:
        UsageError: unknown-visit.
        TelemetryError: If the telemetry cannot be asked.
    """
    views = reader.session_views(session)
    if not views:
        fix = "outrider sessions lists them"
        raise UsageError(f"no view of a session {session[:40]!r} is kept", slug="unknown-visit", fix=fix)
    return views


def timeline_lines(views: Sequence[PageView]) -> Iterator[str]:
    """Yield the lines of a visit: each view with its vitals, and what happened in it."""
    for view in views:
        began = datetime.fromtimestamp(view.start_us / _US, UTC)
        figures = {_Vital.LCP: view.lcp_ms, _Vital.INP: view.inp_ms, _Vital.CLS: view.cls}
        vitals = [
            f"{vital.upper()} {vital_figure(vital, value)}" for vital, value in figures.items() if value is not None
        ]
        yield f"{began:%Y-%m-%d %H:%M:%S} UTC  {view.page}  {' '.join(vitals)}".rstrip()
        for offset_ms, kind, text, *more in json.loads(view.events or "[]"):
            yield f"  +{offset_ms / 1000:8.2f} s  {kind:14} {text}  {' '.join(map(str, more))}".rstrip()
