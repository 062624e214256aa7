"""The routes that send telemetry here: OTLP's `/v1/logs`, `/v1/traces` and `/v1/metrics`, Loki's push, and `/ndjson`.

https://opentelemetry.io/docs/specs/otlp/#otlphttp. Clients send again what is answered with 429, 502, 503 or 504, and
nothing else; older ones take 429 for final, so a full spool is answered with 503.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from outrider.model import StoreError
from outrider.server.bounded_body import bounded_body
from outrider.telemetry import FORWARDED_BY, JSON, PROTOBUF, BadTelemetry, SignalKind, SpoolFull, failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from outrider.telemetry import Intake


NOT_ALLOWED: Final = "a token for telemetry is missing or not valid: send Authorization: Bearer TOKEN"
_RETRY_S: Final = 5

Body = tuple[bytes, str, str]
"""Of a request, with its media type and encoding."""


def ingest_application(
    intake: Intake, source_of: Callable[[Request], str], *, loki: bool = True, ndjson: bool = True, sender: str = ""
) -> Starlette:
    """Return an application that takes telemetry, and nothing else.

    Args:
        intake: Takes the bodies.
        source_of: Returns who a client is, by its token or its address; "" if it may not send telemetry.
        loki: Whether pushes of Loki are taken.
        ndjson: Whether lines are taken.
        sender: Names this workspace where it forwards: what it sent itself is refused for good.
    """
    routes = [
        Route(f"/v1/{kind}", _OtlpEndpoint(kind, intake, source_of, sender).answer, methods=["POST"])
        for kind in SignalKind
    ]
    if loki:
        routes.append(Route("/loki/api/v1/push", _LokiEndpoint(intake, source_of).answer, methods=["POST"]))
    if ndjson:
        routes.append(Route("/ndjson", _LinesEndpoint(intake, source_of).answer, methods=["POST"]))
    return Starlette(routes=[*routes, Route("/healthz", _health)])


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


class _Endpoint:
    """Takes requests of one kind, within limits, from who may send, and keeps what they bring before it answers."""

    def __init__(self, intake: Intake, source_of: Callable[[Request], str]) -> None:
        self._intake = intake
        self._source_of = source_of

    def take(self, request: Request, body: Body, source: str) -> Response:
        """Keep a body, in a thread."""
        raise NotImplementedError

    def refuse(self, _content_type: str, why: str, status: int, headers: dict[str, str] | None = None) -> Response:
        """Return an answer that says why nothing was kept."""
        return PlainTextResponse(f"{why}\n", status, headers)

    async def answer(self, request: Request) -> Response:
        """Keep what a request brings before it is answered."""
        content_type, encoding = (request.headers.get(f"content-{name}", "") for name in ("type", "encoding"))
        refuse, later = partial(self.refuse, content_type), {"Retry-After": str(_RETRY_S)}
        try:
            source = await run_in_threadpool(self._source_of, request)
            if not source:
                return refuse(NOT_ALLOWED, 401, {"WWW-Authenticate": "Bearer"})
            data = await bounded_body(request, self._intake.most_bytes, BadTelemetry)
            return await run_in_threadpool(self.take, request, (data, content_type, encoding), source)
        except StoreError as error:
            return refuse(error.what, 503, later)
        except BadTelemetry as refusal:
            return refuse(str(refusal), refusal.status)
        except SpoolFull as full:
            return refuse(str(full), 503, later)
        except ClientDisconnect:
            return Response(status_code=400)


class _OtlpEndpoint(_Endpoint):
    """Takes one signal; refusals are in the media type of the request."""

    def __init__(self, kind: SignalKind, intake: Intake, source_of: Callable[[Request], str], sender: str) -> None:
        super().__init__(intake, source_of)
        self._kind = kind
        self._sender = sender

    def take(self, request: Request, body: Body, source: str) -> Response:
        """Answer success, which may be one in part."""
        if self._sender and request.headers.get(FORWARDED_BY) == self._sender:
            raise BadTelemetry("this workspace sent it itself: [telemetry.forward] leads back to it")
        content, media = self._intake.take(self._kind, *body, source=source)
        return Response(content, media_type=media)

    def refuse(self, content_type: str, why: str, status: int, headers: dict[str, str] | None = None) -> Response:
        """Answer with a `google.rpc.Status`."""
        media = JSON if JSON in content_type.lower() else PROTOBUF
        return Response(failure(media, why), status, headers, media)


class _LokiEndpoint(_Endpoint):
    """Takes pushes of Loki's clients, which expect 204, and send again after 429 and 5xx."""

    def take(self, _request: Request, body: Body, source: str) -> Response:
        """Answer 204, with the reason in a header where it was dropped: nobody is to send it again."""
        why = self._intake.take_loki(*body, source=source)
        return Response(status_code=204, headers={"X-Outrider-Dropped": why} if why else None)


class _LinesEndpoint(_Endpoint):
    """Takes lines of JSON or text."""

    def take(self, request: Request, body: Body, source: str) -> Response:
        """Answer how many records were kept, or why they were dropped."""
        service = request.query_params.get("service", "")
        count, why = self._intake.take_lines(*body, service, source=source)
        return JSONResponse({"accepted": 0, "rejected": count, "message": why} if why else {"accepted": count})
