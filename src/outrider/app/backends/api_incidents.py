"""Incidents as the API answers them, as the values that they were made from. Pure; see `api_records`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outrider.alerts import Facts, Incident, Phase, Problem, Severity
from outrider.app.backends.api_records import moment_of, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Json = Mapping[str, Any]


def incident_of(item: Json, events: Iterable[Json] = ()) -> Incident:
    """Return an incident with its events; lists of the API have none."""
    return Incident(
        id=item["id"], problem=Problem(item["problem"]), began_us=time_of(item["began"]),
        changed_us=time_of(item["changed"]), lead=_facts_of(item["lead"]), causes=tuple(item["causes"]),
        labels=dict(item["labels"]), severity=Severity(item["severity"]), phase=Phase(item["phase"]),
        checks=tuple(item["checks"]), affected=item["affected"], opened_us=moment_of(item["opened"]),
        ended_us=moment_of(item["ended"]), last_bad_us=time_of(item["last_bad"]),
        relapses=tuple(map(time_of, item["relapses"])), acknowledged_by=item["acknowledged_by"],
        events=tuple((time_of(event["at"]), event["what"]) for event in events), lead_subject=item["lead_subject"],
        check_count=item["check_count"], opening_labels=dict(item["opening_labels"]),
        past_severities=tuple(item["past_severities"]), earlier_events=item["earlier_events"], pages=item["notifies"],
        recovered={check: time_of(since) for check, since in item["well_since"].items()},
        unwell_checks=item["unwell_checks"], assigned_to=item["assigned_to"], paused=item["paused"],
    )  # fmt: skip


def _facts_of(item: Json) -> Facts:
    texts = ("what", "title", "predicate", "step", "address", "observed", "expected", "run", "query")
    releases = ("release", "recent_release", "later_release")
    return Facts(
        **{name: item[name] for name in (*texts, *releases)},
        since_us=moment_of(item["since"]), artifacts=tuple(item["artifacts"]), errors=tuple(item["errors"]),
    )  # fmt: skip
