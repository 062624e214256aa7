"""A store as ninety days of a thousand checks leave it: `python -m benchmarks.dashboard_store FOLDER [CHECKS] [DAYS]`.

Every check ran every five minutes, one run in two hundred failed. Rollups of hours and days are those of all runs; runs
and samples themselves are there for the last RUN_DAYS only, since pages read no older ones and 26 million take long.
Rows go into the tables as the store writes them: the same keys, buckets and marks.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import insert

from outrider.model import (
    Attempt,
    Check,
    CheckId,
    Circumstances,
    Histogram,
    Kind,
    Measurement,
    Outcome,
    Policy,
    Release,
    Run,
    RunId,
    Sample,
    new_run_id,
)
from outrider.store import Store
from outrider.store.database import open_database
from outrider.store.histogram_codec import pack_histogram
from outrider.store.rollup_job import DAYS_BEGUN, DAYS_DONE, HOURS_BEGUN, HOURS_DONE
from outrider.store.rows import insert_plain
from outrider.store.schema import (
    circumstances,
    days,
    hours,
    outcome_days,
    outcome_hours,
    runs,
    samples,
    series,
    store_info,
    subjects,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Table

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NOW_US = 20_000 * DAY_US + 12 * HOUR_US + 46 * MINUTE_US
PER_HOUR = 12
RUN_DAYS = 2
TEAMS = 12
FAILED_SHARE = 0.005
_BATCH = 50


def checks_of(count: int) -> list[Check]:
    """Return the checks: four probes of five, the fifth a journey, of twelve teams."""
    return [_check(number) for number in range(count)]


def _check(number: int) -> Check:
    kind = Kind.JOURNEY if number % 5 == 0 else Kind.PROBE
    path = f"journeys/test_team_{number % TEAMS}.py" if kind is Kind.JOURNEY else f"probes/team_{number % TEAMS}.toml"
    name = f"test_path_{number}" if kind is Kind.JOURNEY else f"endpoint-{number}"
    return Check(
        CheckId(f"{kind}:{path}::{name}"), kind, path, name, name, Policy(tags=frozenset({f"team-{number % TEAMS}"}))
    )


def steps_of(check: Check) -> tuple[str, ...]:
    """Return the series of durations that a check has, by step."""
    return ("", "open", "search", "pay") if check.kind is Kind.JOURNEY else ("",)


def run_of(check: CheckId, now_us: int, outcome: Outcome, reason: str = "") -> Run:
    """Return a run that is over now."""
    measurement = Measurement(outcome, reason, now_us, 100.0, samples=(Sample("", "duration_ms", 100.0),))
    return Run(
        new_run_id(now_us), check, "production", "local", now_us, now_us, now_us, outcome, reason,
        (Attempt(1, True, True, measurement),), Circumstances(),
    )  # fmt: skip


def fill(folder: Path, count: int, length: int) -> None:
    """Fill a new store."""
    random = np.random.default_rng(7)
    checks = checks_of(count)
    with Store.open(folder / "outrider.db", artifacts=folder / "artifacts") as store:
        store.checks.record(checks, NOW_US)
        for week in range(0, length, 7):
            store.judgements.record_release(Release(f"v2.{week // 7}", "production", NOW_US - week * DAY_US - HOUR_US))
    with closing(open_database(folder / "outrider.db")) as database:
        with database.writing() as connection:
            keys = _catalogue(connection, checks)
        for start in range(0, count, _BATCH):
            with database.writing() as connection:
                for check in checks[start : start + _BATCH]:
                    _fill_check(connection, keys[check.id], length, random)
        with database.writing() as connection:
            done = NOW_US // HOUR_US
            marks = {HOURS_BEGUN: done, HOURS_DONE: done, DAYS_BEGUN: done // 24, DAYS_DONE: done // 24}
            connection.execute(insert(store_info), [{"name": name, "value": mark} for name, mark in marks.items()])


def _catalogue(connection: Connection, checks: list[Check]) -> dict[CheckId, tuple[int, list[int]]]:
    """Return each check's key, and those of its series."""
    insert_plain(connection, circumstances, [(1, "production", "local", "v2.0", "", "0.1.0", "ada", "5eed")])
    known = {row.id: row.key for row in connection.execute(subjects.select())}
    keys: dict[CheckId, tuple[int, list[int]]] = {}
    number, rows = 0, []
    for check in checks:
        own = []
        for step in steps_of(check):
            number += 1
            own.append(number)
            rows.append((number, known[check.id], step, "duration_ms", "production", "local"))
        keys[check.id] = known[check.id], own
    insert_plain(connection, series, rows)
    return keys


def _fill_check(connection: Connection, keys: tuple[int, list[int]], length: int, random: np.random.Generator) -> None:
    check, own_series = keys
    end = NOW_US // HOUR_US
    first = (end // 24 - length + 1) * 24
    failed = random.random((end - first, PER_HOUR)) < FAILED_SHARE
    for table, width in ((outcome_hours, 1), (outcome_days, 24)):
        insert_plain(connection, table, list(_outcomes(check, first, failed, width)))
    scale = float(random.uniform(50, 900))
    for place, key in enumerate(own_series):
        values = scale / (place or 1) * random.lognormal(0, 0.2, failed.shape)
        _roll(connection, hours, key, first, values)
        whole = (end - first) // 24 * 24
        _roll(connection, days, key, first // 24, values[:whole].reshape(-1, 24 * PER_HOUR))
    _fill_runs(connection, check, own_series, random)


def _outcomes(check: int, first: int, failed: np.ndarray, width: int) -> Iterator[tuple[object, ...]]:
    whole = len(failed) // width * width
    for number, count in enumerate(failed[:whole].reshape(-1, width * PER_HOUR).sum(axis=1).tolist()):
        for outcome, many in ((Outcome.PASSED, width * PER_HOUR - count), (Outcome.FAILED, count)):
            if many:
                yield (first // width + number, check, 1, outcome.value, many)


def _roll(connection: Connection, table: Table, key: int, first: int, values: np.ndarray) -> None:
    rows = [
        (key, first + number, len(row), sum(row), min(row), max(row), pack_histogram(Histogram.of(row)))
        for number, row in enumerate(values.tolist())
    ]
    insert_plain(connection, table, rows)


def _fill_runs(connection: Connection, check: int, own_series: list[int], random: np.random.Generator) -> None:
    run_rows, sample_rows = [], []
    last = NOW_US // (5 * MINUTE_US) * 5 * MINUTE_US
    for place, at_us in enumerate(range(last - RUN_DAYS * DAY_US, last + 1, 5 * MINUTE_US)):
        key = check * 10_000 + place
        outcome = Outcome.FAILED if random.random() < FAILED_SHARE else Outcome.PASSED
        reason = "" if outcome.is_good else "status 503, not 200 to 399"
        identity = _bytes_of(new_run_id(at_us, check.to_bytes(4) + place.to_bytes(6)))
        run_rows.append((key, identity, check, 1, at_us, at_us, at_us + 300_000, outcome.value, reason, 1))
        if outcome.is_good:
            sample_rows += [(series_key, at_us, key, 1, True, 200.0) for series_key in own_series]
    insert_plain(connection, runs, run_rows)
    insert_plain(connection, samples, sample_rows)


def _bytes_of(run: RunId) -> bytes:
    return bytes.fromhex(run.replace("-", ""))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    fill(target, *(int(word) for word in (sys.argv[2:] + ["1000", "90"][len(sys.argv) - 2 :])))
