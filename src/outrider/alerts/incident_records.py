"""Incidents, confirmations and groups as the store keeps them. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import structlog

from outrider.alerts.confirmation import Confirmation
from outrider.alerts.finding import Facts, Problem, Severity, problem_labels
from outrider.alerts.group import Group
from outrider.alerts.incident import Incident, Phase, Quote
from outrider.model import StoredConfirmation, StoredGroup, StoredIncident, printable_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_RENAMED = {"told": "last_notified", "told_us": "last_notified_us"}
"""Fields of groups by their names in states that were kept before."""


_log = structlog.get_logger("outrider.alerts")


def stored_incident(incident: Incident) -> StoredIncident:
    """Return an incident as it is kept."""
    return StoredIncident(incident.id, incident.phase.value, incident.began_us, incident.ended_us, _text(incident))


def read_incident(stored: StoredIncident) -> Incident:
    """Return an incident that was kept."""
    state = _read(stored.state)
    problem = Problem(state.pop("trouble", None) or state["problem"])
    lists = ("causes", "checks", "relapses", "past_severities", "named")
    changed: dict[str, Any] = {name: tuple(state[name]) for name in lists if name in state}
    lead = {**state["lead"], **{name: tuple(state["lead"][name]) for name in ("artifacts", "errors")}}
    return Incident(
        **{
            **state,
            "problem": problem,
            "labels": problem_labels(problem) | state["labels"],
            "severity": Severity(state["severity"]),
            "phase": Phase(state["phase"]),
            "lead": Facts(**lead),
            "events": tuple((at_us, what) for at_us, what in state["events"]),
            "explanation": tuple(Quote(**quote) for quote in state.get("explanation", ())),
            **changed,
        }
    )


def read_incidents(
    stored: Iterable[StoredIncident], on_unreadable: Callable[[StoredIncident], None] = lambda _: None
) -> tuple[Incident, ...]:
    """Return the incidents that were kept; one that cannot be read keeps no other from its reader.

    Args:
        stored: As they are kept.
        on_unreadable: Takes each that is no incident of ours, such as of a damaged row.
    """
    incidents: list[Incident] = []
    for row in stored:
        try:
            incidents.append(read_incident(row))
        except (KeyError, TypeError, ValueError, AttributeError):
            on_unreadable(row)
    return tuple(incidents)


def log_unreadable(row: StoredIncident) -> None:
    """Log that an incident cannot be read."""
    _log.warning("incident.unreadable", incident=row.id, effect="it is left out, and opens anew if its problem lasts")


def stored_confirmation(confirmation: Confirmation) -> StoredConfirmation:
    """Return a confirmation as it is kept."""
    return StoredConfirmation(confirmation.key, confirmation.incident, _text(confirmation))


def read_confirmation(stored: StoredConfirmation) -> Confirmation:
    """Return a confirmation that was kept."""
    state = _read(stored.state)
    return Confirmation(**{**state, "recent": tuple(state["recent"])})


def stored_group(group: Group) -> StoredGroup:
    """Return a group as it is kept."""
    return StoredGroup(group.key, _text(group))


def read_group(stored: StoredGroup) -> Group:
    """Return a group that was kept."""
    state = _read(stored.state)
    state |= {name: state.pop(old) for old, name in _RENAMED.items() if old in state}
    lists = {name: tuple(state[name]) for name in ("incidents", "receivers")}
    notified = tuple((name, mark, count) for name, mark, count in state["last_notified"])
    return Group(**{**state, **lists, "last_notified": notified})


def _text(value: Any) -> str:
    return json.dumps(asdict(value), separators=(",", ":"))


def _read(text: str) -> dict[str, Any]:
    read: dict[str, Any] = printable_json(json.loads(text))
    return read
