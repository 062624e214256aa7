"""What the judge expects of a vital of a page of real users, for charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.baselines import expected_band, load
from outrider.model import DURATION, BadSeries, Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from outrider.model import DashboardRecords, Series

Moment = tuple[int, str]


def page_series(store: DashboardRecords, service: str, page: str, environment: str, vital: str) -> Series | None:
    """Return the judged series of a vital such as "LCP"; None where there is none, or several environments have one."""
    subject = Subject.of(SubjectKind.PAGE, f"{service} {page}")
    series = [
        own for own in store.series.of(subject)
        if (own.metric, own.step) == (DURATION, vital) and environment in {"", own.environment}
    ]  # fmt: skip
    return series[0] if len(series) == 1 else None


def judged_band(
    store: DashboardRecords, series: Series, at_s: NDArray[np.int64]
) -> tuple[Sequence[float], Sequence[float]]:
    """Return between which values [ms] the judge expects nine of ten at so many UTC seconds; empty while it learns."""
    known = next(iter(store.judgements.checkpoints([series])), None)
    try:
        band = expected_band(load(known.state), at_s) if known else None
    except BadSeries:
        band = None
    return (band[0].tolist(), band[1].tolist()) if band is not None else ((), ())


def releases_within(store: DashboardRecords, environment: str, since_us: int, until_us: int) -> list[Moment]:
    """Return when releases went live in an environment, or in any, and their names."""
    return [
        (own.at_us, own.name) for own in store.judgements.releases()
        if environment in {"", own.environment} and since_us <= own.at_us <= until_us
    ]  # fmt: skip
