"""The one route that jobs call: `/heartbeat/TOKEN`, by GET or POST, with `?exit=CODE` from a job that may fail."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from outrider.model import Beat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.model import CheckId, HeartbeatLog

MOST_NOTE_BYTES = 10_000
_LARGEST_CODE = 255


def heartbeat_route(heartbeats: HeartbeatLog, tokens: Mapping[str, CheckId], now_us: Callable[[], int]) -> Route:
    """Return the route; a call is stored before it is answered, and the beginning of its body is kept as a note."""
    # Looked up by digest, so that the time of an answer tells nothing about how much of a guess was right.
    checks = {_digest(token): check for token, check in tokens.items()}

    async def heartbeat(request: Request) -> Response:
        check = checks.get(_digest(request.path_params["token"]))
        if check is None:
            return PlainTextResponse("no heartbeat has this token\n", 404)
        code = _exit_code(request.query_params.get("exit", "0"))
        if code is None:
            return PlainTextResponse(f"exit is not a number from 0 to {_LARGEST_CODE}\n", 400)
        note = (await _beginning(request)).decode("utf-8", "replace").strip()
        await run_in_threadpool(heartbeats.record, check, Beat(now_us(), code, note))
        return PlainTextResponse("noted\n")

    return Route("/heartbeat/{token}", heartbeat, methods=["GET", "POST"])


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _exit_code(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _LARGEST_CODE else None


async def _beginning(request: Request) -> bytes:
    """Return the first bytes of a body, and read no further: a job may send its whole log."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) >= MOST_NOTE_BYTES:
            break
    return body[:MOST_NOTE_BYTES]
