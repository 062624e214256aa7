"""The routes that send telemetry here: `/v1/logs`, `/v1/traces` and `/v1/metrics` of OTLP over HTTP.

https://opentelemetry.io/docs/specs/otlp/#otlphttp. Clients send again what is answered with 429, 502, 503 or 504, and
nothing else; older ones take 429 for final, so a full spool is answered with 503.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from outrider.model import StoreError
from outrider.telemetry import JSON, PROTOBUF, BadTelemetry, SignalKind, SpoolFull, failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from outrider.telemetry import Intake


_RETRY_S: Final = 5


def ingest_application(intake: Intake, may_send: Callable[[Request], bool]) -> Starlette:
    """Return an application that takes telemetry, and nothing else.

    Args:
        intake: Takes the bodies.
        may_send: Whether a client may send telemetry, by its token or its address.
    """
    routes = [
        Route(f"/v1/{kind}", _OtlpEndpoint(kind, intake, may_send).answer, methods=["POST"]) for kind in SignalKind
    ]
    return Starlette(routes=[*routes, Route("/healthz", _health)])


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


class _OtlpEndpoint:
    """Takes one signal."""

    def __init__(self, kind: SignalKind, intake: Intake, may_send: Callable[[Request], bool]) -> None:
        self._kind = kind
        self._intake = intake
        self._may_send = may_send

    async def answer(self, request: Request) -> Response:
        """Keep what a request brings before it is answered."""
        headers = request.headers
        content_type, encoding = headers.get("content-type", ""), headers.get("content-encoding", "")
        media = JSON if JSON in content_type.lower() else PROTOBUF
        try:
            may_send = await run_in_threadpool(self._may_send, request)
        except StoreError as error:
            return Response(failure(media, error.what), 503, {"Retry-After": str(_RETRY_S)}, media)
        if not may_send:
            why = "a token for telemetry is missing or not valid: send Authorization: Bearer TOKEN"
            return Response(failure(media, why), 401, {"WWW-Authenticate": "Bearer"}, media)
        try:
            data = await self._body(request)
            content, media = await run_in_threadpool(self._intake.take, self._kind, data, content_type, encoding)
        except BadTelemetry as refusal:
            return Response(failure(media, str(refusal)), refusal.status, media_type=media)
        except SpoolFull as full:
            return Response(failure(media, str(full)), 503, {"Retry-After": str(_RETRY_S)}, media)
        except ClientDisconnect:
            return Response(status_code=400)
        return Response(content, media_type=media)

    async def _body(self, request: Request) -> bytes:
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > self._intake.most_bytes:
                raise BadTelemetry(f"the body has more than {self._intake.most_bytes:,} bytes", 413)
        return bytes(content)
