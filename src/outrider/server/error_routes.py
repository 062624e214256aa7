"""The routes that clients send to with a key: Sentry's `/api/PROJECT/envelope/`, `/store/`, `/security/`, and OTLP.

Clients try again after 429 alone, and wait as `X-Sentry-Rate-Limits` says; what gets any other refusal is lost to them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router

from outrider.server.bare_endpoint import BareEndpoint
from outrider.server.bounded_body import bounded_body
from outrider.server.client_origin import declines, networks_of, origin_of
from outrider.telemetry import ErrorRequestHead, RefusedErrors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from outrider.server.client_origin import Network
    from outrider.telemetry import ErrorIntake

_KEY: Final = re.compile(r"sentry_key=([0-9a-zA-Z]{1,64})")
_CATEGORIES: Final = "error;default;security"
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "x-sentry-auth, content-type, content-encoding, authentication, authorization",
    "Access-Control-Max-Age": "3600",
}


def error_application(
    intake: ErrorIntake, trusted: Sequence[str] = (), *, is_loopback: bool = True, beside: Sequence[BaseRoute] = ()
) -> Router:
    """Return an application that takes errors, and what other routes take.

    Args:
        intake: Takes the bodies.
        trusted: Networks of proxies whose headers name the client.
        is_loopback: Whether the server is reached from this machine only.
        beside: Further routes.
    """
    endpoint = _Endpoint(intake, networks_of(trusted), is_loopback=is_loopback)
    kinds = {
        "envelope": endpoint.envelope, "store": endpoint.event, "security": endpoint.reports,
        "otlp/v1/traces": endpoint.traces, "otlp/v1/logs": endpoint.logs,
    }  # fmt: skip
    routes = [
        Route(
            f"/api/{{project:int}}/{kind}{slash}", BareEndpoint(endpoint.answering(take)), methods=["POST", "OPTIONS"]
        )
        for kind, take in kinds.items()
        for slash in ("/", "")
    ]
    return Router(routes=[*routes, *beside, Route("/healthz", _health)])


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


class _Endpoint:
    """Takes requests, and answers as clients understand it."""

    def __init__(self, intake: ErrorIntake, trusted: Sequence[Network], *, is_loopback: bool) -> None:
        self._intake = intake
        self._trusted = trusted
        self._is_loopback = is_loopback

    def envelope(self, head: ErrorRequestHead, data: bytes) -> Response:
        """Keep an envelope."""
        name = self._intake.take_envelope(head, data)
        return JSONResponse({"id": name} if name else {})

    def event(self, head: ErrorRequestHead, data: bytes) -> Response:
        """Keep an event."""
        return JSONResponse({"id": self._intake.take_event(head, data)})

    def reports(self, head: ErrorRequestHead, data: bytes) -> Response:
        """Keep reports of a browser."""
        self._intake.take_reports(head, data)
        return Response(status_code=201)

    def traces(self, head: ErrorRequestHead, data: bytes) -> Response:
        """Keep spans of OTLP."""
        return self._otlp(head, data, "traces")

    def logs(self, head: ErrorRequestHead, data: bytes) -> Response:
        """Keep records of OTLP."""
        return self._otlp(head, data, "logs")

    def _otlp(self, head: ErrorRequestHead, data: bytes, signal: str) -> Response:
        is_kept = self._intake.take_otlp(head, data, signal)
        why = {"partialSuccess": {"errorMessage": f"nobody keeps {signal} here now: [telemetry], or the key's limit"}}
        return JSONResponse({} if is_kept else why)

    def answering(
        self, take: Callable[[ErrorRequestHead, bytes], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers requests by keeping what they bring."""

        async def answer(request: Request) -> Response:
            if request.method == "OPTIONS":
                return self._with_origin(request, Response(status_code=204, headers=_PREFLIGHT))
            try:
                data = await bounded_body(request, self._intake.most_bytes, RefusedErrors)
                head = self._head(request)
                is_quick = self._intake.is_quick(head, len(data))
                response = take(head, data) if is_quick else await run_in_threadpool(take, head, data)
            except RefusedErrors as refusal:
                response = _refusal(refusal)
            except ClientDisconnect:
                return Response(status_code=400)
            return self._with_origin(request, response)

        return answer

    def _head(self, request: Request) -> ErrorRequestHead:
        headers = request.headers
        written = headers.get("x-sentry-auth") or headers.get("authorization", "")
        match = _KEY.search(written)
        return ErrorRequestHead(
            project=request.path_params["project"],
            key=match[1] if match else request.query_params.get("sentry_key", ""),
            origin=headers.get("origin", ""),
            address=origin_of(request, self._trusted, is_loopback=self._is_loopback).address,
            encoding=headers.get("content-encoding", ""),
            is_declined=declines(headers),
        )

    def _with_origin(self, request: Request, response: Response) -> Response:
        """Let a page read the answer; whether it may send is decided by its key."""
        if origin := request.headers.get("origin"):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "x-sentry-error, x-sentry-rate-limits, retry-after"
            response.headers["Vary"] = "Origin"
        return response


def _refusal(refusal: RefusedErrors) -> Response:
    headers = {"X-Sentry-Error": str(refusal)}
    if refusal.retry_s:
        headers["Retry-After"] = str(refusal.retry_s)
        headers["X-Sentry-Rate-Limits"] = f"{refusal.retry_s}:{_CATEGORIES}:key"
    return JSONResponse({"detail": str(refusal)}, refusal.status, headers)
