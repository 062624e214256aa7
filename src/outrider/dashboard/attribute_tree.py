"""Attributes as trees: a list or a map in one is JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.model import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_CHARACTERS: Final = 20_000
_MOST_NODES: Final = 300
_DEEPEST: Final = 12
_TEXT_CHARACTERS: Final = 2_000


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A value, or what lies in a list or map.

    Attributes:
        name: Its key or number; empty at the root.
        text: The value; of a list or map how much is in it.
    """

    name: str
    text: str
    children: tuple[TreeNode, ...] = ()


def attribute_tree(value: str) -> TreeNode:
    """Return the value of an attribute as a tree; a single node where it is no JSON of a list or map."""
    if value[:1] in {"[", "{"} and len(value) <= _MOST_CHARACTERS:
        try:
            return _node("", json.loads(value), _Budget(_MOST_NODES), 0)
        except (ValueError, RecursionError):
            pass
    return TreeNode("", cut(value))


def cut(text: str, characters: int = _TEXT_CHARACTERS) -> str:
    """Return a text, cut to a length with a mark that says how long it is."""
    return text if len(text) <= characters else f"{text[:characters]}… [cut: {len(text):,} characters]"


class _Budget:
    """How many nodes may still be made."""

    def __init__(self, left: int) -> None:
        self.left = left


def _node(name: str, value: object, budget: _Budget, depth: int) -> TreeNode:
    budget.left -= 1
    if isinstance(value, dict | list) and value and depth < _DEEPEST:
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        children = tuple(_children(entries, budget, depth))
        noun = "key" if isinstance(value, dict) else "item"
        rest = len(value) - len(children)
        shown = f"{counted(len(value), noun)}{f', {rest} left out' if rest else ''}"
        return TreeNode(name, shown, children)
    return TreeNode(name, cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))


def _children(entries: Iterable[tuple[object, object]], budget: _Budget, depth: int) -> Iterable[TreeNode]:
    for name, value in entries:
        if budget.left <= 0:
            return
        yield _node(cut(str(name), 200), value, budget, depth + 1)
