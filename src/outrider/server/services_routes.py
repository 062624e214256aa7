"""The routes of the pages of services that spans tell of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from outrider.dashboard import host_page, hosts_page, service_map_page, services_page, watched_service_page
from outrider.server.page_answer import page_answer
from outrider.server.telemetry_turns import asked_services
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.model import ServiceReader
    from outrider.server.viewer import Authorise

    Page = Callable[[ServiceReader, Sources, str, PageContext], str]

_NAME_CHARACTERS: Final = 1_000
_SPAN_CHARACTERS: Final = 10
_REFRESH_S: Final = 60


class ServicesPages:
    """Answers with pages of services, each made anew.

    Args:
        sources: What they are made from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def table(self, request: Request) -> Response:
        """Answer with the table of services."""
        return self._answer(request, services_page)

    def map(self, request: Request) -> Response:
        """Answer with the map of services."""
        return self._answer(request, service_map_page)

    def service(self, request: Request) -> Response:
        """Answer with a service."""
        name = request.path_params["name"][:_NAME_CHARACTERS]

        def page(reader: ServiceReader, sources: Sources, since: str, context: PageContext) -> str:
            return watched_service_page(reader, sources, name, since, context)

        return self._answer(request, page)

    def hosts(self, request: Request) -> Response:
        """Answer with the table of hosts."""
        order = request.query_params.get("order", "")[:_SPAN_CHARACTERS]
        text = request.query_params.get("q", "")[:_NAME_CHARACTERS]

        def page(reader: ServiceReader, sources: Sources, since: str, context: PageContext) -> str:
            return hosts_page(reader, sources, (since, order, text), context)

        return self._answer(request, page, "/hosts")

    def host(self, request: Request) -> Response:
        """Answer with a host."""
        name = request.path_params["name"][:_NAME_CHARACTERS]

        def page(reader: ServiceReader, sources: Sources, since: str, context: PageContext) -> str:
            return host_page(reader, sources, name, since, context)

        return self._answer(request, page, "/hosts")

    def _answer(self, request: Request, page: Page, section: str = "/services") -> Response:
        since = request.query_params.get("since", "")[:_SPAN_CHARACTERS]

        def make(context: PageContext) -> str:
            with asked_services(self._sources) as reader:
                return page(reader, self._sources, since, replace(context, refresh_s=_REFRESH_S))

        return page_answer(request, self._sources, section, make)


def services_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of pages of services."""
    pages = ServicesPages(sources)
    return [
        guarded_route("/services", pages.table, authorise),
        guarded_route("/services/map", pages.map, authorise),
        guarded_route("/services/{name:path}", pages.service, authorise),
        guarded_route("/hosts", pages.hosts, authorise),
        guarded_route("/hosts/{name:path}", pages.host, authorise),
    ]
