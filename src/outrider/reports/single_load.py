"""One load: its rate and times second by second, its endpoints and failures, and where it stopped growing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.charts import draw_curve, draw_lines, milliseconds
from outrider.load import levels, shown_name
from outrider.model import LoadResult, Outcome, altogether, bounded, counted, number, per_cent
from outrider.reports.capacity import FEWEST_LEVELS, climb, curve_of, knee_of
from outrider.reports.time_text import Clock, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.baselines import Knee
    from outrider.load import Level
    from outrider.model import EndpointLoad, LoadInterval, Run

_POINTS = 240
_FAILURES = 50
_OWN_CODE = "in the locustfile's own code"
_TEXT = 2_000
_MESSAGE = 160
_P95 = 0.95
_SLOWER = 1.1
_BUSY = 0.9
_STEADY = 0.95  # of the rate at the knee; below, it falls
SHARES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some seconds of a load; times in ms, None without answers."""

    offset_s: float
    users: int
    requests_per_s: float
    failed_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class EndpointFigures:
    """An endpoint over the whole load; times in ms."""

    endpoint: str
    requests: int
    failed: int
    requests_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The report of one load.

    Attributes:
        findings: What the load itself showed, a sentence each.
        foreground: Runs of the journey beside it: how many passed, and how many there were.
        charts: SVG by name.
    """

    run: Run
    timezone: str
    workspace: str
    seconds: float
    most_users: int
    requests: int
    stretches: tuple[Stretch, ...]
    endpoints: tuple[EndpointFigures, ...]
    failures: tuple[tuple[str, int, str], ...]
    more_failures: int
    levels: tuple[Level, ...]
    knee: Knee | None
    findings: tuple[str, ...]
    foreground: tuple[int, int]
    charts: dict[str, str]


def load_report(run: Run, *, workspace: str, timezone: str, good: Run | None = None) -> LoadReport:
    """Return the report of a load, against the last good one where it is given; empty for a run that made none."""
    result = next(
        (attempt.measurement.load for attempt in run.attempts if attempt.measurement.load is not None), LoadResult()
    )
    stretches = tuple(_stretches(result.intervals))
    climbed = climb(run)
    knee = knee_of(climbed) if len(climbed) >= FEWEST_LEVELS else None
    failures = sorted(result.failures, key=lambda failure: -failure.count)
    shown_failures = tuple(
        (shown_name(failure.endpoint) or _OWN_CODE, failure.count, bounded(failure.message.partition("\n")[0], _TEXT))
        for failure in failures[:_FAILURES]
    )
    passed = sum(journey.outcome is Outcome.PASSED for journey in result.foreground)
    whole, rates = altogether(result.endpoints), result.rates
    return LoadReport(
        run=replace(run, reason=bounded(run.reason, _TEXT), attempts=()),
        timezone=timezone,
        workspace=workspace,
        seconds=result.length_s,
        most_users=result.most_users,
        requests=whole.requests,
        stretches=stretches,
        endpoints=tuple(
            _endpoint(endpoint, rates.get(endpoint.endpoint, 0.0)) for endpoint in _ranked(result.endpoints)
        ),
        failures=shown_failures,
        more_failures=max(0, len(failures) - _FAILURES),
        levels=levels(result.intervals),
        knee=knee,
        findings=(*_findings(whole, result, climbed, knee), *_against(result, good, Clock(timezone))),
        foreground=(passed, len(result.foreground)),
        charts=_charts(stretches, climbed, knee),
    )


def _stretches(intervals: Sequence[LoadInterval]) -> list[Stretch]:
    """Return the load in at most 240 stretches of equally many intervals."""
    width = max(1, math.ceil(len(intervals) / _POINTS))
    return [_stretch(intervals[first : first + width]) for first in range(0, len(intervals), width)]


def _stretch(intervals: Sequence[LoadInterval]) -> Stretch:
    whole = altogether(part for interval in intervals for part in interval.endpoints)
    length_s = sum(interval.length_s for interval in intervals) or 1.0
    p50, p95, p99 = (whole.times.quantile(share) for share in SHARES)
    rates = (whole.succeeded.total / length_s, whole.failed.total / length_s)
    return Stretch(intervals[0].offset_s, intervals[-1].users, *rates, p50, p95, p99)


def _ranked(endpoints: Sequence[EndpointLoad]) -> list[EndpointLoad]:
    return sorted(endpoints, key=lambda endpoint: (-endpoint.failed.total, -endpoint.requests, endpoint.endpoint))


def _endpoint(endpoint: EndpointLoad, rate: float) -> EndpointFigures:
    p50, p95, p99 = (endpoint.times.quantile(share) for share in SHARES)
    return EndpointFigures(shown_name(endpoint.endpoint), endpoint.requests, endpoint.failed.total, rate, p50, p95, p99)


def _findings(whole: EndpointLoad, result: LoadResult, climbed: Sequence[Level], knee: Knee | None) -> list[str]:
    if not whole.requests:
        return ["It sent no request, so nothing can be said about the target."]
    unanswered = f", {number(whole.unanswered.total)} had no answer at its end" if whole.unanswered.total else ""
    failed, where = whole.failed.total, _mostly(whole.failed.total, result)
    sentences = [f"{number(failed)} of {number(whole.requests)} requests failed{where}{unanswered}."]
    if knee is None and len(climbed) > 1:
        few = f"too little data for a knee ({FEWEST_LEVELS} are needed)"
        sentences.append(f"It went through {counted(len(climbed), 'level')} of users: {few}.")
    elif knee is not None and knee.reached:
        low, high = number(knee.low, ".1f"), number(knee.high, ".1f")
        sentences.append(
            f"The target sustains {number(knee.rate, '.1f')} requests/s ({low} to {high}, "
            f"80 % interval, {counted(len(climbed), 'level')}), at {counted(round(knee.users), 'user')}; "
            f"{_beyond(climbed[-1], knee)}."
        )
    elif knee is not None:
        sentences.append(
            f"The target sustains at least {number(knee.rate, '.1f')} requests/s ({counted(len(climbed), 'level')}): "
            f"the rate still rose at {counted(result.most_users, 'user')}."
        )
    busy = max((interval.cpu_share for interval in result.intervals), default=0.0)
    if busy > _BUSY:
        sentences.append(
            f"The generator itself was busy ({per_cent(busy, '.0f')} of a processor): its times may be too long."
        )
    return sentences


def _beyond(last: Level, knee: Knee) -> str:
    """Return what the most users bring: no more, or clearly less than the knee."""
    if last.requests_per_s >= _STEADY * knee.low:
        return "more users bring no more"
    return f"with more it falls, to {number(last.requests_per_s, '.1f')} at {counted(last.users, 'user')}"


def _mostly(failed: int, result: LoadResult) -> str:
    """Return where requests failed most, of so many that `failed` altogether, and how most often there."""
    worst = max(result.endpoints, key=lambda endpoint: endpoint.failed.total, default=None)
    if worst is None or not failed:
        return ""
    here = worst.failed.total
    share = f"{number(here)} of them" if here < failed else f"all {number(failed)}" if failed > 1 else ""
    where = f", {share} at {shown_name(worst.endpoint)}".replace("  ", " ")
    kinds = [failure for failure in result.failures if failure.endpoint == worst.endpoint]
    kind = max(kinds, key=lambda failure: failure.count, default=None)
    if kind is None:
        return where
    often = f", most often ({number(kind.count)})" if kind.count < here else ""
    return f"{where}{often} with {bounded(kind.message.partition(chr(10))[0], _MESSAGE)}"


def _against(result: LoadResult, good: Run | None, clock: Clock) -> list[str]:
    """Return how a load stands to the last good one: rate, failures, and the endpoint that got slower most."""
    loads = [attempt.measurement.load for attempt in good.attempts if attempt.measurement.load] if good else []
    if good is None or not loads or not result.endpoints or not loads[0].endpoints:
        return []
    before = loads[0]
    parts = [
        _rates(sum(result.rates.values()), sum(before.rates.values())),
        f"{percent(_failed_share(result))} failed, {percent(_failed_share(before))} then",
    ]
    earlier = {endpoint.endpoint: endpoint.times.quantile(_P95) for endpoint in before.endpoints}
    pairs = [
        (now_ms / then_ms, shown_name(endpoint.endpoint), now_ms, then_ms)
        for endpoint in result.endpoints
        if (now_ms := endpoint.times.quantile(_P95)) and (then_ms := earlier.get(endpoint.endpoint))
    ]
    if pairs and max(pairs)[0] > _SLOWER:
        _, name, now_ms, then_ms = max(pairs)
        parts.append(f"p95 of {name} {milliseconds(now_ms)}, {milliseconds(then_ms)} then")
    return [f"Against the last good load ({clock.day_time(good.due_us)}): {'; '.join(parts)}."]


def _rates(now: float, then: float) -> str:
    """Return a rate against an earlier one: "80.8 requests/s, 6 % fewer than the 86.1 then"."""
    rate, earlier = f"{number(now, '.1f')} requests/s", f"the {number(then, '.1f')} then"
    change = round(now / then - 1, 2) if then else 0.0
    if not change:
        return f"{rate}, about {earlier}"
    return f"{rate}, {per_cent(abs(change), '.0f')} {'more' if change > 0 else 'fewer'} than {earlier}"


def _failed_share(load: LoadResult) -> float:
    whole = altogether(load.endpoints)
    return whole.failed.total / whole.requests if whole.requests else 0.0


def _charts(stretches: Sequence[Stretch], climbed: Sequence[Level], knee: Knee | None) -> dict[str, str]:
    seconds = [stretch.offset_s for stretch in stretches]
    rate = {"succeeded/s": [stretch.requests_per_s for stretch in stretches]}
    if any(stretch.failed_per_s for stretch in stretches):
        rate["failed/s"] = [stretch.failed_per_s for stretch in stretches]
    times = {
        f"{name} ms": [
            math.nan if (value := getattr(stretch, f"{name}_ms")) is None else value for stretch in stretches
        ]
        for name in ("p50", "p95", "p99")
    }
    users = {"users": [float(stretch.users) for stretch in stretches]}
    return {
        "rate": draw_lines("Requests a second", seconds, rate),
        "times": draw_lines("Response times", seconds, times),
        "users": draw_lines("Users", seconds, users),
        "curve": draw_curve(curve_of("Rate by users", climbed, knee)),
    }
