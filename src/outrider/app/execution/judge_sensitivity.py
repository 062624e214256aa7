"""What the judge's sensitivity means on stored history: false alerts, and the smallest step that is seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from outrider.app.access.listeners import SILENT
from outrider.app.access.selection import display_name, refuse_unknown, stored_checks, stored_subjects
from outrider.app.access.workspace_access import judge_settings
from outrider.model import OutriderError, TooFewSamples, UsageError
from outrider.runs import judged_aggregates, primary_series, series_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from outrider.app.access.listeners import ProgressListener
    from outrider.baselines import Calibration, Settings
    from outrider.model import ReportHistory, Series, SeriesReader, Subject
    from outrider.workspace import Workspace


_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A setting of the judge, and what it means on one series.

    Attributes:
        months_per_false_alert: The setting: months between two false alerts of a whole check.
        false_per_month: False alerts on this series, simulated.
        false_per_month_upper: The upper end of their interval.
        smallest_step: The smallest change, as a share, that is seen within a day; None if none that was tried.
        simulated_months: How much history was simulated.
        by_part: False alerts a month that each part of the judge gave, the most first.
        false_alerts: How many that were.
        expected_per_month: How many there should be a month: the check's budget, shared among its series.
        chance: Probability that chance alone gives as many or more where so many are expected; alerts on the runs of
            one day count as a cluster.
        by_day: How many of them began on the runs of each stored day (UTC, ISO 8601), the most first.
    """

    months_per_false_alert: float
    false_per_month: float
    false_per_month_upper: float
    smallest_step: float | None
    simulated_months: float
    by_part: Mapping[str, float] = field(default_factory=dict)
    false_alerts: int = 0
    expected_per_month: float = 0.0
    chance: float = 1.0
    by_day: Mapping[str, int] = field(default_factory=dict)

    @property
    def expected_alerts(self) -> float:
        """How many false alerts there should be in the simulated time."""
        return self.expected_per_month * self.simulated_months


@dataclass(frozen=True, slots=True)
class SeriesSensitivity:
    """The present sensitivity of a series, beside a lower and a higher one."""

    check: Subject
    step: str
    lower: Sensitivity
    now: Sensitivity
    higher: Sensitivity


def calibrate_checks(
    workspace: Workspace, store: ReportHistory, pattern: str = "*", *, listener: ProgressListener = SILENT
) -> list[SeriesSensitivity]:
    """Return what the judge's sensitivity means for each series that is judged.

    Args:
        workspace: Whose sensitivity is the present one.
        store: Where the history is.
        pattern: The id of a check or of another subject, with * for any characters.
        listener: Follows the simulation; takes the problem of each series with too little history.

    Raises:
        UsageError: unknown-check; too-few-days if no series has two weeks of history.
    """
    refuse_unknown(store, pattern)
    settings = judge_settings(workspace)
    sensitivities: list[SeriesSensitivity] = []
    primary = _judged_series(store, pattern)
    for number, series in enumerate(primary):
        name = f"{display_name(series.subject)}: {series.step}" if series.step else display_name(series.subject)
        own = series_settings(settings, series.subject, _same_place(series, primary))
        on_replay = partial(listener.counted, number, len(primary), name)
        try:
            low, present, high = _options(store.series, series, own, settings.months, on_replay=on_replay)
            sensitivities.append(SeriesSensitivity(series.subject, series.step, low, present, high))
        except TooFewSamples as error:
            listener.problem(OutriderError(f"{name}: {error.what}", slug=error.slug, fix=error.fix))
    if not sensitivities:
        raise UsageError("no series has two weeks of history", slug="too-few-days", fix="let checks run for two weeks")
    return sensitivities


def _judged_series(store: ReportHistory, pattern: str) -> list[Series]:
    """Return the series that are judged: of checks those of primary steps, of other subjects their aggregates."""
    of_checks = (primary_series(store, check) for check in stored_checks(store.checks, pattern))
    of_others = (judged_aggregates(store.series, subject) for subject in stored_subjects(store.series, pattern))
    return [series for own in (*of_checks, *of_others) for series in own]


def _options(
    reader: SeriesReader, series: Series, own: Settings, check_months: float, *, on_replay: Callable[[], None]
) -> Iterator[Sensitivity]:
    """Return a lower sensitivity, the present one, and a higher one."""
    import numpy as np  # noqa: PLC0415 - only where used

    from outrider.baselines import sensitivities  # noqa: PLC0415 - SciPy is slow to import

    points = reader.samples(series)
    at_s = points.at_us.astype("datetime64[us]").astype("datetime64[s]")
    options = sensitivities(at_s, points.value, np.random.default_rng(1), settings=own.overrides, on_replay=on_replay)
    return (_sensitivity(option, check_months, own.months) for option in options)


def _same_place(series: Series, primary: Sequence[Series]) -> int:
    """Return how many series of the same subject and place share its budget."""
    place = (series.subject, series.environment, series.location)
    return sum((other.subject, other.environment, other.location) == place for other in primary)


def chance_of_all(sensitivities: Sequence[Sensitivity]) -> float:
    """Return the probability that chance alone gives as many false alerts as several series had, or more."""
    from outrider.baselines import chance_of_as_many  # noqa: PLC0415 - SciPy is slow to import

    clusters = [count for option in sensitivities for count in option.by_day.values()]
    return chance_of_as_many(clusters, sum(option.expected_alerts for option in sensitivities))


def _sensitivity(calibration: Calibration, check_months: float, series_months: float) -> Sensitivity:
    from outrider.baselines import chance_of_as_many  # noqa: PLC0415 - SciPy is slow to import

    expected = calibration.simulated_months / calibration.months
    return Sensitivity(
        months_per_false_alert=round(check_months * calibration.months / series_months, 2),
        false_per_month=round(calibration.false_per_month, 4),
        false_per_month_upper=round(calibration.false_upper, 4),
        smallest_step=calibration.smallest_step,
        simulated_months=round(calibration.simulated_months, 1),
        by_part={part: round(often, 4) for part, often in calibration.by_part.items()},
        false_alerts=calibration.false_alerts,
        expected_per_month=round(1 / calibration.months, 4),
        chance=round(chance_of_as_many(calibration.by_day.values(), expected), 4),
        by_day={str(date.fromordinal(_EPOCH_DAY + day)): count for day, count in calibration.by_day.items()},
    )
