"""Source maps: from a place in a script that was built to the place in what its authors wrote. Pure, bounded.

https://tc39.es/ecma426/ (revision 3, with sections). A map is text from outside: whatever it holds, reading it ends
with a `SourceMap` or with `BadSourceMap`, and nothing that it names is opened.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from outrider.errors.source_map_limits import LARGEST_PLACE, MOST_MAPPINGS, BadSourceMap
from outrider.errors.source_scopes import FunctionScopes
from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.errors.source_mappings import Mappings

LARGEST_MAP: Final = 64_000_000
"""Bytes of a map."""
_MOST_SOURCES: Final = 100_000
_MOST_SECTIONS: Final = 10_000
_PATH_CHARACTERS: Final = 500
_LINE_CHARACTERS: Final = 1_024
_BEFORE_JSON: Final = b")]}"
_SCHEME: Final = re.compile(r"^(?:webpack|turbopack|ng|vite|rollup|parcel|file)(?:-internal)?://(?:[^/]*/)?")


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


class SourceMap:
    """A map that was read.

    Attributes:
        debug_id: In lower case; "" if it has none.
        paths: Of its sources, as people write them: without a bundler's scheme and without steps upward.
    """

    def __init__(self, mappings: Mappings, debug_id: str, paths: Sequence[str], contents: Sequence[str | None]) -> None:
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
        at = int(self._mappings.keys.searchsorted(line << 32)) - 1
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
    from outrider.errors.source_mappings import decoded, joined  # noqa: PLC0415 - NumPy is dear

    paths: list[str] = []
    contents: list[str | None] = []
    parts: list[tuple[Mappings, int, int]] = []
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
        parts.append((decoded(section.get("mappings"), before, len(paths) - before), line, column))
        if sum(len(part.keys) for part, _, _ in parts) > MOST_MAPPINGS:
            raise BadSourceMap(f"it has more than {MOST_MAPPINGS:,} mappings")
    debug_id = document.get("debugId") or document.get("debug_id")
    return SourceMap(joined(parts), debug_id_of(debug_id), paths, contents)


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
        if not all(type(number) is int and 0 <= number < LARGEST_PLACE for number in place):
            raise BadSourceMap("a section of it does not say where it begins")
        yield own, place[0] or 0, place[1] or 0


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
