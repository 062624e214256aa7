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

from outrider.server.bare_endpoint import BareEndpoint
from outrider.server.bounded_body import bounded_body
from outrider.server.client_origin import declines, networks_of, origin_of
from outrider.telemetry import (
    MOST_BEACON_BYTES,
    MOST_FARO_BYTES,
    MOST_REPLAY_BYTES,
    BeaconHead,
    ErrorRequestHead,
    RefusedErrors,
    ReplayPlace,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from outrider.server.client_origin import Network
    from outrider.telemetry import BeaconIntake, ReplayIntake

_COUNTRY_HEADERS: Final = ("cf-ipcountry", "x-vercel-ip-country", "cloudfront-viewer-country", "x-country-code")
_ALLOWED: Final = "content-type, content-encoding, idempotency-key, x-api-key, x-faro-session-id"
_HOUR: Final = "public, max-age=3600"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_SHORT_DIGITS: Final = 16
_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class Snippet:
    """A script that pages load.

    Attributes:
        version: Of its content, in its lasting address.
        integrity: As the attribute of that name takes it.
    """

    content: bytes
    version: str
    integrity: str


@cache
def rum_snippet(name: str = "rum") -> Snippet | None:
    """Return the script, or "rum-replay", which it loads; None in a package that was built without."""
    built = files("outrider.charts") / "built" / f"{name}.js"
    if not built.is_file():
        return None
    content = built.read_bytes()
    digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
    return Snippet(content, hashlib.sha256(content).hexdigest()[:_SHORT_DIGITS], f"sha384-{digest}")


def beacon_routes(
    intake: BeaconIntake,
    trusted: Sequence[str] = (),
    *,
    is_loopback: bool = True,
    replays: ReplayIntake | None = None,
) -> list[Route]:
    """Return the routes.

    Args:
        intake: Takes the bodies.
        replays: Takes parts of replays; if absent, none are taken.
        trusted: Networks of proxies whose headers name the client and its country.
        is_loopback: Whether the server is reached from this machine only.
    """
    networks = networks_of(trusted)
    kinds = {
        "rum": (intake.take, MOST_BEACON_BYTES),
        "vitals": (intake.take_vitals, MOST_BEACON_BYTES),
        "faro": (intake.take_faro, MOST_FARO_BYTES),
    }
    endpoints: dict[str, _FromPage] = {
        name: _Beacons(intake, take, most, networks, is_loopback=is_loopback) for name, (take, most) in kinds.items()
    }
    if replays is not None:
        endpoints["replay"] = _Replays(replays, networks, is_loopback=is_loopback)
    return [
        Route("/rum.js", _script, methods=["GET"]),
        Route("/rum-replay-{version}.js", _replay_script, methods=["GET"]),
        Route("/rum-{version}.js", _script, methods=["GET"]),
        *(
            Route(f"/api/{{project:int}}/{name}{slash}", BareEndpoint(endpoint.answer), methods=["POST", "OPTIONS"])
            for name, endpoint in endpoints.items()
            for slash in ("/", "")
        ),
    ]


async def _script(request: Request) -> Response:
    return _served(request, "rum")


async def _replay_script(request: Request) -> Response:
    return _served(request, "rum-replay")


def _served(request: Request, name: str) -> Response:
    snippet, version = rum_snippet(name), request.path_params.get("version")
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


class _FromPage:
    """Takes what pages send, and says as little as they need."""

    most_bytes = MOST_BEACON_BYTES

    def __init__(self, trusted: Sequence[Network], *, is_loopback: bool) -> None:
        self._trusted = trusted
        self._is_loopback = is_loopback

    async def take(self, request: Request, head: BeaconHead, data: bytes) -> int:
        """Keep a body, and return the status of the answer."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        """Answer a body, or the question of a browser whether it may send one."""
        if request.method == "OPTIONS":
            return _to_page(request, Response(status_code=204))
        try:
            data = await bounded_body(request, self.most_bytes, RefusedErrors)
            status = await self.take(request, self._head(request), data)
        except RefusedErrors as refusal:
            retry = {"Retry-After": str(refusal.retry_s)} if refusal.retry_s else {}
            return _to_page(request, PlainTextResponse(f"{refusal}\n", refusal.status, retry))
        except ClientDisconnect:
            return Response(status_code=400)
        return _to_page(request, Response(status_code=status))

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
                is_declined=declines(headers),
            ),
            agent=headers.get("user-agent", ""),
            country=next(filter(None, countries), ""),
        )


class _Beacons(_FromPage):
    """Takes beacons, and what other clients tell of pages."""

    def __init__(
        self, intake: BeaconIntake, keep: Callable[[BeaconHead, bytes], int], most_bytes: int,
        trusted: Sequence[Network], *, is_loopback: bool,
    ) -> None:  # fmt: skip
        super().__init__(trusted, is_loopback=is_loopback)
        self._intake = intake
        self._keep = keep
        self.most_bytes = most_bytes

    async def take(self, request: Request, head: BeaconHead, data: bytes) -> int:  # noqa: ARG002 - of replays
        """Keep what a body tells."""
        is_quick = self._intake.is_quick(head, len(data))
        return self._keep(head, data) if is_quick else await run_in_threadpool(self._keep, head, data)


class _Replays(_FromPage):
    """Takes parts of replays; which part a body is stands in its address, since nothing else goes with `sendBeacon`."""

    most_bytes = MOST_REPLAY_BYTES

    def __init__(self, intake: ReplayIntake, trusted: Sequence[Network], *, is_loopback: bool) -> None:
        super().__init__(trusted, is_loopback=is_loopback)
        self._intake = intake

    async def take(self, request: Request, head: BeaconHead, data: bytes) -> int:
        """Keep a part."""
        asked = request.query_params
        place = ReplayPlace(
            asked.get("session", ""), asked.get("recording", ""), _figure(asked.get("n")), _figure(asked.get("sent"))
        )
        await run_in_threadpool(self._intake.take, head, place, data)
        return 204


def _figure(text: str | None) -> int:
    """Return a number of at most fifteen digits; -1 for anything else."""
    is_number = text is not None and text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return int(text) if is_number and text else -1


def _to_page(request: Request, response: Response) -> Response:
    """Let a page read the answer; whether it may send is decided by its key."""
    if origin := request.headers.get("origin"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED
        response.headers["Vary"] = "Origin"
    return response
