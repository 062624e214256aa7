"""Suggestions for words that are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_LISTED = 12


def nearest(word: str, known: Iterable[str]) -> str:
    """Return advice: the nearest known words, or all of them if none is near."""
    from difflib import get_close_matches  # noqa: PLC0415  needed after a mistake only

    choices = list(known)
    near = get_close_matches(word, choices, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f'"{choice}"' for choice in near) + "?"
    if not choices:
        return "none of this kind is defined yet"
    more = ", …" if len(choices) > _MOST_LISTED else ""
    return "known: " + ", ".join(choices[:_MOST_LISTED]) + more
