"""Incidents, watches and groups as the store keeps them. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from outrider.alerts.confirmation import Confirmation
from outrider.alerts.finding import Facts, Problem, Severity
from outrider.alerts.group import Group
from outrider.alerts.incident import Incident, Phase
from outrider.store import StoredConfirmation, StoredGroup, StoredIncident


def stored_incident(one: Incident) -> StoredIncident:
    """Return an incident as it is kept."""
    return StoredIncident(one.id, one.phase.value, one.began_us, one.ended_us, _text(one))


def read_incident(kept: StoredIncident) -> Incident:
    """Return an incident that was kept."""
    told = _read(kept.state)
    lead = {**told["lead"], **{name: tuple(told["lead"][name]) for name in ("artifacts", "errors")}}
    return Incident(
        **{
            **told,
            "trouble": Problem(told["trouble"]),
            "severity": Severity(told["severity"]),
            "phase": Phase(told["phase"]),
            "lead": Facts(**lead),
            "events": tuple((at_us, what) for at_us, what in told["events"]),
            **{name: tuple(told[name]) for name in ("causes", "checks", "relapses")},
        }
    )


def stored_watch(one: Confirmation) -> StoredConfirmation:
    """Return a watch as it is kept."""
    return StoredConfirmation(one.key, one.incident, _text(one))


def read_watch(kept: StoredConfirmation) -> Confirmation:
    """Return a watch that was kept."""
    told = _read(kept.state)
    return Confirmation(**{**told, "recent": tuple(told["recent"])})


def stored_group(one: Group) -> StoredGroup:
    """Return a group as it is kept."""
    return StoredGroup(one.key, _text(one))


def read_group(kept: StoredGroup) -> Group:
    """Return a group that was kept."""
    told = _read(kept.state)
    lists = {name: tuple(told[name]) for name in ("incidents", "receivers")}
    return Group(**{**told, **lists, "told": tuple((name, mark, count) for name, mark, count in told["told"])})


def _text(one: Any) -> str:
    return json.dumps(asdict(one), separators=(",", ":"))


def _read(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text)
    return read
