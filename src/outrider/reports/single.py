"""One run: outcome, steps against their usual durations, artifacts, and what it is joined to."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines import quantile_of
from outrider.charts import Waterfall, draw_waterfall
from outrider.model import ArtifactKind, OutriderError, number
from outrider.reports.run_summary import attempt_note, run_sentences
from outrider.reports.step_run import StepRun
from outrider.reports.time_text import Clock
from outrider.runs import METRIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from outrider.model import (
        Attempt,
        ErrorRecord,
        JudgeHistory,
        JudgeMemory,
        Measurement,
        Run,
        RunHistory,
        SeriesReader,
        Step,
        StoredArtifact,
        StoredRun,
    )
    from outrider.reports.facts import Incident, Incidents

_DAY_US = 86_400_000_000
USUAL_DAYS = 28
_INLINE_BYTES = 400_000
_PICTURES = 2
_TEXT = 4_000
_FEWEST = 20
_ERRORS = 50
_LINKS = 20


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt of a run; errors are cut to a length that can be read, and `note` says why its times do not count."""

    number: int
    outcome: str
    reason: str
    duration_ms: float
    measured: bool
    evidence: bool
    note: str
    errors: tuple[tuple[str, str, str], ...]
    more_errors: int


@dataclass(frozen=True, slots=True)
class ArtifactView:
    """An artifact; `picture` is its content as a data address where it is a small screenshot."""

    attempt: int
    kind: str
    name: str
    bytes: int
    where: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """The report of one run.

    Attributes:
        sentences: The cause, what its attempts did, and what differs from the last good run.
        steps: Of the attempt that counts.
        joined: What it was joined to, each a word and a text; empty if to nothing.
        omitted: What the store's limits left out.
        waterfall: SVG.
    """

    run: Run
    timezone: str
    workspace: str
    steps: tuple[StepRun, ...]
    attempts: tuple[AttemptView, ...]
    artifacts: tuple[ArtifactView, ...]
    joined: tuple[tuple[str, str], ...]
    incidents: tuple[Incident, ...]
    omitted: tuple[str, ...]
    sentences: tuple[str, ...] = ()
    waterfall: str = ""


def run_report(
    store: JudgeHistory, stored: StoredRun, *, workspace: str, timezone: str, incidents: Incidents
) -> RunReport:
    """Return the report of a stored run."""
    run = stored.run
    counted = _counted(run)
    steps = tuple(_steps(store.series, run, counted)) if counted else ()
    return RunReport(
        run=_shortened(run),
        timezone=timezone,
        workspace=workspace,
        steps=steps,
        attempts=tuple(_tried(attempt) for attempt in run.attempts),
        artifacts=tuple(_left(stored.artifacts)),
        joined=tuple(_joined(store.judgements, run)),
        incidents=tuple(
            incident
            for incident in incidents.incidents(run.due_us, run.finished_us + 1)
            if incident.check in {"", run.check}
        ),
        omitted=stored.omitted,
        sentences=run_sentences(run, steps, last_good_run(store, run), Clock(timezone)),
        waterfall=draw_waterfall(_bars(counted.measurement)) if counted else "",
    )


def last_good_run(store: RunHistory, run: Run) -> Run | None:
    """Return the newest run before one that passed at once in its place; None if there is none."""
    passed = store.runs.last_good(run.check, environment=run.environment, location=run.location, until_us=run.due_us)
    return None if passed is None else store.runs.get(passed.id).run


def _counted(run: Run) -> Attempt | None:
    """Return the attempt that counts: the measured one, else the first."""
    return next((attempt for attempt in run.attempts if attempt.measured), run.attempts[0] if run.attempts else None)


def _shortened(run: Run) -> Run:
    return replace(run, reason=_short(run.reason), attempts=())


def _short(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}… ({number(len(text))} characters)"


def _steps(reader: SeriesReader, run: Run, counted: Attempt) -> list[StepRun]:
    since_us = run.due_us - USUAL_DAYS * _DAY_US
    place = (run.environment, run.location)
    series = {
        step_series.step: step_series
        for step_series in reader.of(run.check)
        if step_series.metric == METRIC and (step_series.environment, step_series.location) == place
    }
    steps = []
    for step in counted.measurement.steps:
        if step.parent is not None:
            continue
        known = series.get(step.key)
        before = np.empty(0) if known is None else reader.samples(known, since_us, run.due_us).value
        steps.append(_step(step, before))
    return steps


def _step(step: Step, before: NDArray[np.float64]) -> StepRun:
    has_band = len(before) >= _FEWEST
    low, high = (float(edge) for edge in np.quantile(before, [0.05, 0.95])) if has_band else (None, None)
    usual = quantile_of(before, 0.5)
    error = _short(step.error or "")
    return StepRun(step.title, step.offset_ms, step.duration_ms, error, usual, low, high, len(before))


def _bars(measurement: Measurement) -> list[Waterfall]:
    """Return the steps as they follow each other; one that never ended reaches to the end of the attempt."""
    return [
        Waterfall(
            step.title,
            step.offset_ms,
            max(0.0, measurement.duration_ms - step.offset_ms) if step.duration_ms is None else step.duration_ms,
            "never ended" if step.duration_ms is None else "failed" if step.error else "",
        )
        for step in measurement.steps
        if step.parent is None
    ]


def _tried(attempt: Attempt) -> AttemptView:
    measurement = attempt.measurement
    errors = tuple((error.source.value, error.step, _message(error)) for error in measurement.errors[:_ERRORS])
    more = max(0, len(measurement.errors) - _ERRORS)
    return AttemptView(
        attempt.number,
        measurement.outcome.value,
        _short(measurement.reason),
        measurement.duration_ms,
        attempt.measured,
        attempt.evidence,
        attempt_note(attempt),
        errors,
        more,
    )


def _message(error: ErrorRecord) -> str:
    where = f"\n{error.url}" if error.url else ""
    return _short(error.message) + where


def _left(artifacts: Sequence[StoredArtifact]) -> list[ArtifactView]:
    views, shown = [], 0
    for artifact in artifacts:
        picture = inline_picture(artifact) if shown < _PICTURES else ""
        shown += bool(picture)
        views.append(
            ArtifactView(artifact.attempt, artifact.kind.value, artifact.name, artifact.bytes, artifact.where, picture)
        )
    return views


def inline_picture(artifact: StoredArtifact) -> str:
    """Return a small screenshot as a data address; one that retention removed meanwhile is only named."""
    small = artifact.kind is ArtifactKind.SCREENSHOT and artifact.bytes <= _INLINE_BYTES
    if not small or artifact.media_type not in {"image/png", "image/jpeg", "image/webp"}:
        return ""
    try:
        with artifact.open() as file:
            content = file.read()
    except OutriderError:
        return ""
    return f"data:{artifact.media_type};base64,{base64.b64encode(content).decode()}"


def _joined(memory: JudgeMemory, run: Run) -> list[tuple[str, str]]:
    """Return what else is known of its time: traces on the wire, the release, the load or journeys beside it."""
    links = []
    traces = list(dict.fromkeys(trace for attempt in run.attempts for trace in attempt.measurement.trace_ids))
    links += _first("trace", traces)
    live = [release for release in memory.releases(run.environment) if release.at_us <= run.due_us]
    if live:
        links.append(("release", live[-1].name))
    for attempt in run.attempts:
        if attempt.measurement.load is not None:
            links += _first("journey under load", [journey.run for journey in attempt.measurement.load.foreground])
    return links


def _first(kind: str, ids: Sequence[str]) -> list[tuple[str, str]]:
    """Return the first links of a kind, and how many more there are."""
    more = [(kind, f"and {len(ids) - _LINKS} more")] if len(ids) > _LINKS else []
    return [*((kind, identity) for identity in ids[:_LINKS]), *more]
