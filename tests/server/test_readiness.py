"""What `/readyz` answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette

from outrider.model import ServiceView
from outrider.server import Access, AccessRules
from outrider.server.health_routes import health_routes
from outrider.workspace import ServerSettings

if TYPE_CHECKING:
    from .conftest import Server

READY = "but reload: the workspace as it is now is refused, the state before it runs on: probes/shop.toml:1: broken"


def answer(problems: dict[str, str], *, leads: bool = True, is_led: bool = False) -> tuple[int, str]:
    view = ServiceView(leads, True, (), problems, 0.0, 0, 0, 0, is_led=is_led)
    transport = httpx.ASGITransport(Starlette(routes=health_routes(lambda: view)))

    async def ask() -> tuple[int, str]:
        async with httpx.AsyncClient(transport=transport, base_url="http://outrider.test") as client:
            response = await client.get("/readyz")
            return response.status_code, response.text

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("problems", "leads", "expected"),
    [
        ({}, True, (200, "ready\n")),
        ({"reload": READY.removeprefix("but reload: ")}, True, (200, f"ready\n{READY}\n")),
        ({"store": "it is away"}, True, (503, "it is away\n")),
        ({}, False, (503, "no process runs the checks now\n")),
    ],
)
def test_readiness_names_what_is_wrong(problems: dict[str, str], expected: tuple[int, str], *, leads: bool) -> None:
    """A refused reload stops no check, and is named all the same."""
    assert answer(problems, leads=leads) == expected


@pytest.mark.parametrize(
    ("problems", "expected"),
    [({}, (200, "ready: another process runs the checks\n")), ({"store": "it is away"}, (503, "it is away\n"))],
)
def test_who_serves_beside_the_leader_is_ready(problems: dict[str, str], expected: tuple[int, str]) -> None:
    """A balancer may send people there."""
    assert answer(problems, leads=False, is_led=True) == expected


@pytest.mark.parametrize(
    ("address", "host", "is_loopback", "is_told"),
    [
        ("127.0.0.1", "localhost", True, True),
        ("127.0.0.1", "evil.example", True, False),
        ("10.0.0.9", "outrider.example", False, False),
    ],
)
def test_a_stranger_is_not_told_why(
    server: Server, address: str, host: str, *, is_loopback: bool, is_told: bool
) -> None:
    """Problems name paths and lines of the workspace; a foreign page may ask under a name of its own."""
    access = Access(server.store, AccessRules(ServerSettings(), is_loopback), lambda: 0)
    view = ServiceView(True, True, (), {"store": "/srv/shop/outrider.db: no room left"}, 0.0, 0, 0, 0)
    transport = httpx.ASGITransport(Starlette(routes=health_routes(lambda: view, access)), client=(address, 1))

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return [
                await client.get("/readyz"),
                await client.get("/readyz", headers={"Authorization": "Bearer outrider_api_guessed"}),
            ]

    plain, guessed = asyncio.run(ask())

    assert (plain.status_code, guessed.status_code) == (503, 503)
    assert ("/srv/shop" in plain.text) == is_told
    assert guessed.text == "store: sign in, or send a token, to read why\n"
