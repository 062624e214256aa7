"""Source maps: from a place in a script that was built to the place in what its authors wrote. Pure, bounded.

https://tc39.es/ecma426/ (revision 3, with sections). Mappings are decoded by arrays, a million characters at a time: no
larger array is made than the map has mappings. A map is text from outside: whatever it holds, reading it ends with a
`SourceMap` or with `BadSourceMap`, and nothing that it names is opened.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from outrider.errors.source_scopes import FunctionScopes
from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

LARGEST_MAP: Final = 64_000_000
"""Bytes of a map."""
MOST_MAPPINGS: Final = 3_000_000
_MOST_SOURCES: Final = 100_000
_MOST_SECTIONS: Final = 10_000
_CHUNK: Final = 1 << 20
_LONGEST_VALUE: Final = 7
_PATH_CHARACTERS: Final = 500
_LINE_CHARACTERS: Final = 1_024
_COMMA, _SEMICOLON, _OTHER = 64, 65, 255
_LARGEST: Final = 2**31 - 1
_BEFORE_JSON: Final = b")]}"
_SCHEME: Final = re.compile(r"^(?:webpack|turbopack|ng|vite|rollup|parcel|file)(?:-internal)?://(?:[^/]*/)?")
_SIZES: Final = (1, 4, 5)


def _digits() -> NDArray[np.uint8]:
    table = np.full(256, _OTHER, np.uint8)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    table[list(alphabet)] = range(64)
    table[ord(",")], table[ord(";")] = _COMMA, _SEMICOLON
    return table


_DIGITS: Final = _digits()


class BadSourceMap(Exception):
    """A map cannot be used; the message says why."""


class OriginalPlace(NamedTuple):
    """A place in what authors wrote.

    Attributes:
        source: The index of its file in the map.
        line: From 1.
        column: From 1.
    """

    source: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class _Mappings:
    """Mappings by where they are in the script: `keys` is line << 32 | column, sorted; a source of -1 is none."""

    keys: NDArray[np.int64]
    sources: NDArray[np.int32]
    lines: NDArray[np.int32]
    columns: NDArray[np.int32]


class SourceMap:
    """A map that was read.

    Attributes:
        debug_id: In lower case; "" if it has none.
        paths: Of its sources, as people write them: without a bundler's scheme and without steps upward.
    """

    def __init__(
        self, mappings: _Mappings, debug_id: str, paths: Sequence[str], contents: Sequence[str | None]
    ) -> None:
        self._mappings = mappings
        self.debug_id = debug_id
        self.paths = tuple(paths)
        self._contents = tuple(contents)
        self._texts: dict[int, SourceText] = {}

    @property
    def mappings(self) -> int:
        """How many mappings there are."""
        return len(self._mappings.keys)

    @property
    def bytes(self) -> int:
        """About how much memory it takes."""
        return self.mappings * 20 + sum(len(text) for text in self._contents if text)

    def has_content(self, source: int) -> bool:
        """Return whether the map brings the text of a source."""
        return self._contents[source] is not None

    def last_column(self, line: int) -> int:
        """Return the last column, from 1, that is mapped in a line of the script, from 1; 0 if none is."""
        at = int(np.searchsorted(self._mappings.keys, line << 32)) - 1
        key = int(self._mappings.keys[at]) if at >= 0 else -1
        return (key & 0xFFFFFFFF) + 1 if key >> 32 == line - 1 else 0

    @property
    def last_line(self) -> int:
        """The last line of the script, from 1, that is mapped; 0 if none is."""
        return int(self._mappings.keys[-1] >> 32) + 1 if self.mappings else 0

    def find(self, line: int, column: int) -> OriginalPlace | None:
        """Return where a place in the script comes from, both from 1; None if that is not said."""
        if line < 1 or column < 1:
            return None
        own = self._mappings
        at = int(own.keys.searchsorted((line - 1) << 32 | (column - 1), "right")) - 1
        if at < 0 or own.keys.item(at) >> 32 != line - 1 or (source := own.sources.item(at)) < 0:
            return None
        return OriginalPlace(source, own.lines.item(at) + 1, own.columns.item(at) + 1)

    def text(self, source: int) -> SourceText | None:
        """Return the text of a source; None if the map does not bring it."""
        content = self._contents[source]
        if content is None:
            return None
        text = self._texts.get(source)
        if text is None:
            text = self._texts[source] = SourceText(content)
        return text


class SourceText:
    """What an author wrote, by lines."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self._text))]

    @cached_property
    def _lines(self) -> tuple[str, ...]:
        return tuple(printable(line[:_LINE_CHARACTERS].rstrip("\r")) for line in self._text.split("\n"))

    @cached_property
    def _scopes(self) -> FunctionScopes:
        return FunctionScopes(self._text)

    def lines(self, first: int, last: int) -> tuple[str, ...]:
        """Return lines from `first` to `last`, from 1, as far as there are such."""
        return self._lines[max(first, 1) - 1 : max(last, 0)]

    def function(self, line: int, column: int) -> str:
        """Return the function that a place, from 1, lies in; "" if it lies in none, or that cannot be told."""
        if not 1 <= line <= len(self._starts):
            return ""
        return self._scopes.at(self._starts[line - 1] + column - 1)


def read_source_map(data: bytes) -> SourceMap:
    """Return the map that a file holds.

    Raises:
        BadSourceMap: If it is damaged, or larger than it may be.
    """
    if len(data) > LARGEST_MAP:
        raise BadSourceMap(f"it has {len(data):,} bytes, and {LARGEST_MAP:,} at most are read")
    return _map_of(_document(data))


def _document(data: bytes) -> dict[str, Any]:
    if data.startswith(_BEFORE_JSON):  # what servers write against inclusion by other sites
        data = data.partition(b"\n")[2]
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise BadSourceMap("it is no JSON, or cut short") from None
    if not isinstance(document, dict) or document.get("version") not in (3, "3"):
        raise BadSourceMap("it is no source map of version 3")
    return document


def _map_of(document: dict[str, Any]) -> SourceMap:
    paths: list[str] = []
    contents: list[str | None] = []
    parts: list[tuple[_Mappings, int, int]] = []
    for section, line, column in _sections(document):
        before = len(paths)
        root = section.get("sourceRoot")
        texts = _list(section.get("sourcesContent"))
        for index, name in enumerate(_list(section.get("sources"))):
            paths.append(source_path(name, root))
            text = texts[index] if index < len(texts) else None
            contents.append(text if isinstance(text, str) else None)
        if len(paths) > _MOST_SOURCES:
            raise BadSourceMap(f"it has more than {_MOST_SOURCES:,} sources")
        parts.append((_decoded(section.get("mappings"), before, len(paths) - before), line, column))
        if sum(len(part.keys) for part, _, _ in parts) > MOST_MAPPINGS:
            raise BadSourceMap(f"it has more than {MOST_MAPPINGS:,} mappings")
    debug_id = document.get("debugId") or document.get("debug_id")
    return SourceMap(_joined(parts), debug_id_of(debug_id), paths, contents)


def _sections(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int, int]]:
    """Yield maps with the line and the column at which they begin."""
    sections = document.get("sections")
    if not isinstance(sections, list):
        yield document, 0, 0
        return
    if len(sections) > _MOST_SECTIONS:
        raise BadSourceMap(f"it has more than {_MOST_SECTIONS:,} sections")
    for section in sections:
        own = section.get("map") if isinstance(section, dict) else None
        offset = section.get("offset") if isinstance(section, dict) else None
        if not isinstance(own, dict) or not isinstance(offset, dict):
            raise BadSourceMap("a section of it has no map of its own")
        place = [offset.get(name) for name in ("line", "column")]
        if not all(type(number) is int and 0 <= number < _LARGEST for number in place):
            raise BadSourceMap("a section of it does not say where it begins")
        yield own, place[0] or 0, place[1] or 0


def _decoded(text: object, first_source: int, sources: int) -> _Mappings:
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
    if len(places) and not (places.min() >= 0 and places.max() <= _LARGEST and places[:, 0].max() < sources):
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
    if len(columns) and not (columns.min() >= 0 and columns.max() <= _LARGEST and lines[-1] <= _LARGEST):
        raise BadSourceMap("a mapping of it names a column that there is none of")
    return columns


def _sorted(keys: NDArray[np.int64], places: NDArray[np.int32]) -> _Mappings:
    if len(keys) > 1 and (keys[1:] < keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        keys, places = keys[order], places[order]
    return _Mappings(keys, *(np.ascontiguousarray(places[:, number]) for number in range(3)))


def _joined(parts: Sequence[tuple[_Mappings, int, int]]) -> _Mappings:
    """Return the mappings of sections, each moved to where it begins."""
    if len(parts) == 1 and parts[0][1:] == (0, 0):
        return parts[0][0]
    keys = [part.keys + (line << 32) + np.where(part.keys >> 32 == 0, column, 0) for part, line, column in parts]
    names = ("sources", "lines", "columns")
    places = [np.stack([getattr(part, name) for name in names], axis=1) for part, _, _ in parts]
    if not parts:
        return _sorted(np.empty(0, np.int64), np.empty((0, 3), np.int32))
    return _sorted(np.concatenate(keys), np.concatenate(places))


def source_path(name: object, root: object = "") -> str:
    """Return the path of a source as people write it: no scheme, no query, and no step out of the folder."""
    text = name if isinstance(name, str) else ""
    if isinstance(root, str) and root and not text.startswith("/") and "://" not in text:
        text = f"{root.rstrip('/')}/{text}"
    plain = _SCHEME.sub("", text.replace("\\", "/")).partition("?")[0]
    parts: list[str] = []
    for part in plain.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return printable(("/".join(parts) or "(unknown)")[-_PATH_CHARACTERS:])


def debug_id_of(value: object) -> str:
    """Return a debug id as 32 digits in lower case with dashes; "" if it is none."""
    digits = value.replace("-", "").lower() if isinstance(value, str) else ""
    if len(digits) != 32 or not re.fullmatch(r"[0-9a-f]+", digits):
        return ""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
