"""One stand-in for all tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .stand_in import StandIn, standing_in

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def stand_in() -> Iterator[StandIn]:
    with standing_in() as kept:
        yield kept
