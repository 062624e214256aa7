"""What the API answers of real users."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.view_events import read_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.dashboard.lab_field import LabField, LabFields
    from outrider.real_users import PageView, SessionRow, ViewFilter, Vital, VitalRow, VitalShare


@dataclass(frozen=True, slots=True)
class VitalItem:
    """A vital of some views: ms, but for CLS; the views that are neither good nor poor need work."""

    name: str
    views: int
    p75: float | None
    good: int
    poor: int


@dataclass(frozen=True, slots=True)
class VitalsItem:
    """The vitals of the views with one value of the key; `networks` says from how many they came."""

    key: str
    views: int
    sessions: int
    networks: int
    sessions_with_error: int
    vitals: tuple[VitalItem, ...]


@dataclass(frozen=True, slots=True)
class VitalsBody:
    """Vitals of a time, of all views and by the values of a key."""

    since: str | None
    until: str | None
    by: str
    all: VitalsItem
    rows: tuple[VitalsItem, ...]


@dataclass(frozen=True, slots=True)
class DifferencePartItem:
    """What a condition explains of a difference; `part` is null unless its finding is "explains"."""

    factor: str
    finding: str
    in_journey: str
    part: float | None
    views_alike: int
    views_other: int


@dataclass(frozen=True, slots=True)
class VitalDifferenceItem:
    """A vital of runs and of views of users; `is_sure` says whether their difference is more than chance."""

    name: str
    journey: VitalItem
    users: VitalItem
    difference: float | None
    is_sure: bool
    parts: tuple[DifferencePartItem, ...]
    not_explained: float | None


@dataclass(frozen=True, slots=True)
class LabFieldItem:
    """A page that a step of a journey opens, in lab and field."""

    check: str
    step: str
    step_p75_ms: float | None
    step_runs: int
    environment: str
    location: str
    host: str
    page: str
    cache: str
    device: str
    power: str
    connection: str
    country: str
    vitals: tuple[VitalDifferenceItem, ...]


@dataclass(frozen=True, slots=True)
class LabFieldBody:
    """Pages in lab and field; `more` are left out."""

    since: str | None
    until: str | None
    pages: tuple[LabFieldItem, ...]
    more: int


@dataclass(frozen=True, slots=True)
class SessionItem:
    """A visit; `user` is a digest, `origin` empty for a user."""

    session: str
    began: str | None
    ended: str | None
    service: str
    environment: str
    release: str
    device: str
    browser: str
    system: str
    country: str
    user: str
    origin: str
    views: int
    first_page: str
    last_page: str
    errors: int
    rage_clicks: int
    dead_clicks: int
    failed_calls: int
    worst_lcp_ms: float | None


@dataclass(frozen=True, slots=True)
class SessionsBody:
    """Visits, those that began last first."""

    since: str | None
    until: str | None
    sessions: tuple[SessionItem, ...]


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """What happened in a view, ms after it began; `more` is what the kind adds."""

    offset_ms: int
    kind: str
    text: str
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResourceItem:
    """A resource or call by the form of its address, as the browser sums it up."""

    kind: str
    address: str
    count: int
    total_ms: int
    max_ms: int
    bytes: int
    failed: int


@dataclass(frozen=True, slots=True)
class PageViewItem:
    """A view of a visit."""

    view: str
    began: str | None
    duration_ms: int
    page: str
    url: str
    navigation: str
    trace_id: str
    lcp_ms: float | None
    inp_ms: float | None
    cls: float | None
    fcp_ms: float | None
    ttfb_ms: float | None
    causes: dict[str, str]
    errors: int
    rage_clicks: int
    dead_clicks: int
    long_tasks: int
    calls: int
    failed_calls: int
    cache: str
    power: str
    events: tuple[TimelineItem, ...]
    resources: tuple[ResourceItem, ...]


@dataclass(frozen=True, slots=True)
class SessionBody:
    """A visit, view by view."""

    session: str
    views: tuple[PageViewItem, ...]


def api_vitals(wanted: ViewFilter, by: str, whole: VitalRow, rows: Sequence[VitalRow]) -> VitalsBody:
    """Return vitals."""
    since, until = instant(wanted.since_us), instant(wanted.until_us)
    return VitalsBody(since, until, by, vitals_item(whole), tuple(map(vitals_item, rows)))


def vitals_item(row: VitalRow) -> VitalsItem:
    """Return the vitals of the views with one value of a key."""
    vitals = (_vital_item(vital, share) for vital, share in row.vitals.items())
    return VitalsItem(row.key, row.views, row.sessions, row.networks, row.failing, tuple(vitals))


def _vital_item(vital: Vital, share: VitalShare) -> VitalItem:
    return VitalItem(vital.value, share.count, share.p75, share.good, share.poor)


def api_lab_field(wanted: ViewFilter, view: LabFields) -> LabFieldBody:
    """Return pages in lab and field."""
    pages = tuple(map(_lab_field_item, view.pages))
    return LabFieldBody(instant(wanted.since_us), instant(wanted.until_us), pages, view.more)


def _lab_field_item(own: LabField) -> LabFieldItem:
    lab, seen = own.lab, own.lab.conditions
    vitals = tuple(
        VitalDifferenceItem(
            row.vital.value, _vital_item(row.vital, row.lab), _vital_item(row.vital, row.field), row.difference,
            row.is_sure,
            tuple(
                DifferencePartItem(part.factor.value, part.finding.value, part.lab, part.part, part.alike, part.others)
                for part in row.parts
            ),
            row.rest,
        )
        for row in own.vitals
    )  # fmt: skip
    return LabFieldItem(
        lab.check, lab.step, own.step_p75_ms, lab.step_ms.size, lab.environment, lab.location, lab.host, lab.page,
        seen.cache, seen.device, seen.power, seen.connection, seen.country, vitals,
    )  # fmt: skip


def api_sessions(wanted: ViewFilter, rows: Sequence[SessionRow]) -> SessionsBody:
    """Return visits."""
    return SessionsBody(instant(wanted.since_us), instant(wanted.until_us), tuple(map(session_item, rows)))


def session_item(row: SessionRow) -> SessionItem:
    """Return a visit."""
    return SessionItem(
        row.session, instant(row.start_us), instant(row.end_us), row.service, row.environment, row.release, row.device,
        row.browser, row.system, row.country, row.user, row.origin, row.views, row.first_page, row.last_page,
        row.errors, row.rage_clicks, row.dead_clicks, row.failed_calls, row.worst_lcp_ms,
    )  # fmt: skip


def api_session(session: str, views: Sequence[PageView]) -> SessionBody:
    """Return a visit, view by view."""
    return SessionBody(session, tuple(map(_view_item, views)))


def _view_item(view: PageView) -> PageViewItem:
    return PageViewItem(
        view.view, instant(view.start_us), view.duration_ms, view.page, view.url, view.navigation, view.trace_id,
        view.lcp_ms, view.inp_ms, view.cls, view.fcp_ms, view.ttfb_ms, dict(view.causes), view.errors,
        view.rage_clicks, view.dead_clicks, view.long_tasks, view.calls, view.failed_calls,
        view.cache, view.power,
        tuple(TimelineItem(at, kind, text, tuple(map(str, more))) for at, kind, text, *more in read_events(view)),
        tuple(ResourceItem(*row) for row in json.loads(view.resources or "[]")),
    )  # fmt: skip
