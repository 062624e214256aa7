"""Mappings of source maps as arrays, decoded a million characters at a time.

No array is larger than the map has mappings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.errors.source_map_limits import LARGEST_PLACE, MOST_MAPPINGS, BadSourceMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_CHUNK: Final = 1 << 20
_LONGEST_VALUE: Final = 7
_COMMA, _SEMICOLON, _OTHER = 64, 65, 255
_SIZES: Final = (1, 4, 5)


def _digits() -> NDArray[np.uint8]:
    table = np.full(256, _OTHER, np.uint8)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    table[list(alphabet)] = range(64)
    table[ord(",")], table[ord(";")] = _COMMA, _SEMICOLON
    return table


_DIGITS: Final = _digits()


@dataclass(frozen=True, slots=True)
class Mappings:
    """Mappings by where they are in the script: `keys` is line << 32 | column, sorted; a source of -1 is none."""

    keys: NDArray[np.int64]
    sources: NDArray[np.int32]
    lines: NDArray[np.int32]
    columns: NDArray[np.int32]


def decoded(text: object, first_source: int, sources: int) -> Mappings:
    """Return the mappings of a text, whose first source has an index in the map, and which names so many.

    Raises:
        BadSourceMap: If it is damaged, or holds too many.
    """
    if not isinstance(text, str) or not text.isascii():
        raise BadSourceMap("its mappings are no text, or hold what no mapping holds")
    if text.count(",") + text.count(";") >= MOST_MAPPINGS:
        raise BadSourceMap(f"it has more than {MOST_MAPPINGS:,} mappings")
    codes = np.frombuffer(text.encode("ascii"), np.uint8)
    lines, columns, fields, origins = [], [], [], []
    line = 0
    for start, end in _chunks(text):
        own = _chunk(_DIGITS[codes[start:end]], line)
        lines.append(own[0])
        columns.append(own[1])
        fields.append(own[2])
        origins.append(own[3])
        line = own[4]
    line_of = np.concatenate(lines) if lines else np.empty(0, np.int64)
    at = _columns(line_of, np.concatenate(columns) if columns else np.empty(0, np.int64))
    has_origin = np.concatenate(fields) if fields else np.empty(0, bool)
    steps = np.concatenate(origins) if origins else np.empty((0, 3), np.int64)
    places = np.cumsum(steps, axis=0)
    if len(places) and not (places.min() >= 0 and places.max() <= LARGEST_PLACE and places[:, 0].max() < sources):
        raise BadSourceMap("a mapping of it names a source that there is none of")
    whole = np.full((len(line_of), 3), -1, np.int32)
    whole[has_origin] = places
    whole[has_origin, 0] += first_source
    return _sorted(line_of << 32 | at, whole)


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """Yield where pieces of mappings begin and end: behind a separator."""
    start = 0
    while start < len(text):
        end = min(start + _CHUNK, len(text))
        while end < len(text) and text[end - 1] not in ",;":
            end += 1
            if end - start > _CHUNK + 100:
                raise BadSourceMap("a mapping of it is longer than mappings are")
        yield start, end
        start = end


def _chunk(
    values: NDArray[np.uint8], line: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64], int]:
    """Return of each mapping its line, step of column and whether it has an origin; steps of origins; the last line."""
    if (values == _OTHER).any():
        raise BadSourceMap("its mappings hold what no mapping holds")
    is_digit = values < _COMMA
    goes_on = is_digit & (values & 32 != 0)
    if goes_on[-1] or (goes_on[:-1] & ~is_digit[1:]).any():
        raise BadSourceMap("a mapping of it is cut short")
    begins = is_digit.copy()
    begins[1:] &= ~goes_on[:-1]
    first = np.flatnonzero(begins)
    numbers = _numbers(values, first, np.flatnonzero(is_digit & ~goes_on) - first + 1)
    at_line = np.cumsum(values == _SEMICOLON)
    end_line = line + int(at_line[-1])
    mapping = np.cumsum(~is_digit)[first]
    new = np.flatnonzero(np.diff(mapping, prepend=-1))
    sizes = np.diff(new, append=len(first))
    if not np.isin(sizes, _SIZES).all():
        raise BadSourceMap("a mapping of it has another number of fields than mappings have")
    has_origin = sizes > 1
    origins = new[has_origin]
    steps = np.stack([numbers[origins + number] for number in (1, 2, 3)], axis=1)
    return line + at_line[first[new]], numbers[new], has_origin, steps, end_line


def _numbers(values: NDArray[np.uint8], first: NDArray[np.intp], lengths: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the numbers that begin at `first`, of five bits a digit, the lowest first; the very lowest is the sign."""
    if len(lengths) and lengths.max() > _LONGEST_VALUE:
        raise BadSourceMap("a mapping of it holds a number that is too large")
    numbers = (values[first] & 31).astype(np.int64)
    for place in range(1, int(lengths.max()) if len(lengths) else 0):
        longer = np.flatnonzero(lengths > place)
        numbers[longer] |= (values[first[longer] + place] & 31).astype(np.int64) << (5 * place)
    return np.where(numbers & 1, -(numbers >> 1), numbers >> 1)


def _columns(lines: NDArray[np.int64], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return columns, which begin at zero in each line."""
    total = np.cumsum(steps)
    starts = np.flatnonzero(np.diff(lines, prepend=-1))
    before = np.where(starts > 0, total[starts - 1], 0)
    columns: NDArray[np.int64] = total - np.repeat(before, np.diff(starts, append=len(lines)))
    if len(columns) and not (columns.min() >= 0 and columns.max() <= LARGEST_PLACE and lines[-1] <= LARGEST_PLACE):
        raise BadSourceMap("a mapping of it names a column that there is none of")
    return columns


def _sorted(keys: NDArray[np.int64], places: NDArray[np.int32]) -> Mappings:
    if len(keys) > 1 and (keys[1:] < keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        keys, places = keys[order], places[order]
    return Mappings(keys, *(np.ascontiguousarray(places[:, number]) for number in range(3)))


def joined(parts: Sequence[tuple[Mappings, int, int]]) -> Mappings:
    """Return the mappings of sections, each moved to where it begins."""
    if len(parts) == 1 and parts[0][1:] == (0, 0):
        return parts[0][0]
    keys = [part.keys + (line << 32) + np.where(part.keys >> 32 == 0, column, 0) for part, line, column in parts]
    names = ("sources", "lines", "columns")
    places = [np.stack([getattr(part, name) for name in names], axis=1) for part, _, _ in parts]
    if not parts:
        return _sorted(np.empty(0, np.int64), np.empty((0, 3), np.int32))
    return _sorted(np.concatenate(keys), np.concatenate(places))
