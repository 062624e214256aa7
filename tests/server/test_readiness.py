"""What `/readyz` answers."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from outrider.model import ServiceView
from outrider.server.health_routes import health_routes

READY = "but reload: the workspace as it is now is refused, the state before it runs on: probes/shop.toml:1: broken"


def answer(problems: dict[str, str], *, leads: bool = True) -> tuple[int, str]:
    view = ServiceView(leads, True, (), problems, 0.0, 0, 0, 0)
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
        ({}, False, (503, "waits in standby for another process to end\n")),
    ],
)
def test_readiness_names_what_is_wrong(problems: dict[str, str], expected: tuple[int, str], *, leads: bool) -> None:
    """A refused reload stops no check, and is named all the same."""
    assert answer(problems, leads=leads) == expected
