"""The body of a request that changes something: a form, or JSON, of bounded size."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect

from outrider.server.bounded_body import bounded_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

MOST_BODY_BYTES = 65_536
_MOST_FIELDS = 200


class BadBody(Exception):
    """A body cannot be read.

    Attributes:
        status: Of the answer.
    """

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What a client sent.

    Attributes:
        fields: Of a form; values of one name, such as boxes that are ticked, are joined by lines.
        document: Of JSON; None if it was a form or empty.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    document: object = None


async def read_body(request: Request) -> RequestBody:
    """Return the body of a request.

    Raises:
        BadBody: If it is too large, of another kind, or malformed.
    """
    content = await read_content(request, MOST_BODY_BYTES)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        try:
            return RequestBody(document=json.loads(content))
        except (ValueError, RecursionError):
            raise BadBody("the body is not JSON") from None
    if kind == "application/x-www-form-urlencoded" or not content:
        return RequestBody(_form(content))
    raise BadBody("the body is neither a form nor JSON", 415)


async def read_content(request: Request, most_bytes: int) -> bytes:
    """Return a body of bounded size as it is; raises as `read_body` does."""
    try:
        return await bounded_body(request, most_bytes, BadBody)
    except ClientDisconnect:
        raise BadBody("the body breaks off") from None


def _form(content: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(content.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise BadBody("the form cannot be read") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return fields
