"""The routes of workers in other places: they report, take orders by long poll, and deliver results.

A worker's token opens these and nothing else, and of these only what is of its location.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from outrider.model import Caller, OutriderError, StoreError, TokenKind, UsageError, WorkerReport
from outrider.runs import from_document, read_json
from outrider.server.access_control import BadToken
from outrider.server.api_parameters import ROOT
from outrider.server.refusal import problem
from outrider.server.request_body import BadBody, read_content

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

    from outrider.model import ReportAnswer
    from outrider.server.access_control import Access

log = structlog.get_logger("outrider.locations")

_LONGEST_WAIT_S: Final = 25.0
_LOOK_S: Final = 0.1
_MOST_REPORT_BYTES: Final = 1 << 20
_MOST_RESULT_BYTES: Final = 32 << 20
_MOST_PART_BYTES: Final = 4 << 20


class Desk(Protocol):
    """What serves workers; each method may raise an OutriderError."""

    def report(self, caller: Caller, report: WorkerReport) -> ReportAnswer:
        """Take what a worker says of itself."""
        ...

    def waiting_places(self) -> frozenset[str]:
        """Return the locations in which orders wait."""
        ...

    def take_sealed(self, caller: Caller, report: WorkerReport) -> bytes | None:
        """Give a worker orders."""
        ...

    def pack(self, digest: str) -> Path:
        """Return a new archive of a snapshot."""
        ...

    def holds(self, digest: str) -> bool:
        """Return whether a file is there."""
        ...

    def uploaded(self, caller: Caller, digest: str) -> int:
        """Return how many bytes of a file have come."""
        ...

    def upload(self, caller: Caller, digest: str, offset: int, content: bytes, total: int) -> int:
        """Take a part of a file."""
        ...

    def deliver_sealed(self, caller: Caller, worker: str, sealed: bytes) -> list[dict[str, str]]:
        """Take results of runs, and return what becomes of each."""
        ...


def location_routes(desk: Desk, access: Access) -> list[Route]:
    """Return the routes."""
    routes = _WorkerRoutes(desk, access)
    root = f"{ROOT}/worker"
    return [
        Route(f"{root}/report", routes.guarded(routes.report), methods=["POST"]),
        Route(f"{root}/orders", routes.guarded(routes.orders), methods=["POST"]),
        Route(f"{root}/snapshots/{{digest}}", routes.guarded(routes.snapshot)),
        Route(f"{root}/artifacts/{{digest}}", routes.guarded(routes.artifact), methods=["GET", "PUT"]),
        Route(f"{root}/results", routes.guarded(routes.results), methods=["POST"]),
    ]


class _WorkerRoutes:
    def __init__(self, desk: Desk, access: Access) -> None:
        self._desk = desk
        self._access = access
        self._bell = _Bell(desk.waiting_places)

    def guarded(
        self, answer: Callable[[Request, Caller], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that answers those who have a worker's token."""

        async def guarded(request: Request) -> Response:
            try:
                return await answer(request, await run_in_threadpool(self._caller, request))
            except BadToken as error:
                headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
                return problem(401, "the token is not valid", "invalid-token", str(error), headers=headers)
            except BadBody as error:
                return problem(error.status, "this cannot be read", "bad-body", str(error))
            except StoreError as error:
                log.warning("location.store", why=error.what)
                return problem(503, "the store cannot be used now", error.slug, error.what)
            except OutriderError as error:
                log.warning("location.refused", why=error.what, slug=error.slug)
                return problem(409, "the worker is refused", error.slug, error.what)

        return guarded

    def _caller(self, request: Request) -> Caller:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise BadToken("send Authorization: Bearer TOKEN, with what outrider location add printed")
        token = self._access.token(secret.strip(), TokenKind.WORKER)
        return Caller(token.scope, token.digest)

    async def report(self, request: Request, caller: Caller) -> Response:
        report = await _report(request)
        return JSONResponse(asdict(await run_in_threadpool(self._desk.report, caller, report)))

    async def orders(self, request: Request, caller: Caller) -> Response:
        """Answer with orders as soon as there are some, or with nothing after a while."""
        report, wait_s = await _report(request), min(_number(request, "wait"), _LONGEST_WAIT_S)
        answer = await run_in_threadpool(self._desk.report, caller, report)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + wait_s
        while not await request.is_disconnected():  # what nobody takes must not be given
            sealed = await run_in_threadpool(self._desk.take_sealed, caller, report)
            if sealed is not None:
                return Response(sealed, media_type="application/octet-stream")
            closing = request.scope.get("closing")
            if loop.time() >= until_s or (closing is not None and closing.is_set()):
                break
            await self._bell.wait(answer.location, until_s - loop.time())
        return Response(status_code=204)

    async def snapshot(self, request: Request, _caller: Caller) -> Response:
        archive = await run_in_threadpool(self._desk.pack, request.path_params["digest"])
        remove = BackgroundTask(partial(archive.unlink, missing_ok=True))
        return FileResponse(archive, media_type="application/gzip", background=remove)

    async def artifact(self, request: Request, caller: Caller) -> Response:
        digest = request.path_params["digest"]
        if await run_in_threadpool(self._desk.holds, digest):
            return JSONResponse({"stored": True, "bytes": 0})
        if request.method == "GET":
            return JSONResponse(
                {"stored": False, "bytes": await run_in_threadpool(self._desk.uploaded, caller, digest)}
            )
        content = await read_content(request, _MOST_PART_BYTES)
        offset, total = round(_number(request, "offset")), round(_number(request, "total"))
        come = await run_in_threadpool(self._desk.upload, caller, digest, offset, content, total)
        return JSONResponse({"stored": come == total, "bytes": come})

    async def results(self, request: Request, caller: Caller) -> Response:
        sealed = await read_content(request, _MOST_RESULT_BYTES)
        worker = request.query_params.get("worker", "")
        return JSONResponse({"verdicts": await run_in_threadpool(self._desk.deliver_sealed, caller, worker, sealed)})


class _Bell:
    """Tells who waits for orders that some are there: one look at the store a tenth of a second serves all."""

    def __init__(self, waiting_places: Callable[[], frozenset[str]]) -> None:
        self._waiting_places = waiting_places
        self._waiters: dict[asyncio.Future[None], str] = {}
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, location: str, most_s: float) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = location
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait([waiter], timeout=min(most_s, 1.0))  # who is gone, or the end of the server, is noticed
        finally:
            self._waiters.pop(waiter, None)

    async def _look(self) -> None:
        while self._waiters:
            await asyncio.sleep(_LOOK_S)
            try:
                places = await run_in_threadpool(self._waiting_places)
            except StoreError as error:
                log.warning("location.store", why=error.what)
                continue
            for waiter, location in list(self._waiters.items()):
                if location in places and not waiter.done():
                    waiter.set_result(None)


async def _report(request: Request) -> WorkerReport:
    return from_document(WorkerReport, read_json(await read_content(request, _MOST_REPORT_BYTES)))


def _number(request: Request, name: str) -> float:
    try:
        number = float(request.query_params.get(name, "0"))
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e12:
        raise UsageError(f"{name} is no number", slug="bad-message")
    return number
