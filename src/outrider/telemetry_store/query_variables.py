"""Variables of a query: `service:$service`, of which each stands for a whole value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lark import Token, Tree

from outrider.telemetry_store.query_grammar import parse_tree
from outrider.telemetry_store.query_terms import QueryError
from outrider.telemetry_store.query_text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMED: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_WHOLE: Final = frozenset({"RAW", "ITEM", "WORD"})
_TERMS: Final = frozenset({"key_term", "key_list", "text"})


def fill_variables(query: str, values: Mapping[str, str]) -> str:
    """Return a query with values in the place of its variables, in quotes, so that no value is read as a query.

    Args:
        query: As it was written.
        values: By name; empty for any value, which excludes nothing where the query excludes a value.

    Raises:
        QueryError: If the query cannot be understood, or a variable is unknown or only a part of a value.
    """
    for term, excludes in sorted(_terms(parse_tree(query), excludes=False), key=lambda own: -_span(own[0])[0]):
        filled = [(own, _filled(query, own, values)) for own in term.children if isinstance(own, Token)]
        begin, end = _span(term)
        if excludes and any(text == "*" != token for token, text in filled):
            left = [text for token, text in filled if token.type in {"QUOTED", "ITEM"} and text != "*"]
            query = query[:begin] + _excluding(term, left) + query[end:]
            continue
        for token, text in reversed(filled):
            query = query[: token.start_pos] + text + query[token.end_pos :]
    return query


def _terms(tree: Tree[Token], *, excludes: bool) -> Iterator[tuple[Tree[Token], bool]]:
    """Yield the terms of a query, and whether what they match is left out."""
    if tree.data in _TERMS:
        is_unlike = any(isinstance(own, Token) and own.type == "OPERATOR" and "!=" in own for own in tree.children)
        yield tree, excludes != is_unlike
    for child in tree.children:
        if isinstance(child, Tree):
            yield from _terms(child, excludes=excludes != (tree.data == "not_"))


def _span(term: Tree[Token]) -> tuple[int, int]:
    return term.meta.start_pos, term.meta.end_pos


def _filled(query: str, token: Token, values: Mapping[str, str]) -> str:
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
            return quoted(values[match[1]]) if values[match[1]] else "*"
    return str(token)


def _excluding(term: Tree[Token], left: list[str]) -> str:
    """Return a term whose other values are excluded alone; with none, one that excludes nothing."""
    key, operator = (*map(str, term.children[:2]), ":")[:2] if term.data != "text" else ("message", ":")
    if left:
        return f"{key}{operator}[{', '.join(left)}]"
    joined = " OR " if "!=" in operator else " AND "
    return f"({key}:*{joined}NOT {key}:*)"
