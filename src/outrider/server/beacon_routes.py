"""The routes of real users: the script that pages load, and where it, web-vitals and Faro send to.

A body of text/plain needs no preflight, so that a page that closes can send it (`navigator.sendBeacon`). The address
with the script's digest lasts for ever, for tags with `integrity`; `/rum.js` is asked for again after an hour.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from outrider.server.client_origin import networks_of, origin_of
from outrider.telemetry import MOST_BEACON_BYTES, MOST_FARO_BYTES, BeaconHead, ErrorRequestHead, RefusedErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from outrider.server.client_origin import Network
    from outrider.telemetry import BeaconIntake

_COUNTRY_HEADERS: Final = ("cf-ipcountry", "x-vercel-ip-country", "cloudfront-viewer-country", "x-country-code")
_ALLOWED: Final = "content-type, content-encoding, idempotency-key, x-api-key, x-faro-session-id"
_HOUR: Final = "public, max-age=3600"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_SHORT_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Snippet:
    """The script that pages load.

    Attributes:
        version: Of its content, in its lasting address.
        integrity: As the attribute of that name takes it.
    """

    content: bytes
    version: str
    integrity: str


@cache
def rum_snippet() -> Snippet | None:
    """Return the script; None in a package that was built without."""
    built = files("outrider.charts") / "built" / "rum.js"
    if not built.is_file():
        return None
    content = built.read_bytes()
    digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
    return Snippet(content, hashlib.sha256(content).hexdigest()[:_SHORT_DIGITS], f"sha384-{digest}")


def beacon_routes(intake: BeaconIntake, trusted: Sequence[str] = (), *, is_loopback: bool = True) -> list[Route]:
    """Return the routes.

    Args:
        intake: Takes the bodies.
        trusted: Networks of proxies whose headers name the client and its country.
        is_loopback: Whether the server is reached from this machine only.
    """
    endpoint = _Beacons(intake, networks_of(trusted), is_loopback=is_loopback)
    return [
        Route("/rum.js", _script, methods=["GET"]),
        Route("/rum-{version}.js", _script, methods=["GET"]),
        *(
            Route(f"/api/{{project:int}}/{kind}{slash}", endpoint.answering(take, most), methods=["POST", "OPTIONS"])
            for kind, take, most in (
                ("rum", intake.take, MOST_BEACON_BYTES),
                ("vitals", intake.take_vitals, MOST_BEACON_BYTES),
                ("faro", intake.take_faro, MOST_FARO_BYTES),
            )
            for slash in ("/", "")
        ),
    ]


async def _script(request: Request) -> Response:
    snippet, version = rum_snippet(), request.path_params.get("version")
    if snippet is None or version not in {None, snippet.version}:
        return PlainTextResponse("there is no such script\n", 404, {"Access-Control-Allow-Origin": "*"})
    headers = {
        "Cache-Control": _HOUR if version is None else _FOR_EVER, "ETag": f'"{snippet.version}"',
        "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(snippet.content, media_type="text/javascript", headers=headers)


class _Beacons:
    """Takes beacons, and says as little as a page needs."""

    def __init__(self, intake: BeaconIntake, trusted: Sequence[Network], *, is_loopback: bool) -> None:
        self._intake = intake
        self._trusted = trusted
        self._is_loopback = is_loopback

    def answering(self, take: Callable[[BeaconHead, bytes], int], most_bytes: int) -> Callable[[Request], object]:
        """Return what answers beacons, and the question of a browser whether it may send one."""

        async def answer(request: Request) -> Response:
            if request.method == "OPTIONS":
                return _to_page(request, Response(status_code=204))
            try:
                data = await _body(request, most_bytes)
                head = self._head(request)
                is_quick = self._intake.is_quick(head, len(data))
                status = take(head, data) if is_quick else await run_in_threadpool(take, head, data)
            except RefusedErrors as refusal:
                retry = {"Retry-After": str(refusal.retry_s)} if refusal.retry_s else {}
                return _to_page(request, PlainTextResponse(f"{refusal}\n", refusal.status, retry))
            except ClientDisconnect:
                return Response(status_code=400)
            return _to_page(request, Response(status_code=status))

        return answer

    def _head(self, request: Request) -> BeaconHead:
        headers = request.headers
        client = origin_of(request, self._trusted, is_loopback=self._is_loopback)
        countries = (headers.get(name, "") for name in _COUNTRY_HEADERS if client.is_trusted_proxy)
        return BeaconHead(
            request=ErrorRequestHead(
                project=request.path_params["project"],
                key=headers.get("x-api-key") or request.query_params.get("sentry_key", ""),
                origin=headers.get("origin", ""),
                address=client.address,
                encoding=headers.get("content-encoding", ""),
            ),
            agent=headers.get("user-agent", ""),
            country=next(filter(None, countries), ""),
            is_declined="1" in {headers.get("sec-gpc"), headers.get("dnt")},
        )


async def _body(request: Request, most: int) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            raise RefusedErrors(f"the body has more than {most:,} bytes", 413)
    return bytes(content)


def _to_page(request: Request, response: Response) -> Response:
    """Let a page read the answer; whether it may send is decided by its key."""
    if origin := request.headers.get("origin"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED
        response.headers["Vary"] = "Origin"
    return response
