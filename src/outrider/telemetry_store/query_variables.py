"""Variables of a query: `service:$service`, of which each stands for a whole value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lark import Token

from outrider.telemetry_store.query_grammar import parse_tree
from outrider.telemetry_store.query_terms import QueryError
from outrider.telemetry_store.query_text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_WHOLE: Final = frozenset({"RAW", "ITEM", "WORD"})


def fill_variables(query: str, values: Mapping[str, str]) -> str:
    """Return a query with values in the place of its variables, in quotes, so that no value is read as a query.

    Args:
        query: As it was written.
        values: By name; empty for any value.

    Raises:
        QueryError: If the query cannot be understood, or a variable is unknown or only a part of a value.
    """
    tokens = parse_tree(query).scan_values(lambda token: isinstance(token, Token))
    for token in sorted(tokens, key=lambda token: -(token.start_pos or 0)):
        for match in _NAMED.finditer(token):
            column = (token.start_pos or 0) + match.start() + 1
            if match[1] not in values:
                fix = f"add [variables.{match[1]}], or put the text in quotes"
                if token.type != "QUOTED":
                    raise QueryError(f"{match[0]} is no variable", text=query, column=column, fix=fix)
            elif token.type not in _WHOLE or match[0] != token:
                fix = "write it alone, as in service:$service"
                raise QueryError(f"{match[0]} is a part of a value", text=query, column=column, fix=fix)
            else:
                value = values[match[1]]
                start, end = token.start_pos or 0, token.end_pos or 0
                query = query[:start] + (quoted(value) if value else "*") + query[end:]
    return query
