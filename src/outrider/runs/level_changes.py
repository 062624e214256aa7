"""When steps took a new level, and the release that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import per_cent
from outrider.runs.primary_steps import primary_series

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.baselines import Settings
    from outrider.model import CheckId, JudgeHistory, Series

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A new level of a series; times in microseconds UTC, levels in ms.

    Attributes:
        at_us: When it began; earliest_us and latest_us bound its 95 % interval.
        before_ms: The level that ended, without its season, and after_ms the one that began.
        p_value: Of a rank test between the two.
        release: Name of the release that explains it, or empty.
    """

    check: str
    step: str
    at_us: int
    earliest_us: int
    latest_us: int
    before_ms: float
    after_ms: float
    p_value: float
    release: str

    @property
    def change(self) -> str:
        """How much slower or quicker it became, in words: there is no share of zero."""
        return per_cent(self.after_ms / self.before_ms - 1, "+.1f") if self.before_ms else "from zero"


def level_changes(
    store: JudgeHistory, checks: Iterable[CheckId], *, settings: Settings | None = None
) -> list[LevelChange]:
    """Return the lasting level changes of the primary series of checks that somebody would feel, the latest first.

    Args:
        store: Where the runs are.
        checks: Whose series.
        settings: For the time zone and the floor of milliseconds; the defaults if absent.
    """
    from outrider.baselines import Settings  # noqa: PLC0415 - SciPy is slow to import

    judging = settings or Settings()
    series = [series for check in checks for series in primary_series(store, check)]
    changes = (change for candidate in series for change in _changes(store, candidate, judging))
    return sorted(changes, key=lambda change: -change.at_us)


def _changes(store: JudgeHistory, series: Series, settings: Settings) -> list[LevelChange]:
    import numpy as np  # noqa: PLC0415 - only where used

    from outrider.baselines import lasting_changes  # noqa: PLC0415 - SciPy is slow to import

    points = store.series.samples(series)
    releases = store.judgements.releases(series.environment)
    at_us, released_us = points.at_us, np.array([release.at_us for release in releases], dtype=np.int64)
    at, released = (moments.astype("datetime64[us]").astype("datetime64[s]") for moments in (at_us, released_us))
    return [
        LevelChange(
            series.subject,
            series.step,
            change.at_s * _SECOND_US,
            change.earliest_s * _SECOND_US,
            change.latest_s * _SECOND_US,
            change.before,
            change.after,
            change.p_value,
            releases[change.release].name if change.release is not None else "",
        )
        for change in lasting_changes(at, points.value, settings, released)
    ]
