"""The application: every route that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette

from outrider.server.heartbeats import heartbeat_routes
from outrider.server.pages import page_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.model import CheckId, HeartbeatLog, ServiceView

Application = Starlette


def application(
    heartbeats: HeartbeatLog,
    tokens: Mapping[str, CheckId],
    now_us: Callable[[], int],
    view: Callable[[], ServiceView] | None = None,
) -> Application:
    """Return the application.

    Args:
        heartbeats: Where calls are kept.
        tokens: The checks that wait for a call, by what it ends with.
        now_us: The time, microseconds UTC.
        view: How the service does, where one runs.
    """
    pages = page_routes(view) if view is not None else []
    return Starlette(routes=[*heartbeat_routes(heartbeats, tokens, now_us), *pages])
