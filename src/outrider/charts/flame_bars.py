"""A flame graph: frames on those that called them, in rows; read without a script."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW: Final = 20


@dataclass(frozen=True, slots=True)
class FlameBar:
    """A frame as it is drawn.

    Attributes:
        start: Share of the width at which it begins; `width` is a share, too.
        words: What it is, in full.
        href: What it leads to.
    """

    depth: int
    start: float
    width: float
    name: str
    words: str
    href: str
    is_failed: bool


def draw_flame_graph(bars: Sequence[FlameBar], label: str) -> str:
    """Return the graph, as wide as there is room; names are cut where a bar ends. Nothing is drawn of nothing."""
    if not bars:
        return ""
    height = (max(bar.depth for bar in bars) + 1) * _ROW
    head = f'<svg class="flame" width="100%" height="{height}" role="group" aria-label="{escape(label)}">'
    return head + "".join(map(_bar, bars)) + "</svg>"


def _bar(bar: FlameBar) -> str:
    kind = ' class="wrong"' if bar.is_failed else ""
    place = f'x="{bar.start * 100:.3f}%" y="{bar.depth * _ROW}" width="{bar.width * 100:.3f}%" height="{_ROW - 1}"'
    inner = f'<rect width="100%" height="100%"{kind}/><text x="4" y="14" aria-hidden="true">{escape(bar.name)}</text>'
    return f'<a href="{escape(bar.href)}"><title>{escape(bar.words)}</title><svg {place}>{inner}</svg></a>'
