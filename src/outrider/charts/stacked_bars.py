"""Counts of slots as stacked bars, each a link to its slot."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SLOT, _HEIGHT = 10, 100
_LEAST = 1.5
"""Units of height of a part that is not nothing."""


@dataclass(frozen=True, slots=True)
class StackedBar:
    """A slot.

    Attributes:
        parts: Tones and counts, from the bottom up.
        title: What it says, for those who point at it or do not see it.
        href: Where it leads; empty for nowhere.
    """

    parts: tuple[tuple[str, float], ...]
    title: str
    href: str = ""


def draw_stacked_bars(bars: Sequence[StackedBar], title: str) -> str:
    """Return bars side by side, as wide as there is room for; nothing without a slot."""
    if not bars:
        return ""
    most = max(sum(count for _, count in bar.parts) for bar in bars) or 1
    drawn = "".join(_bar(bar, number * _SLOT, most) for number, bar in enumerate(bars))
    size = f'viewBox="0 0 {len(bars) * _SLOT} {_HEIGHT}" preserveAspectRatio="none"'
    return f'<svg class="bars" {size} role="group" aria-label="{escape(title)}">{drawn}</svg>'


def _bar(bar: StackedBar, left: int, most: float) -> str:
    base, rects = float(_HEIGHT), [f'<rect class="slot" x="{left}" y="0" width="{_SLOT}" height="{_HEIGHT}"/>']
    for tone, count in bar.parts:
        if count > 0:
            height = max(count / most * (_HEIGHT - 2), _LEAST)
            base -= height
            top = max(base, 0)
            rects.append(
                f'<rect class="{escape(tone)}" x="{left + 1}" y="{top:.1f}" width="{_SLOT - 2}" height="{height:.1f}"/>'
            )
    title = escape(bar.title)
    inner = f"<title>{title}</title>{''.join(rects)}"
    if not bar.href:
        return f"<g>{inner}</g>"
    return f'<a href="{escape(bar.href)}" aria-label="{title}" tabindex="-1">{inner}</a>'
