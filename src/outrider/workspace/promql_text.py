"""Queries of PromQL as values of configuration files: what can be seen to be wrong without a server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from outrider.model import SourceKind
from outrider.workspace.suggestions import nearest
from outrider.workspace.tables import Refused, Table, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.workspace.source_settings import SourceSettings

_MOST: Final = 4_000
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}
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


def series_sources(sources: Sequence[SourceSettings]) -> tuple[str, ...]:
    """Return the names of the sources that answer PromQL."""
    return tuple(source.name for source in sources if source.kind is SourceKind.PROMETHEUS)
