"""The application: every route that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from outrider.server.access_control import Access, AccessRules
from outrider.server.account_routes import account_routes
from outrider.server.acknowledge_routes import acknowledge_routes
from outrider.server.action_routes import action_routes
from outrider.server.annotation_routes import annotation_routes
from outrider.server.api_routes import api_routes
from outrider.server.artifact_origin import ByOrigin
from outrider.server.artifact_routes import artifact_application
from outrider.server.base_path import BasePath
from outrider.server.dashboard_routes import dashboard_routes
from outrider.server.dashboards_routes import dashboards_routes
from outrider.server.error_answers import error_answers
from outrider.server.gate_routes import gate_routes
from outrider.server.health_routes import health_routes
from outrider.server.heartbeats import HeartbeatCalls, heartbeat_routes
from outrider.server.host_check import HostCheck
from outrider.server.issue_routes import issue_routes
from outrider.server.location_routes import Desk, location_routes
from outrider.server.on_call_routes import on_call_routes
from outrider.server.openid_routes import openid_routes
from outrider.server.real_user_routes import real_user_routes
from outrider.server.replay_routes import replay_routes
from outrider.server.report_routes import report_routes
from outrider.server.search_routes import search_routes
from outrider.server.security_headers import SecurityHeaders
from outrider.server.services_routes import services_routes
from outrider.server.settings_routes import settings_routes
from outrider.server.sign_in_routes import sign_in_routes
from outrider.server.status_page_routes import StatusPage, status_page_routes
from outrider.server.telemetry_routes import telemetry_routes
from outrider.server.token_routes import token_routes
from outrider.server.unmeasured_routes import unmeasured_routes
from outrider.workspace import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.routing import Route

    from outrider.dashboard import Sources
    from outrider.model import HeartbeatKeys, HeartbeatLog
    from outrider.server.acknowledge_link import AcknowledgeSigner
    from outrider.server.actions import Actions
    from outrider.server.artifact_origin import ArtifactOrigin

Application = Starlette

_LEAST_ZIPPED_BYTES = 2_000

_ROUTES_OF_PAGES = (
    annotation_routes,
    on_call_routes,
    report_routes,
    unmeasured_routes,
    gate_routes,
    settings_routes,
    search_routes,
    telemetry_routes,
    services_routes,
    real_user_routes,
    dashboards_routes,
    api_routes,
)


def application(
    heartbeats: HeartbeatLog,
    keys: HeartbeatKeys | None,
    now_us: Callable[[], int],
    sources: Sources | None = None,
    hosts: Sequence[str] = (),
    *,
    access: Access | None = None,
    artifacts: ArtifactOrigin | None = None,
    actions: Actions | None = None,
    links: AcknowledgeSigner | None = None,
    status_page: tuple[StatusPage, str] | None = None,
    desk: Desk | None = None,
) -> Application:
    """Return the application.

    Args:
        heartbeats: Where calls are kept.
        keys: Of the heartbeats; None while they are not known yet, as when a service starts.
        now_us: The time, microseconds UTC.
        sources: What pages are made from, where a service runs.
        hosts: Names of this server besides those of its machine.
        access: Decides who may see pages; if absent, browsers of this machine only.
        links: Reads links of mails by which recipients acknowledge; None where mails have none.
        actions: What people may do; None while the workspace is being loaded.
        status_page: The public one, and its path; None where it is not served at this address.
        desk: Serves workers of locations; None where there are none.
        artifacts: Where pages link to for files; requests that name that origin are answered, too.
    """
    access = access or Access(None, AccessRules(ServerSettings()), now_us)
    routes = heartbeat_routes(HeartbeatCalls(heartbeats, keys, now_us, access.check_of_heartbeat))
    if sources is not None:
        routes += _workspace_routes(sources, access, artifacts, actions)
        if links is not None:
            routes += acknowledge_routes(sources, links, lambda request: access.origin(request).address)
    if desk is not None:
        routes += location_routes(desk, access)
    public = ""
    if status_page is not None:
        page, public = status_page
        routes += status_page_routes(page, public)
    base = access.rules.settings.base_path
    middleware = [
        Middleware(SecurityHeaders),
        Middleware(HostCheck, hosts=hosts, base=base, public=public),
        Middleware(BasePath, base=base),
        Middleware(GZipMiddleware, minimum_size=_LEAST_ZIPPED_BYTES, compresslevel=5),
    ]
    if artifacts is not None:
        files = artifact_application(artifacts, now_us, hosts)
        middleware.insert(0, Middleware(ByOrigin, artifacts=files, origin=artifacts))
    made = Starlette(routes=routes, middleware=middleware, exception_handlers=dict(error_answers()))
    made.router.redirect_slashes = False  # that names scheme and host, which a proxy may call otherwise
    return made


def _workspace_routes(
    sources: Sources, access: Access, artifacts: ArtifactOrigin | None, actions: Actions | None
) -> list[Route]:
    """Return the routes of health, of signing in, and of the pages and the API of a workspace."""
    routes = [
        *health_routes(sources.service, access, sources.service_in_full),
        *sign_in_routes(access),
        *openid_routes(access),
        *action_routes(sources, actions, access.authorise),
        *dashboard_routes(sources, access.authorise, artifacts),
        *replay_routes(sources, access.authorise, artifacts),
        *issue_routes(sources, access.authorise, artifacts),
    ]
    for routes_of in _ROUTES_OF_PAGES:
        routes += routes_of(sources, access.authorise)
    if access.records is not None:
        routes += account_routes(access, access.records, sources)
        routes += token_routes(access, access.records, sources)
    return routes
