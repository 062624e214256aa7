"""Applies the faults that concern every request; the admin endpoint stays out of it, or nothing could be repaired."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    import random

    from starlette.types import ASGIApp, Receive, Scope, Send

    from demo.faults import Switchboard

_MOST_LEAKED_MB = 1024


class Misbehaviour:
    """Hangs, errors, drift and leaks, in front of the application."""

    def __init__(self, app: ASGIApp, faults: Switchboard, chance: random.Random) -> None:
        self._app = app
        self._faults = faults
        self._chance = chance
        self._leaked: list[bytes] = []
        self._leaked_mb = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or not."""
        if scope["type"] != "http" or scope["path"].startswith(("/admin/", "/static/")):
            await self._app(scope, receive, send)
            return
        if self._hits("hang"):
            await self._wait_for_disconnect(receive)
            return
        self._leak()
        await asyncio.sleep(self._faults.drift_ms() / 1000)
        if self._hits("errors"):
            await PlainTextResponse("The shop is out of order.", 500)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _hits(self, fault: str) -> bool:
        return self._chance.random() < self._faults.size(fault)

    def _leak(self) -> None:
        size = self._faults.size("memory-growth")
        if size and self._leaked_mb < _MOST_LEAKED_MB:
            self._leaked.append(b"x" * int(size * 1_000_000))
            self._leaked_mb += size
        elif not size:
            self._leaked.clear()
            self._leaked_mb = 0.0

    @staticmethod
    async def _wait_for_disconnect(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
