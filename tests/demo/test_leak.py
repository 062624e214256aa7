"""Memory growth, weighed at the seam itself."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from demo.faults import FaultBoard, shop_effects
from demo.faults.fault_middleware import FaultMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Receive, Scope, Send
    from tests.demo.conftest import Outside

MB = 1_000_000


@pytest.fixture
def weighed() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    return None


def _visit(seam: FaultMiddleware, times: int) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        return None

    for _ in range(times):
        asyncio.run(seam({"type": "http", "path": "/"}, receive, send))


@pytest.mark.usefixtures("weighed")
def test_memory_grows_by_the_size_at_each_request_and_is_let_go_when_off(outside: Outside) -> None:
    """Ten requests of two megabytes hold twenty, and one request after switching off holds none."""
    board = FaultBoard(lambda: 0.0)
    seam = FaultMiddleware(_nothing, board, outside.world(), shop_effects)

    board.switch_on("memory-growth", 2)
    _visit(seam, 10)
    grown = tracemalloc.get_traced_memory()[0]
    board.switch_off("memory-growth")
    _visit(seam, 1)
    after = tracemalloc.get_traced_memory()[0]

    assert 20 * MB <= grown < 22 * MB
    assert after < 2 * MB


@pytest.mark.slow
@pytest.mark.usefixtures("weighed")
def test_memory_stops_growing_before_the_machine_suffers(outside: Outside) -> None:
    """At most 512 MB are ever held."""
    board = FaultBoard(lambda: 0.0)
    seam = FaultMiddleware(_nothing, board, outside.world(), shop_effects)

    board.switch_on("memory-growth", 64)
    _visit(seam, 10)

    assert tracemalloc.get_traced_memory()[0] <= 513 * MB
