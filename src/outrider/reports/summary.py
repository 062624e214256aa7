"""The summary of a report beside its verdict: what changed, and what to do. Pure."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from outrider.model import counted, per_cent
from outrider.reports.check_health import names_of
from outrider.reports.time_text import Clock
from outrider.reports.verdict import FULL_COVERAGE, Standing, standing_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.reports.facts import Change, Forecast, Health, Incident
    from outrider.reports.period import Period

_TITLE_CHARACTERS = 160


def summarise(
    health: Sequence[Health],
    changes: Sequence[Change],
    forecasts: Sequence[Forecast],
    objective: float,
    period: Period,
    *,
    incidents: Sequence[Incident] = (),
) -> tuple[str, str]:
    """Return two sentences; `health` has the worst first, `changes` the largest."""
    clock = Clock(period.timezone)
    lasting = [incident for incident in incidents if incident.ended_us is None]
    if lasting:
        more = f", and {len(lasting) - 1} more" if len(lasting) > 1 else ""
        title = _brief(lasting[0].title)
        advice = f"Still open since {clock.day_time(lasting[0].began_us)}: {title}{more}"
        advice += "" if advice.endswith("…") else "."
    else:
        advice = _advice(health, changes, forecasts, objective)
    return _changed(health, changes, clock), advice


def _brief(title: str) -> str:
    """Return an incident's title with the first of its reasons only."""
    return shorten(title.partition("; ")[0], _TITLE_CHARACTERS, placeholder="…")


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
    got = " and ".join(f"{counted(count, 'step')} got lastingly {word}" for count, word in counts if count)
    largest = changes[0]
    cause = f", after {_release(largest.release)}" if largest.release else ", with no release near it"
    change = f"{_step(largest)} {per_cent(largest.ratio, '+.0f')}"
    return f"{got}; the largest: {change} since {clock.day_time(largest.at_us)}{cause}."


def _release(name: str) -> str:
    return f"{name} releases" if name.startswith("one of ") else f"release {name}"


def _over(changes: Sequence[Change], clock: Clock) -> str:
    """Return the largest of the levels that were left for those before them."""
    largest = changes[0]
    assert largest.ended_us is not None
    span_text = f"from {clock.day_time(largest.at_us)} to {clock.day_time(largest.ended_us)}"
    more = f", and {len(changes) - 1} more for a time" if len(changes) > 1 else ""
    word = "slower" if largest.ratio > 0 else "faster"
    return f"{_step(largest)} was {word} ({per_cent(largest.ratio, '+.0f')}) {span_text}, and is as before{more}."


def _step(change: Change) -> str:
    step = f"{change.step} of " if change.step else ""
    return f"{step}{names_of([change.check])[change.check]}"


def _advice(
    health: Sequence[Health], changes: Sequence[Change], forecasts: Sequence[Forecast], objective: float
) -> str:
    spent = [check_health for check_health in health if standing_of(check_health, objective) is Standing.MISSED]
    slower = next((change for change in changes if change.ratio > 0 and change.ended_us is None), None)
    blind = [
        check_health
        for check_health in health
        if check_health.coverage is not None and check_health.coverage < FULL_COVERAGE
    ]
    if spent:
        why = f": {shorten(spent[0].reasons[0][0], 160, placeholder='…')}" if spent[0].reasons else ""
        more = f", then at {len(spent) - 1} more that missed the objective" if len(spent) > 1 else ""
        return f"Look first at {spent[0].name}{more}{why}."
    if slower:
        what = f"what {_release(slower.release)} changed" if slower.release else "what changed then"
        return f"Find out {what} in {slower.step or slower.check}."
    if forecasts:
        when = f"in about {counted(round(forecasts[0].days), 'day')}" if forecasts[0].days >= 0.5 else "by now"
        return f"Soon: {shorten(forecasts[0].subject, 160, placeholder='…')}: {forecasts[0].what} {when}."
    if blind:
        return f"Repair the measuring: {counted(len(blind), 'check')} ran less often than was due."
    return (
        "Start the scheduled runs."
        if not any(check_health.availability for check_health in health)
        else "Nothing needs to be done."
    )
