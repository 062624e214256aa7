"""Loads as they are kept: compressed JSON; histograms as pairs of bucket and count, so that they can be merged."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from outrider.model import (
    EndpointLoad,
    FailureGroup,
    ForegroundRun,
    Histogram,
    LoadInterval,
    LoadResult,
    Outcome,
    RunId,
    printable_json,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


_TEXTS = ("endpoints", "failures", "foreground")


def pack(result: LoadResult) -> bytes:
    """Return a load as it is kept."""
    names = [endpoint.endpoint for endpoint in result.endpoints]
    numbers = {name: number for number, name in enumerate(names)}
    document = {
        "endpoints": names,
        "intervals": [_interval(interval, numbers) for interval in result.intervals],
        "failures": [
            [failure.endpoint, failure.message, failure.count, list(failure.samples)] for failure in result.failures
        ],
        "foreground": [
            [run.run, run.offset_s, run.users, run.outcome.value, dict(run.steps)] for run in result.foreground
        ],
        "tail": [_endpoint(part, numbers) for part in result.tail],
    }
    document |= printable_json({name: document[name] for name in _TEXTS})
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode())


def unpack(packed: bytes) -> LoadResult:
    """Return a load that was kept."""
    document = json.loads(zlib.decompress(packed))
    document |= printable_json({name: document[name] for name in _TEXTS})
    names: list[str] = document["endpoints"]
    return LoadResult(
        tuple(_read_interval(interval, names) for interval in document["intervals"]),
        tuple(
            FailureGroup(endpoint, message, count, tuple(samples))
            for endpoint, message, count, samples in document["failures"]
        ),
        tuple(
            ForegroundRun(RunId(run), offset_s, users, Outcome(outcome), steps)
            for run, offset_s, users, outcome, steps in document["foreground"]
        ),
        tuple(_read_endpoint(part, names) for part in document.get("tail", ())),
    )


def _interval(interval: LoadInterval, numbers: Mapping[str, int]) -> list[Any]:
    figures = [
        interval.offset_s, interval.length_s, interval.users, interval.workers,
        interval.cpu_share, interval.lag_ms, interval.late_s,
    ]  # fmt: skip
    return [*(round(figure, 4) for figure in figures), [_endpoint(part, numbers) for part in interval.endpoints]]


def _endpoint(part: EndpointLoad, numbers: Mapping[str, int]) -> list[Any]:
    histograms = [_pairs(histogram) for histogram in (part.succeeded, part.failed)]
    intended = None if part.intended is None else _pairs(part.intended)
    fields = [numbers[part.endpoint], *histograms, intended, part.received_bytes]
    return [*fields, _pairs(part.unanswered)] if part.unanswered.total else fields


def _pairs(histogram: Histogram) -> list[int]:
    return [number for pair in sorted(histogram.counts.items()) for number in pair]


def _read_interval(fields: list[Any], names: list[str]) -> LoadInterval:
    parts = (_read_endpoint(part, names) for part in fields[7])
    offset_s, length_s, users, workers, cpu_share, lag_ms, late_s = fields[:7]
    return LoadInterval(offset_s, length_s, users, workers, cpu_share, lag_ms, late_s, tuple(parts))


def _read_endpoint(fields: list[Any], names: list[str]) -> EndpointLoad:
    number, good, bad, late, size, *unanswered = fields
    intended = None if late is None else _histogram(late)
    return EndpointLoad(
        names[number], _histogram(good), _histogram(bad), intended, size, *(_histogram(pairs) for pairs in unanswered)
    )


def _histogram(pairs: list[int]) -> Histogram:
    return Histogram(dict(zip(pairs[::2], pairs[1::2], strict=True)))
