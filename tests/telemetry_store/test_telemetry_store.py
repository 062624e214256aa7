"""A store opened by folder or by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.telemetry_store.samples import log_record

from outrider.model import TelemetryError, TelemetryUnavailable
from outrider.telemetry_store import EngineOptions, TelemetryStore
from outrider.telemetry_store.engine_record import EngineRecord, read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.telemetry_store import EngineProcess


def test_stores_of_one_folder_share_its_engine(tmp_path: Path) -> None:
    """Whoever comes first starts it; a record that an engine left behind misleads nobody."""
    write_record(tmp_path, EngineRecord(1, 1, "stale"))
    options = EngineOptions(tmp_path)
    with TelemetryStore.open_embedded(options) as first, TelemetryStore.open_embedded(options) as second:
        first.insert_logs([log_record("shop")], token="one")

        assert len(second.search_logs("service:shop").rows) == 1

    assert read_record(tmp_path) is None


def test_a_server_is_reached_by_its_address(engine: EngineProcess) -> None:
    """Engine and server are reached by the same code; a user of a server has a password."""
    url = f"http://outrider@127.0.0.1:{engine.record.port}/by_address"
    with TelemetryStore.open_server(url, password=engine.record.password) as store:
        store.insert_logs([log_record("shop")], token="one")

        assert len(store.search_logs("service:shop").rows) == 1

    with pytest.raises(TelemetryError, match="Authentication failed"):
        TelemetryStore.open_server(url, password="wrong")


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("shop.example", "telemetry-url"),
        ("ftp://shop.example", "telemetry-url"),
        ("http://shop.example:notaport", "telemetry-url"),
        ("http://127.0.0.1:1/it's", "telemetry-url"),
        ("http://127.0.0.1:1", "telemetry-unreachable"),
    ],
)
def test_an_address_that_leads_nowhere_says_so(url: str, slug: str) -> None:
    """A wrong address is refused, a server that is away may come back."""
    with pytest.raises(TelemetryError) as caught:
        TelemetryStore.open_server(url)

    assert caught.value.slug == slug
    assert isinstance(caught.value, TelemetryUnavailable) is (slug == "telemetry-unreachable")
