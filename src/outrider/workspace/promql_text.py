"""Queries of PromQL as values of configuration files: what can be seen to be wrong without a server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from outrider.model import UsageError
from outrider.workspace.suggestions import nearest
from outrider.workspace.tables import Refused, Table, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST: Final = 4_000
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}
_VARIABLE: Final = re.compile(r"\$([a-z_][a-z0-9_]*)")
_ANY: Final = {"=~": '".*"', "!~": r'"[^\\s\\S]"'}
"""Patterns of any value: all have it, or none is excluded."""
_TOKEN: Final = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?P<comment>\#[^\n]*)|(?P<mark>["'`()\[\]{}])"""
)


def as_promql(value: object) -> str:
    """Accept a query of PromQL whose texts and brackets are closed; what else is wrong only its server can say."""
    query = as_text(value)
    if len(query) > _MOST:
        raise _refused(f"it is longer than {_MOST:,} characters", "let a recording rule of its server name a part")
    opened: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(query):
        mark, at = token["mark"], token.start() + 1
        if mark in _CLOSERS:
            opened.append((mark, at))
        elif mark in {'"', "'", "`"}:
            raise _refused(f"the text at character {at} does not end", f"close it with {mark}")
        elif mark and (not opened or _CLOSERS[opened.pop()[0]] != mark):
            raise _refused(f'nothing opens the "{mark}" at character {at}', "see its brackets")
    if opened:
        mark, at = opened[-1]
        raise _refused(f'the "{mark}" at character {at} is not closed', f'close it with "{_CLOSERS[mark]}"')
    return query


def _refused(what: str, fix: str) -> Refused:
    return Refused(f"is no PromQL: {what}", fix, "bad-query")


def read_series_source(table: Table, names: Sequence[str]) -> str:
    """Return which source of PromQL `source` names; the only one where it is left out. Problems are reported.

    Args:
        table: Of a rule or panel.
        names: Of the sources of PromQL that there are.
    """
    named = table.read("source", as_text, "")
    if not names:
        fix = 'add [sources.NAME] with kind = "prometheus" and its url to outrider.toml'
        table.report("promql", "asks a source of PromQL, of which this workspace has none", fix, "unknown-source")
    elif not named and len(names) > 1:
        fix = f"add source = with one of {', '.join(names)}"
        table.report("source", "is missing, and there are several sources of PromQL", fix, "missing-key")
    elif named and named not in names:
        what = f'= "{named}" is no source of PromQL'
        table.report("source", what, nearest(named, sorted(names)), "unknown-source")
    return named or (names[0] if names else "")


def fill_promql(query: str, values: Mapping[str, str], every_s: int) -> str:
    """Return a query with values in the place of its variables, each as the whole text of a `=~`, and `$every` filled.

    Args:
        query: As it was written, and accepted by `as_promql`.
        values: By name; empty for any value, which excludes nothing after `!~`.
        every_s: What `$every` stands for.

    Raises:
        UsageError: bad-query, if a variable is unknown, or stands where a value could be read as a part of the query.
    """
    filled, end = "", 0
    for token in _TOKEN.finditer(query):
        text = token["text"]
        if text is not None:
            filled += _with_every(query[end : token.start()], every_s)
            filled += _filled_text(text, values, _ANY.get(query[: token.start()].rstrip()[-2:], ""))
            end = token.end()
    return filled + _with_every(query[end:], every_s)


def _with_every(part: str, every_s: int) -> str:
    part = part.replace("$every", f"{every_s}s")
    if named := _VARIABLE.search(part):
        raise _misplaced(f"{named[0]} stands outside of a text", 'write it as label=~"$name"; $every is the period')
    return part


def _filled_text(text: str, values: Mapping[str, str], any_value: str) -> str:
    named = _VARIABLE.search(text)
    if named is None or (named[0] != text[1:-1] and named[1] not in values):
        return text
    if named[1] not in values:
        raise _misplaced(f"{named[0]} is no variable", f"add [variables.{named[1]}]")
    if named[0] != text[1:-1] or not any_value:
        raise _misplaced(f"{named[0]} is not the whole pattern of a label", f'write label=~"{named[0]}"')
    value = values[named[1]]
    return json.dumps(re.escape(value), ensure_ascii=False) if value else any_value


def _misplaced(what: str, fix: str) -> UsageError:
    return UsageError(what, slug="bad-query", fix=fix)
