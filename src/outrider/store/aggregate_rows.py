"""Aggregates: samples of any subject that belong to no run."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from outrider.model import LASTING, RecordedAggregates, identity
from outrider.store.key_cache import SeriesName, read_mark
from outrider.store.rollup_job import LASTING_KEPT, SAMPLES_KEPT, note_aggregates
from outrider.store.rollups import HOUR_US
from outrider.store.rows import insert_plain
from outrider.store.schema import NO_RUN, samples
from outrider.store.text_limits import SERIES_PER_SUBJECT
from outrider.store.unjudged_rows import is_judged, note_unjudged

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from outrider.model import AggregateSample, Subject
    from outrider.store.key_cache import KeyCache

_NOT_FINITE = "not finite"
_PRUNED = "older than the samples that are kept"
_TOO_MANY = f"of series beyond {SERIES_PER_SUBJECT} of their subject"
_SERIES_AT_ONCE = 500


def write_aggregates(
    connection: Connection, keys: KeyCache, aggregates: Sequence[AggregateSample]
) -> RecordedAggregates:
    """Store those that are not there yet, and say what was omitted."""
    keys.begin(connection)
    omitted: Counter[str] = Counter()
    lasting_from_us = read_mark(connection, LASTING_KEPT) * HOUR_US
    others_from_us = read_mark(connection, SAMPLES_KEPT) * HOUR_US
    by_subject: dict[Subject, list[AggregateSample]] = defaultdict(list)
    for sample in aggregates:
        if not math.isfinite(sample.value):
            omitted[_NOT_FINITE] += 1
        elif sample.at_us < (lasting_from_us if sample.metric in LASTING else others_from_us):
            omitted[_PRUNED] += 1
        else:
            by_subject[sample.subject].append(sample)
    values: dict[tuple[int, int], float] = {}
    judged: set[int] = set()
    keys.add_subjects(connection, {subject: _latest_us(own) for subject, own in by_subject.items()})
    for subject, own in by_subject.items():
        for sample, place in _placed(connection, keys, subject, own):
            if place is None:
                omitted[_TOO_MANY] += 1
                continue
            values.setdefault(place, sample.value)
            if is_judged(sample):
                judged.add(place[0])
    lines = tuple(f"{reason}: {count}" for reason, count in sorted(omitted.items()))
    return RecordedAggregates(_insert(connection, values, judged), lines)


def _placed(
    connection: Connection, keys: KeyCache, subject: Subject, own: Sequence[AggregateSample]
) -> list[tuple[AggregateSample, tuple[int, int] | None]]:
    """Return each sample with its series' key and its time; None where its series is one too many."""
    known = keys.subject(connection, subject, _latest_us(own))
    names = [
        SeriesName(*map(identity, (sample.environment, sample.location, sample.step, sample.metric))) for sample in own
    ]
    series = keys.series(connection, known, names)
    return [
        (sample, (series[name], sample.at_us) if name in series else None)
        for name, sample in zip(names, own, strict=True)
    ]


def _latest_us(own: Sequence[AggregateSample]) -> int:
    return max(sample.at_us for sample in own)


def _insert(connection: Connection, values: dict[tuple[int, int], float], judged: Collection[int]) -> int:
    stored = _stored(connection, list(values))
    fresh = [(*place, NO_RUN, 0, True, value) for place, value in values.items() if place not in stored]
    if fresh:
        insert_plain(connection, samples, fresh)
        note_aggregates(connection, [(row[0], row[1]) for row in fresh])
        note_unjudged(connection, [(row[0], row[1]) for row in fresh if row[0] in judged])
    return len(fresh)


def _stored(connection: Connection, places: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those of the places (series' key, time), and others between them, that have an aggregate already."""
    if not places:
        return set()
    times = [at_us for _, at_us in places]
    series = sorted({key for key, _ in places})
    own = samples.c
    within = (own.at_us >= min(times), own.at_us <= max(times), own.run_key == NO_RUN)
    stored: set[tuple[int, int]] = set()
    for start in range(0, len(series), _SERIES_AT_ONCE):
        some = own.series_key.in_(series[start : start + _SERIES_AT_ONCE])
        rows = connection.execute(select(own.series_key, own.at_us).where(some, *within))
        stored.update((key, at_us) for key, at_us in rows)
    return stored
