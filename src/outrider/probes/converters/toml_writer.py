"""Tables as TOML (https://toml.io/en/v1.0.0)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_document(tables: Iterable[tuple[str, Mapping[str, object], Iterable[str]]]) -> str:
    """Return tables, each after its comments and its header, such as `[home]` or `[[threshold]]`."""
    return "\n".join("\n".join(_lines(header, table, comments)) + "\n" for header, table, comments in tables)


def _lines(header: str, table: Mapping[str, object], comments: Iterable[str]) -> Iterator[str]:
    for comment in comments:
        yield "# " + printable(comment).replace("\n", " ")
    yield header
    for key, value in table.items():
        if not (isinstance(value, Mapping) and key == "expect"):
            yield f"{toml_key(key)} = {toml_value(value)}"
    expect = table.get("expect")
    if isinstance(expect, Mapping) and expect:
        yield ""
        yield f"{header[:-1]}.expect]"
        for key, value in expect.items():
            yield f"{toml_key(key)} = {toml_value(value)}"


def toml_key(key: str) -> str:
    """Return a key, in quotes where it needs some."""
    return key if _BARE.fullmatch(key) else _text(key)


def toml_value(value: object) -> str:
    """Return a value on one line.

    Raises:
        TypeError: If TOML has no such value.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml_key(str(key))} = {toml_value(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(entry) for entry in value) + "]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _text(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return escaped.encode("utf-8", "replace").decode()
