"""Port: stored rows as columns, for analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.model.time_series import Series


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are read.

    Attributes:
        pattern: A subject's id or former id; `*` and `?` stand for any characters.
        since_us: Due then or later, microseconds UTC; None for the oldest.
        until_us: Due before then; None for the newest.
        metric: Samples of this metric only; empty for all.
        step: Of this step only, "" being the whole run; None for all.
        environment: Of this one only; None for all.
        location: Of this one only; None for all.
        judged_only: Without retries, failed attempts and evidence attempts.
    """

    pattern: str = "*"
    since_us: int | None = None
    until_us: int | None = None
    metric: str = ""
    step: str | None = None
    environment: str | None = None
    location: str | None = None
    judged_only: bool = True


class TableReader(Protocol):
    """Rows as columns, in batches of at most `batch_rows`, so that memory does not grow with the range.

    Each batch sees one state of the store; rows that are recorded while batches are read may be in a later batch or in
    none, and no row is in two.
    """

    def series(self, selection: Selection) -> Sequence[Series]:
        """Return the series that fit, by their names."""
        ...

    def samples(self, selection: Selection, batch_rows: int) -> Iterator[Mapping[str, Sequence[object]]]:
        """Yield samples, series by series, each in the order of time.

        Columns: due_us, check, step, metric, environment, location, release, run, attempt, value. Release and run are
        empty for a sample that belongs to no run.
        """
        ...

    def runs(self, selection: Selection, batch_rows: int) -> Iterator[Mapping[str, Sequence[object]]]:
        """Yield runs in the order in which they were due.

        Columns: due_us, run, check, environment, location, release, browser, host, outcome, reason, due_count,
        started_us, finished_us.
        """
        ...

    def steps(self, selection: Selection, batch_rows: int) -> Iterator[Mapping[str, Sequence[object]]]:
        """Yield the steps of runs, in the order in which the runs were due.

        Columns: due_us, run, check, environment, location, release, attempt, measured, step, title, parent, offset_us,
        duration_us, error. A step that never ended has no duration.
        """
        ...
