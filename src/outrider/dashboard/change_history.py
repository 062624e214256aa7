"""What changed about the time that an incident began: releases, versions, events, loads, certificates, errors, logs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from outrider.alerts import Phase, Problem, all_hold, check_of, headline, is_check, parse_matcher, read_incidents
from outrider.causes import Change, ChangeKind, Changes, asset_changes, asset_versions, change_suspects
from outrider.dashboard.metric_history import metric_changes
from outrider.dashboard.page_addresses import incident_path, issue_path, run_path, service_path
from outrider.model import (
    SIMULATED,
    ArtifactKind,
    CheckId,
    IncidentQuery,
    IssueOrder,
    IssueQuery,
    Kind,
    OutriderError,
    RunId,
    RunPosition,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.causes import ChangeSuspect
    from outrider.model import (
        AnnotationLog,
        CheckHistory,
        CheckRegistry,
        ErrorLog,
        Excerpt,
        IncidentLog,
        JudgeMemory,
        NotablePattern,
        RunFacts,
        RunLog,
        ServiceReader,
        Span,
    )

_HOUR_US: Final = 3_600 * 10**6
_DAY_US: Final = 24 * _HOUR_US
_AFTER_US: Final = _HOUR_US // 6
_WATCHED_US: Final = 28 * _DAY_US
_US: Final = 10**6
_MOST: Final = 1_000
_LOADS: Final = 20
_RUNS: Final = 200
_FIRST: Final = "0" * 32
_NEAR_RUNS: Final = 6
_FAR_RUNS: Final = 12
_LEAST_RUNS: Final = 3
_MOST_HAR_BYTES: Final = 20_000_000
"""Of a run's requests that are read to tell versions of scripts: of the nearest runs, and of some of the day before."""

_ENVIRONMENTS: Final = ("deployment.environment.name", "deployment.environment")
_FACTS: Final = {
    ChangeKind.ADDRESS: {"remote": "{}"},
    ChangeKind.PROBER: {
        "browser": "has {}", "outrider_version": "has Outrider {}", "host": "is {}",
        "snapshot": "has other files of the workspace",
    },
}  # fmt: skip
"""What runs were measured with, by its name, and what a reader is told of a value that is new."""

_PHASES: Final = tuple(phase.value for phase in Phase if phase is not Phase.PENDING)
_OTHERS: Final = frozenset({Problem.FAILURE, Problem.DEGRADATION, Problem.NETWORK, Problem.RULE, Problem.OUTRIDER})


class ChangeRecords(Protocol):
    """Where what changed is kept."""

    @property
    def judgements(self) -> JudgeMemory:
        """Releases."""
        ...

    @property
    def annotations(self) -> AnnotationLog:
        """Events that people and programs note."""
        ...

    @property
    def incidents(self) -> IncidentLog:
        """Other incidents, and certificates."""
        ...

    @property
    def errors(self) -> ErrorLog:
        """Issues."""
        ...

    @property
    def checks(self) -> CheckRegistry:
        """Loads, and since when anything is watched."""
        ...

    @property
    def history(self) -> CheckHistory:
        """Runs of loads."""
        ...

    @property
    def runs(self) -> RunLog:
        """What the pages of runs loaded."""
        ...


@dataclass(frozen=True, slots=True)
class ChangedTelemetry:
    """What telemetry tells of changes.

    Attributes:
        services: Answers about versions; None where none is taken.
        notable: Patterns of log records that are new or explode.
        met: The services that the traces of the incident's runs meet, each with its environments; empty where that is
            not known, for all.
    """

    services: ServiceReader | None = None
    notable: Sequence[NotablePattern] = ()
    met: Mapping[str, Collection[str]] = field(default_factory=dict)

    def is_met(self, service: str, environment: str = "") -> bool:
        """Return whether a service may have to do with the incident, and not another one of its name elsewhere."""
        met = self.met.get(service, ())
        return not self.met or (service in self.met and (not environment or "" in met or environment in met))


def met_services(spans: Iterable[Span]) -> dict[str, set[str]]:
    """Return the services of spans, each with its environments; "" for an unknown one."""
    met: dict[str, set[str]] = {}
    for span in spans:
        named = (span.resource.get(name, "") for name in _ENVIRONMENTS)
        met.setdefault(span.service, set()).add(next(filter(None, named), ""))
    return met


def incident_changes(
    records: ChangeRecords, incident: Incident, now_us: int, telemetry: ChangedTelemetry
) -> tuple[ChangeSuspect, ...]:
    """Return what changed nearest to the beginning of an incident, the likeliest cause first.

    Raises:
        TelemetryError: If the telemetry cannot be read.
    """
    began_us = incident.since_us
    first_us = min((known.first_seen_us for known in records.checks.all()), default=began_us)
    since_us = max(began_us - _WATCHED_US, min(first_us, began_us - _HOUR_US))
    until_us = min(now_us, began_us + _AFTER_US)
    asked = _Asked(records, incident, since_us, until_us, telemetry)
    known = asked.run_facts()
    histories = (
        Changes(ChangeKind.RELEASE, asked.releases(), until_us - since_us),
        asked.events(),
        asked.loads(),
        *asked.facts(known),
        *asked.metrics(known),
        *asked.assets(),
        *asked.incidents(),
        asked.issues(),
        *asked.versions(),
        *asked.patterns(now_us),
    )
    return change_suspects(histories, began_us, began_us - _good_until_us(records.history, incident))


def _new_values(known: Sequence[RunFacts], name: str, text: str) -> Iterator[Change]:
    """Yield the values that a fact first had later than another one; those that came back are no new ones."""
    first: dict[str, int] = {}
    for own in known:
        if value := own.facts.get(name, ""):
            first[value] = min(first.get(value, own.first_us), own.first_us)
    began_us = min(first.values(), default=0)
    yield from (Change(at_us, text.format(value)) for value, at_us in first.items() if at_us > began_us)


def _good_until_us(history: CheckHistory, incident: Incident) -> int:
    """Return when the last run before it began was due: the problem may have begun since then."""
    check = CheckId(check_of(incident.lead_subject)) if incident.lead_subject else None
    before = RunPosition(incident.since_us, RunId(_FIRST))
    runs = history.runs_before(check, before, limit=_LOADS) if check else ()
    location = incident.labels.get("location", "")
    dues = [run.due_us for run in runs if not location or run.location == location]
    return max(dues[0] if dues else incident.since_us, incident.since_us - _HOUR_US)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for: changes between two times that may have to do with an incident."""

    records: ChangeRecords
    incident: Incident
    since_us: int
    until_us: int
    telemetry: ChangedTelemetry

    @property
    def environment(self) -> str:
        return self.incident.lead_subject.split("|")[1] if self.incident.lead_subject else ""

    def releases(self) -> list[Change]:
        known = self.records.judgements.releases(self.environment or None)
        return [Change(own.at_us, own.name, "/releases") for own in known if self._is_in(own.at_us)]

    def events(self) -> Changes:
        """Return what was noted; of too much the last, in the time that it took."""
        noted = self.records.annotations.between(self.since_us, self.until_us, limit=_MOST)
        first_us = noted[0].at_us if len(noted) == _MOST else self.since_us
        changes = [Change(mark.at_us, mark.text, "/annotations") for mark in noted if self._concerns(mark.matchers)]
        return Changes(ChangeKind.EVENT, changes, self.until_us - first_us)

    def loads(self) -> Changes:
        """Return the runs of load profiles; where one has too many the last, in the time that they took."""
        names = [known.id for known in self.records.checks.all() if known.kind is Kind.LOAD][:_LOADS]
        histories = [self.records.history.runs_before(name, None, limit=_RUNS) for name in names]
        cut_us = [own[-1].started_us for own in histories if not own.is_complete]
        first_us = max([self.since_us, *cut_us])
        changes = [
            Change(run.started_us, f"{run.check.name} began", run_path(run.id)) for runs in histories for run in runs
            if first_us <= run.started_us <= self.until_us and run.check not in self.incident.checks
        ]  # fmt: skip
        return Changes(ChangeKind.LOAD, changes, self.until_us - first_us)

    def run_facts(self) -> Excerpt[RunFacts] | None:
        """Return what the check's runs were measured with and against; None of what is no check."""
        check, location = CheckId(check_of(self.incident.lead_subject)), self.incident.labels.get("location", "")
        if not is_check(self.incident.lead_subject) or not location:
            return None
        place = self.environment, location
        return self.records.history.facts_of(check, place, self.since_us, self.until_us)

    def facts(self, known: Excerpt[RunFacts] | None) -> Iterator[Changes]:
        """Yield which addresses the check's target newly had, and what its prober was newly run with."""
        if known is None:
            return
        first_us = self.since_us if known.is_complete else known[-1].first_us
        real = [own for own in known if not own.facts.get("host", "").startswith(SIMULATED)]
        for kind, names in _FACTS.items():
            changes = [change for name, text in names.items() for change in _new_values(real, name, text)]
            yield Changes(kind, changes, self.until_us - first_us)

    def metrics(self, known: Excerpt[RunFacts] | None) -> Iterator[Changes]:
        """Yield when metrics moved of the prober's hosts, of others, and of services."""
        if self.telemetry.services is not None:
            probers = {own.facts.get("host", "") for own in known or ()} - {""}
            yield from metric_changes(self.telemetry.services, self.until_us, self.telemetry.met, probers)

    def assets(self) -> Iterator[Changes]:
        """Yield which scripts and style sheets a journey's pages newly loaded, by what is kept of its requests."""
        check = CheckId(check_of(self.incident.lead_subject))
        if check.partition(":")[0] != Kind.JOURNEY:
            return
        place = self.environment, self.incident.labels.get("location", "")
        runs = self.records.history.runs_before(check, RunPosition(self.until_us, RunId(_FIRST)), limit=_RUNS)
        since_us = self.incident.since_us - _DAY_US
        own = [run for run in runs if (run.environment, run.location) == place and run.due_us >= since_us]
        after = [run for run in own if run.due_us > self.incident.since_us][-1:]
        before = [run for run in own if run.due_us <= self.incident.since_us]
        chosen = [*after, *before[:_NEAR_RUNS], *before[_NEAR_RUNS :: max(len(before) // _FAR_RUNS, 1)]]
        loaded = [(run.due_us, versions) for run in reversed(chosen) if (versions := self._versions(run.id))]
        if len(loaded) >= _LEAST_RUNS:
            changes = [
                Change(at_us, f"{name}: {before} → {since}") for at_us, name, before, since in asset_changes(loaded)
            ]
            yield Changes(ChangeKind.ASSET, changes, self.until_us - loaded[0][0])

    def _versions(self, run: RunId) -> Mapping[str, str]:
        versions: dict[str, str] = {}
        with suppress(OutriderError, OSError, EOFError):
            for artifact in self.records.runs.get(run).artifacts:
                if artifact.kind is ArtifactKind.HAR and artifact.bytes <= _MOST_HAR_BYTES:
                    versions |= asset_versions(artifact.read())
        return versions

    def incidents(self) -> Iterator[Changes]:
        """Yield certificates, and other incidents; those that share a check are this one. Of too many the last."""
        stored = self.records.incidents.list(IncidentQuery(_PHASES, self.since_us), _MOST)
        first_us = self.since_us if stored.is_complete else max(self.since_us, stored[-1].began_us)
        others = [
            own for own in read_incidents(stored)
            if not set(own.checks) & set(self.incident.checks) and self._is_in(own.began_us)
        ]  # fmt: skip
        for kind, problems in ((ChangeKind.CERTIFICATE, {Problem.CERTIFICATE}), (ChangeKind.INCIDENT, _OTHERS)):
            changes = [
                Change(own.began_us, headline(own), incident_path(own.id)) for own in others if own.problem in problems
            ]
            yield Changes(kind, changes, self.until_us - first_us)

    def issues(self) -> Changes:
        """Return the issues that were new; of too many the last, in the time that they took."""
        query = IssueQuery(self.until_us, new_since_us=self.since_us, order=IssueOrder.FIRST_SEEN)
        issues = self.records.errors.list(query, _MOST, hours=1)
        first_us = self.since_us if issues.is_complete else min(issue.first_us for issue in issues)
        changes = [
            Change(issue.first_us, f"{issue.title}{': ' if issue.value else ''}{issue.value}", issue_path(issue.id))
            for issue in issues if self._is_in(issue.first_us) and f"issue:{issue.id}" not in self.incident.checks
        ]  # fmt: skip
        return Changes(ChangeKind.ISSUE, changes, self.until_us - first_us)

    def versions(self) -> Iterator[Changes]:
        if self.telemetry.services is None:
            return
        known = self.telemetry.services.deployments(self.since_us * 1000, self.until_us * 1000)
        changes = [
            Change(own.at_us, f"{own.service} {own.previous} → {own.version}", service_path(own.service))
            for own in known if self.telemetry.is_met(own.service, own.environment)
        ]  # fmt: skip
        yield Changes(ChangeKind.VERSION, changes, self.until_us - self.since_us)

    def patterns(self, now_us: int) -> Iterator[Changes]:
        """Yield the patterns of the last day, which is how long they are known; nothing of an older incident."""
        since_us = now_us - _DAY_US
        if self.telemetry.services is None or self.incident.since_us < since_us:
            return
        changes = [
            Change(row.since_s * _US, f"{row.service}: {row.text}", service_path(row.service))
            for row in self.telemetry.notable if row.since_s * _US >= since_us and self.telemetry.is_met(row.service)
        ]  # fmt: skip
        yield Changes(ChangeKind.PATTERN, changes, _DAY_US)

    def _is_in(self, at_us: int) -> bool:
        return self.since_us <= at_us <= self.until_us

    def _concerns(self, matchers: Sequence[str]) -> bool:
        try:
            return all_hold(map(parse_matcher, matchers), self.incident.labels)
        except UsageError:  # what no version of ours wrote
            return False
