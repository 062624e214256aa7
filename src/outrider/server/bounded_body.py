"""The body of a request, of which no more is held than may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request


async def bounded_body(request: Request, most_bytes: int, refusal: Callable[[str, int], Exception]) -> bytes:
    """Return the body; one that says that it is too large is refused before it is waited for.

    Args:
        request: Whose.
        most_bytes: It may have.
        refusal: Makes the error that is raised of a larger one, from why and the status of the answer.

    Raises:
        ClientDisconnect: If it breaks off.
    """
    declared = request.headers.get("content-length", "0")
    size, content = int(declared) if declared.isdecimal() else 0, bytearray()
    if size <= most_bytes:
        async for chunk in request.stream():
            content += chunk
            if (size := len(content)) > most_bytes:
                break
    if size > most_bytes:
        raise refusal(f"the body has more than {most_bytes:,} bytes", 413)
    return bytes(content)
