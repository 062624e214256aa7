"""The route of replays: for a role of its own, and each look is noted in the audit log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.dashboard import replay_page
from outrider.model import OutriderError, StoreError
from outrider.server.page_answer import page_answer
from outrider.server.telemetry_turns import asked_real_users
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.real_users import PageView
    from outrider.server.artifact_origin import ArtifactOrigin
    from outrider.server.viewer import Authorise, Viewer

_CHARACTERS = 64


def replay_routes(sources: Sources, authorise: Authorise, artifacts: ArtifactOrigin | None) -> list[Route]:
    """Return the route of the page of a replay."""

    def answer(request: Request) -> Response:
        session = request.path_params["session"][:_CHARACTERS]
        viewer: Viewer = request.state.viewer

        def make(context: PageContext) -> str:
            views, why = _views(sources, session)
            page = replay_page(sources, session, views, replace(context, refresh_s=0), why)
            sources.store.audit.record(viewer.change(sources.now_us(), "replay.watch", session))
            return page

        return page_answer(request, sources, "/vitals", make, artifacts=artifacts)

    return [guarded_route("/replays/{session}", answer, authorise, role=sources.replay_role)]


def _views(sources: Sources, session: str) -> tuple[list[PageView], str]:
    """Return the page views of a session, or why they are not known: a replay needs no telemetry."""
    try:
        with asked_real_users(sources) as reader:
            return reader.session_views(session), ""
    except StoreError:
        raise
    except OutriderError as error:
        return [], f"Page views are not known: {error.what}."
