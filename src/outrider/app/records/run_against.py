"""A stored run beside the last good one of its check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.journeys import parse_har
from outrider.model import ArtifactKind, StoreError, UsageError
from outrider.reports import RequestTiming, RunComparison, inline_picture, pair_requests, pair_steps
from outrider.runs import base_environment, shown_attempt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.model import Run, RunLog, StoredArtifact, StoredRun
    from outrider.workspace import Workspace


def compare_with_last_good(workspace: Workspace, log: RunLog, run: str) -> RunComparison:
    """Return a run beside the newest run of its check and place that passed at once before it.

    A run of a trial, a gate or a load is compared within its own environment, or with what is watched if nothing
    passed there.

    Args:
        workspace: Whose runs.
        log: Where they are.
        run: Its id, or a unique beginning or end of it.

    Raises:
        UsageError: unknown-run, no-last-good.
    """
    stored = log.get(run)
    environment, good = _last_good(log, stored.run)
    notes: list[str] = []
    attempt = shown_attempt(stored.run) if stored.run.attempts else None
    steps = pair_steps(attempt, good.run.attempts[0]) if attempt and good.run.attempts else ()
    requests, alike = pair_requests(
        _requests(stored, attempt.number if attempt else 0, notes, "this run"),
        _requests(_with(log, stored.run, environment, ArtifactKind.HAR) or good, 1, notes, "the last good run"),
    )
    pictured = _with(log, stored.run, environment, ArtifactKind.SCREENSHOT)
    pictures = _picture(stored), _picture(pictured) if pictured else ""
    if not pictures[1]:
        notes.append("no picture of a good run is kept: passing runs take one once every [journeys] picture_every")
    return RunComparison(
        stored.run,
        good.run,
        steps,
        requests,
        alike,
        pictures,
        tuple(notes),
        workspace=workspace.name,
        timezone=workspace.timezone,
        picture_us=pictured.run.due_us if pictured else None,
    )


def _last_good(log: RunLog, run: Run) -> tuple[str, StoredRun]:
    """Return the environment to compare within, and the last good run there.

    Raises:
        UsageError: no-last-good.
    """
    for environment in dict.fromkeys((run.environment, base_environment(run.environment))):
        passed = log.last_good(run.check, environment=environment, location=run.location, until_us=run.due_us)
        if passed is not None:
            return environment, log.get(passed.id)
    raise UsageError(
        f"no run of {run.check} passed at once in {run.environment}, {run.location} before run {run.id}",
        slug="no-last-good",
        fix=f"outrider runs '{run.check}' lists its runs; the next that passes is kept for comparison",
    )


def _with(log: RunLog, run: Run, environment: str, kind: ArtifactKind) -> StoredRun | None:
    """Return the newest good run that still has an artifact of a kind."""
    place = {"environment": environment, "location": run.location}
    passed = log.last_good(run.check, **place, until_us=run.due_us, kind=kind)
    return None if passed is None else log.get(passed.id)


def _requests(stored: StoredRun, attempt: int, notes: list[str], whose: str) -> list[RequestTiming]:
    """Return the requests of an attempt by its HARs; a note says if there is none."""
    hars = [file for file in stored.artifacts if file.kind is ArtifactKind.HAR and file.attempt == attempt]
    requests = [request for har in hars for request in _timings(har, notes)]
    if not hars:
        notes.append(f"no HAR of {whose} is kept: its requests are unknown")
    return requests


def _timings(har: StoredArtifact, notes: list[str]) -> Iterator[RequestTiming]:
    try:
        content = har.read()
    except StoreError as error:  # pruned meanwhile
        notes.append(error.what)
        return
    for request in parse_har(content):
        yield RequestTiming(request.method, request.url, request.status, request.duration_ms, request.failure)


def _picture(stored: StoredRun) -> str:
    """Return the first screenshot of a run as a data address; empty if it has none."""
    pictures = (inline_picture(file) for file in stored.artifacts if file.kind is ArtifactKind.SCREENSHOT)
    return next(filter(None, pictures), "")
