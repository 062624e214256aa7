r"""Text from outside, made storable and printable.

What a target, a page, a test or a mail server says may hold anything: half a surrogate pair, which no encoding takes;
NUL, which PostgreSQL refuses; escape sequences, which a terminal obeys; bidirectional overrides, which show a reader
another text than is there (CVE-2021-42574). All of them become visible escapes such as `\x1b` and `\u202e`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

_LONGEST_BYTE: Final = 0xFF
_LONGEST_UNIT: Final = 0xFFFF
_IDENTITY_CHARACTERS: Final = 300
_NONCHARACTERS = "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
_UNPRINTABLE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 without tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Unicode 15, 23.2: bidirectional marks, overrides and isolates
    "\u2028\u2029"  # line and paragraph separators: a line of ours stays one
    "\ud800-\udfff"
    "\ufdd0-\ufdef" + _NONCHARACTERS + "]"
)

_FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a formula begins; the last four are the full-width forms of the first."""
_SIGNED_NUMBER = re.compile(r"[+-]\d+([.,]\d+)*( ?[a-z%]{1,3})?")


def spreadsheet_cell(value: Any) -> Any:
    """Return a value of a CSV file; a text that a spreadsheet would compute gets an apostrophe before it.

    Numbers stay, such as -3 and "+310 ms". See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    if not isinstance(value, str) or not _FORMULA.match(value) or _SIGNED_NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def printable(text: str) -> str:
    """Return `text` as every database, encoding, terminal and page can show it; the very same object if it is so.

    Tabs and line feeds stay, CR LF becomes LF, and what cannot be shown becomes an escape. Doing it twice changes
    nothing.
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return _UNPRINTABLE.sub(_escape, text.replace("\r\n", "\n"))


def bounded(text: str, characters: int) -> str:
    """Return `text` printable, cut to `characters` with a mark that says how long it was; escapes may lengthen it."""
    if len(text) > characters:
        mark = f"… [cut: {len(text)} characters]"
        text = text[: max(0, characters - len(mark))] + mark
    return printable(text)


@lru_cache(maxsize=16_384)
def identity(text: str) -> str:
    """Return `text` as part of an identity: where it must be cut, a digest keeps two long ones apart."""
    if len(text) > _IDENTITY_CHARACTERS:
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        mark = f"… [cut: {len(text)} characters, {digest}]"
        text = text[: _IDENTITY_CHARACTERS - len(mark)] + mark
    return printable(text)


def tail(text: str, characters: int) -> str:
    """Return the last `characters` of a log, below a line that says how many are left out before them."""
    rest = len(text) - characters
    return f"… [{rest} characters before this are left out]\n{text[rest:]}" if rest > 0 else text


def printable_json(value: Any) -> Any:
    """Return parsed JSON with all its texts printable, keys too: an escape in JSON may stand for any code point."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(key): printable_json(entry) for key, entry in value.items()}
    return [printable_json(entry) for entry in value] if isinstance(value, list) else value


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= _LONGEST_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _LONGEST_UNIT else f"\\U{code:08x}"
