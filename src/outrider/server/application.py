"""The application: every route that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware

from outrider.server.heartbeats import heartbeat_routes
from outrider.server.host_check import HostCheck
from outrider.server.pages import page_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.model import CheckId, HeartbeatLog, ServiceView

Application = Starlette


def application(
    heartbeats: HeartbeatLog,
    tokens: Mapping[str, CheckId],
    now_us: Callable[[], int],
    view: Callable[[], ServiceView] | None = None,
    hosts: Sequence[str] = (),
) -> Application:
    """Return the application.

    Args:
        heartbeats: Where calls are kept.
        tokens: The checks that wait for a call, by what it ends with.
        now_us: The time, microseconds UTC.
        view: How the service does, where one runs.
        hosts: Names of this server besides those of its machine.
    """
    pages = page_routes(view) if view is not None else []
    routes = [*heartbeat_routes(heartbeats, tokens, now_us), *pages]
    return Starlette(routes=routes, middleware=[Middleware(HostCheck, hosts=hosts)])
