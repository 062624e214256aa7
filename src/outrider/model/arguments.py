"""Checks of arguments that callers of the Python API hand in."""

from __future__ import annotations

from numbers import Integral

from outrider.model.errors import UsageError

MOST = 2**63 - 1
"""The largest whole number that a store holds."""


def check_text(name: str, value: object) -> None:
    """Refuse an argument that is no text.

    Raises:
        UsageError: bad-argument.
    """
    if not isinstance(value, str):
        raise UsageError(f"{name} = {value!r} is no text", slug="bad-argument", fix=f"give {name} a text")


def check_at_least(name: str, value: object, least: int, *, most: int = MOST) -> None:
    """Refuse an argument that is no whole number, is below the least allowed, or above the most.

    Raises:
        UsageError: bad-argument.
    """
    if not isinstance(value, Integral) or int(value) < least:
        raise UsageError(
            f"{name} = {value!r} is no whole number from {least}",
            slug="bad-argument",
            fix=f"give {name} a whole number that is at least {least}",
        )
    if int(value) > most:
        raise UsageError(
            f"{name} = {value} is more than {most}", slug="bad-argument", fix=f"give {name} at most {most}"
        )
