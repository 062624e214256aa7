"""What checks did last, and their strips of hours and days."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from outrider.dashboard.day_strips import is_place_of
from outrider.dashboard.period_slots import AHEAD_US, DAY_US, DAYS, HOUR_US, HOURS, Slot, slots_of
from outrider.runs import silent_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.dashboard.day_strips import DayStrips
    from outrider.model import Check, CheckHistory, CheckId, DashboardRecords, PeriodCount, PeriodDuration, RunSummary

Row = TypeVar("Row", "PeriodCount", "PeriodDuration")


class Strips(NamedTuple):
    """A check's last hours and days, the oldest first.

    Attributes:
        p95_ms: By hour; None where nothing was measured.
    """

    hours: tuple[Slot, ...]
    days: tuple[Slot, ...]
    p95_ms: tuple[float | None, ...]


def read_last_runs(
    history: CheckHistory, checks: Sequence[Check], now_us: int
) -> dict[CheckId, tuple[RunSummary, ...]]:
    """Return each check's last run in each of its places, the worst first; those with many places are read apart."""
    by_depth: dict[int, list[CheckId]] = defaultdict(list)
    last: dict[CheckId, list[RunSummary]] = {check.id: [] for check in checks}
    by_id = {check.id: check for check in checks}
    for check in checks:
        places = len(check.policy.locations)
        by_depth[1 if places == 1 else places * 4].append(check.id)
    for depth, ids in by_depth.items():
        for run in history.last_runs(ids, now_us + AHEAD_US, depth=depth):
            if is_place_of(by_id[run.check], run):
                last[run.check].append(run)
    return {
        check: tuple(sorted(runs, key=lambda run: (run.outcome.is_good, -run.due_us))) for check, runs in last.items()
    }


def read_strips(
    records: DashboardRecords, day_strips: DayStrips, checks: Sequence[Check], now_us: int
) -> dict[CheckId, Strips]:
    """Return the strips of checks; six queries at most, whatever their number. Runs that lack are absent ones."""
    history = records.history
    ids = [check.id for check in checks]
    hours_us, days_us = strip_starts(now_us)
    hours = _of_checks(checks, history.outcomes_by_hour(ids, hours_us, now_us + AHEAD_US))
    days = day_strips.read(checks, days_us, now_us)
    durations = _of_checks(checks, history.durations_by_hour(ids, hours_us, now_us + AHEAD_US))
    slots = {check: slots_of(hours.get(check, ()), hours_us, HOUR_US, HOURS) for check in ids}
    gaps = [check for check in checks if any(slot.tone == "none" for slot in slots[check.id][:-1])]
    lacking = _lacking(records, gaps, hours_us, now_us)
    return {
        check: Strips(
            tuple(slot._replace(absent=slot.absent + lacking[check, slot.at_us]) for slot in slots[check]),
            days[check],
            p95_by_hour(durations.get(check, ()), hours_us),
        )
        for check in ids
    }


def _lacking(
    records: DashboardRecords, checks: Sequence[Check], since_us: int, now_us: int
) -> Counter[tuple[CheckId, int]]:
    """Return how many runs of each check lack in the hour that begins at a time, in all of its places."""
    by_id = {check.id: check for check in checks}
    lacking: Counter[tuple[CheckId, int]] = Counter()
    for (check, *place), hours in silent_hours(records, [*by_id], since_us, now_us).items():
        if place[0] == by_id[check].policy.environment and place[1] in by_id[check].policy.locations:
            lacking.update({(check, at_us): runs for at_us, runs in hours.items()})
    return lacking


def strip_starts(now_us: int) -> tuple[int, int]:
    """Return where the strips of hours and of days begin; their last slots are the present ones."""
    return now_us // HOUR_US * HOUR_US - (HOURS - 1) * HOUR_US, now_us // DAY_US * DAY_US - (DAYS - 1) * DAY_US


def p95_by_hour(durations: Iterable[PeriodDuration], first_us: int) -> tuple[float | None, ...]:
    """Return the p95 of the slowest place in each hour."""
    slowest: dict[int, float] = {}
    for duration in durations:
        slowest[duration.at_us] = max(duration.p95_ms, slowest.get(duration.at_us, 0.0))
    return tuple(slowest.get(first_us + hour * HOUR_US) for hour in range(HOURS))


def _of_checks(checks: Sequence[Check], rows: Iterable[Row]) -> Mapping[CheckId, list[Row]]:
    by_id = {check.id: check for check in checks}
    grouped: dict[CheckId, list[Row]] = defaultdict(list)
    for row in rows:
        if is_place_of(by_id[row.check], row):
            grouped[row.check].append(row)
    return grouped
