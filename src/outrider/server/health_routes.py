"""What machines ask of the service: whether it lives, whether it is ready, and its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from outrider.model import printable
from outrider.server.metrics import MEDIA_TYPE, exposition

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from outrider.model import ServiceView


def health_routes(view: Callable[[], ServiceView]) -> list[Route]:
    """Return the routes `/healthz`, `/readyz` and `/metrics`.

    Args:
        view: How the service does now.
    """

    async def health(_: Request) -> Response:
        alive = view().is_alive
        return PlainTextResponse("alive\n" if alive else "the scheduler has stopped\n", 200 if alive else 503)

    async def readiness(_: Request) -> Response:
        now = view()
        return PlainTextResponse(f"{printable(_readiness(now))}\n", 200 if now.is_ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(printable(exposition(view())), media_type=MEDIA_TYPE)

    routes = {"/healthz": health, "/readyz": readiness, "/metrics": metrics}
    return [Route(path, answer, methods=["GET"]) for path, answer in routes.items()]


def _readiness(view: ServiceView) -> str:
    """Return why the service is not ready, or what is wrong although it is, such as a refused reload."""
    if view.is_ready:
        return "\n".join(["ready", *(f"but {subject}: {problem}" for subject, problem in view.problems.items())])
    if not view.leads:
        return "waits in standby for another process to end"
    return "\n".join(view.problems.values()) or "getting ready"
