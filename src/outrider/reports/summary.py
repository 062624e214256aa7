"""Three sentences: how it stands, what changed, what to do. Pure."""

from __future__ import annotations

from datetime import datetime
from textwrap import shorten
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.reports.facts import Change, Forecast, Health, Incident
    from outrider.reports.period import Period

_FULL_COVERAGE = 0.95
_TITLE_CHARACTERS = 160


def summarise(
    health: Sequence[Health],
    changes: Sequence[Change],
    forecasts: Sequence[Forecast],
    objective: float,
    period: Period,
    *,
    incidents: Sequence[Incident] = (),
) -> tuple[str, ...]:
    """Return three sentences; `health` has the worst first, `changes` the largest."""
    lasting = [incident for incident in incidents if incident.ended_us is None]
    if lasting:
        more = f", and {len(lasting) - 1} more" if len(lasting) > 1 else ""
        title = shorten(lasting[0].title, _TITLE_CHARACTERS, placeholder="…")
        advice = f"Somebody has to see to an incident that is still open{more}: {title}"
        advice += "" if title.endswith("…") else "."
    else:
        advice = _advice(health, changes, forecasts, objective)
    return (
        _standing(health, objective),
        _changed(health, changes, period),
        advice,
    )


def percent(share: float) -> str:
    """Return a share so that 99.95 % is not told as 100 %."""
    shown = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return "99.99+ %" if shown == "100" and share < 1 else f"{shown} %"


def _standing(health: Sequence[Health], objective: float) -> str:
    telling = [check for check in health if check.availability]
    if not telling:
        return "Nothing was measured in this time, so nothing can be said about it."
    met = sum(check.availability is not None and check.availability.share >= objective for check in telling)
    missed = sum(is_missed(check, objective) for check in telling)
    worst = telling[0]
    seen = worst.availability
    assert seen is not None
    sentence = f"{met} of {len(telling)} checks met the objective of {percent(objective)}"
    if met == len(telling):
        return f"{sentence}; {sum(check.availability.total for check in telling if check.availability):,} runs say so."
    sure = f", {missed} surely missed it" if missed else ", and of none is it sure that it missed it"
    passed = f"passed {seen.good:,} of {seen.total:,} runs ({percent(seen.share)})"
    return f"{sentence}{sure}; the worst, {worst.name}, {passed}."


def is_missed(health: Health, objective: float) -> bool:
    """Return whether a check surely missed the objective: the whole interval lies below it."""
    return health.availability is not None and health.availability.high < objective


def _changed(health: Sequence[Health], changes: Sequence[Change], period: Period) -> str:
    seen = sum(step.p50 is not None for check_health in health for step in check_health.steps)
    if not seen:
        return "Too few durations were measured to say whether anything became slower."
    if not changes:
        return f"None of {seen} steps took a new level that is larger than its noise."
    slower = sum(change.ratio > 0 for change in changes)
    largest = changes[0]
    since = datetime.fromtimestamp(largest.at_us / 1_000_000, ZoneInfo(period.timezone))
    cause = f", with release {largest.release}" if largest.release else ", with no release near it"
    step = f"{largest.step} of " if largest.step else ""
    name = largest.check.partition(":")[2] or largest.check
    return (
        f"{slower} step{'' if slower == 1 else 's'} became slower and {len(changes) - slower} quicker; the largest: "
        f"{step}{name} {largest.ratio:+.0%} since {since:%a %d %b %H:%M}{cause}."
    )


def _advice(
    health: Sequence[Health], changes: Sequence[Change], forecasts: Sequence[Forecast], objective: float
) -> str:
    spent = [check_health for check_health in health if is_missed(check_health, objective)]
    slower = next((change for change in changes if change.ratio > 0), None)
    blind = [
        check_health
        for check_health in health
        if check_health.coverage is not None and check_health.coverage < _FULL_COVERAGE
    ]
    if spent:
        why = f": {spent[0].reasons[0][0]}" if spent[0].reasons else ""
        more = f", then at {len(spent) - 1} more that surely missed the objective" if len(spent) > 1 else ""
        return f"Look first at {spent[0].name}{more}{why[:160]}."
    if slower:
        what = f"what release {slower.release} changed" if slower.release else "what changed then"
        return f"Find out {what} in {slower.step or slower.check}."
    if forecasts:
        when = f"in about {forecasts[0].days:.0f} days" if forecasts[0].days >= 0.5 else "by now"
        return f"Soon: {forecasts[0].subject[:160]}: {forecasts[0].what} {when}."
    if blind:
        return f"Repair the measuring: {len(blind)} check{'' if len(blind) == 1 else 's'} ran less often than was due."
    return (
        "Start the scheduled runs."
        if not any(check_health.availability for check_health in health)
        else "Nothing needs to be done."
    )
