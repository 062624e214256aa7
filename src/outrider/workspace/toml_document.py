"""TOML with the line of every key.

The standard library parses. No maintained parser reports the position of a key (tomlkit keeps the text, but not the
position), so a scanner of our own reads the text, which is known to be TOML, a second time for positions alone.
TOML 1.0: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from dataclasses import dataclass
from errno import EINVAL
from stat import S_ISREG
from typing import TYPE_CHECKING, TypeAlias

from outrider.model import ConfigError, Place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KeyPath: TypeAlias = "tuple[str | int, ...]"

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|[A-Za-z0-9_-]+')
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?""""{0,2}'  # up to two quotes may stand right before the closing three
    r"|'''.*?''''{0,2}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ERROR_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed TOML file with the line of each key; paths hold keys and, within arrays, indexes from zero."""

    file: str
    data: Mapping[str, object]
    lines: Mapping[KeyPath, int]

    def place(self, path: KeyPath) -> Place:
        """Return the place of `path`, or else of the nearest table around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(self.file, self.lines.get(path, 0))


def read_document(path: Path, file: str) -> Document:
    """Read a TOML file; `file` is what problems call it.

    Raises:
        ConfigError: If the file cannot be read, is not UTF-8, or is not TOML.
    """
    text = _read_text(path, file)
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(text, str(error), file) from None
    return Document(file, data, key_lines(text))


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from one, of every key, table and array item of `text`, which must be TOML."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def _read_text(path: Path, file: str) -> str:
    try:
        raw = _regular_bytes(path)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror or error}",
            slug="unreadable-file",
            fix="make it a file that this user may read",
            where=Place(file),
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"is not UTF-8: byte 0x{raw[error.start]:02x}",
            slug="not-utf8",
            fix="save the file with the encoding UTF-8",
            where=Place(file, raw.count(b"\n", 0, error.start) + 1),
        ) from None


def _regular_bytes(path: Path) -> bytes:
    """Read a regular file; opening a pipe would wait for somebody who writes to it."""
    if not S_ISREG(path.stat().st_mode):
        raise OSError(EINVAL, "it is not a regular file")
    return path.read_bytes()


def _broken(text: str, message: str, file: str) -> ConfigError:
    position = _ERROR_LINE.search(message)
    last_line = text.rstrip().count("\n") + 1
    line = int(position[1]) if position and position[1] else last_line
    what = "a number has too many digits" if "int_max_str_digits" in message else _ERROR_LINE.sub("", message)
    return ConfigError(
        f"is not TOML: {what[:1].lower()}{what[1:]}",
        slug="broken-toml",
        fix="correct this line or the one before it; text values need quotation marks",
        where=Place(file, line),
    )


class _Scanner:
    """Records the lines of keys in a text that is known to be TOML; it checks nothing itself."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._array_lengths: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> KeyPath:
        start, is_array = self._at, self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        *around, last = self._key()
        self._at += 2 if is_array else 1
        path: KeyPath = ()
        for part in around:
            path = self._entered((*path, part))
            self.lines.setdefault(path, self._line(start))
        path = (*path, last)
        if is_array:
            self.lines.setdefault(path, self._line(start))
            self._array_lengths[path] = self._array_lengths.get(path, 0) + 1
            path = self._entered(path)
        self.lines[path] = self._line(start)
        return path

    def _entered(self, path: KeyPath) -> KeyPath:
        """Return the newest item of the array of tables at `path`, or `path` itself if it is a table."""
        length = self._array_lengths.get(path, 0)
        return (*path, length - 1) if length else path

    def _pair(self, table: KeyPath) -> None:
        start, path = self._at, table
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, self._line(start))
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_SPACE)
            parts.append(_unquoted(self._skip(_KEY_PART)))
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return parts
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        match self._text[self._at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._skip(_STRING)
            case _:
                self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while not self._closes("]"):
            self.lines[*path, index] = self._line(self._at)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_BLANK)
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:  # cannot be: the text is TOML
            raise AssertionError(f"no {pattern.pattern} at {self._at}")
        self._at = match.end()
        return match[0]

    def _line(self, at: int) -> int:
        return bisect_left(self._newlines, at) + 1


def _unquoted(part: str) -> str:
    if part[0] == '"':
        return next(iter(tomllib.loads(f"{part} = 0")))
    return part.strip("'") if part[0] == "'" else part
