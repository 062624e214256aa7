"""Where the extra time of an incident's slower step is, on its page and in the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import slower_step_of
from outrider.causes import (
    PHASE,
    attribution_lines,
    between_name,
    change_text,
    count_text,
    explain_slower_step,
    other_name,
    runs_text,
)
from outrider.dashboard.page_addresses import traces_path
from outrider.model import OutriderError
from outrider.telemetry_store import QueryText

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.causes import TimeAttribution, TimePart
    from outrider.dashboard.sources import Sources


@dataclass(frozen=True, slots=True)
class SlowerPart:
    """A part of the extra time.

    Attributes:
        name: The operation, or what else it is.
        extra_ms: Of a run, on average; `low_ms` and `high_ms` are the ends of its interval.
        text: The same for readers.
        count: How often it ran in a run before and since; empty where nothing is counted.
        path: Of a query that finds its spans; empty where there are none.
    """

    name: str
    service: str
    extra_ms: float
    low_ms: float
    high_ms: float
    text: str
    count: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class SlowerStepView:
    """Where the extra time is.

    Attributes:
        unknown: Why that is not known; empty where it is.
        lines: What a reader is told.
        compared: By which runs.
        parts: They add up to the last of them, the whole.
    """

    unknown: str
    lines: tuple[str, ...] = ()
    compared: str = ""
    parts: tuple[SlowerPart, ...] = ()


def slower_step_view(sources: Sources, incident: Incident) -> SlowerStepView | None:
    """Return where the extra time of an incident's step is; None where it is of no slower step.

    Without telemetry it is told by phases, and nothing is said where these are not known either.
    """
    slower = slower_step_of(incident, sources.now_us())
    if slower is None:
        return None
    is_on = sources.telemetry.has_traces
    try:
        answer = explain_slower_step(sources.store, sources.telemetry.reader() if is_on else None, slower)
    except OutriderError as error:
        answer = error.what
    if isinstance(answer, str):
        return SlowerStepView(answer) if is_on else None
    return SlowerStepView("", attribution_lines(answer), runs_text(answer), _parts(answer))


def _parts(answer: TimeAttribution) -> tuple[SlowerPart, ...]:
    others = (
        (other_name(answer), answer.rest), (between_name(answer), answer.between),
        *((("outside of the traces", answer.outside),) if not answer.no_traces else ()), ("in all", answer.extra),
    )  # fmt: skip
    return (
        *map(_part, answer.parts),
        *(SlowerPart(name, "", own.ms, own.low_ms, own.high_ms, change_text(own)) for name, own in others),
    )


def _part(part: TimePart) -> SlowerPart:
    own, place = part.extra, part.place
    if place.service == PHASE:
        text = change_text(own)
        return SlowerPart(place.operation, "", own.ms, own.low_ms, own.high_ms, text, count_text(part))
    query = QueryText("since:1d").also("service", place.service)
    path = traces_path(str(query if "*" in place.operation else QueryText(query).also("name", place.operation)))
    return SlowerPart(
        place.operation, place.service, own.ms, own.low_ms, own.high_ms, change_text(own), count_text(part), path
    )  # fmt: skip
