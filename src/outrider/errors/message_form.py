"""The form of a message: what stays of it without ids, numbers, addresses and quoted values. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_CHARACTERS: Final = 300
_NAMES: Final = re.compile(
    r"(?:reading|setting|attribute|property|column|relation|table|module|function|method|class|field|option|symbol)"
    r" \(?$"
)
"""What stands before a quoted name of the code, which stays; other quoted texts are values."""
_NAME: Final = re.compile(r"[A-Za-z_$][\w$.]{0,60}")
_QUOTED: Final = re.compile(
    r"(?<![A-Za-z])'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`|\u2018[^\u2019\n]*\u2019|\u201c[^\u201d\n]*\u201d"
)
_FORMS: Final = (
    ("<url>", re.compile(r"\b(?:https?|wss?|ftp|file|blob|data|[a-z]+-extension):(?://)?[^\s'\"<>)]+", re.IGNORECASE)),
    ("<email>", re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b")),
    ("<id>", re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)),
    ("<time>", re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?")),
    ("<time>", re.compile(r"\b\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?\b")),
    ("<ip>", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b")),
    ("<id>", re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE)),
    ("<id>", re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{8,}\b", re.IGNORECASE)),
    ("<path>", re.compile(r"(?<![\w<>/])(?:[A-Za-z]:)?[/\\](?:[\w.@+-]{1,80}[/\\])+[\w.@+-]*")),
    ("<n>", re.compile(r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*|\d+")),
)  # fmt: skip


@lru_cache(maxsize=4_096)
def message_form(message: str) -> str:
    """Return the first line of a message that is not empty, without what differs from event to event."""
    line = next((line.strip() for line in message[: 4 * _CHARACTERS].splitlines() if line.strip()), "")
    form = _QUOTED.sub(_unquoted, line)
    for mark, pattern in _FORMS:
        form = pattern.sub(mark, form)
    return " ".join(form.split())[:_CHARACTERS]


def _unquoted(match: re.Match[str]) -> str:
    text = match[0][1:-1]
    is_name = _NAMES.search(match.string, 0, match.start()) and _NAME.fullmatch(text)
    return text if is_name else "<text>"
