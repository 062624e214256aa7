"""A shop in memory: no browser, no network, and a world that stands still until it is told to move."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from demo.accounts import Accounts
from demo.origins import Origins, build_origins
from demo.store import open_database
from demo.world import World

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp


@dataclass
class Outside:
    """The world as a test wants it: a clock to advance, a die to load, and naps that take no time."""

    passed_s: float = 0.0
    drawn: float = 0.5
    memory_bytes: int = 40_000_000
    naps_s: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 5, 4, 12, tzinfo=UTC) + timedelta(seconds=self.passed_s)

    async def nap(self, seconds: float) -> None:
        self.naps_s.append(seconds)

    def world(self) -> World:
        return World(
            now=self.now,
            monotonic_s=lambda: self.passed_s,
            draw=lambda: self.drawn,
            sleep=self.nap,
            resident_bytes=lambda: self.memory_bytes,
        )


class InMemory(httpx.BaseTransport):
    """Hands requests of a blocking client to an ASGI application."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "shop.db")) as connection:
        yield connection


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(password="right", totp_secret="A" * 32)


@pytest.fixture
def origins(connection: sqlite3.Connection, accounts: Accounts, outside: Outside) -> Origins:
    return build_origins(connection, accounts, outside.world(), third_party_port=8701)


@pytest.fixture
def shop(origins: Origins) -> Iterator[httpx.Client]:
    transport = InMemory(origins.shop)
    with httpx.Client(transport=transport, base_url="http://shop.test:8700", follow_redirects=True) as client:
        yield client


@pytest.fixture
def third_party(origins: Origins) -> Iterator[httpx.Client]:
    with httpx.Client(transport=InMemory(origins.third_party), base_url="http://shop.test:8701") as client:
        yield client


@pytest.fixture
def ada(shop: httpx.Client) -> httpx.Client:
    """The shop as Ada sees it, signed in."""
    shop.post("/sign-in", data={"email": "ada@example.com", "password": "right"})
    return shop
