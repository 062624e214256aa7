"""Documents that are broken at random, for fuzzers."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence


def broken_json(document: object, odd: Sequence[object], rng: random.Random, *, most: int, early: float) -> bytes:
    """Return a document as JSON, some of whose values are odd and some of whose bytes are others; or none.

    Args:
        document: It is left as it is.
        odd: What values are replaced by.
        rng: What is drawn from.
        most: Values that are replaced at most.
        early: The chance that a value is replaced as a whole, instead of one within it.
    """
    whole = copy.deepcopy(document)
    for _ in range(rng.randrange(most + 1)):
        place: Any = whole
        while isinstance(place, (dict, list)) and place:
            key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if not isinstance(place[key], (dict, list)) or not place[key] or rng.random() < early:
                place[key] = copy.deepcopy(rng.choice(odd))
                break
            place = place[key]
    content = bytearray(json.dumps(whole).encode())
    for _ in range(rng.choice((0, 0, 0, 1, 3))):
        at = rng.randrange(len(content))
        content[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return bytes(content)
