"""Histograms as bytes: buckets in their order, each as its distance from the last one and its count. Pure.

Whole numbers are LEB128 (DWARF 5, section 7.6); the first bucket, which may be negative, is written zigzag. A
distance and a count take one byte each nearly always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import BUCKET_VALUE, RATIO, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

_MORE = 0x80


def pack_histogram(histogram: Histogram) -> bytes:
    """Return a histogram as bytes."""
    packed = bytearray()
    last = None
    for bucket, count in sorted(histogram.counts.items()):
        distance = (bucket << 1) ^ (bucket >> 63) if last is None else bucket - last
        for number in (distance, count):
            rest = number
            while rest >= _MORE:
                packed.append(rest & 0x7F | _MORE)
                rest >>= 7
            packed.append(rest)
        last = bucket
    return bytes(packed)


def unpack_histogram(packed: bytes) -> Histogram:
    """Return what `pack_histogram` packed."""
    numbers = _numbers(packed)
    counts: dict[int, int] = {}
    bucket = None
    for number in numbers:
        bucket = (number >> 1) ^ -(number & 1) if bucket is None else bucket + number
        counts[bucket] = next(numbers)
    return Histogram(counts)


def unpack_values(packed: Sequence[bytes]) -> NDArray[np.float64]:
    """Return the values of many histograms, one after the other, each within 1 % and as often as it was counted."""
    import numpy as np  # noqa: PLC0415 - dear, and only judges ask

    data = np.frombuffer(b"".join(packed), np.uint8)
    if not len(data):
        return np.empty(0)
    ends = np.flatnonzero(data < _MORE)
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(len(data)) - np.repeat(starts, ends - starts + 1)
    numbers = np.add.reduceat((data & (_MORE - 1)).astype(np.int64) << (7 * place), starts)
    steps, counts = numbers[::2].copy(), numbers[1::2]
    lengths = np.cumsum([len(histogram) for histogram in packed if len(histogram)])
    firsts = np.concatenate([[0], np.searchsorted(ends, lengths[:-1] - 1) + 1]) // 2
    steps[firsts] = (steps[firsts] >> 1) ^ -(steps[firsts] & 1)
    walked = np.cumsum(steps)
    before = np.repeat(walked[firsts] - steps[firsts], np.diff(firsts, append=len(steps)))
    values: NDArray[np.float64] = np.repeat(BUCKET_VALUE * np.power(RATIO, walked - before), counts)
    return values


def _numbers(packed: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        if byte & _MORE:
            shift += 7
        else:
            yield number
            number = shift = 0
