"""The routes that jobs call: `/heartbeat/TOKEN`, by GET, HEAD or POST, with the exit code of a job that may fail.

The code is `?exit=CODE` or the last part of the path, where `fail` stands for 1 and `success` for 0.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from outrider.model import Beat, StoreError
from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.model import CheckId, HeartbeatLog

MOST_NOTE_BYTES = 10_000
_READ_BYTES = 2 * MOST_NOTE_BYTES
_NOTE_CHARACTERS = 1_900  # with the mark of a cut, less than the store keeps
_LARGEST_CODE = 255
_RETRY_S = 10
_WORDS = {"fail": "1", "success": "0"}


def heartbeat_routes(heartbeats: HeartbeatLog, tokens: Mapping[str, CheckId], now_us: Callable[[], int]) -> list[Route]:
    """Return the routes; a call is stored before it is answered, and the beginning of its body is kept as a note."""
    # Looked up by digest, so that the time of an answer tells nothing about how much of a guess was right.
    checks = {_digest(token): check for token, check in tokens.items()}

    async def heartbeat(request: Request) -> Response:
        check = checks.get(_digest(request.path_params["token"]))
        if check is None:
            return PlainTextResponse("no heartbeat has this token\n", 404)
        code = _exit_code(request.path_params.get("code") or request.query_params.get("exit", "0"))
        if code is None:
            return PlainTextResponse(f"exit is not a number from 0 to {_LARGEST_CODE}\n", 400)
        try:
            note = await run_in_threadpool(_note, await _beginning(request))
            await run_in_threadpool(heartbeats.record, check, Beat(now_us(), code, note))
        except StoreError:
            again = "the store is not there: call again\n"
            return PlainTextResponse(again, 503, headers={"Retry-After": str(_RETRY_S)})
        return PlainTextResponse("noted\n")

    paths = ("/heartbeat/{token}", "/heartbeat/{token}/{code}")
    return [Route(path, heartbeat, methods=["GET", "POST"]) for path in paths]


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _exit_code(text: str) -> int | None:
    text = _WORDS.get(text, text)
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _LARGEST_CODE else None


def _note(body: bytes) -> str:
    """Return what is kept of a body, without secrets; the store says where it cuts one that was read whole.

    Of a body that goes on, MOST_NOTE_BYTES at its end are left out: a secret may be cut in two there.
    """
    note = gated(body.decode("utf-8", "replace").strip())
    if len(body) < _READ_BYTES:
        return note
    return (
        f"{note[: min(_NOTE_CHARACTERS, max(0, len(note) - MOST_NOTE_BYTES))]}… [cut: more than {_READ_BYTES:,} bytes]"
    )


async def _beginning(request: Request) -> bytes:
    """Return the first bytes of a body, one more than are kept, and read no further: a job may send its whole log."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) >= _READ_BYTES:
            break
    return body[:_READ_BYTES]
