"""What a limit cuts says so."""

from __future__ import annotations

import pytest

from outrider.model import Excerpt


@pytest.mark.parametrize(
    ("items", "limit", "kept", "is_complete"),
    [([], 2, (), True), ([1, 2], 2, (1, 2), True), ([1, 2, 3], 2, (1, 2), False), ([1, 2, 3], None, (1, 2, 3), True)],
)
def test_an_excerpt_knows_whether_it_is_all(
    items: list[int], limit: int | None, kept: tuple[int, ...], is_complete: bool
) -> None:
    """One more item than the limit tells that there are more; an excerpt compares as the tuple that it is."""
    excerpt = Excerpt.within(items, limit)

    assert excerpt == kept
    assert excerpt.is_complete is is_complete
