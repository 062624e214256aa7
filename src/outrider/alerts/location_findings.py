"""Findings of locations in which no worker lives: nothing is measured there. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.finding import LOCATION, Facts, Finding, FindingKey, Problem, problem_labels
from outrider.model import Subject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


def location_findings(
    dead: Mapping[str, str], alive: Collection[str], open_subjects: Collection[Subject], now_us: int
) -> Iterator[Finding]:
    """Yield whether locations have a live worker.

    Args:
        dead: Those that have none, and what is known of their workers.
        alive: Those that have one.
        open_subjects: Locations in an incident of this kind; one that is neither dead nor alive was removed.
        now_us: Microseconds UTC.
    """
    for name, why in sorted(dead.items()):
        yield _finding(name, f"{why}: its runs are missed", now_us, present=True)
    over = {subject.removeprefix(LOCATION) for subject in open_subjects} - set(dead)
    for name in sorted(over | set(alive)):
        why = "a worker is alive again" if name in alive else "it is measured by the service itself"
        yield _finding(name, why, now_us, present=False)


def _finding(name: str, why: str, now_us: int, *, present: bool) -> Finding:
    key = FindingKey(Problem.LOCATION, Subject(f"{LOCATION}{name}"), location=name)
    facts = Facts(why, title=f"location {name}", predicate="has no live worker")
    labels = {**problem_labels(Problem.LOCATION), "location": name, "fault": "no worker"}
    return Finding(key, present, now_us, facts, (f"worker:{name}",), labels, once=True)
