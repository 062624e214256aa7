"""What the judge's sensitivity means on stored history: false alerts, and the smallest step that is seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.app.listeners import SILENT
from outrider.app.selection import display_name, stored_checks, unknown_check_note
from outrider.app.workspace_access import judge_settings
from outrider.model import OutriderError, TooFewSamples, UsageError
from outrider.runs import primary_series, series_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.app.listeners import ProgressListener
    from outrider.baselines import Calibration, Settings
    from outrider.model import CheckId, ReportHistory, Series, SeriesReader
    from outrider.workspace import Workspace


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
    """

    months_per_false_alert: float
    false_per_month: float
    false_per_month_upper: float
    smallest_step: float | None
    simulated_months: float
    by_part: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeriesSensitivity:
    """The present sensitivity of a series, beside a lower and a higher one."""

    check: CheckId
    step: str
    lower: Sensitivity
    now: Sensitivity
    higher: Sensitivity


def calibrate_checks(
    workspace: Workspace, store: ReportHistory, pattern: str = "*", *, listener: ProgressListener = SILENT
) -> list[SeriesSensitivity]:
    """Return what the judge's sensitivity means for each primary series of stored checks.

    Args:
        workspace: Whose sensitivity is the present one.
        store: Where the history is.
        pattern: A check's id, with * for any characters.
        listener: Follows the simulation; takes the problem of each series with too little history.

    Raises:
        UsageError: unknown-check; too-few-days if no series has two weeks of history.
    """
    if unknown := unknown_check_note(store.checks, pattern):
        raise UsageError(unknown, slug="unknown-check")
    settings = judge_settings(workspace)
    sensitivities: list[SeriesSensitivity] = []
    for check in stored_checks(store.checks, pattern):
        primary = primary_series(store, check)
        for series in primary:
            name = f"{display_name(check)}: {series.step}"
            listener.progress(name)
            try:
                low, present, high = _options(store.series, series, settings, _same_place(series, primary))
                sensitivities.append(SeriesSensitivity(check, series.step, low, present, high))
            except TooFewSamples as error:
                listener.problem(OutriderError(f"{name}: {error.what}", slug=error.slug, fix=error.fix))
    if not sensitivities:
        raise UsageError("no series has two weeks of history", slug="too-few-days", fix="let checks run for two weeks")
    return sensitivities


def _options(reader: SeriesReader, series: Series, settings: Settings, sharing: int) -> Iterator[Sensitivity]:
    """Return a lower sensitivity, the present one, and a higher one."""
    import numpy as np  # noqa: PLC0415 - only where used

    from outrider.baselines import sensitivities  # noqa: PLC0415 - SciPy is slow to import

    points = reader.samples(series)
    own = series_settings(settings, series.subject, sharing)
    at_s = points.at_us.astype("datetime64[us]").astype("datetime64[s]")
    options = sensitivities(at_s, points.value, np.random.default_rng(1), settings=own.overrides)
    return (_sensitivity(option, settings.months, own.months) for option in options)


def _same_place(series: Series, primary: Sequence[Series]) -> int:
    """Return how many series of the same place share the check's budget."""
    place = (series.environment, series.location)
    return sum((candidate.environment, candidate.location) == place for candidate in primary)


def _sensitivity(calibration: Calibration, check_months: float, series_months: float) -> Sensitivity:
    return Sensitivity(
        months_per_false_alert=round(check_months * calibration.months / series_months, 2),
        false_per_month=round(calibration.false_per_month, 4),
        false_per_month_upper=round(calibration.false_upper, 4),
        smallest_step=calibration.smallest_step,
        simulated_months=round(calibration.simulated_months, 1),
        by_part={part: round(often, 4) for part, often in calibration.by_part.items()},
    )
