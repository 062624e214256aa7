"""The grammar of queries: a subset of what Sentry and HyperDX search with."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from outrider.telemetry_store.query_terms import All, Any, Comparison, Exists, KeyTerm, Not, QueryError, Text, Value

if TYPE_CHECKING:
    from lark import Tree

    from outrider.telemetry_store.query_terms import Term

MOST_CHARACTERS: Final = 4000
MOST_TERMS: Final = 100
MOST_NESTING: Final = 50

_GRAMMAR = r"""
start: alternatives?
?alternatives: terms (_OR terms)*           -> any_of
?terms: term (_AND? term)*                  -> all_of
?term: _NOT term                            -> not_
     | _MINUS term                          -> not_
     | _OPEN alternatives _CLOSE            -> group
     | KEY OPERATOR value                   -> key_term
     | KEY OPERATOR _LEFT item (_COMMA item)* _RIGHT -> key_list
     | QUOTED                               -> text
     | WORD                                 -> text
?value: QUOTED | RAW
?item: QUOTED | ITEM

_OR.6: /OR(?=[\s()"]|$)/
_AND.6: /AND(?=[\s()"]|$)/
_NOT.6: /NOT(?=[\s()"]|$)/
QUOTED.5: /"(?:[^"\\]|\\.)*"/s
KEY.4: /[A-Za-z_@](?:[\w.\-@\/]*\w)?(?=[:=<>]|!=)/
OPERATOR: /:(?:>=|<=|!=|>|<|=)?|>=|<=|!=|>|<|=/
_MINUS.3: /[-!](?=\S)/
_OPEN: "("
_CLOSE: ")"
_LEFT.3: "["
_RIGHT: "]"
_COMMA: ","
ITEM: /[^\s()"\[\],]+/
RAW: /[^\s()"\[]+[^\s()"]*/
WORD: /(?!(?:OR|AND|NOT)(?:[\s()"]|$))[^\s()"]+/
%ignore /\s+/
"""


_NEGATIONS = re.compile(rf"(?:NOT\s+|[-!]){{{MOST_NESTING + 1}}}")


def parse_query(text: str) -> Term:
    """Return what a query means.

    Raises:
        QueryError: Where it is not one.
    """
    tree = parse_tree(text)
    terms = _Terms(text)
    try:
        term: Term = terms.transform(tree)
    except VisitError as problem:
        raise problem.orig_exc from None
    if terms.count > MOST_TERMS:
        raise QueryError(f"the query has more than {MOST_TERMS} terms", text=text, column=0)
    return term


def parse_tree(text: str) -> Tree[Token]:
    """Return how a query is written; each part knows its place.

    Raises:
        QueryError: Where it is not one.
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryError(f"the query is longer than {MOST_CHARACTERS} characters", text=text, column=0)
    _check_nesting(text)
    try:
        return _parser().parse(text)
    except UnexpectedInput as problem:
        raise _error(text, problem) from None


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False, propagate_positions=True)


def _check_nesting(text: str) -> None:
    """Refuse what would nest too deeply, before anything follows it down: also `NOT NOT NOT …` and `----a`."""
    depth = column = 0
    for column, character in enumerate(text, 1):  # noqa: B007  the last one is named below
        depth += (character == "(") - (character == ")")
        if depth > MOST_NESTING:
            break
    if depth > MOST_NESTING or _NEGATIONS.search(text):
        raise QueryError(f"the query nests more than {MOST_NESTING} deep", text=text, column=column)


def _error(text: str, problem: UnexpectedInput) -> QueryError:
    position: object = problem.pos_in_stream  # None at the end, whatever the library's types say
    column = min(max(position if isinstance(position, int) else len(text), 0), len(text)) + 1
    character = text[column - 1 : column]
    if isinstance(problem, UnexpectedEOF) or (isinstance(problem, UnexpectedToken) and problem.token.type == "$END"):
        return QueryError("the query ends too early", text=text, column=len(text) + 1, fix="write what is missing")
    if character == '"':
        return QueryError(
            "the quote is not closed", text=text, column=column, fix='end it by ", or write \\" for a quote'
        )
    if character == "(" and text[: column - 1].endswith(":"):
        fix = "write several values as key:[one, two]"
        return QueryError("a value has no parentheses", text=text, column=column, fix=fix)
    if character in "()":
        return QueryError(f"{character!r} has no counterpart, or nothing in it", text=text, column=column)
    if isinstance(problem, UnexpectedCharacters):
        return QueryError(f"{character!r} is not expected here", text=text, column=column, fix="put it in quotes")
    token = str(getattr(problem, "token", character))
    return QueryError(f"{token!r} is not expected here", text=text, column=column, fix="put it in quotes")


_OPERATORS: Final = {
    ":": Comparison.EQUAL, "=": Comparison.EQUAL, "!=": Comparison.UNEQUAL, ">": Comparison.ABOVE,
    ">=": Comparison.AT_LEAST, "<": Comparison.BELOW, "<=": Comparison.AT_MOST,
}  # fmt: skip


class _Terms(Transformer[Token, "Term"]):
    """Makes terms of a tree."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.count = 0

    def start(self, children: list[Term]) -> Term:
        return children[0] if children else All(())

    def any_of(self, children: list[Term]) -> Term:
        return children[0] if len(children) == 1 else Any(tuple(children))

    def all_of(self, children: list[Term]) -> Term:
        return children[0] if len(children) == 1 else All(tuple(children))

    def not_(self, children: list[Term]) -> Term:
        return Not(children[0])

    def group(self, children: list[Term]) -> Term:
        return children[0]

    def text(self, children: list[Token]) -> Term:
        self.count += 1
        return Text(_value(children[0]))

    def key_term(self, children: list[Token]) -> Term:
        self.count += 1
        key, operator, written = children
        value = _value(written)
        comparison = _OPERATORS[str(operator).lstrip(":") or ":"]
        if str(written).startswith("//") and not value.is_quoted:
            fix = "put an address in quotes"
            raise QueryError(
                f"{key!s}:{written!s} is an address, not a key", text=self._text, column=key.column or 1, fix=fix
            )
        return self._term(key, comparison, (value,))

    def key_list(self, children: list[Token]) -> Term:
        key, operator, *items = children
        self.count += len(items)
        comparison = _OPERATORS[str(operator).lstrip(":") or ":"]
        if comparison not in {Comparison.EQUAL, Comparison.UNEQUAL}:
            what = f"{comparison} compares with one value, not with a list"
            raise QueryError(what, text=self._text, column=_column(operator))
        return self._term(key, comparison, tuple(_value(item) for item in items))

    def _term(self, key: Token, comparison: Comparison, values: tuple[Value, ...]) -> Term:
        column = _column(key)
        if key == "has" and comparison is Comparison.EQUAL:
            return _any(tuple(Exists(value.text, value.column) for value in values))
        is_existence = any(value.text == "*" and not value.is_quoted for value in values)
        if is_existence and comparison in {Comparison.EQUAL, Comparison.UNEQUAL}:
            exists = Exists(str(key), column)
            return exists if comparison is Comparison.EQUAL else Not(exists)
        return KeyTerm(str(key), comparison, values, column)


def _any(terms: tuple[Term, ...]) -> Term:
    return terms[0] if len(terms) == 1 else Any(terms)


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _value(token: Token) -> Value:
    written = str(token)
    if token.type == "QUOTED":
        return Value(_unescaped(written[1:-1]), _column(token), is_quoted=True)
    return Value(written, _column(token))


def _unescaped(text: str) -> str:
    characters = iter(text)
    return "".join(next(characters, "") if character == "\\" else character for character in characters)
