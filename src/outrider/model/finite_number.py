"""Numbers from outside: JSON writes integers of any length, and Python takes them all."""

from __future__ import annotations

import math


def finite_number(value: object) -> float | None:
    """Return a number as a float; None of what is none, is infinite, or is too large for one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
