"""One engine for all tests of this room: it takes seconds to start, and 300 MB.

Where OUTRIDER_TEST_CLICKHOUSE is the URL of a ClickHouse server, tests of tables and queries use that instead, in
databases of their own.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess
from outrider.telemetry_store.schema_upgrade import upgrade_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

collect_ignore_glob = [] if find_spec("chdb") and find_spec("clickhouse_connect") else ["test_*.py"]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """An engine that the tests of a session share; each has a database of its own."""
    with EngineProcess(EngineOptions(tmp_path_factory.mktemp("engine"), nice=0)) as process:
        yield process


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> ServerAddress:
    """Where the shared engine listens, or the server that the environment names."""
    url = os.environ.get("OUTRIDER_TEST_CLICKHOUSE")
    return ServerAddress.of_url(url) if url else ServerAddress.of_engine(request.getfixturevalue("engine").record)


@pytest.fixture
def client(address: ServerAddress) -> Iterator[ClickHouseClient]:
    """A client with an empty database of its own, on the shared engine."""
    address = replace(address, database=f"test_{uuid.uuid4().hex[:8]}")
    connected = ClickHouseClient(address)
    connected.command(f"CREATE DATABASE {address.database} ENGINE = Atomic")
    yield connected
    connected.command(f"DROP DATABASE {address.database}")
    connected.close()


@pytest.fixture(scope="session")
def shared(address: ServerAddress) -> Iterator[ClickHouseClient]:
    """A client with all tables, which the tests of a session share: each writes of services of its own."""
    connected = ClickHouseClient(address)
    upgrade_schema(connected)
    yield connected
    connected.close()


@pytest.fixture
def service() -> str:
    """The name of a service that no other test has."""
    return f"service-{uuid.uuid4().hex[:8]}"
