"""Values that a limit may have cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class Excerpt(tuple[T, ...]):
    """What a reader with a limit returned, and whether that is all.

    Attributes:
        is_complete: Whether nothing was left out; who shows an excerpt that is not complete says so.
    """

    is_complete: bool

    def __new__(cls, items: Iterable[T], *, is_complete: bool = True) -> Self:
        """Return these items."""
        excerpt = super().__new__(cls, items)
        excerpt.is_complete = is_complete
        return excerpt

    @classmethod
    def within(cls, items: Iterable[T], limit: int | None) -> Self:
        """Return the first `limit` of items, which hold one more where there is one; None for all."""
        read = tuple(items)
        return cls(read[:limit], is_complete=limit is None or len(read) <= limit)
