"""How a period went, as a traffic light and one sentence that can be forwarded. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from outrider.model import Outcome
from outrider.reports.facts import Light, Verdict
from outrider.reports.outages import lasted, together_us
from outrider.reports.time_text import Clock, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.reports.facts import Health, Incident, Outage
    from outrider.reports.period import Period

_NAMES, _NAME_CHARACTERS = 2, 60
FULL_COVERAGE = 0.95
_WIDEST = 0.2  # how far below the objective the interval of a check that met it may reach
_MOST = 0.5
CRITICAL = "critical"
"""The severity of an incident that users notice."""


class Standing(StrEnum):
    """What can be said of a check and its objective, the worst first."""

    MISSED = "missed"  # surely: the whole interval lies below it
    UNSURE = "may have missed"
    SELDOM = "ran too seldom to say"  # its share reaches it, but so few runs prove little
    MET = "met"
    BROKEN = "setup error"  # its own script, configuration or browser is wrong, so no run says anything of the target
    NO_DATA = "without data"  # no run of it says anything of the target


class _Counts(NamedTuple):
    missed: int
    unsure: int
    met: int
    seldom: int
    broken: int
    without: int


_WORDS = {
    Light.RED: "Not fine",
    Light.AMBER: "Needs a look",
    Light.GREEN: "Fine",
    Light.UNKNOWN: "Unknown",
}


def standing_of(health: Health, objective: float) -> Standing:
    """Return how a check in one place stands to the objective, by its interval.

    What lacks results of due runs may have missed it.

    A check ran too seldom to say where the interval reaches more than 20 points below the objective: of 99.5 %, with
    fewer than 17 runs that all passed. A day of hourly runs is enough.
    """
    seen = health.availability
    if seen is None:
        return Standing.BROKEN if health.counts.get(Outcome.SETUP_ERROR) else Standing.NO_DATA
    if seen.high < objective:
        return Standing.MISSED
    is_covered = health.coverage is None or health.coverage >= FULL_COVERAGE
    if not is_covered or is_broken(health) or seen.share < objective:
        return Standing.UNSURE
    return Standing.MET if seen.low >= objective - _WIDEST else Standing.SELDOM


def is_broken(health: Health) -> bool:
    """Return whether runs ended in setup errors, and more than a few."""
    return health.counts.get(Outcome.SETUP_ERROR, 0) > (1 - FULL_COVERAGE) * health.runs


def standings_of(health: Sequence[Health], objective: float) -> dict[str, Standing]:
    """Return how each check stands by its id: as in its worst place."""
    order, worst = list(Standing), dict[str, Standing]()
    for check in health:
        standing = standing_of(check, objective)
        worst[check.check] = min(standing, worst.get(check.check, standing), key=order.index)
    return worst


def verdict_of(
    health: Sequence[Health],
    incidents: Sequence[Incident],
    objective: float,
    period: Period,
    *,
    unseen: int = 0,
    now_us: int | None = None,
) -> Verdict:
    """Return the verdict of a period.

    Args:
        health: Each check and place with its outages.
        incidents: Those that lasted at any time of the period.
        objective: Share of runs that shall pass.
        period: For times in its time zone.
        unseen: How many checks have no line in `health`, since nothing is recorded of them.
        now_us: When this is said; the period's end if absent.
    """
    standings = list(standings_of(health, objective).values())
    missed, unsure, seldom, met, broken, without = (standings.count(standing) for standing in Standing)
    outages = [outage for check in health for outage in check.outages]
    lasting = [incident for incident in incidents if incident.ended_us is None]
    until_us = period.until_us if (now_us or 0) <= period.until_us else None
    is_red = missed or any(not outage.is_over for outage in outages) or any(
        incident.severity == CRITICAL for incident in lasting
    )  # fmt: skip
    is_blind = unseen or any(check.coverage is not None and check.availability is None for check in health)
    is_measured = missed + unsure + seldom + met > 0
    if is_red:
        light = Light.RED
    elif is_measured and (unsure or lasting or is_blind):
        light = Light.AMBER
    else:
        light = Light.GREEN if met else Light.UNKNOWN
    counts = _Counts(missed, unsure, met, seldom, broken, without + unseen)
    return Verdict(
        light,
        _WORDS[light],
        _sentence(counts, _down(outages, Clock(period.timezone), until_us), len(lasting), percent(objective)),
        missed,
        unsure,
        met,
        without + unseen,
        seldom=seldom,
        broken=broken,
        affected_us=together_us(outages) if all(check.tells_outages for check in health) else None,
        open_incidents=len(lasting),
    )


def _sentence(counts: _Counts, down: str, lasting: int, objective: str) -> str:
    if counts.without == sum(counts):
        sentence = "Nothing was measured in this time"
    elif counts.met == sum(counts):
        sentence = f"All {counts.met} checks met {objective}" if counts.met > 1 else f"The only check met {objective}"
    else:
        sentence = _counted(counts, objective)
    is_good = counts.met and not counts.missed and not counts.unsure
    sentence += f"{', though ' if is_good else '; '}{down}" if down else ""
    if lasting:
        sentence += f"; {lasting} incident{' is' if lasting == 1 else 's are'} still open"
    return f"{sentence}."


def _counted(counts: _Counts, objective: str) -> str:
    missed, unsure, met, seldom, broken, without = counts
    untold = "" if missed or unsure or met else f" whether {'it' if seldom == 1 else 'they'} met {objective}"
    parts = [
        f"{count} {word}"
        for count, word in (
            (missed, f"missed {objective}"),
            (unsure, "may have" if missed else f"may have missed {objective}"),
            (met, "met it" if missed or unsure else f"met {objective}"),
            (seldom, f"{Standing.SELDOM}{untold}"),
            (broken, f"{'is' if broken == 1 else 'are'} broken (setup error)"),
            (without, "has no data" if without == 1 else "have no data"),
        )
        if count
    ]
    first, _, rest = parts[0].partition(" ")
    parts[0] = f"{first} check{'' if first == '1' else 's'} {rest}"
    return ", ".join(parts)


def _down(outages: Sequence[Outage], clock: Clock, now_us: int | None) -> str:
    """Return the outage to know of: one that lasts, or the longest; with all that failed meanwhile.

    Args:
        outages: Of all checks.
        clock: Of the period.
        now_us: The period's end; None if that is past.
    """
    if not outages:
        return ""
    worst = max(outages, key=lambda outage: (not outage.is_over, outage.length_us, outage.runs))
    names = list(dict.fromkeys([worst.name, *(other.name for other in outages if _overlap(worst, other))]))
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    who = (", " if more else " and ").join(_short(name) for name in names[:_NAMES]) + more
    was = "were" if len(names) > 1 else "was"
    if not worst.is_over and worst.until_us == now_us:
        return f"{who} {'are' if len(names) > 1 else 'is'} down since {clock.day_time(worst.began_us)}"
    if not worst.is_over:
        return f"{who} {was} down from {clock.day_time(worst.began_us)} on, and still at the last run of this time"
    if not worst.length_us:
        return f"{who} {was} down on {clock.day_time(worst.began_us)}"
    return f"{who} {was} down for {lasted(worst)} from {clock.day_time(worst.began_us)}"


def _overlap(outage: Outage, other: Outage) -> bool:
    """Return whether the other lasted for most of an outage."""
    begin, end = max(outage.began_us, other.began_us), min(outage.until_us, other.until_us)
    return end - begin >= _MOST * outage.length_us


def _short(name: str) -> str:
    return name if len(name) <= _NAME_CHARACTERS else f"{name[: _NAME_CHARACTERS - 1]}…"
