"""Sign-ins that take long, at a provider that does not answer for one, and the pages meanwhile."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.requests import Request
from tests.listeners import serving

from outrider.server import AccessRules
from outrider.server.sign_in_turns import SignInTurns, TooManySignIns
from outrider.workspace import OidcSettings, RoleSettings, ServerSettings

from .conftest import FAR

if TYPE_CHECKING:
    import socket

    from .conftest import Server

MANY, HAVE_A_TURN = 60, 20


def test_a_provider_that_never_answers_keeps_nobody_from_the_pages(server: Server) -> None:
    """Sixty who ask for it hold four threads; most are told at once to come again."""

    async def ask(end: threading.Event) -> tuple[int, set[int], set[int]]:
        transport = httpx.ASGITransport(server.application, client=(FAR, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://outrider.example") as client:
            begun = [asyncio.create_task(client.get("/sign-in/oidc")) for _ in range(MANY)]
            refused, waiting = await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
            while len(refused) < MANY - HAVE_A_TURN:
                more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                refused |= more
            page = await client.get("/sign-in")
            end.set()
            ended, _ = await asyncio.wait(waiting)
            codes = [{task.result().status_code for task in tasks} for tasks in (refused, ended)]
            return page.status_code, codes[0], codes[1]

    end = threading.Event()

    def say_nothing(_: socket.socket) -> None:
        end.wait()

    with serving(say_nothing) as place:
        oidc = OidcSettings(f"http://{place}", "outrider", access=RoleSettings(None, {}))
        server.access.use(AccessRules(ServerSettings(oidc=oidc), is_loopback=False))
        server.application = server._application()
        page, refused, ended = asyncio.run(ask(end))

    assert (page, refused, ended) == (200, {503}, {502})


def test_a_turn_that_ends_is_free_for_the_next() -> None:
    """Whether it succeeded or failed."""
    turns = SignInTurns(threads=1, waiting=0)
    request = Request({"type": "http"})

    async def use() -> tuple[str, str]:
        with pytest.raises(ZeroDivisionError):
            await turns.run(lambda _: 1 // 0, request)
        return await turns.run(lambda _: "second", request), await turns.run(lambda _, text: text, request, "third")

    assert asyncio.run(use()) == ("second", "third")


def test_one_too_many_is_refused_at_once() -> None:
    """It does not wait for those that wait."""
    turns = SignInTurns(threads=1, waiting=1)
    request = Request({"type": "http"})
    may_end = threading.Event()

    async def use() -> list[str]:
        under_way = [asyncio.create_task(turns.run(lambda _: str(may_end.wait()), request)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManySignIns):
            await turns.run(lambda _: "third", request)
        may_end.set()
        return await asyncio.gather(*under_way)

    assert asyncio.run(use()) == ["True", "True"]
