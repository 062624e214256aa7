"""What changed about the time that an incident of a check began, on its page, in the API and in its message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from outrider.alerts import Problem, Quote, length
from outrider.causes import JOINING_CHANCE, ChangeKind, TracedRuns
from outrider.dashboard.change_history import ChangedTelemetry, ChangeRecords, incident_changes, met_services
from outrider.dashboard.incident_quotes import is_quotable, quote_of
from outrider.dashboard.named_causes import CauseTelemetry, cause_traces
from outrider.model import OutriderError

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.causes import ChangeSuspect
    from outrider.dashboard.sources import Sources

_QUOTED: Final = 2
_RARE: Final = 1e-6
_RELEASES: Final = frozenset({ChangeKind.RELEASE.value, ChangeKind.VERSION.value})


class ChangedRuns(ChangeRecords, TracedRuns, Protocol):
    """What changed, and the runs of the incident."""


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """A change near to the beginning of an incident.

    Attributes:
        kind: Such as "release".
        when: How long before or after, for a reader.
        chance: How likely one of its kind comes so near by chance; `odds` is the same for a reader.
        path: Of its page; empty where there is none.
    """

    kind: str
    text: str
    at_us: int
    when: str
    chance: float
    odds: str
    stands_out: bool
    path: str


@dataclass(frozen=True, slots=True)
class ChangesView:
    """The nearest change of each kind, the likeliest cause first, and why some are not known; empty if all are."""

    changes: tuple[ChangeItem, ...]
    stands_out: bool
    unknown: str = ""


def changes_view(sources: Sources, incident: Incident) -> ChangesView | None:
    """Return what changed near to the beginning of an incident of a check or of errors; None of another one."""
    if not is_quotable(incident) and incident.problem is not Problem.ISSUE:
        return None
    if not sources.telemetry.has_traces:
        return changes_of(sources.store, incident, sources.now_us(), ChangedTelemetry())
    try:
        reader = CauseTelemetry(sources.telemetry.reader(), sources.telemetry.real_users())
        traces = cause_traces(sources.store, reader, incident, sources.now_us()).values()
        met = met_services(span for spans in traces for span in spans)
        services = sources.telemetry.services() if sources.telemetry.is_on else None
        telemetry = ChangedTelemetry(services, sources.telemetry.notable(), met)
        return changes_of(sources.store, incident, sources.now_us(), telemetry)
    except OutriderError as error:
        return changes_of(sources.store, incident, sources.now_us(), ChangedTelemetry(), unknown=error.what)


def changes_of(
    store: ChangedRuns, incident: Incident, now_us: int, telemetry: ChangedTelemetry, *, unknown: str = ""
) -> ChangesView:
    """Return what changed near to the beginning of an incident.

    Raises:
        TelemetryError: If the telemetry cannot be read.
    """
    items = tuple(map(_item, incident_changes(store, incident, now_us, telemetry)))
    return ChangesView(items, any(own.stands_out for own in items), unknown)


def change_quotes(changes: ChangesView) -> tuple[Quote, ...]:
    """Return the changes that stand out, a line each; none where none does."""
    suspects = [own for own in changes.changes if own.stands_out]
    return tuple(
        quote_of("suspect", f"{own.kind} {own.text}, {own.when}; {own.odds}", own.path) for own in suspects[:_QUOTED]
    )


def change_causes(changes: ChangesView) -> tuple[str, ...]:
    """Return the releases that stand out so much that incidents after them may be known by them."""
    near = (own for own in changes.changes if own.stands_out and own.chance <= JOINING_CHANCE)
    return tuple(f"release:{own.text}" for own in near if own.kind in _RELEASES)


def _beside(suspect: ChangeSuspect) -> str:
    """Return what else of its kind came at that time: nobody knows which of them it was."""
    if not suspect.beside:
        return ""
    named = suspect.beside[0] if len(suspect.beside) == 1 else f"{len(suspect.beside)} others"
    return f", within a minute of {named}"


def _item(suspect: ChangeSuspect) -> ChangeItem:
    change, before_us = suspect.change, suspect.before_us
    when = f"{length(abs(before_us))} {'before' if before_us >= 0 else 'after'} it began{_beside(suspect)}"
    odds = f"{1 / suspect.chance:,.0f}" if suspect.chance > _RARE else "a million or more"
    return ChangeItem(
        suspect.kind.value, change.text, change.at_us, when, suspect.chance, f"by chance 1 time in {odds}",
        suspect.stands_out, change.path,
    )  # fmt: skip
