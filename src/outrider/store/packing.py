"""Histograms as bytes: buckets in their order, each as its distance from the last one and its count. Pure.

Whole numbers are LEB128 (DWARF 5, section 7.6); the first bucket, which may be negative, is written zigzag. A
distance and a count take one byte each nearly always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def _numbers(packed: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        if byte & _MORE:
            shift += 7
        else:
            yield number
            number = shift = 0
