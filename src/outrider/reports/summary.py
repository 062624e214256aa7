"""The summary of a report beside its verdict: what changed, and what to do. Pure."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from outrider.model import Outcome, counted, per_cent
from outrider.reports.check_health import named, names_of, overspent
from outrider.reports.time_text import Clock
from outrider.reports.verdict import FULL_COVERAGE, Standing, is_broken, standing_of, standings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    without_data: int = 0,
) -> tuple[str, str]:
    """Return two sentences; `health` has the worst first, `changes` the largest; checks `without_data` are counted."""
    clock = Clock(period.timezone)
    lasting = [incident for incident in incidents if incident.ended_us is None]
    if lasting:
        more = f", and {len(lasting) - 1} more" if len(lasting) > 1 else ""
        title = _brief(lasting[0].title)
        advice = f"Still open since {clock.day_time(lasting[0].began_us)}: {title}{more}"
        advice += "" if advice.endswith("…") else "."
    else:
        advice = next(_to_do(health, changes, forecasts, objective, without_data), "Nothing needs to be done.")
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
    return (
        f"{got}{': ' if len(changes) == 1 else '; the largest: '}{change} since {clock.day_time(largest.at_us)}{cause}."
    )


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


def _to_do(
    health: Sequence[Health],
    changes: Sequence[Change],
    forecasts: Sequence[Forecast],
    objective: float,
    without_data: int,
) -> Iterator[str]:
    """Yield what to do, the most urgent first; nothing only where nothing else of the report asks for something."""
    down = [check for check in health if any(not outage.is_over for outage in check.outages)]
    missed, unsure, blind = (
        [check for check in health if is_so(check)]
        for is_so in (
            lambda check: standing_of(check, objective) is Standing.MISSED,
            lambda check: standing_of(check, objective) is Standing.UNSURE and check.availability.share < objective,
            lambda check: check.coverage is not None and check.coverage < FULL_COVERAGE,
        )
    )
    broken = [check for check in health if is_broken(check)]
    slower = next((change for change in changes if change.ratio > 0 and change.ended_us is None), None)
    spent = overspent(health)
    if down:
        more = f" and {len(down) - 1} more" if len(down) > 1 else ""
        yield f"See to {down[0].name}{more}, whose last run failed{_why(down[0], is_alone=len(down) == 1)}."
    if missed:
        more = f", then at {len(missed) - 1} more that missed the objective" if len(missed) > 1 else ""
        yield f"Look first at {missed[0].name}{more}{_why(missed[0], is_alone=len(missed) == 1)}."
    if broken:
        more = f" and {counted(len(broken) - 1, 'more check')}" if len(broken) > 1 else ""
        why = (broken[0].unclear or {}).get(Outcome.SETUP_ERROR, "")
        yield f"Repair {broken[0].name}{more} (setup error{f': {_brief(why)}' if why else ''})."
    if slower:
        what = f"what {_release(slower.release)} changed" if slower.release else "what changed then"
        yield f"Find out {what} in {slower.step or slower.check}."
    if forecasts:
        days = forecasts[0].days
        when = f"in about {counted(round(days), 'day')}" if days >= 0.5 else "within a day" if days > 0 else "by now"
        yield f"Soon: {shorten(forecasts[0].subject, 160, placeholder='…')}: {forecasts[0].what} {when}."
    if unsure:
        yield f"Look at {unsure[0].name}, which may have missed the objective{_why(unsure[0], is_alone=True)}."
    if blind:
        yield f"Repair the measuring: {counted(len(blind), 'check')} ran less often than was due."
    yield from _to_measure(health, objective, without_data)
    if spent:
        yield f"Change with care: {named(spent)} used the error budget up."


def _to_measure(health: Sequence[Health], objective: float, without_data: int) -> Iterator[str]:
    """Yield what to do that more can be said."""
    if not any(check.availability for check in health):
        yield "Start the scheduled runs."
    standings = set(standings_of(health, objective).values())
    if Standing.SELDOM in standings and Standing.MET not in standings:
        yield "Run the checks more often, or look at a longer time: so few runs prove little."
    if without_data:
        yield f"Find out why {without_data} check{' has' if without_data == 1 else 's have'} no data."


def _why(health: Health, *, is_alone: bool) -> str:
    """Return the most frequent reason; it need not name a check that is named alone before it."""
    if not health.reasons:
        return ""
    reason = health.reasons[0][0]
    rest = reason.removeprefix(health.name)
    if is_alone and rest != reason and rest.startswith((" ", ": ")):
        reason = rest.removeprefix(": ") if rest.startswith(":") else f"it{rest}"
    return f": {shorten(reason, 160, placeholder='…')}"
