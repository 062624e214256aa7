"""The routes of the pages of real users: vitals and sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from outrider.dashboard import session_page, sessions_page, vitals_page
from outrider.server.page_answer import page_answer
from outrider.server.telemetry_turns import asked_real_users
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.server.viewer import Authorise

_CHARACTERS: Final = 500
_REFRESH_S: Final = 60


class RealUserPages:
    """Answers with pages of real users, each made anew.

    Args:
        sources: What they are made from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def vitals(self, request: Request) -> Response:
        """Answer with vitals."""

        def make(context: PageContext) -> str:
            with asked_real_users(self._sources) as reader:
                return vitals_page(reader, self._sources, _asked(request), replace(context, refresh_s=_REFRESH_S))

        return page_answer(request, self._sources, "/vitals", make)

    def sessions(self, request: Request) -> Response:
        """Answer with a list of sessions."""

        def make(context: PageContext) -> str:
            with asked_real_users(self._sources) as reader:
                return sessions_page(reader, self._sources, _asked(request), replace(context, refresh_s=0))

        return page_answer(request, self._sources, "/vitals", make)

    def session(self, request: Request) -> Response:
        """Answer with a session."""
        name = request.path_params["session"][:_CHARACTERS]

        def make(context: PageContext) -> str:
            with asked_real_users(self._sources) as reader:
                return session_page(reader, self._sources, name, replace(context, refresh_s=0))

        return page_answer(request, self._sources, "/vitals", make)


def real_user_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of pages of real users."""
    pages = RealUserPages(sources)
    return [
        guarded_route("/vitals", pages.vitals, authorise),
        guarded_route("/sessions", pages.sessions, authorise),
        guarded_route("/sessions/{session}", pages.session, authorise),
    ]


def _asked(request: Request) -> dict[str, str]:
    return {name: value[:_CHARACTERS] for name, value in request.query_params.items()}
