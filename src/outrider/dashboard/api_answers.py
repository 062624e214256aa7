"""The answers of the API: from views to its values, page by page. It knows no HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard.api_values import (
    CheckBody,
    CheckPage,
    EventItem,
    IncidentBody,
    IncidentPage,
    RunBody,
    RunPage,
    check_item,
    incident_item,
    instant,
    lead_time_item,
    notification_item,
    run_body,
    run_item,
    slot_item,
)
from outrider.dashboard.check_detail import CheckQuery, check_detail, named_check
from outrider.dashboard.incident_view import incident_detail, opened_incidents
from outrider.dashboard.overview import check_statuses, fits, lasting_incidents
from outrider.dashboard.page_addresses import write_position
from outrider.dashboard.period_slots import availability, coverage
from outrider.model import RunPosition, printable

if TYPE_CHECKING:
    from outrider.dashboard.overview import Filter
    from outrider.dashboard.sources import Sources
    from outrider.model import Outcome


def api_checks(sources: Sources, wanted: Filter, *, after: str, limit: int) -> CheckPage:
    """Return checks by id that fit a filter, behind the one that is called `after`."""
    lasting, _, _ = lasting_incidents(sources.store.incidents)
    statuses = check_statuses(sources, sources.checks() or (), sources.service(), lasting, sources.now_us())
    matching = {printable(status.check.id): status for status in statuses if fits(status, wanted)}
    rest = [name for name in sorted(matching) if name > after]
    items = tuple(check_item(matching[name]) for name in rest[:limit])
    return CheckPage(items, len(matching), rest[limit - 1] if len(rest) > limit else None)


def api_check(sources: Sources, name: str) -> CheckBody:
    """Return a check by its id or a former one.

    Raises:
        UsageError: unknown-check.
    """
    detail = check_detail(sources, name, CheckQuery(days=1))
    line = detail.line
    return CheckBody(
        check_item(detail.status), detail.is_configured, availability(line.hours), availability(line.days),
        coverage(line.hours), tuple(map(slot_item, line.hours)), tuple(map(slot_item, line.days)), line.p95_ms,
    )  # fmt: skip


def api_runs(
    sources: Sources, check: str, before: RunPosition | None, *, outcome: Outcome | None, limit: int
) -> RunPage:
    """Return runs of a check, or of all without one, the latest due first.

    Raises:
        UsageError: unknown-check.
    """
    named = named_check(sources, check)[0].id if check else None
    runs = sources.store.history.runs_before(named, before, outcome=outcome, limit=limit)
    last = None if runs.is_complete else write_position(RunPosition(runs[-1].due_us, runs[-1].id))
    return RunPage(tuple(map(run_item, runs)), last)


def api_run(sources: Sources, name: str) -> RunBody:
    """Return a run by its id or a unique part of it.

    Raises:
        UsageError: unknown-run or ambiguous-run.
    """
    return run_body(sources.store.runs.get(name))


def api_incidents(sources: Sources, *, only_open: bool, before: tuple[int, str] | None, limit: int) -> IncidentPage:
    """Return incidents, the latest begun first."""
    page = opened_incidents(sources, only_lasting=only_open, before=before, limit=limit)
    return IncidentPage(tuple(map(incident_item, page.incidents)), page.next or None)


def api_incident(sources: Sources, name: str) -> IncidentBody:
    """Return an incident by its id or a unique part of it.

    Raises:
        UsageError: unknown-incident.
    """
    detail = incident_detail(sources, name)
    events = tuple(EventItem(instant(entry.at_us), entry.text, entry.author) for entry in detail.time_line)
    notifications = tuple(map(notification_item, detail.notifications))
    explanation = detail.incident.explanation
    return IncidentBody(
        incident_item(detail.incident), events, notifications, detail.slower, detail.suspects, explanation,
        detail.changes, detail.root.id if detail.root else None, tuple(own.id for own in detail.consequences),
        lead_time_item(detail.lead_time) if detail.lead_time else None,
    )  # fmt: skip
