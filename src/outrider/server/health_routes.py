"""What machines ask of the service: whether it lives, whether it is ready, and its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from outrider.model import StoreError, printable
from outrider.server.access_control import BadToken
from outrider.server.metrics import MEDIA_TYPE, exposition
from outrider.server.viewer import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from outrider.model import ServiceView
    from outrider.server.access_control import Access

_HIDDEN = "sign in, or send a token, to read why"


def health_routes(
    view: Callable[[], ServiceView],
    access: Access | None = None,
    view_in_full: Callable[[], ServiceView] | None = None,
) -> list[Route]:
    """Return the routes `/healthz`, `/readyz` and `/metrics`.

    Args:
        view: How the service does now.
        access: Decides who is told why the service is not ready, and who reads metrics where these are not open to
            everybody.
        view_in_full: How it does, with all of its checks; as `view` if absent.
    """

    def health(_: Request) -> Response:
        alive = view().is_alive
        return PlainTextResponse("alive\n" if alive else "the scheduler has stopped\n", 200 if alive else 503)

    def readiness(request: Request) -> Response:
        now, is_told_why = view(), access is None or _is_known(access, request)
        text = printable(_readiness(now, is_told_why=is_told_why))
        return PlainTextResponse(f"{text}\n", 200 if now.is_ready or now.is_beside else 503)

    def metrics(request: Request) -> Response:
        if access is not None and not access.rules.settings.open_metrics:
            viewer = access.authorise(request)
            if not isinstance(viewer, Viewer):
                return viewer
        return Response(printable(exposition((view_in_full or view)())), media_type=MEDIA_TYPE)

    routes = {"/healthz": health, "/readyz": readiness, "/metrics": metrics}
    return [Route(path, answer, methods=["GET"]) for path, answer in routes.items()]


def _is_known(access: Access, request: Request) -> bool:
    """Return whether somebody who may see pages asks; nobody can tell while the store is away."""
    try:
        return access.viewer(request) is not None
    except (BadToken, StoreError):
        return False


def _readiness(view: ServiceView, *, is_told_why: bool) -> str:
    """Return why the service is not ready, or what is wrong although it is, such as a refused reload.

    Anybody may ask, under any host name: only who may see pages is told more than where the problem is.
    """
    problems = {subject: text if is_told_why else _HIDDEN for subject, text in view.problems.items()}
    if view.is_ready or view.is_beside:
        state = "ready" if view.is_ready else "ready: another process runs the checks"
        return "\n".join([state, *(f"but {subject}: {problem}" for subject, problem in problems.items())])
    if away := problems.get("scheduler"):
        return away if is_told_why else f"scheduler: {away}"
    if not view.leads and not view.is_led:
        return "no process runs the checks now"
    if not is_told_why:
        return "\n".join(f"{subject}: {problem}" for subject, problem in problems.items()) or "getting ready"
    return "\n".join(problems.values()) or "getting ready"
