"""Answers where no route takes a request, or fails at it: a problem to machines, a page to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Match

from outrider.server.base_path import base_of, path_below
from outrider.server.refusal import API_ROOT, is_of_api, refusal
from outrider.server.security_headers import HEADERS, UNKEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

log = structlog.get_logger("outrider.pages")

_SAFE = frozenset({"GET", "HEAD"})


def error_answers() -> Mapping[int | type[Exception], Callable[[Request, Exception], Response]]:
    """Return what answers by status or kind of error, as Starlette takes it."""
    return {404: _unknown_address, 405: _wrong_method, Exception: _failure}


def _unknown_address(request: Request, _: Exception) -> Response:
    if request.method in _SAFE and not is_of_api(request) and (path := _without_slash(request)):
        return RedirectResponse(path, 307, {"Cache-Control": "no-store"})
    lists = f"{API_ROOT}v1/openapi.json lists all" if is_of_api(request) else "It may have been mistyped."
    return refusal(request, 404, "there is no such address", slug="unknown-address", detail=lists)


def _without_slash(request: Request) -> str:
    """Return the address that a slash at the end hides, relative to this host; empty if there is none either."""
    path = path_below(request.scope).rstrip("/")
    if not path.startswith("/") or path.startswith("//") or path_below(request.scope) == path:
        return ""
    scope = {**request.scope, "path": f"{base_of(request.scope)}{path}"}
    if not any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{scope['path']}{query}"


def _wrong_method(request: Request, error: Exception) -> Response:
    named = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
    allowed = ", ".join(sorted(filter(None, named.split(", "))))
    detail = f"{request.method[:20]} is not answered here; {allowed} is"
    title = "this address does not answer that method"
    return refusal(request, 405, title, slug="wrong-method", detail=detail, headers={"Allow": allowed})


def _failure(request: Request, error: Exception) -> Response:
    log.error("request.failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
    detail = "The log of Outrider says why."
    title, every = "this cannot be answered", {**HEADERS, **UNKEPT}  # no middleware adds them
    return refusal(request, 500, title, slug="broken-answer", detail=detail, headers=every)
