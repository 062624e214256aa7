"""What a rule would have made of stored runs: the same keeper, on the clock of the runs, with nobody told."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from outrider.alerts.finding import Facts, Finding, Problem, Subject
from outrider.alerts.incident_records import read_incident
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.run_findings import FindingContext, findings
from outrider.baselines import months_per_series, replay
from outrider.model import Circumstances, Outcome, Run
from outrider.runs import GATE_SUFFIX, LOAD_SUFFIX, TRIAL_SUFFIX, primary_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.incident import Incident
    from outrider.baselines import Settings
    from outrider.store import RunSummary, Series, Store

_APART = (GATE_SUFFIX, LOAD_SUFFIX, TRIAL_SUFFIX)
_TICK_US = 60_000_000
_SHORT_RUNS = 2
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    Attributes:
        incidents: That opened, the earliest first.
        short: How many of them had fewer than two bad runs.
        notifications: How many each receiver would have got, those of an end included.
        triggers: How many times somebody would have been told of something new.
    """

    incidents: tuple[Incident, ...]
    short: int
    notifications: dict[str, int]
    triggers: int


def replayed(found: Iterable[Finding], settings: AlertSettings) -> Replayed:
    """Return what the keeper makes of symptoms, which must be in the order of time."""
    keeper = IncidentTracker(settings)
    opened: dict[str, Incident] = {}
    bad: Counter[str] = Counter()
    told: Counter[str] = Counter()
    triggers, next_us = 0, 0
    for symptom in found:
        next_us = next_us or symptom.at_us
        while next_us <= symptom.at_us:
            keeper.tick(next_us)
            next_us += _TICK_US if keeper.groups or keeper.incidents else max(_TICK_US, symptom.at_us - next_us)
        keeper.hear([symptom], symptom.at_us)
        watch = keeper.watches.get(symptom.subject.key)
        if watch is not None and symptom.present:
            bad[watch.incident] += 1
        changes = keeper.changes()
        opened |= {one.id: read_incident(one) for one in changes.incidents}
        told.update(one.receiver for one in changes.notifications)
        triggers += sum(
            one.kind in {NotificationKind.TRIGGER, NotificationKind.UPDATE} for one in changes.notifications
        )
    lasting = sorted((one for one in opened.values() if one.opened_us is not None), key=lambda one: one.began_us)
    short = sum(bad[one.id] < _SHORT_RUNS for one in lasting)
    return Replayed(tuple(lasting), short, dict(told), triggers)


def stored_findings(store: Store, judging: Settings, settings: AlertSettings, *, since_us: int) -> list[Finding]:
    """Return everything that stored runs say, in the order of time."""
    known = FindingContext(certificate_days=settings.certificate_days)
    runs = watched_runs(store, since_us)
    found = [one for run in runs for one in findings(stored_run(store, run), (), known)]
    for check in dict.fromkeys(run.check for run in runs):
        series = primary_series(store, check)
        if series:
            shared = replace(judging, months=months_per_series(judging.months, len(series)))
            found += [one for each in series for one in _degradations(store, each, shared, since_us)]
    return sorted(found, key=lambda one: one.at_us)


def watched_runs(store: Store, since_us: int) -> list[RunSummary]:
    """Return the runs due since then in the order of time, without those of gates, loads and trials."""
    found = store.runs("*", since_us=since_us, limit=None)
    return sorted((one for one in found if not one.environment.endswith(_APART)), key=lambda one: one.due_us)


def stored_run(store: Store, summary: RunSummary) -> Run:
    """Return a run whole where it may say more than its outcome."""
    if summary.outcome is not Outcome.PASSED:
        return store.run(summary.id).run
    return Run(
        summary.id, summary.check, summary.environment, summary.location, summary.due_us, summary.started_us,
        summary.finished_us, summary.outcome, summary.reason, (), Circumstances(),
    )  # fmt: skip


def _degradations(store: Store, series: Series, judging: Settings, since_us: int) -> Iterator[Finding]:
    points = store.samples(series)
    if not len(points.at_us):
        return
    asked = {name: value for name, value in asdict(judging).items() if name != "scale"}
    alerting = replay((points.at_us // _SECOND_US).astype("datetime64[s]"), points.value, settings=asked)
    subject = Subject(Problem.DEGRADATION, series.check, series.environment, series.location, series.step)
    labels = {
        "trouble": Problem.DEGRADATION.value, "check": series.check, "kind": series.check.partition(":")[0],
        "environment": series.environment, "location": series.location, "step": series.step,
    }  # fmt: skip
    facts = Facts(f"{series.step} is slow", step=series.step)
    causes = (f"step:{series.step}", f"check:{series.check}")
    for at_us, is_slow in zip(points.at_us.tolist(), alerting.tolist(), strict=True):
        if at_us >= since_us:
            yield Finding(subject, is_slow, at_us, facts, causes, labels)
