"""The application: every route that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from outrider.server.api_routes import api_routes
from outrider.server.dashboard_routes import dashboard_routes
from outrider.server.health_routes import health_routes
from outrider.server.heartbeats import HeartbeatCalls, heartbeat_routes
from outrider.server.host_check import HostCheck
from outrider.server.security_headers import SecurityHeaders
from outrider.server.viewer import everybody

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.dashboard import Sources
    from outrider.model import HeartbeatKeys, HeartbeatLog

Application = Starlette

_LEAST_ZIPPED_BYTES = 2_000


def application(
    heartbeats: HeartbeatLog,
    keys: HeartbeatKeys | None,
    now_us: Callable[[], int],
    sources: Sources | None = None,
    hosts: Sequence[str] = (),
) -> Application:
    """Return the application.

    Args:
        heartbeats: Where calls are kept.
        keys: Of the heartbeats; None while they are not known yet, as when a service starts.
        now_us: The time, microseconds UTC.
        sources: What pages are made from, where a service runs.
        hosts: Names of this server besides those of its machine.
    """
    routes = heartbeat_routes(HeartbeatCalls(heartbeats, keys, now_us))
    if sources is not None:
        routes += [
            *health_routes(sources.service),
            *dashboard_routes(sources, everybody),
            *api_routes(sources, everybody),
        ]
    middleware = [
        Middleware(SecurityHeaders),
        Middleware(HostCheck, hosts=hosts),
        Middleware(GZipMiddleware, minimum_size=_LEAST_ZIPPED_BYTES, compresslevel=5),
    ]
    return Starlette(routes=routes, middleware=middleware)
