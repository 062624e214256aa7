"""The application: every route that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware

from outrider.server.heartbeats import HeartbeatCalls, heartbeat_routes
from outrider.server.host_check import HostCheck
from outrider.server.pages import page_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import HeartbeatKeys, HeartbeatLog, ServiceView

Application = Starlette


def application(
    heartbeats: HeartbeatLog,
    keys: HeartbeatKeys | None,
    now_us: Callable[[], int],
    view: Callable[[], ServiceView] | None = None,
    hosts: Sequence[str] = (),
) -> Application:
    """Return the application.

    Args:
        heartbeats: Where calls are kept.
        keys: Of the heartbeats; None while they are not known yet, as when a service starts.
        now_us: The time, microseconds UTC.
        view: How the service does, where one runs.
        hosts: Names of this server besides those of its machine.
    """
    pages = page_routes(view) if view is not None else []
    routes = [*heartbeat_routes(HeartbeatCalls(heartbeats, keys, now_us)), *pages]
    return Starlette(routes=routes, middleware=[Middleware(HostCheck, hosts=hosts)])
