"""Which parts of a replay can be played. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import ReplaySegment


def playable(parts: Sequence[ReplaySegment]) -> list[ReplaySegment]:
    """Return the parts that can be played.

    A recording begins with all of its page, as does what follows a part that never came: changes of a page that is not
    known show nothing, or something else than the user saw.

    Args:
        parts: Of a session; its recordings one after the other, the parts of each by number.
    """
    played: list[ReplaySegment] = []
    for _, recording in groupby(parts, key=lambda part: part.recording):
        expected = -1
        for part in recording:
            if part.has_snapshot or part.number == expected:
                played.append(part)
                expected = part.number + 1
    return played
