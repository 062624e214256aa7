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
    names = [one.endpoint for one in result.endpoints]
    numbers = {name: number for number, name in enumerate(names)}
    told = {
        "endpoints": names,
        "intervals": [_interval(one, numbers) for one in result.intervals],
        "failures": [[one.endpoint, one.message, one.count, list(one.samples)] for one in result.failures],
        "foreground": [
            [one.run, one.offset_s, one.users, one.outcome.value, dict(one.steps)] for one in result.foreground
        ],
    }
    told |= printable_json({name: told[name] for name in _TEXTS})
    return zlib.compress(json.dumps(told, separators=(",", ":")).encode())


def unpack(packed: bytes) -> LoadResult:
    """Return a load that was kept."""
    told = json.loads(zlib.decompress(packed))
    told |= printable_json({name: told[name] for name in _TEXTS})
    names: list[str] = told["endpoints"]
    return LoadResult(
        tuple(_read_interval(one, names) for one in told["intervals"]),
        tuple(
            FailureGroup(endpoint, message, count, tuple(samples))
            for endpoint, message, count, samples in told["failures"]
        ),
        tuple(
            ForegroundRun(RunId(run), offset_s, users, Outcome(outcome), steps)
            for run, offset_s, users, outcome, steps in told["foreground"]
        ),
    )


def _interval(one: LoadInterval, numbers: Mapping[str, int]) -> list[Any]:
    figures = [one.offset_s, one.length_s, one.users, one.workers, one.cpu_share, one.lag_ms, one.late_s]
    return [*(round(figure, 4) for figure in figures), [_endpoint(part, numbers) for part in one.endpoints]]


def _endpoint(part: EndpointLoad, numbers: Mapping[str, int]) -> list[Any]:
    histograms = [_pairs(one) for one in (part.succeeded, part.failed)]
    intended = None if part.intended is None else _pairs(part.intended)
    return [numbers[part.endpoint], *histograms, intended, part.received_bytes]


def _pairs(histogram: Histogram) -> list[int]:
    return [number for pair in sorted(histogram.counts.items()) for number in pair]


def _read_interval(told: list[Any], names: list[str]) -> LoadInterval:
    parts = (
        EndpointLoad(names[number], _histogram(good), _histogram(bad), None if late is None else _histogram(late), size)
        for number, good, bad, late, size in told[7]
    )
    offset_s, length_s, users, workers, cpu_share, lag_ms, late_s = told[:7]
    return LoadInterval(offset_s, length_s, users, workers, cpu_share, lag_ms, late_s, tuple(parts))


def _histogram(pairs: list[int]) -> Histogram:
    return Histogram(dict(zip(pairs[::2], pairs[1::2], strict=True)))
