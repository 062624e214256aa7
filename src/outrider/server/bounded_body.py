"""The body of a request, of which no more is held than may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.telemetry import RefusedErrors

if TYPE_CHECKING:
    from starlette.requests import Request


async def bounded_body(request: Request, most_bytes: int) -> bytes:
    """Return the body; one that says that it is too large is refused before it is waited for.

    Raises:
        RefusedErrors: 413, if it has more than `most_bytes`.
        ClientDisconnect: If it breaks off.
    """
    declared = request.headers.get("content-length", "0")
    _bound(int(declared) if declared.isdecimal() else 0, most_bytes)
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        _bound(len(content), most_bytes)
    return bytes(content)


def _bound(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise RefusedErrors(f"the body has more than {most_bytes:,} bytes", 413)
