"""One run: its report, its requests, and what differs from the last good run of its check in the same place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import headline
from outrider.dashboard.check_detail import check_incidents
from outrider.dashboard.har_requests import MOST_BYTES, WireRequest, wire_requests
from outrider.model import ArtifactKind, OutriderError, RunPosition, UsageError
from outrider.reports import Incident as ReportedIncident
from outrider.reports import RequestTiming, inline_picture, pair_requests, pair_steps, run_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.dashboard.sources import Sources
    from outrider.model import Attempt, CheckId, Run, Sample, StoredRun
    from outrider.reports import Noise, RequestPair, RunReport, StepPair

MOST_SAMPLES = 60
_RUN_ID = re.compile(r"[0-9a-fA-F-]{4,36}")


@dataclass(frozen=True, slots=True)
class GoodRun:
    """The last run before that passed at once, and what differs from it.

    Attributes:
        requests: Those that differ, the worst first; `alike` addresses do not, or are left out.
        picture: Its screenshot as a data address; empty without a small one.
    """

    run: Run
    steps: tuple[StepPair, ...]
    requests: tuple[RequestPair, ...]
    alike: int
    picture: str


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with what explains it.

    Attributes:
        requests: Of the attempt that counts; `more_requests` are left out.
        samples: What the attempt that counts gave.
        good: None if no earlier run passed.
        earlier: The run before it of the same check; None for the first.
    """

    report: RunReport
    requests: tuple[WireRequest, ...]
    more_requests: int
    samples: tuple[Sample, ...]
    more_samples: int
    good: GoodRun | None
    earlier: str | None

    @property
    def run(self) -> Run:
        """The run itself, without its attempts."""
        return self.report.run


@dataclass(frozen=True, slots=True)
class _CheckIncidents:
    """The incidents of one check, as a run's report asks for them."""

    sources: Sources
    check: CheckId

    def incidents(self, since_us: int, until_us: int) -> Sequence[ReportedIncident]:
        return [
            ReportedIncident(headline(incident), self.check, incident.began_us, incident.ended_us, incident.lead.what)
            for incident in check_incidents(self.sources, self.check, until_us)
            if incident.began_us < until_us and (incident.ended_us is None or incident.ended_us >= since_us)
        ]

    def noise(self, since_us: int, until_us: int) -> Noise | None:  # noqa: ARG002 - the protocol's
        return None


def run_detail(sources: Sources, name: str) -> RunDetail:
    """Return what is known of a run, by its id or a beginning or end of it that is unique.

    Raises:
        UsageError: unknown-run or ambiguous-run.
    """
    if not _RUN_ID.fullmatch(name):
        raise UsageError(f'"{name[:80]}" is no id of a run', slug="unknown-run", fix="open it from its check's page")
    store = sources.store
    stored = store.runs.get(name)
    run = stored.run
    report = run_report(
        store,
        stored,
        workspace=sources.title,
        timezone=sources.service().timezone,
        incidents=_CheckIncidents(sources, run.check),
    )
    counted = counted_attempt(run)
    samples = counted.measurement.samples if counted else ()
    requests, more = requests_of(stored, counted)
    earlier = store.history.runs_before(run.check, RunPosition(run.due_us, run.id), limit=1)
    return RunDetail(
        report=report, requests=requests, more_requests=more,
        samples=samples[:MOST_SAMPLES], more_samples=max(len(samples) - MOST_SAMPLES, 0),
        good=_good_run(sources, stored, counted), earlier=earlier[0].id if earlier else None,
    )  # fmt: skip


def counted_attempt(run: Run) -> Attempt | None:
    """Return the attempt that counts: the measured one, else the first; None without any."""
    return next((attempt for attempt in run.attempts if attempt.measured), next(iter(run.attempts), None))


def requests_of(stored: StoredRun, attempt: Attempt | None) -> tuple[tuple[WireRequest, ...], int]:
    """Return the first requests of an attempt, or of the first other one that has any, and how many more there are."""
    files = [artifact for artifact in stored.artifacts if artifact.kind is ArtifactKind.HAR]
    files.sort(key=lambda artifact: attempt is None or artifact.attempt != attempt.number)
    for artifact in files:
        if artifact.bytes > MOST_BYTES:
            continue
        try:
            requests = wire_requests(artifact.read())
        except (OutriderError, OSError, EOFError):
            continue
        if requests[0]:
            return requests
    return (), 0


def _good_run(sources: Sources, stored: StoredRun, counted: Attempt | None) -> GoodRun | None:
    run = stored.run
    line = sources.store.runs.last_good(
        run.check, environment=run.environment, location=run.location, until_us=run.due_us
    )
    if line is None or counted is None:
        return None
    good = sources.store.runs.get(line.id)
    good_attempt = counted_attempt(good.run)
    if good_attempt is None:
        return None
    requests, alike = _differing(requests_of(stored, counted)[0], requests_of(good, good_attempt)[0])
    pictures = [picture for artifact in good.artifacts if (picture := inline_picture(artifact))]
    return GoodRun(good.run, pair_steps(counted, good_attempt), requests, alike, "".join(pictures[-1:]))


def _differing(requests: Sequence[WireRequest], good: Sequence[WireRequest]) -> tuple[tuple[RequestPair, ...], int]:
    """Return what differs; nothing where either has no requests, of which retention removes files first."""
    if not requests or not good:
        return (), 0
    return pair_requests(map(_timing, requests), map(_timing, good))


def _timing(request: WireRequest) -> RequestTiming:
    return RequestTiming(request.method, request.url, request.status, request.duration_ms, request.failure)
