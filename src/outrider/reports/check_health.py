"""Health of checks from tallies of their runs. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from textwrap import shorten
from typing import TYPE_CHECKING

from outrider.baselines import proportion_interval
from outrider.model import CheckId, Outcome, SubjectKind
from outrider.reports.facts import Availability, Health
from outrider.runs import CONCLUSIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.model import StoredCheck, Tally

Place = tuple[CheckId, str, str]
"""A check's id, environment and location."""

_NAMES, _NAME_CHARACTERS = 3, 60
_ABSENT = frozenset({Outcome.MISSED, Outcome.SKIPPED})


def health_of(
    tallies: Iterable[Tally],
    earlier: Iterable[Tally],
    checks: Mapping[str, StoredCheck],
    *,
    unrecorded: Mapping[Place, int] | None = None,
) -> list[Health]:
    """Return the health of each check and place that has tallies; `earlier` is what it is compared with.

    Runs that are `unrecorded` count against coverage.

    The least available come first, then those with the least coverage, then by name.
    """
    now: dict[Place, Counter[Outcome]] = defaultdict(Counter)
    before: dict[Place, Counter[Outcome]] = defaultdict(Counter)
    for side, counted in ((now, tallies), (before, earlier)):
        for tally in counted:
            side[tally.check, tally.environment, tally.location][tally.outcome] += tally.runs
    checks_health = [_health(place, now[place], before[place], checks) for place in sorted({*now, *before})]
    names = names_of([health.check for health in checks_health])
    checks_health = [replace(health, name=names[health.check]) for health in checks_health]
    return sorted((_covered(health, unrecorded or {}) for health in checks_health), key=_severity)


def _covered(health: Health, unrecorded: Mapping[Place, int]) -> Health:
    """Return a check's health with its coverage."""
    silent = unrecorded.get((health.check, health.environment, health.location), 0)
    due = health.runs + silent
    happened = health.runs - sum(health.counts.get(outcome, 0) for outcome in _ABSENT)
    return replace(health, coverage=happened / due if due else None, unrecorded=silent)


def _health(
    place: Place,
    counts: Counter[Outcome],
    before: Counter[Outcome],
    checks: Mapping[str, StoredCheck],
) -> Health:
    stored = checks.get(place[0])
    kind = stored.kind.value if stored and stored.kind else place[0].partition(":")[0]
    return Health(
        check=place[0],
        name=str(place[0]),
        kind=kind,
        environment=place[1],
        location=place[2],
        counts=dict(counts),
        availability=availability(counts),
        before=availability(before),
        budget_used=None,
        coverage=None,
    )


def names_of(checks: Iterable[str]) -> dict[str, str]:
    """Return what people call each check: its name, with its file where another check has the same."""
    ids = set(checks)
    short = {check: _short_name(check) for check in ids}
    twice = {name for name, count in Counter(short.values()).items() if count > 1}
    return {check: (check.partition(":")[2] or check) if short[check] in twice else short[check] for check in ids}


def _short_name(check: str) -> str:
    kind, _, name = check.partition(":")
    return f"issue #{name}" if kind == SubjectKind.ISSUE else (name or check).rpartition("::")[2] or check


def untold(health: Health) -> str:
    """Return what stands in the place of the availability of a check that has none: how its runs ended."""
    outcomes = (Outcome.SETUP_ERROR, Outcome.INCONCLUSIVE)
    return next((outcome.value for outcome in outcomes if health.counts.get(outcome)), "no data")


def overspent(health: Iterable[Health]) -> list[str]:
    """Return the names of checks that used their error budget up."""
    spent = (check for check in health if check.budget_used is not None and check.budget_used >= 1)
    return list(dict.fromkeys(check.name for check in spent))


def named(names: Sequence[str]) -> str:
    """Return names for a sentence: "home, pay, search and 4 more"."""
    shown = [shorten(name, _NAME_CHARACTERS, placeholder="…") for name in names[:_NAMES]]
    if len(names) > _NAMES:
        return f"{', '.join(shown)} and {len(names) - _NAMES} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def availability(counts: Counter[Outcome]) -> Availability | None:
    """Return the share of good runs among conclusive ones; None if there are none."""
    good = sum(count for outcome, count in counts.items() if outcome.is_good)
    total = sum(counts[outcome] for outcome in CONCLUSIVE)
    return Availability(good, total, *proportion_interval(good, total)) if total else None


def _severity(health: Health) -> tuple[float, float, str]:
    if not health.availability and health.counts.get(Outcome.SETUP_ERROR):
        return 1.0, -1.0, health.check  # before those of which every run was good
    share = health.availability.share if health.availability else 1.5
    return share, health.coverage if health.coverage is not None else 1.5, health.check
