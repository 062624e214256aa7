"""Runs that workers of locations make: results that they delivered, and orders that nobody carried out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import Circumstances, Outcome, OutriderError, QueueEntry, Run, valid_until_us
from outrider.runs import unpacked_run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from outrider.model import Check, CheckId, DeliveredResult, SilentOrder


def delivered_runs(
    results: Iterable[DeliveredResult], entries: Iterable[QueueEntry], environments: Mapping[CheckId, str]
) -> list[Run]:
    """Return the runs that results are of.

    One that cannot be read, which it could when it came, was stored by another version: it is inconclusive.

    Args:
        results: That were delivered.
        entries: The orders.
        environments: Of the checks.
    """
    by_run = {entry.run: entry for entry in entries}
    runs = []
    for result in results:
        entry = by_run.get(result.run)
        try:
            runs.append(unpacked_run(result.body))
        except OutriderError as error:
            if entry is not None:
                why = f"read: {error.what}"
                runs.append(_unusable(entry, environments.get(entry.check, ""), result.received_us, why))
    return runs


def unstored(run: Run, environment: str, at_us: int, error: Exception) -> Run:
    """Return what is recorded in the place of a delivered run that the store cannot take: only what its order says."""
    entry = QueueEntry(run.id, run.check, run.location, run.due_us)
    return _unusable(entry, environment, at_us, f"stored: {type(error).__name__}: {str(error).partition(chr(10))[0]}")


def _unusable(entry: QueueEntry, environment: str, at_us: int, why: str) -> Run:
    reason = f"the result that {entry.location} delivered cannot be {why}"
    return Run(
        entry.run, entry.check, environment, entry.location, entry.due_us, at_us, at_us, Outcome.INCONCLUSIVE, reason,
        (), Circumstances(),
    )  # fmt: skip


def overdue(entries: Iterable[QueueEntry], checks: Mapping[CheckId, Check], now_us: int) -> list[QueueEntry]:
    """Return the orders that must have begun by now."""
    return [
        entry
        for entry in entries
        if (check := checks.get(entry.check)) is not None and valid_until_us(check.policy, entry.due_us) <= now_us
    ]


def missed_elsewhere(
    late: Sequence[QueueEntry],
    over: Sequence[SilentOrder],
    checks: Mapping[CheckId, Check],
    *,
    alive: Collection[str],
    circumstances: Circumstances,
    now_us: int,
) -> list[Run]:
    """Return records of the orders that nobody carried out, each with its cause.

    Args:
        late: Orders past their validity.
        over: Those of them of which no result will come.
        checks: By id.
        alive: Locations that have a live worker.
        circumstances: Of runs that are recorded and not executed.
        now_us: Microseconds UTC.
    """
    by_run = {entry.run: entry for entry in late}
    return [
        Run(
            id=entry.run,
            check=entry.check,
            environment=checks[entry.check].policy.environment,
            location=entry.location,
            due_us=entry.due_us,
            started_us=now_us,
            finished_us=now_us,
            outcome=Outcome.MISSED,
            reason=_cause(order, entry.location, alive),
            attempts=(),
            circumstances=circumstances,
        )
        for order in over
        if (entry := by_run.get(order.run)) is not None
    ]


def _cause(order: SilentOrder, location: str, alive: Collection[str]) -> str:
    if order.worker:
        return f"the worker {order.worker} of {location} took it, and was not heard of again"
    if location in alive:
        return f"the workers of {location} were busy until it was too late"
    return f"{location} had no live worker"
