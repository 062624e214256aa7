"""Suggestions for words that are not known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_LISTED = 12
_SHORT = 2


def nearest(word: str, known: Iterable[str], parts: Iterable[str] = ()) -> str:
    """Return advice: the nearest known words, in upper case or lower, or all of them if none is near.

    Args:
        word: What was written.
        known: What stands for something.
        parts: What may be meant if none of those is near.
    """
    from difflib import get_close_matches  # noqa: PLC0415  needed after a mistake only

    choices = list(known)
    near: list[str] = []
    for words in (choices, parts):
        spellings = {choice.casefold(): choice for choice in words}
        near = near or [spellings[match] for match in get_close_matches(word.casefold(), spellings, n=3, cutoff=0.6)]
    if near:
        return "did you mean " + " or ".join(f'"{choice}"' for choice in near) + "?"
    if not choices:
        return "none of this kind is defined yet"
    more = ", …" if len(choices) > _MOST_LISTED else ""
    return "known: " + ", ".join(choices[:_MOST_LISTED]) + more


def parts_of(names: Iterable[str]) -> set[str]:
    """Return the words that names of checks consist of: folders, files, tests, and the words of those."""
    names = list(names)
    pieces = {piece for name in names for piece in re.split(r"[/:\[\]]+", name)}
    return {part for piece in (*names, *pieces) for part in (piece, *re.split(r"[\W_]+", piece)) if len(part) > _SHORT}
