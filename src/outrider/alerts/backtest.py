"""Replay of rules over stored runs: the same tracker, on the clock of the runs, without delivery."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.incident_records import read_incident
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.rule_findings import rule_causes, rule_title, threshold_findings
from outrider.alerts.run_findings import FindingContext, findings
from outrider.alerts.subject_findings import subject_labels
from outrider.baselines import judged_alerts
from outrider.model import CHECK_KINDS, Circumstances, Outcome, Run, SubjectKind, title_of
from outrider.runs import is_kept_apart, judged_aggregates, primary_series, release_share, series_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.incident import Incident
    from outrider.alerts.query_rule import QueryRule
    from outrider.baselines import Settings
    from outrider.model import JudgeHistory, Points, RunLog, RunSummary, Series

PART = "part"
"""The label that says which part of the judge opened an incident."""

_TICK_US = 60_000_000
_SHORT_RUNS = 2
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay.

    Attributes:
        incidents: That opened, the earliest first.
        short: How many of them had fewer than two bad runs.
        notifications: How many each receiver would have got, resolutions included.
        triggers: How many notifications would have been about something new.
        by_part: How many of the incidents each part of the judge opened ("provisional" while it learned); others by
            their problem.
        weak: How many of them notified nobody, since their evidence stayed weak.
        unread: Why rules over series of sources are not replayed, by their names.
    """

    incidents: tuple[Incident, ...]
    short: int
    notifications: dict[str, int]
    triggers: int
    by_part: Mapping[str, int] = field(default_factory=dict)
    weak: int = 0
    unread: Mapping[str, str] = field(default_factory=dict)


def replayed(findings: Iterable[Finding], settings: AlertSettings) -> Replayed:
    """Return what the tracker makes of findings, which must be in the order of time."""
    findings = list(findings)
    series = len({finding.key for finding in findings if finding.key.problem is Problem.DEGRADATION})
    tracker = IncidentTracker(settings, series=max(1, series))
    opened: dict[str, Incident] = {}
    bad: Counter[str] = Counter()
    notified: Counter[str] = Counter()
    triggers, next_us = 0, 0
    for finding in findings:
        next_us = next_us or finding.at_us
        while next_us <= finding.at_us:
            tracker.tick(next_us)
            next_us += _TICK_US if tracker.groups or tracker.incidents else max(_TICK_US, finding.at_us - next_us)
        tracker.observe([finding], finding.at_us)
        confirmation = tracker.confirmations.get(finding.key.text)
        if confirmation is not None and finding.present:
            bad[confirmation.incident] += 1
        changes = tracker.changes()
        opened |= {incident.id: read_incident(incident) for incident in changes.incidents}
        notified.update(notification.receiver for notification in changes.notifications)
        triggers += sum(
            notification.kind in {NotificationKind.TRIGGER, NotificationKind.UPDATE}
            for notification in changes.notifications
        )
    lasting = sorted(
        (incident for incident in opened.values() if incident.opened_us is not None),
        key=lambda incident: incident.began_us,
    )
    short = sum(bad[incident.id] < _SHORT_RUNS for incident in lasting)
    by_part = Counter(incident.opening_labels.get(PART, incident.problem.value) for incident in lasting)
    weak = sum(not incident.pages for incident in lasting)
    return Replayed(tuple(lasting), short, dict(notified), triggers, dict(by_part.most_common()), weak)


def stored_findings(
    store: JudgeHistory,
    judging: Settings,
    settings: AlertSettings,
    *,
    since_us: int,
    outside: Mapping[str, Mapping[Series, Points]] | None = None,
    on_series: Callable[[int, int, str], None] = lambda *_: None,
) -> list[Finding]:
    """Return the findings of stored runs and aggregates, in the order of time.

    Args:
        store: Of runs and aggregates.
        judging: Of the judge of the workspace.
        settings: Whose rules are replayed.
        since_us: Findings from then on.
        outside: Values of rules that were measured for this, by the name of the rule: what was stored of these is not
            replayed.
        on_series: Takes the number of each series before it is judged, how many there are, and its subject.
    """
    context = FindingContext(certificate_days=settings.certificate_days)
    runs = watched_runs(store.runs, since_us)
    collected = [finding for run in runs for finding in findings(stored_run(store.runs, run), (), context)]
    by_subject = [primary_series(store, check) for check in dict.fromkeys(run.check for run in runs)]
    subjects = dict.fromkeys(series.subject for series in judged_aggregates(store.series))
    by_subject += [judged_aggregates(store.series, subject) for subject in subjects]
    judged = [(series, series_settings(judging, series.subject, len(own))) for own in by_subject for series in own]
    outside = outside or {}
    known = {series: points for own in outside.values() for series, points in own.items()}
    for rule in settings.rules:
        stored = store.series.of(rule.subject) if rule.kind is not None else ()
        measured = outside.get(rule.name, stored)
        of_rule = [series for series in measured if rule.holds(series)]
        if rule.baseline is None:
            before_us = since_us - round(rule.for_s * _SECOND_US)
            for series in of_rule:
                points = known[series] if series in known else store.series.samples(series, since_us=before_us)
                collected += _thresholds(rule, series, points, since_us)
        else:
            own = rule.baseline_settings(judging)
            judged += ((series, series_settings(own, rule.subject, len(of_rule))) for series in of_rule)
    for number, (series, shared) in enumerate(judged):
        on_series(number, len(judged), series.subject)
        points = known[series] if series in known else store.series.samples(series)
        collected += _degradations(store, series, points, shared, since_us)
    return sorted(collected, key=lambda finding: finding.at_us)


def watched_runs(runs: RunLog, since_us: int) -> list[RunSummary]:
    """Return the runs due since then in the order of time, without those of gates, loads and trials."""
    summaries = runs.search("*", since_us=since_us, limit=None)
    return sorted(
        (summary for summary in summaries if not is_kept_apart(summary.environment)),
        key=lambda summary: summary.due_us,
    )


def stored_run(runs: RunLog, summary: RunSummary) -> Run:
    """Return a run with its attempts where it did not pass."""
    if summary.outcome is not Outcome.PASSED:
        return runs.get(summary.id).run
    return Run(
        summary.id, summary.check, summary.environment, summary.location, summary.due_us, summary.started_us,
        summary.finished_us, summary.outcome, summary.reason, (), Circumstances(),
    )  # fmt: skip


def _thresholds(rule: QueryRule, series: Series, points: Points, since_us: int) -> Iterator[Finding]:
    pairs = list(zip(points.at_us.tolist(), points.value.tolist(), strict=True))
    return threshold_findings(rule, pairs, series.environment, after_us=since_us - 1, value=series.step)


def _degradations(
    store: JudgeHistory, series: Series, points: Points, judging: Settings, since_us: int
) -> Iterator[Finding]:
    if not len(points.at_us):
        return
    times = (points.at_us // _SECOND_US).astype("datetime64[s]")
    alerts = judged_alerts(times, points.value, settings=judging.overrides)
    problem = Problem.RULE if series.subject.kind is SubjectKind.RULE else Problem.DEGRADATION
    key = FindingKey(problem, series.subject, series.environment, series.location, series.step)
    labels, causes = _labels_and_causes(series)
    title = title_of(series.subject)
    facts = Facts(
        series.step,
        step=series.step if problem is not Problem.RULE else "",
        title=rule_title(title, series.step) if problem is Problem.RULE else title,
    )
    releases = store.judgements.releases(series.environment)
    by_run = {run: (alert, run - alert.start) for alert in alerts for run in range(alert.start, alert.end)}
    for run, at_us in enumerate(points.at_us.tolist()):
        if at_us < since_us:
            continue
        if run not in by_run:
            yield Finding(key, False, at_us, facts, causes, labels)
            continue
        alert, place = by_run[run]
        since = replace(facts, since_us=alert.since * _SECOND_US)
        own = {**labels, PART: alert.rule}
        yield Finding(
            key, True, at_us, since, causes, own,
            chance_months=alert.chance_months[place], release_share=release_share(alert.since, releases, at_us),
        )  # fmt: skip


def _labels_and_causes(series: Series) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return labels and causes of a series' deviations, as live findings of checks and of other subjects have them."""
    subject = series.subject
    if subject.kind is not None and subject.kind not in CHECK_KINDS:
        problem = Problem.RULE if subject.kind is SubjectKind.RULE else Problem.DEGRADATION
        labels = subject_labels(subject, series.environment, series.location, series.step, problem)
        return labels, rule_causes(subject, series.step if problem is Problem.RULE else "")
    labels = {
        **problem_labels(Problem.DEGRADATION), "check": str(subject), "kind": subject.partition(":")[0],
        "environment": series.environment, "location": series.location, "step": series.step,
    }  # fmt: skip
    return labels, (f"step:{series.step}", f"check:{subject}")
