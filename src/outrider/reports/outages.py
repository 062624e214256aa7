"""When a check was down: failed runs that follow each other. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.model import Outcome
from outrider.reports.facts import Outage
from outrider.reports.time_text import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from outrider.model import RunSummary
    from outrider.reports.facts import Health
    from outrider.reports.period import Period

_LONGEST_GAP = 2
"""A failed run stands for the time until the next run, but for no more than so many usual distances of runs."""


def outages_of(
    place: tuple[str, str, str, str], failed: Iterable[tuple[int, str]], passed_us: ArrayLike, period: Period
) -> tuple[Outage, ...]:
    """Return the outages of a check in one place, the oldest first.

    Args:
        place: The check's id, name, environment and location.
        failed: When failed runs of the period were due, and why they failed.
        passed_us: When runs that passed were due, ascending.
    """
    reasons = dict(failed)
    passed = np.asarray(passed_us, dtype=np.int64)
    passed = passed[(passed >= period.since_us) & (passed < period.until_us)]
    times = np.union1d(np.array(sorted(reasons), dtype=np.int64), passed)
    reach = _LONGEST_GAP * int(np.median(np.diff(times))) if len(times) > 1 else 0
    following = dict(zip(times.tolist(), [*times[1:].tolist(), None], strict=False))
    groups: list[list[int]] = []
    ends_us: dict[int, int] = {}
    ended_us = -1
    for at_us in sorted(reasons):
        if at_us == ended_us:
            groups[-1].append(at_us)
        else:
            groups.append([at_us])
        next_us = following[at_us]
        ended_us = min(period.until_us if next_us is None else next_us, at_us + reach)
        ends_us[groups[-1][0]] = ended_us
    return tuple(
        Outage(*place, those[0], ends_us[those[0]], following[those[-1]] is not None, len(those), reasons[those[0]])
        for those in groups
    )


def with_outages(health: Health, failed: Sequence[RunSummary], passed_us: ArrayLike, period: Period) -> Health:
    """Return a check's health with its outages, and how long it failed.

    Where not all failed runs are known, the time is the share of failed runs in that of the period.
    """
    place = (health.check, health.name, health.environment, health.location)
    outages = outages_of(place, [(run.due_us, run.reason) for run in failed], passed_us, period)
    count = health.counts.get(Outcome.FAILED, 0)
    if len(failed) >= count:
        return replace(health, outages=outages, affected_us=together_us(outages))
    length_us = (period.until_us - period.since_us) * (health.coverage or 0.0)
    share = 1 - health.availability.share if health.availability else 0.0
    return replace(health, outages=outages, tells_outages=False, affected_us=round(length_us * share))


def lasted(outage: Outage) -> str:
    """Return how long an outage lasted: "11 h"; "up to 60 min" where a single failed run tells of it."""
    if not outage.length_us:
        return "one run"
    return f"{at_most([outage]) if outage.is_over else ''}{span(outage.length_us)}"


def at_most(outages: Sequence[Outage]) -> str:
    """Return what stands before the time of outages: "up to " where each is a single failed run, else nothing.

    What failed once may have been down for a moment, or for the whole time until the next run.
    """
    return "up to " if outages and all(outage.runs == 1 for outage in outages) else ""


def together_us(outages: Iterable[Outage]) -> int:
    """Return for how long one or more of them lasted: what overlaps counts once."""
    total, reached = 0, 0
    for began_us, until_us in sorted((outage.began_us, outage.until_us) for outage in outages):
        total += max(0, until_us - max(began_us, reached))
        reached = max(reached, until_us)
    return total
