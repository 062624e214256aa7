"""Which spans took the extra time of a step: its runs before and after it got slower, compared part by part. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.baselines import LEAST_ROWS, chosen_interval, mean_difference, typical_rows
from outrider.causes.phase_parts import PHASE
from outrider.causes.trace_parts import Place, Places, StepParts, step_parts
from outrider.model import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from outrider.baselines import FloatArray, MeanDifference
    from outrider.model import Span

LEVEL: Final = 0.8
"""Of the intervals."""

OUTSIDE: Final = "most of it lies outside of the traces"
"""Why it is told by requests where there are traces."""

SEVERAL: Final = "several operations"
"""Of one service, none of which stands out alone."""

_CHANCE: Final = 0.05
"""For all parts together: one that differs by chance alone is told as often as that."""
_LEAST_SHARE: Final = 0.05
_LEAST_MS: Final = 0.5
_MOST_PARTS: Final = 5
_MISSING: Final = 0.1
_USUAL: Final = 0.9


@dataclass(frozen=True, slots=True)
class TracedStep:
    """A step of one run: how long it took, and the spans of each of its traces.

    Attributes:
        window_ns: When it ran, where its traces hold what other steps did, too.
    """

    duration_ms: float
    traces: tuple[Sequence[Span], ...]
    window_ns: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the extra time, in milliseconds, with its interval."""

    ms: float
    low_ms: float
    high_ms: float


@dataclass(frozen=True, slots=True)
class TimePart:
    """What took extra time, or less of it.

    Attributes:
        extra: Of each run on average.
        before_ms: How long the step waited for it before; `after_ms` since then.
        before_count: How often it ran in a run before; `after_count` since then.
        before_errors: How often it failed in a run before; `after_errors` since then.
        before_bytes: How many bytes it brought in a run before; `after_bytes` since then.
        is_unanswered: Whether spans of what it calls are missing on one side, so that their time counts as its own.
    """

    place: Place
    extra: Share
    before_ms: float
    after_ms: float
    before_count: float
    after_count: float
    before_errors: float
    after_errors: float
    before_bytes: float = 0.0
    after_bytes: float = 0.0
    is_unanswered: bool = False


@dataclass(frozen=True, slots=True)
class TimeAttribution:
    """Where the extra time of a step is: `parts`, `rest`, `between` and `outside` add up to `extra`.

    Attributes:
        extra: Of the step.
        before_runs: How many runs were compared; `after_runs` since then.
        parts: What differs by more than chance, the most first.
        rest: All other spans together.
        between: While traces had begun and no span ran.
        outside: Before the first span and after the last: browser, network, and what sends no spans.
        left_out: Why runs were not compared, and how many.
        no_traces: Why it is told by phases, which the prober measured itself; empty where it is told by spans.
        by_requests: Whether these are of the browser's requests.
        new: Which places are in nearly every run since, and in none before; `gone` the other way round.
    """

    extra: Share
    before_runs: int
    after_runs: int
    parts: tuple[TimePart, ...]
    rest: Share
    between: Share
    outside: Share
    left_out: Mapping[str, int]
    no_traces: str = ""
    by_requests: bool = False
    new: tuple[Place, ...] = ()
    gone: tuple[Place, ...] = ()


def attribute_time(before: Iterable[TracedStep | str], after: Iterable[TracedStep | str]) -> TimeAttribution | str:
    """Return where the extra time of a step is by its traces, or why that is not known.

    Args:
        before: Runs in which the step was as quick as usual, or why one is of no use.
        after: Runs since it got slower.
    """
    places = Places()
    return attribute_parts(places, *([_parts_of(places, step) for step in side] for side in (before, after)))


def attribute_parts(
    places: Places, before: Iterable[StepParts | str], after: Iterable[StepParts | str]
) -> TimeAttribution | str:
    """Return where the extra time of a step is by its parts, as `places` numbers them, or why that is not known."""
    left_out = Counter[str]()
    sides = [_known(side, left_out) for side in (before, after)]
    sides = _complete(places, sides, left_out)
    if min(map(len, sides)) < LEAST_ROWS:
        return _too_few(sides, left_out)
    columns = _columns(places, sides)
    attribution = _attributed(columns, sides, left_out)
    for merged in _coarser(columns):
        if attribution.parts or not is_spread(attribution):
            break
        coarser = _attributed(merged, sides, left_out)
        attribution = replace(coarser, new=attribution.new, gone=attribution.gone) if coarser.parts else attribution
    return attribution


def _attributed(
    columns: _Columns, sides: Sequence[Sequence[StepParts]], left_out: Mapping[str, int]
) -> TimeAttribution:
    tables = [_table(side, columns) for side in sides]
    difference = mean_difference(tables[0], tables[1], level=LEVEL)
    named = _notable(difference, len(columns.places))
    rest = mean_difference(*(_rest(table, named, len(columns.places)) for table in tables), level=LEVEL)
    parts = tuple(_part(columns, sides, tables, difference, column) for column in named)
    between, outside, extra = (_share(difference, column) for column in (-3, -2, -1))
    new, gone = (_only_in(columns, here, there) for here, there in (sides[::-1], sides))
    return TimeAttribution(
        extra, len(sides[0]), len(sides[1]), parts, _share(rest, 0), between, outside, dict(left_out),
        new=new, gone=gone,
    )  # fmt: skip


def is_spread(attribution: TimeAttribution) -> bool:
    """Return whether spans took the time though none stands out, as where each run waits for another one."""
    rest = attribution.rest
    return abs(rest.ms) > max(abs(attribution.extra.ms) / 2, rest.high_ms - rest.low_ms)  # the latter: one in a hundred


def _coarser(columns: _Columns) -> Iterator[_Columns]:
    """Yield the columns with those of an operation as one, wherever it runs; then with those of a service as one."""
    if all(place.service != PHASE for place in columns.places):
        yield _merged(columns, lambda place: Place(place.service, place.operation))
        yield _merged(columns, lambda place: Place(place.service, SEVERAL))


def _merged(columns: _Columns, name: Callable[[Place], Place]) -> _Columns:
    keys: dict[Place, int] = {}
    of_number = {
        number: keys.setdefault(name(columns.places[column]), len(keys))
        for number, column in columns.of_number.items()
    }  # fmt: skip
    return _Columns(of_number, tuple(keys), columns.answers)


def _only_in(columns: _Columns, here: Sequence[StepParts], there: Sequence[StepParts]) -> tuple[Place, ...]:
    """Return the places that nearly every run of one side has, and none of the other."""
    met_here, met_there = (
        Counter(column for parts in side for column in {columns.of_number[number] for number in parts.places})
        for side in (here, there)
    )
    usual = (column for column, runs in met_here.items() if runs >= _USUAL * len(here) and column not in met_there)
    return tuple(columns.places[column] for column in sorted(usual))


def _parts_of(places: Places, step: TracedStep | str) -> StepParts | str:
    return step if isinstance(step, str) else step_parts(places, step.duration_ms, step.traces, step.window_ns)


def _known(side: Iterable[StepParts | str], left_out: Counter[str]) -> list[StepParts]:
    known = []
    for parts in side:
        if isinstance(parts, str):
            left_out[parts] += 1
        else:
            known.append(parts)
    if not known:
        return known
    typical = typical_rows(np.array([parts.duration_ms for parts in known]))
    if odd := len(known) - int(typical.sum()):
        left_out["it took far longer or shorter than the others"] += odd
    return [parts for parts, keep in zip(known, typical, strict=True) if keep]


def _complete(places: Places, sides: list[list[StepParts]], left_out: Counter[str]) -> list[list[StepParts]]:
    """Return the runs without those that lack spans which most others have, as they are late; all if few have them."""
    usual = [_answered_calls(places, side) for side in sides]
    asked = usual[0] & usual[1]
    kept = [[parts for parts in side if not _lacks(places, parts, asked)] for side in sides]
    if min(map(len, kept)) < LEAST_ROWS:
        return sides
    if late := sum(map(len, sides)) - sum(map(len, kept)):
        left_out["spans of what it calls are missing"] += late
    return kept


def _answered_calls(places: Places, side: Sequence[StepParts]) -> set[int]:
    """Return the calls that have the spans of their answers in most runs of a side."""
    answered = Counter(call for parts in side for call in {places.caller(number) for number in parts.places})
    return {call for call, runs in answered.items() if call >= 0 and runs >= len(side) / 2}


def _lacks(places: Places, parts: StepParts, asked: set[int]) -> bool:
    """Return whether a call that went well has no spans of its answer."""
    well = {number for number, waited in parts.places.items() if number in asked and not waited.errors}
    return not well <= {places.caller(number) for number in parts.places}


def _too_few(sides: Sequence[Sequence[StepParts]], left_out: Counter[str]) -> str:
    when = "before it got slower" if len(sides[0]) < LEAST_ROWS else "since it got slower"
    count = min(map(len, sides)) if len(sides[0]) >= LEAST_ROWS else len(sides[0])
    why = left_out.most_common(1)[0][0] if left_out else ""
    if not count:
        return f"no run {when} has traces to compare{': ' if why else ''}{why}"
    has = "has" if count == 1 else "have"
    others = f"; of others {why}" if why else ""
    return f"only {counted(count, 'run')} {when} {has} traces to compare, and it takes {LEAST_ROWS}{others}"


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column each number of a place belongs to, those of others' answers included, and the place of each."""

    of_number: Mapping[int, int]
    places: tuple[Place, ...]
    answers: frozenset[int]


def _columns(places: Places, sides: Sequence[Sequence[StepParts]]) -> _Columns:
    """Give every place a column; an operation that merely moved to another position keeps its own."""
    before, after = ({number for parts in side for number in parts.places} for side in sides)
    gone, new = ({places[number][:2] for number in numbers} for numbers in (before - after, after - before))
    moved = gone & new
    keys: dict[int | tuple[str, ...], int] = {}
    of_number: dict[int, int] = {}
    answers: set[int] = set()
    unanswered, unended = _unanswered(places, sides), _unended(*sides)
    for number in sorted(before | after):  # those above come first
        above = places.above(number)
        if above in answers or places.caller(number) in unanswered or (number in unended and above >= 0):
            answers.add(number)
            of_number[number] = of_number[above]
            continue
        operation = places[number][:2]
        is_moved = operation in moved and (number not in before or number not in after)
        of_number[number] = keys.setdefault(operation if is_moved else number, len(keys))
    named = {column: places[number] for number, column in reversed(of_number.items()) if number not in answers}
    return _Columns(of_number, tuple(named[column] for column in range(len(keys))), frozenset(answers))


def _unanswered(places: Places, sides: Sequence[Sequence[StepParts]]) -> set[int]:
    """Return the calls that have the spans of their answers less often on one side: some were not sent, or are late."""
    before, after = (_answered(places, side) for side in sides)
    return {call for call in before.keys() & after.keys() if abs(before[call] - after[call]) > _MISSING}


def _unended(before: Sequence[StepParts], after: Sequence[StepParts]) -> set[int]:
    """Return the places whose durations were known before, and are not since: that time counts as their callers'."""
    (ran, unknown), (runs, unknowns) = _durations(before), _durations(after)
    return {number for number in ran.keys() & runs.keys() if not unknown[number] and unknowns[number] == runs[number]}


def _durations(side: Sequence[StepParts]) -> tuple[Counter[int], Counter[int]]:
    """Return how often each place ran, and how often without a duration."""
    ran, unknown = Counter[int](), Counter[int]()
    for parts in side:
        for number, waited in parts.places.items():
            ran[number] += waited.count
            unknown[number] += waited.unended
    return ran, unknown


def _answered(places: Places, side: Sequence[StepParts]) -> dict[int, float]:
    """Return of each call how many answers of another service it has, on average."""
    calls, answers = Counter[int](), Counter[int]()
    for parts in side:
        for number, waited in parts.places.items():
            calls[number] += waited.count
            answers[places.caller(number)] += waited.count
    return {call: answers[call] / calls[call] for call in places.calls & calls.keys()}


def _table(side: Sequence[StepParts], columns: _Columns) -> FloatArray:
    """Return a row a run: the time of each column, between, outside, and the duration that they add up to."""
    table = np.zeros((len(side), len(columns.places) + 3))
    for row, parts in enumerate(side):
        for number, waited in parts.places.items():
            table[row, columns.of_number[number]] += waited.ms
        table[row, -3:] = parts.between_ms, parts.outside_ms, parts.duration_ms
    return table


def _notable(difference: MeanDifference, count: int) -> list[int]:
    """Return the columns of places that differ by more than chance, corrected for their number (Bonferroni)."""
    least_ms = _least_ms(difference)
    sure = (difference.chance[:count] * count <= _CHANCE) & (np.abs(difference.value[:count]) >= least_ms)
    order = np.argsort(-np.abs(difference.value[:count]), kind="stable")
    return [int(column) for column in order if sure[column]][:_MOST_PARTS]


def _least_ms(difference: MeanDifference) -> float:
    return max(_LEAST_SHARE * abs(float(difference.value[-1])), _LEAST_MS)


def _rest(table: FloatArray, named: Sequence[int], count: int) -> FloatArray:
    others = np.setdiff1d(np.arange(count), named)
    return np.asarray(table[:, others].sum(axis=1, keepdims=True))


def _part(
    columns: _Columns,
    sides: Sequence[Sequence[StepParts]],
    tables: Sequence[FloatArray],
    difference: MeanDifference,
    column: int,
) -> TimePart:
    (ran, failed, brought), (runs, fails, brings) = (_often(side, columns, column) for side in sides)
    before_ms, after_ms = (float(table[:, column].mean()) for table in tables)
    is_unanswered = any(columns.of_number[number] == column for number in columns.answers)
    chance = _CHANCE / len(columns.places)
    interval = chosen_interval(difference, column, chance, _least_ms(difference), level=LEVEL)
    times = Share(float(difference.value[column]), *interval), before_ms, after_ms
    often = ran, runs, failed, fails, brought, brings
    return TimePart(columns.places[column], *times, *often, is_unanswered)


def _often(side: Sequence[StepParts], columns: _Columns, column: int) -> tuple[float, float, float]:
    """Return how often a column ran and failed in a run, and how many bytes it brought, on average."""
    of_column = [
        waited
        for parts in side
        for number, waited in parts.places.items()
        if columns.of_number[number] == column and number not in columns.answers
    ]
    return (
        sum(waited.count for waited in of_column) / len(side),
        sum(waited.errors for waited in of_column) / len(side),
        sum(waited.bytes for waited in of_column) / len(side),
    )


def _share(difference: MeanDifference, column: int) -> Share:
    return Share(float(difference.value[column]), float(difference.low[column]), float(difference.high[column]))
