"""A page as an answer: made anew from the store; what the store refuses is shown, with 503."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from starlette.responses import HTMLResponse, RedirectResponse

from outrider.dashboard import ALERTS, EVERYTHING, PageContext, PageViewer, ReaderClock, problem_page
from outrider.model import OutriderError, StoreError, TelemetryError, TelemetryUnavailable
from outrider.server.artifact_links import links_for
from outrider.server.base_path import base_of
from outrider.server.security_headers import page_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.dashboard import Sources
    from outrider.server.artifact_origin import ArtifactOrigin
    from outrider.server.rendered_pages import RenderedPages
    from outrider.server.viewer import Answer, Viewer

log = structlog.get_logger("outrider.pages")

_RETRY_S = 10
BUSY = frozenset({"not-loaded", "report-busy", "export-busy", "changes-busy"})
"""Slugs of errors that pass by themselves."""
_OFF = frozenset({"telemetry-off", "switched-off"})
_LIVE = {"/": EVERYTHING, "/incidents": ALERTS, "/releases": ALERTS, "/service": EVERYTHING}


def page_answer(
    request: Request,
    sources: Sources,
    section: str,
    make: Callable[[PageContext], str],
    rendered: RenderedPages | None = None,
    *,
    artifacts: ArtifactOrigin | None = None,
) -> Response:
    """Answer with a page of a section, or with a page that says why it cannot be shown.

    Args:
        request: Who asks: addresses of artifacts are signed for viewers only.
        sources: What the page is made from.
        section: Path of the section that it belongs to.
        make: Makes the page.
        rendered: Remembers it for a moment; if absent, it is made for this request alone.
        artifacts: The origin that its files come from; None if it shows none. A page with files is not remembered.
    """
    links = links_for(request, artifacts, sources.now_us())
    context = replace(page_context(request, sources, section), files=links)
    try:
        if rendered is None:
            policy = {"Content-Security-Policy": page_policy(links.origin)} if links else {}
            return HTMLResponse(make(context), headers={"Cache-Control": "no-store", **policy})
        key = (request.url.path, request.url.query, context.base, context.viewer)
        return rendered.read(key, lambda: make(context)).answer(request)
    except Exception as error:
        return problem_answer(error, context, request.url.path)


def leading_to(path: str) -> Answer:
    """Return an answer that leads to a page: from an address that was shortened, or that a refused form was sent to."""
    return lambda request: RedirectResponse(f"{base_of(request.scope)}{path}", 303, {"Cache-Control": "no-store"})


def problem_answer(error: Exception, context: PageContext, path: str) -> Response:
    """Answer with a page that says why another one cannot be shown."""
    retry = {"Retry-After": str(_RETRY_S)}
    if isinstance(error, StoreError):
        log.warning("pages.store", why=error.what)
        return HTMLResponse(problem_page(context, "The store cannot be read now.", str(error)), 503, headers=retry)
    if isinstance(error, OutriderError) and error.slug in BUSY:
        return HTMLResponse(problem_page(context, "This page is not ready yet.", str(error)), 503, headers=retry)
    if isinstance(error, TelemetryUnavailable):
        log.warning("pages.telemetry", why=error.what)
        return HTMLResponse(problem_page(context, "Telemetry cannot be read now.", str(error)), 503, headers=retry)
    if isinstance(error, TelemetryError) or (isinstance(error, OutriderError) and error.slug in _OFF):
        return HTMLResponse(problem_page(context, "There is no telemetry to show.", str(error)), 404)
    if isinstance(error, OutriderError):
        return HTMLResponse(problem_page(context, "There is no such page.", str(error)), 404)
    log.error("pages.failed", path=path, error=str(error), exc_info=error)
    plain = replace(context, clock=replace(context.clock, timezone="UTC"))
    return HTMLResponse(problem_page(plain, "This page cannot be shown.", "The log of Outrider says why."), 500)


def page_context(request: Request, sources: Sources, section: str) -> PageContext:
    """Return what every page shows, to who asks."""
    viewer: Viewer = request.state.viewer
    shown = PageViewer(viewer.name, viewer.role.value, viewer.form_token, bool(viewer.session))
    clock = ReaderClock(sources.service().timezone, sources.now_us())
    live = _LIVE.get(section, "")
    done = request.query_params.get("done", "")
    base, has_telemetry = base_of(request.scope), sources.telemetry.is_on
    return PageContext(
        clock,
        sources.title,
        base,
        section,
        live=live,
        viewer=shown,
        done=done,
        has_telemetry=has_telemetry,
        has_dashboards=sources.dashboards is not None and sources.dashboards.is_used,
        links_out=sources.telemetry.links,
        has_related="related" not in sources.off,
    )
