"""Which implementations of the ports this run of the tests tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.contract.postgresql_server import IS_HERE, VARIABLE

if TYPE_CHECKING:
    from tests.store.conftest import Place


@pytest.mark.skipif(not IS_HERE, reason=f"no PostgreSQL is installed, and {VARIABLE} names none")
def test_the_contract_is_tried_on_postgresql(place: Place) -> None:
    """A skipped test says so once, instead of once for each test of the contract."""
    assert place.url.startswith(("sqlite", "postgresql"))
