"""Which of the incidents that last is the root of another one: both name the same service, issue or page. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.alerts.finding import Problem, Severity
from outrider.model import Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.alerts.incident import Incident

_NEAR_US: Final = 900 * 10**6
"""Problems of one cause begin so close together."""

_FOLDED: Final = frozenset({Problem.FAILURE, Problem.DEGRADATION, Problem.ISSUE})
_NAMING: Final = frozenset({SubjectKind.SERVICE, SubjectKind.ISSUE, SubjectKind.PAGE})
_ORDER: Final = list(Severity)


def root_of(incident: Incident, lasting: Iterable[Incident]) -> Incident | None:
    """Return the incident that another one follows from; None if it stands for itself.

    Both name the same service, issue, page or release, or one does that another one between them names: as what it is
    about, or as where the traces of its runs, errors and visits say that it lies. All began within a quarter of an hour
    of this one in one environment. The root is the most severe one, of those alike the one that opened first; so what
    users feel is no consequence of a warning.
    """
    near = {
        other.id: other for other in lasting if other.id != incident.id and other.pages and _is_near(other, incident)
    }
    names = _names(incident)
    joined: list[Incident] = []
    while fresh := [own for own in near.values() if not names.isdisjoint(_names(own))]:
        joined += fresh
        names = names.union(*map(_names, fresh))
        for own in fresh:
            del near[own.id]
    root = min(joined, key=_rank, default=None)
    return root if root is not None and _rank(root) < _rank(incident) else None


def consequences_of(incident: Incident, lasting: Iterable[Incident]) -> tuple[Incident, ...]:
    """Return the incidents that last and follow from one."""
    known = list(lasting)
    return tuple(other for other in known if (root := root_of(other, known)) is not None and root.id == incident.id)


def _rank(incident: Incident) -> tuple[int, int, str]:
    return _ORDER.index(incident.severity), incident.opened_us or incident.began_us, incident.id


def _is_near(first: Incident, second: Incident) -> bool:
    places = {place for own in (first, second) if (place := own.labels.get("environment"))}
    return len(places) <= 1 and abs(first.began_us - second.began_us) <= _NEAR_US


def _names(incident: Incident) -> set[str]:
    if incident.problem not in _FOLDED:
        return set()
    return {*incident.named, *(check for check in incident.checks if Subject(check).kind in _NAMING)}
