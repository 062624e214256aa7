"""What many checks did, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import CheckHistory
from outrider.store.change_bell import bell_of
from outrider.store.change_rows import read_changes
from outrider.store.period_rows import (
    read_duration_hours,
    read_last_runs_by_place,
    read_outcome_days,
    read_outcome_hours,
    read_run_facts,
    read_runs_before,
)
from outrider.store.whole_runs import read_runs_named

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrider.model import (
        ChangeBell,
        CheckId,
        Excerpt,
        Outcome,
        PeriodCount,
        PeriodDuration,
        RunFacts,
        RunPosition,
        RunSummary,
        StoredChanges,
    )
    from outrider.store.database import Database


class HistoryTable(CheckHistory):
    """Last runs, and rollups of outcomes and durations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_runs(self, checks: Collection[CheckId], until_us: int, *, depth: int) -> tuple[RunSummary, ...]:
        with self._database.reading() as connection:
            return read_last_runs_by_place(connection, checks, until_us, depth)

    def outcomes_by_hour(self, checks: Collection[CheckId], since_us: int, until_us: int) -> tuple[PeriodCount, ...]:
        with self._database.reading() as connection:
            return read_outcome_hours(connection, checks, since_us, until_us)

    def outcomes_by_day(self, checks: Collection[CheckId], since_us: int, until_us: int) -> tuple[PeriodCount, ...]:
        with self._database.reading() as connection:
            return read_outcome_days(connection, checks, since_us, until_us)

    def durations_by_hour(
        self, checks: Collection[CheckId], since_us: int, until_us: int
    ) -> tuple[PeriodDuration, ...]:
        with self._database.reading() as connection:
            return read_duration_hours(connection, checks, since_us, until_us)

    def runs_before(
        self, check: CheckId | None, before: RunPosition | None, *, outcome: Outcome | None = None, limit: int
    ) -> Excerpt[RunSummary]:
        with self._database.reading() as connection:
            return read_runs_before(connection, check, before, outcome=outcome, limit=limit)

    def facts_of(
        self, check: CheckId, place: tuple[str, str], since_us: int, until_us: int, *, limit: int = 2_000
    ) -> Excerpt[RunFacts]:
        with self._database.reading() as connection:
            return read_run_facts(connection, check, place, (since_us, until_us), limit=limit)

    def runs_named(self, text: str, *, limit: int) -> tuple[RunSummary, ...]:
        with self._database.reading() as connection:
            return read_runs_named(connection, text, limit)

    def bell(self) -> ChangeBell | None:
        return bell_of(self._database)

    def changes_since(self, mark: str) -> StoredChanges:
        with self._database.reading() as connection:
            return read_changes(connection, mark)
