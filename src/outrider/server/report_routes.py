"""The routes of reports: the list, one as a page of its own, and the API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from outrider.dashboard import KINDS, PARTS, ReportBody, ReportListBody, ReportName, api_reports, reports_page
from outrider.model import UsageError
from outrider.server.api_parameters import ROOT, TEXT, Operation, bad_parameter, text_of
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import page_answer, page_context, problem_answer
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from outrider.dashboard import Sources
    from outrider.server.viewer import Authorise

_SECTION = "/reports"
_NAME_CHARACTERS = 200
_FORMS = {"html": "text/html", "md": "text/markdown", "json": "application/json"}
_SANDBOX = (
    "sandbox allow-scripts allow-popups allow-modals; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""A report is one file with its own script and style: without an origin, it reads nothing of the pages'."""


def report_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of pages."""

    def listed(request: Request) -> Response:
        return page_answer(request, sources, _SECTION, lambda context: reports_page(sources, context))

    def report(request: Request) -> Response:
        name, form = _name(request), request.query_params.get("format", "html")
        try:
            text = _build(sources, name, form)
        except Exception as error:
            return problem_answer(error, page_context(request, sources, _SECTION), request.url.path)
        headers = {"Cache-Control": "no-store"}
        if form == "html":
            return Response(text, media_type=_FORMS[form], headers={**headers, "Content-Security-Policy": _SANDBOX})
        period = name.week or name.month or name.quarter or name.release or "now"
        file = f"{name.kind}-{period}.{form}".encode("ascii", "replace").decode()
        safe = "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in file)
        return Response(
            text, media_type=_FORMS[form], headers={**headers, "Content-Disposition": f'attachment; filename="{safe}"'}
        )

    return [guarded_route(_SECTION, listed, authorise), guarded_route(f"{_SECTION}/{{kind}}", report, authorise)]


def _name(request: Request) -> ReportName:
    asked = {name: request.query_params.get(name, "")[:_NAME_CHARACTERS] for name in PARTS}
    return ReportName(request.path_params["kind"][:_NAME_CHARACTERS], **asked)


def _build(sources: Sources, name: ReportName, form: str) -> str:
    if name.kind not in KINDS or form not in _FORMS:
        fix = f"there are {', '.join(KINDS)}, as {', '.join(_FORMS)}"
        raise UsageError(f'there is no report "{name.kind[:80]}"', slug="unknown-report", fix=fix)
    if sources.reports is None:
        raise UsageError("the workspace is being loaded", slug="not-loaded", fix="try again in a moment")
    return sources.reports.build(name, form)


def _report(sources: Sources, request: Request) -> ReportBody:
    for parameter in PARTS:
        text_of(request, parameter)
    name = _name(request)
    try:
        return ReportBody(name.kind, json.loads(_build(sources, name, "json")))
    except UsageError as error:
        for part, example in (("week", "2026-W47"), ("month", "2026-10"), ("quarter", "2026-Q3")):
            if error.slug == f"bad-{part}":
                given = name.query.get(part, "")
                raise bad_parameter(part, f"is {given[:40]!r}", f"a {part} that has begun, such as {example}") from None
        raise


REPORT_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/reports", "The reports that can be built.", ReportListBody),
        lambda sources, _: api_reports(sources),
    ),
    Operation(
        Description(f"{ROOT}/reports/{{kind}}", "One report, built now or within the last five minutes.", ReportBody, (
            Parameter("kind", "Of what.", {"type": "string", "enum": list(KINDS)}, is_in_path=True),
            Parameter("week", "Of a weekly one: an ISO week; the last seven days if absent.", TEXT),
            Parameter("month", "Of a monthly one: such as 2026-10; the last that is over if absent.", TEXT),
            Parameter("quarter", "Of a quarterly one: such as 2026-Q3; the last that is over if absent.", TEXT),
            Parameter("release", "Of a release's: its name; the last one if absent.", TEXT),
            Parameter("environment", "Of a release's; the workspace's default if absent.", TEXT),
        )),
        _report,
    ),
)  # fmt: skip
