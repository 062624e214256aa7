"""The routes of the pages of telemetry."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

from outrider.dashboard import (
    LEVELS,
    compare_slow,
    found_patterns,
    log_view,
    logs_page,
    logs_problem_page,
    patterns_view,
    query_problem,
    read_row_position,
    related_of,
    related_page,
    spans_page,
    spans_problem_page,
    spans_view,
    surrounding_logs_page,
    trace_page,
    trace_view,
    view_choices,
)
from outrider.model import OutriderError, UsageError, ViewPage
from outrider.server.log_tail import LogTails
from outrider.server.page_answer import page_answer, page_context, problem_answer
from outrider.server.telemetry_turns import asked_telemetry
from outrider.server.viewer import guarded_route, may_still_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from outrider.dashboard import PageContext, QueryProblem, Sources, ViewChoices
    from outrider.model import RowPosition, TelemetryReader
    from outrider.server.viewer import Authorise

_QUERY_CHARACTERS: Final = 4_001  # one more than a query may have
_NAME_CHARACTERS: Final = 1_000
_MOST_NS_DIGITS: Final = 19
_SPAN_ID: Final = re.compile(r"[0-9a-f]{1,32}")
_OF_QUERY: Final = {"bad-query": 400, "telemetry-limit": 503}
"""Slugs of errors that another query avoids, and the status they are answered with."""


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """A query of a page, and where its list goes on."""

    reader: TelemetryReader
    context: PageContext
    views: ViewChoices
    before: RowPosition | None

    @property
    def text(self) -> str:
        """Return the query as it was written."""
        return self.views.query


class TelemetryPages:
    """Answers with pages of telemetry, each made anew.

    Args:
        sources: What they are made from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def logs(self, request: Request) -> Response:
        """Answer with log records that a query finds."""
        names = ("wrap", "live", "patterns")
        is_wrapped, is_live, by_pattern = (bool(request.query_params.get(name)) for name in names)

        def make(asked: AskedQuery) -> str:
            view = log_view(asked.reader, asked.text, before=asked.before)
            is_first = asked.before is None
            return logs_page(
                view, asked.context, asked.views, is_first=is_first, is_wrapped=is_wrapped,
                is_live=is_live and is_first and not by_pattern,
                patterns=patterns_view(asked.reader, asked.text) if by_pattern else None,
                notable=found_patterns(self._sources, asked.reader, asked.text) if by_pattern else (),
            )  # fmt: skip

        return self._answer(request, ViewPage.LOGS, make, logs_problem_page)

    def traces(self, request: Request) -> Response:
        """Answer with spans that a query finds."""

        is_compared = bool(request.query_params.get("compare"))

        def make(asked: AskedQuery) -> str:
            view = spans_view(asked.reader, asked.text, before=asked.before)
            compared = (view.query, view.durations, (view.since_ns, view.until_ns))
            return spans_page(
                view, asked.context, asked.views, is_first=asked.before is None, is_compared=is_compared,
                comparison=compare_slow(asked.reader, *compared) if is_compared else None,
            )  # fmt: skip

        return self._answer(request, ViewPage.TRACES, make, spans_problem_page)

    def _answer(
        self,
        request: Request,
        page: ViewPage,
        make: Callable[[AskedQuery], str],
        make_problem: Callable[[QueryProblem, PageContext, ViewChoices], str],
    ) -> Response:
        """Answer with what a query finds, or with why it has no answer, and its text to be changed."""
        text = request.query_params.get("q", "")[:_QUERY_CHARACTERS]
        before = read_row_position(request.query_params.get("before", ""))
        context = self._context(request, f"/{page}")
        try:
            views = view_choices(self._sources, page, text)
        except OutriderError as error:
            return problem_answer(error, context, request.url.path)
        try:
            with asked_telemetry(self._sources) as reader:
                answer = make(AskedQuery(reader, context, views, before))
        except OutriderError as error:
            if (status := _OF_QUERY.get(error.slug)) is None:
                return problem_answer(error, context, request.url.path)
            return HTMLResponse(make_problem(query_problem(error), context, views), status)
        except Exception as error:  # an error of ours, which is logged
            return problem_answer(error, context, request.url.path)
        return HTMLResponse(answer, headers={"Cache-Control": "no-store"})

    def surrounding_logs(self, request: Request) -> Response:
        """Answer with what a service logged around a time."""
        service = request.query_params.get("service", "")[:_NAME_CHARACTERS]
        at = request.query_params.get("at", "")

        def make(context: PageContext) -> str:
            if not (at.isascii() and at.isdigit() and len(at) < _MOST_NS_DIGITS + 1 and int(at) < 2**62):
                raise UsageError("at is no time in nanoseconds since 1970", slug="bad-parameter", fix="open /logs")
            with asked_telemetry(self._sources) as reader:
                return surrounding_logs_page(reader, service, int(at), replace(context, refresh_s=0))

        return page_answer(request, self._sources, "/logs", make)

    def trace(self, request: Request) -> Response:
        """Answer with a trace."""
        trace_id = request.path_params["trace"].lower()
        chosen = request.query_params.get("span", "").lower()
        levels = request.query_params.get("levels", "")

        def make(context: PageContext) -> str:
            with asked_telemetry(self._sources) as reader:
                view = trace_view(self._sources, reader, trace_id)
            shown = levels if levels in LEVELS else ""
            chosen_id = chosen if _SPAN_ID.fullmatch(chosen) else ""
            return trace_page(view, replace(context, refresh_s=0), chosen=chosen_id, levels=shown)

        return page_answer(request, self._sources, "/traces", make)

    def related(self, request: Request) -> Response:
        """Answer with all that shares a trace with something."""
        kind, name = request.path_params["kind"], request.path_params["name"]

        def make(context: PageContext) -> str:
            return related_page(related_of(self._sources, kind, name), replace(context, refresh_s=0))

        return page_answer(request, self._sources, "/traces", make)

    def _context(self, request: Request, section: str) -> PageContext:
        return replace(page_context(request, self._sources, section), refresh_s=0)


def telemetry_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of pages of telemetry."""
    pages = TelemetryPages(sources)
    tails = LogTails(sources, lambda request: may_still_read(authorise(request)))
    return [
        guarded_route("/logs", pages.logs, authorise),
        guarded_route("/logs/live", tails.answer, authorise),
        guarded_route("/traces", pages.traces, authorise),
        guarded_route("/traces/{trace}", pages.trace, authorise),
        guarded_route("/related/{kind}/{name}", pages.related, authorise),
        guarded_route("/logs/around", pages.surrounding_logs, authorise),
    ]
