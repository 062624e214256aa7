"""Checks of arguments that callers of the Python API hand in."""

from __future__ import annotations

from numbers import Integral

from outrider.model.errors import UsageError


def check_at_least(name: str, value: object, least: int) -> None:
    """Refuse an argument that is no whole number, or is below the least allowed.

    Raises:
        UsageError: bad-argument.
    """
    if not isinstance(value, Integral) or int(value) < least:
        raise UsageError(
            f"{name} = {value!r} is no whole number from {least}",
            slug="bad-argument",
            fix=f"give {name} a whole number that is at least {least}",
        )
