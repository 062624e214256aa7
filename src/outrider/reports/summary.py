"""The summary of a report: objective, changes and advice, a sentence each. Pure."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from outrider.reports.time_text import Clock, span

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
    clock = Clock(period.timezone)
    lasting = [incident for incident in incidents if incident.ended_us is None]
    if lasting:
        more = f", and {len(lasting) - 1} more" if len(lasting) > 1 else ""
        title = _brief(lasting[0].title)
        advice = f"Still open since {clock.day_time(lasting[0].began_us)}: {title}{more}"
        advice += "" if advice.endswith("…") else "."
    else:
        advice = _advice(health, changes, forecasts, objective)
    return _met(health, objective, incidents, clock), _changed(health, changes, clock), advice


def percent(share: float) -> str:
    """Return a share as per cent; what is below 100 % never reads 100 %."""
    shown = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return "99.99+ %" if shown == "100" and share < 1 else f"{shown} %"


def used_budget(left: float) -> str:
    """Return how much of an error budget is used: "35 %", "1,610 %"."""
    return f"{round((1 - left) * 100):,} %"


def _met(health: Sequence[Health], objective: float, incidents: Sequence[Incident], clock: Clock) -> str:
    measured = [check for check in health if check.availability]
    if not measured:
        return "Nothing was measured in this time."
    met, missed = met_and_missed(health, objective)
    if met == len(measured):
        whole = f"All {met} checks" if met > 1 else "The check"
        return f"{whole} met {percent(objective)}{_in_spite(incidents, clock)}."
    unsure = len(measured) - met - missed
    parts = [
        f"{count} {word}"
        for count, word in (
            (missed, f"missed {percent(objective)}"),
            (unsure, "may have" if missed else f"may have missed {percent(objective)}"),
            (met, "met it"),
        )
        if count
    ]
    first, _, rest = parts[0].partition(" ")
    parts[0] = f"{first} check{'' if first == '1' else 's'} {rest}"
    worst, seen = measured[0], measured[0].availability
    assert seen is not None
    passed = f"passed {seen.good:,} of {seen.total:,} runs ({percent(seen.share)})"
    return f"{', '.join(parts)}; the worst, {worst.name}, {passed}."


def met_and_missed(health: Sequence[Health], objective: float) -> tuple[int, int]:
    """Return how many checks met the objective, and how many surely missed it; others may have missed it."""
    met = sum(check.availability is not None and check.availability.share >= objective for check in health)
    return met, sum(is_missed(check, objective) for check in health)


def _in_spite(incidents: Sequence[Incident], clock: Clock) -> str:
    """Return the longest incident that ended: an outage of a minute hides in the share of a week."""
    ended = [(incident.ended_us - incident.began_us, incident) for incident in incidents if incident.ended_us]
    if not ended:
        return ""
    length_us, longest = max(ended, key=lambda pair: pair[0])
    others = f" and {len(ended) - 1} more" if len(ended) > 1 else ""
    title = _brief(longest.title)
    return f", in spite of an incident of {span(length_us)} on {clock.day_time(longest.began_us)} ({title}){others}"


def _brief(title: str) -> str:
    """Return an incident's title with the first of its reasons only."""
    return shorten(title.partition("; ")[0], _TITLE_CHARACTERS, placeholder="…")


def is_missed(health: Health, objective: float) -> bool:
    """Return whether a check surely missed the objective: the whole interval lies below it."""
    return health.availability is not None and health.availability.high < objective


def _changed(health: Sequence[Health], changes: Sequence[Change], clock: Clock) -> str:
    if not any(step.p50 is not None for check_health in health for step in check_health.steps):
        return "Too few durations were measured to say whether anything became slower."
    lasting = [change for change in changes if change.ended_us is None]
    over = [change for change in changes if change.ended_us is not None]
    sentences = [_lasting(lasting, clock) if lasting else "No step got lastingly slower or faster."]
    if over:
        sentences.append(_over(over, clock))
    return " ".join(sentences)


def _lasting(changes: Sequence[Change], clock: Clock) -> str:
    slower = sum(change.ratio > 0 for change in changes)
    counts = ((slower, "slower"), (len(changes) - slower, "faster"))
    got = " and ".join(
        f"{count} step{'' if count == 1 else 's'} got lastingly {word}" for count, word in counts if count
    )
    largest = changes[0]
    cause = f", after release {largest.release}" if largest.release else ", with no release near it"
    return f"{got}; the largest: {_step(largest)} {largest.ratio:+.0%} since {clock.day_time(largest.at_us)}{cause}."


def _over(changes: Sequence[Change], clock: Clock) -> str:
    """Return the largest of the levels that were left for those before them."""
    largest = changes[0]
    assert largest.ended_us is not None
    span_text = f"from {clock.day_time(largest.at_us)} to {clock.day_time(largest.ended_us)}"
    more = f", and {len(changes) - 1} more for a time" if len(changes) > 1 else ""
    word = "slower" if largest.ratio > 0 else "faster"
    return f"{_step(largest)} was {word} ({largest.ratio:+.0%}) {span_text}, and is as before{more}."


def _step(change: Change) -> str:
    step = f"{change.step} of " if change.step else ""
    return f"{step}{change.check.partition(':')[2] or change.check}"


def _advice(
    health: Sequence[Health], changes: Sequence[Change], forecasts: Sequence[Forecast], objective: float
) -> str:
    spent = [check_health for check_health in health if is_missed(check_health, objective)]
    slower = next((change for change in changes if change.ratio > 0 and change.ended_us is None), None)
    blind = [
        check_health
        for check_health in health
        if check_health.coverage is not None and check_health.coverage < _FULL_COVERAGE
    ]
    if spent:
        why = f": {shorten(spent[0].reasons[0][0], 160, placeholder='…')}" if spent[0].reasons else ""
        more = f", then at {len(spent) - 1} more that missed the objective" if len(spent) > 1 else ""
        return f"Look first at {spent[0].name}{more}{why}."
    if slower:
        what = f"what release {slower.release} changed" if slower.release else "what changed then"
        return f"Find out {what} in {slower.step or slower.check}."
    if forecasts:
        when = f"in about {forecasts[0].days:.0f} days" if forecasts[0].days >= 0.5 else "by now"
        return f"Soon: {shorten(forecasts[0].subject, 160, placeholder='…')}: {forecasts[0].what} {when}."
    if blind:
        return f"Repair the measuring: {len(blind)} check{'' if len(blind) == 1 else 's'} ran less often than was due."
    return (
        "Start the scheduled runs."
        if not any(check_health.availability for check_health in health)
        else "Nothing needs to be done."
    )
