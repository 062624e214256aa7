"""From the store to a report's facts."""

from __future__ import annotations

import glob
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines import Settings
from outrider.charts import Waterfall, draw_heat, draw_shift, draw_trend, draw_waterfall
from outrider.model import SIMULATED, Outcome, Tally, counted, number
from outrider.reports.budget_forecast import breaches, budget_since_us, with_budgets
from outrider.reports.calendar import day_edges, with_days
from outrider.reports.capacity import MOST_LOADS, loads_of
from outrider.reports.check_health import health_of, names_of
from outrider.reports.facts import Forecast, NoIncidents, Report
from outrider.reports.outages import with_outages
from outrider.reports.silence import slices_of, unrecorded
from outrider.reports.speed import POINT_HOURS, changes_of, figures_of, heat_of, trend_of
from outrider.reports.step_history import measured_of
from outrider.reports.summary import summarise
from outrider.reports.time_text import Clock
from outrider.reports.verdict import verdict_of
from outrider.runs import is_kept_apart, silent_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from outrider.charts import Trend
    from outrider.model import Excerpt, Points, Release, ReportHistory, RunSummary, Series, SeriesReader, Step
    from outrider.reports.check_health import Place
    from outrider.reports.facts import Change, Health, Incident, Incidents, LoadFigures
    from outrider.reports.period import Period
    from outrider.reports.report_settings import ReportSettings
    from outrider.reports.step_history import Measured

_FAILURES_READ = 5_000
_REASONS = 3
_MANY = 100  # lines of checks beyond which trends of those without all charts have half as many points
_SOON_DAYS = 30
_HOUR_US = 3_600_000_000
_MONTH_HOURS = 28 * 24 - 1  # a shorter February, with its clocks
_SILENT = "the service did not run, or the check was paused or removed"
_WITHOUT_RESULT = (
    ((Outcome.MISSED, Outcome.SKIPPED), "{were} missed or skipped"),
    ((Outcome.SETUP_ERROR,), "ended in a setup error"),
    ((Outcome.INCONCLUSIVE,), "{were} inconclusive"),
)


def gather(
    store: ReportHistory,
    settings: ReportSettings,
    period: Period,
    now_us: int,
    *,
    workspace: str,
    incidents: Incidents | None = None,
    listener: Callable[[str], None] | None = None,
    judging: Settings | None = None,
) -> Report:
    """Return the report of a period; nothing later than `now_us` is read.

    Args:
        judging: For the floor of milliseconds below which a change is left out; the defaults if absent.
        listener: Called with the check that is read next.
    """
    source = incidents or NoIncidents()
    happened = tuple(source.incidents(period.since_us, period.until_us))
    reader = _PeriodReader(store, settings, period, replace(judging or Settings(), tz=period.timezone))
    failures, releases = reader.ended(Outcome.FAILED), reader.releases()
    health, changes = reader.detailed_health(_by_place(failures), releases, listener, happened)
    health = reader.with_unclear(health)
    forecasts, unforecast = reader.forecasts(health)
    loads = loads_of(store, period, settings)
    unseen, deleted = _unseen(store, health, settings, period)
    future = sum(tally.runs for tally in store.runs.tallies(now_us + _HOUR_US, 1 << 62))
    last_us = _last_runs(store, health, period)
    unmeasured = [*_unmeasured(health, period, last_us, (unseen, deleted), future), *_cut(failures, loads, health)]
    verdict = verdict_of(health, happened, settings.objective, period, unseen=len(unseen), now_us=now_us)
    return Report(
        title=settings.title,
        workspace=workspace,
        period=period,
        now_us=now_us,
        objective=settings.objective,
        verdict=verdict,
        summary=(
            verdict.sentence,
            *summarise(
                health,
                changes,
                forecasts,
                settings.objective,
                period,
                incidents=happened,
                without_data=verdict.without_data,
            ),
        ),
        health=tuple(health),
        changes=tuple(changes),
        incidents=happened,
        noise=source.noise(period.since_us, period.until_us),
        load=loads,
        forecasts=tuple(forecasts),
        unmeasured=tuple(unmeasured),
        simulated=any(host.startswith(SIMULATED) for host in store.runs.hosts()),
        unforecast=unforecast,
        lead_times=source.lead_times(period.since_us, period.until_us),
        capacity=tuple(source.capacity(period.until_us)) if period.hours >= _MONTH_HOURS else (),
        releases=tuple((release.at_us, release.name) for release in releases if release.at_us >= period.since_us),
    )


@dataclass(frozen=True, slots=True)
class _PeriodReader:
    """Reads what a report needs of one period, and of the one before it."""

    store: ReportHistory
    settings: ReportSettings
    period: Period
    judging: Settings

    def ended(self, outcome: Outcome) -> Excerpt[RunSummary]:
        """Return the latest runs of the period that ended so."""
        return self.store.runs.search(
            outcome=outcome,
            since_us=self.period.since_us,
            until_us=self.period.until_us,
            limit=_FAILURES_READ,
        )

    def releases(self) -> list[Release]:
        """Return every release before the period's end."""
        releases = self.store.judgements.releases(self.settings.environment or None)
        return [release for release in releases if release.at_us < self.period.until_us]

    def health(self) -> list[Health]:
        """Return the health of each check and place, without steps and charts."""
        checks = {str(check.id): check for check in self.store.checks.all()}
        earlier = self._tallies(self.period.before_us, self.period.since_us)
        tallies = self._tallies(self.period.since_us, self.period.until_us)
        health = health_of(tallies, earlier, checks, unrecorded=self._unrecorded())
        health = with_budgets(health, self._budget_tallies(), self.settings.objective, self.period)
        return with_days(health, [self._tallies(begin, end) for begin, end in day_edges(self.period)])

    def detailed_health(
        self,
        failures: Mapping[tuple[str, str, str], Sequence[RunSummary]],
        releases: Sequence[Release],
        listener: Callable[[str], None] | None,
        incidents: Sequence[Incident],
    ) -> tuple[list[Health], list[Change]]:
        """Return the health of each check and place with reasons, steps and charts; and changes.

        Changes that last come first, then the largest.
        """
        health = self.health()
        detailed, changes = [], []
        measurements = measured_of(self.store, health, self.period)
        for index, (check_health, measured) in enumerate(zip(health, measurements, strict=True)):
            if listener is not None:
                listener(f"{index + 1}/{len(health)} {check_health.name}")
            is_detailed = index < self.settings.detailed
            failed = failures.get(_place(check_health), ())
            with_failures = with_outages(check_health, failed, _passed_us(measured), self.period)
            with_failures = replace(with_failures, reasons=_top(Counter(run.reason for run in failed)))
            own = [incident for incident in incidents if incident.check == check_health.check]
            hours = POINT_HOURS if is_detailed or len(health) <= _MANY else 2 * POINT_HOURS
            whole, check_changes = self._measured(
                with_failures, measured, releases, own, detailed=is_detailed, hours=hours
            )
            detailed.append(whole)
            changes += check_changes
        return detailed, sorted(changes, key=lambda change: (change.ended_us is not None, -abs(change.ratio)))

    def with_unclear(self, health: Sequence[Health]) -> list[Health]:
        """Return the health with the most frequent reason of setup errors and of inconclusive runs."""
        reasons: dict[tuple[str, str, str], dict[Outcome, str]] = defaultdict(dict)
        for outcome in (Outcome.SETUP_ERROR, Outcome.INCONCLUSIVE):
            for place, runs in _by_place(self.ended(outcome)).items():
                reasons[place][outcome] = Counter(run.reason for run in runs).most_common(1)[0][0]
        return [replace(check, unclear=reasons.get(_place(check), {})) for check in health]

    def forecasts(self, health: Sequence[Health]) -> tuple[list[Forecast], int]:
        """Return which budgets will be used up and which certificates end, and how many checks have no forecast."""
        spent, unforecast = breaches(health, self._budget_tallies(), self.settings.objective, self.period)
        return [*spent, *_certificates(self.store.series, self.period, self.settings)], unforecast

    def _measured(
        self,
        health: Health,
        measured: Measured,
        releases: Sequence[Release],
        incidents: Sequence[Incident],
        *,
        detailed: bool,
        hours: int,
    ) -> tuple[Health, list[Change]]:
        """Return a check's health with its steps and charts, and the new levels that they took."""
        own_releases = [release for release in releases if release.environment == health.environment]
        figures, changes = [], []
        for series, points in measured.read:
            figures.append(figures_of(series.step, points, self.period))
            place = (health.check, series.step)
            changes += changes_of(place, points, own_releases, self.period, judging=self.judging)
        if not measured.read:
            return health, changes
        step, points = _slowest(measured.read)
        title = f"{step or 'whole run'} of {health.name}, medians of {hours} h"
        trend = replace(
            trend_of(title, points, self.period, changes, own_releases, hours=hours),
            outages=[(outage.began_us, outage.until_us) for outage in health.outages],
            notes=[(incident.began_us, incident.title) for incident in incidents],
        )
        charts = _charts(points, trend, self.period, detailed=detailed)
        charts["caption"] = f"{step or 'whole run'}: median of {hours} h, ms ({self.period.timezone})"
        if detailed and measured.steps:
            charts["waterfall"] = _waterfall(measured.steps)
            charts["waterfall_caption"] = _run_caption(_passed_us(measured), self.period)
        return replace(health, steps=tuple(figures), charts=charts), changes

    def _unrecorded(self) -> dict[Place, int]:
        """Return how many runs lack in each place: by hours where it ran in most of them, else by whole slices."""
        lacking = dict(unrecorded(*self._slices()))
        checks = [check.id for check in self.store.checks.all()]
        span = (self.period.since_us, self.period.until_us)
        by_hour = silent_hours(self.store, checks, *span)
        return lacking | {place: sum(hours.values()) for place, hours in by_hour.items()}

    def _slices(self) -> tuple[list[list[Tally]], list[list[Tally]]]:
        """Return the tallies of each slice of the period, and those of the period before at the same time."""
        back_us = self.period.since_us - self.period.before_us
        slices = slices_of(self.period)
        now = [self._tallies(begin, end) for begin, end in slices]
        return now, [self._tallies(begin - back_us, min(end - back_us, self.period.since_us)) for begin, end in slices]

    def _budget_tallies(self) -> list[Tally]:
        return self._tallies(budget_since_us(self.period), self.period.until_us)

    def _tallies(self, since_us: int, until_us: int) -> list[Tally]:
        return [tally for tally in self.store.runs.tallies(since_us, until_us) if _is_wanted(tally, self.settings)]


def _place(health: Health) -> tuple[str, str, str]:
    return health.check, health.environment, health.location


def _is_wanted(measured: Tally | Series, settings: ReportSettings) -> bool:
    subject = measured.check if isinstance(measured, Tally) else measured.subject
    if is_kept_apart(measured.environment):
        return False
    if settings.environment and measured.environment != settings.environment:
        return False
    return any(fnmatchcase(subject, pattern) for pattern in settings.checks)


def _top(reasons: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Return the most frequent reasons, and the others as the last."""
    ranked = reasons.most_common()
    rest = ranked[_REASONS:]
    others = [(counted(len(rest), "other reason"), sum(count for _, count in rest))] if rest else []
    return (*ranked[:_REASONS], *others)


def _by_place(failures: Iterable[RunSummary]) -> dict[tuple[str, str, str], list[RunSummary]]:
    places: dict[tuple[str, str, str], list[RunSummary]] = defaultdict(list)
    for run in failures:
        places[run.check, run.environment, run.location].append(run)
    return places


def _passed_us(measured: Measured) -> NDArray[np.int64]:
    """Return when runs passed: those that steps were measured of."""
    times = [points.at_us for _, points in measured.read]
    return np.unique(np.concatenate(times)) if times else np.empty(0, np.int64)


def _slowest(read: Sequence[tuple[Series, Points]]) -> tuple[str, Points]:
    """Return the step with the longest median, and its values."""
    series, points = max(read, key=lambda pair: float(np.median(pair[1].value)) if len(pair[1].value) else 0.0)
    return series.step, points


def _charts(points: Points, trend: Trend, period: Period, *, detailed: bool) -> dict[str, str]:
    charts = {"trend": draw_trend(trend)}
    if detailed:
        first, begin = np.searchsorted(points.at_us, [period.before_us, period.since_us])
        charts["shift"] = draw_shift(points.value[first:begin], points.value[begin:], period.words)
        charts["heat"] = draw_heat(heat_of(points, period.timezone), period.timezone)
    return charts


def _run_caption(passed_us: NDArray[np.int64], period: Period) -> str:
    """Return which run the steps are of; hours of rollups do not tell when it was."""
    recent_us = passed_us[passed_us >= period.before_us]
    when = f", {Clock(period.timezone).day_time(int(recent_us[-1]))}" if len(recent_us) else ""
    return f"Steps of a single run, the last that passed{when}"


def _waterfall(steps: Sequence[Step]) -> str:
    return draw_waterfall([Waterfall(step.title, step.offset_ms, step.duration_ms or 0.0) for step in steps])


def _certificates(reader: SeriesReader, period: Period, settings: ReportSettings) -> list[Forecast]:
    forecasts = []
    series = [
        certificate_series
        for certificate_series in reader.of()
        if certificate_series.metric == "certificate_days" and _is_wanted(certificate_series, settings)
    ]
    past = reader.past(series, period.since_us, period.until_us, exact_from_us=period.since_us)
    for certificate_series, points in zip(series, past, strict=True):
        if len(points.value):
            gone = (period.until_us - int(points.at_us[-1])) / (24 * _HOUR_US)
            days = float(points.value[-1]) - gone
            if days <= _SOON_DAYS:
                forecasts.append(
                    Forecast(certificate_series.subject, "the certificate ends", days, days, days, len(points.value))
                )
    return sorted(forecasts, key=lambda forecast: forecast.days)


def _cut(failures: Excerpt[RunSummary], loads: Iterable[LoadFigures], health: Iterable[Health]) -> Iterator[str]:
    """Yield what the limits of reading left out."""
    if not failures.is_complete:
        failed = sum(check_health.counts.get(Outcome.FAILED, 0) for check_health in health)
        total = f" of {number(failed)}" if failed > len(failures) else ""
        yield f"reasons of failures: only those of the latest {number(len(failures))}{total} failed runs"
    for load in loads:
        if not load.is_complete:
            yield f"{load.check}: only its latest {MOST_LOADS} loads were looked at for what its target sustains"


def _unseen(
    store: ReportHistory, health: Sequence[Health], settings: ReportSettings, period: Period
) -> tuple[list[str], list[str]]:
    """Return the checks that have no line, since nothing is recorded of them in two periods: loaded lately, and not."""
    listed = {check_health.check for check_health in health}
    unseen = [
        check
        for check in store.checks.all()
        if check.id not in listed and any(fnmatchcase(check.id, pattern) for pattern in settings.checks)
    ]
    lately: list[str] = [check.id for check in unseen if check.last_seen_us >= period.before_us]
    return lately, [check.id for check in unseen if check.last_seen_us < period.before_us]


def _unmeasured(
    health: Sequence[Health],
    period: Period,
    last_us: Mapping[tuple[str, str, str], int],
    without: tuple[Sequence[str], Sequence[str]],
    future: int,
) -> Iterator[str]:
    """Yield what was not measured: checks without a run first, then runs that lack, then those that say nothing.

    Args:
        last_us: When the last run was due, of places that have had none for days.
        without: Checks without a line, loaded lately and not, as `_unseen` has them.
        future: How many runs are due later than now.
    """
    unseen, deleted = without
    silent = [*(str(check.check) for check in health if not check.runs and not check.unrecorded), *unseen]
    names = names_of([*(check.check for check in health), *silent, *deleted])
    yield from (f"{names[check]}: no run in this time (switched off, paused, or never due)" for check in silent)
    lines = Counter(check.check for check in health)
    placed = [
        (check, f"{check.name} ({check.environment}, {check.location})" if lines[check.check] > 1 else check.name)
        for check in health
    ]
    for check, name in placed:
        if check.unrecorded:
            yield f"{name}: {_lacking(check, period, last_us.get(_place(check)))} ({_SILENT})"
    for outcomes, words in _WITHOUT_RESULT:
        for check, name in placed:
            count = sum(check.counts.get(outcome, 0) for outcome in outcomes)
            if count:
                became = words.format(were="was" if count == 1 else "were")
                why = (check.unclear or {}).get(outcomes[0], "")
                yield f"{name}: {number(count)} of {number(check.runs)} runs {became}{why and f': {why}'}"
    yield from (f"{names[check]}: no run in this time; it was deleted before it" for check in deleted)
    if future:
        yield f"{counted(future, 'run')} due later than now, since a clock was wrong: left out"


def _last_runs(store: ReportHistory, health: Iterable[Health], period: Period) -> dict[tuple[str, str, str], int]:
    """Return when the last run of the period was due, of each check that has no result of its last day."""
    last_us = {}
    for check in health:
        if check.unrecorded and any(check.days) and check.days[-1] is None:
            (run,) = store.runs.search(
                glob.escape(check.check),
                environment=check.environment,
                location=check.location,
                since_us=period.since_us,
                until_us=period.until_us,
                limit=1,
            ) or (None,)
            if run is not None:
                last_us[_place(check)] = run.due_us
    return last_us


def _lacking(health: Health, period: Period, last_us: int | None) -> str:
    """Return how many runs lack: all of the period, or those since the last one at the pace that runs had before."""
    if last_us is None:
        return f"nothing is recorded of about {counted(health.unrecorded, 'run')} that used to be due in this time"
    before = health.before.total / (period.since_us - period.before_us) if health.before else 0.0
    now = (health.runs - 1) / (last_us - period.since_us) if last_us > period.since_us else 0.0
    lacking = max(1, math.ceil(round((period.until_us - last_us) * max(before, now), 3)) - 1)
    when = Clock(period.timezone).day_time(last_us)
    return f"last run {when}; about {counted(lacking, 'run')} {'lacks' if lacking == 1 else 'lack'} since"
