"""Spans below each other on one time axis, children folded into their parents; read without a script."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH: Final = 1000
_DEEPEST: Final = 24
"""Levels that fold and are indented; deeper ones stand below each other, since browsers nest no deeper than 512."""


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A span.

    Attributes:
        depth: How many rows it lies within.
        start: Where it begins, as a share of the axis, and `width` how much of it it takes.
        critical: Shares between which the trace waited for it.
        words: What stands behind its bar, and leads to `href`.
        is_failed: Whether it is an error.
        is_open: Whether its children are shown.
        anchor: Names it in addresses.
        detail: HTML of ours that stands below it.
    """

    depth: int
    service: str
    name: str
    start: float
    width: float
    critical: tuple[tuple[float, float], ...]
    words: str
    href: str
    anchor: str
    is_failed: bool = False
    is_open: bool = True
    detail: str = ""


def draw_span_rows(rows: Sequence[SpanRow], label: str) -> str:
    """Return rows, parents before their children, as nested lists."""
    parts = [f'<ul class="spans" aria-label="{escape(label)}">']
    levels = 0
    for number, row in enumerate(rows):
        depth = min(row.depth, _DEEPEST)
        while levels > depth:
            parts.append("</ul></details></li>")
            levels -= 1
        following = rows[number + 1].depth if number + 1 < len(rows) else 0
        is_parent = min(following, _DEEPEST) > depth
        parts.append(_row(row, depth, is_parent=is_parent))
        levels += is_parent
    parts.append("</ul></details></li>" * levels)
    parts.append("</ul>")
    return "".join(parts)


def _row(row: SpanRow, depth: int, *, is_parent: bool) -> str:
    name, service = escape(row.name), escape(row.service)
    inner = f'<span class="name d{depth}"><bdi>{name}</bdi> <small><bdi>{service}</bdi></small></span>{_bar(row)}'
    kind = "span wrong" if row.is_failed else "span"
    anchor = f' id="{escape(row.anchor)}"' if row.anchor else ""
    link = f'<a href="{escape(row.href)}">{escape(row.words)}<span class="skip"> {name}</span></a>'
    if not is_parent:
        return f'<li{anchor}>{link}<div class="{kind}">{inner}</div>{row.detail}</li>'
    opened = " open" if row.is_open else ""
    return f'<li{anchor}>{link}<details{opened}><summary class="{kind}">{inner}</summary>{row.detail}<ul>'


def _bar(row: SpanRow) -> str:
    left, width = _place(row.start), max(_place(row.width), 2)
    critical = "".join(f"M{_place(start)} 5h{max(_place(end - start), 1)}" for start, end in row.critical)
    path = f'<path d="{critical}"/>' if critical else ""
    bar = f'<rect x="{min(left, _WIDTH - 2)}" width="{width}" y="1" height="8"/>{path}'
    return f'<svg viewBox="0 0 {_WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">{bar}</svg>'


def _place(share: float) -> int:
    return round(min(max(share, 0.0), 1.0) * _WIDTH)
