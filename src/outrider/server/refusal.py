"""What is answered instead of a page or a value: problem details to machines, a page to people."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from outrider.dashboard import notice_page
from outrider.model import printable_json
from outrider.server.base_path import base_of, path_below
from outrider.server.openapi_document import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

API_ROOT = "/api/"
_TEXT_CHARACTERS = 1_000
_RETRY = {503: {"Retry-After": "10"}}


def refusal(
    request: Request,
    status: int,
    title: str,
    *,
    slug: str,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer that refuses: RFC 9457 to the API, else a page; 503 says when to ask again."""
    if is_of_api(request):
        return problem(status, title, slug, detail, headers=headers)
    page = notice_page(base_of(request.scope), f"{title[:1].upper()}{title[1:]}.", detail)
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store", **_headers(status, headers)})


def problem(
    status: int,
    title: str,
    slug: str,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    column: int | None = None,
) -> Response:
    """Return problem details (RFC 9457); 503 says when to ask again. `column` is the place in a query."""
    details = asdict(Problem(f"docs/errors.md#{slug}", title, status, detail[:_TEXT_CHARACTERS] or title, column))
    body = {name: value for name, value in details.items() if value is not None}
    text = json.dumps(printable_json(body))
    return Response(text, status, media_type="application/problem+json", headers=_headers(status, headers))


def _headers(status: int, headers: Mapping[str, str] | None) -> dict[str, str]:
    return {**_RETRY.get(status, {}), **(headers or {})}


def is_of_api(request: Request) -> bool:
    """Return whether a machine asks."""
    return path_below(request.scope).startswith(API_ROOT)
