"""The routes of the read API: JSON with ETags, cursors, and problem details (RFC 9457)."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import Response

from outrider.dashboard import (
    ChangePage,
    CheckBody,
    CheckPage,
    Filter,
    IncidentBody,
    IncidentPage,
    RunBody,
    RunPage,
    api_changes,
    api_check,
    api_checks,
    api_incident,
    api_incidents,
    api_run,
    api_runs,
    read_position,
)
from outrider.model import (
    Outcome,
    Role,
    StoreError,
    TelemetryError,
    TelemetryUnavailable,
    UsageError,
    printable_json,
)
from outrider.server.action_routes import action_descriptions
from outrider.server.annotation_routes import ANNOTATION_OPERATIONS
from outrider.server.api_parameters import (
    AFTER,
    KEY_BEFORE,
    LIMIT,
    MOMENT_AFTER,
    MOMENT_BEFORE,
    ROOT,
    TEXT,
    BadParameter,
    Operation,
    bad_parameter,
    choice_of,
    in_path,
    limit_of,
    moment_in,
    text_of,
)
from outrider.server.check_operations import CHECK_OPERATIONS
from outrider.server.dashboards_routes import DASHBOARD_OPERATIONS
from outrider.server.export_operation import EXPORT_OPERATIONS
from outrider.server.gate_routes import GATE_OPERATIONS
from outrider.server.history_operations import HISTORY_OPERATIONS
from outrider.server.issue_routes import ISSUE_OPERATIONS
from outrider.server.log_export import LOG_EXPORT_OPERATIONS
from outrider.server.on_call_routes import ON_CALL_OPERATIONS
from outrider.server.openapi_document import Description, Parameter, openapi_document
from outrider.server.page_answer import BUSY
from outrider.server.real_user_operations import REAL_USER_OPERATIONS
from outrider.server.refusal import problem
from outrider.server.replay_operations import REPLAY_OPERATIONS
from outrider.server.report_routes import REPORT_OPERATIONS
from outrider.server.search_routes import SEARCH_OPERATIONS
from outrider.server.settings_routes import SETTING_CHANGES, SETTING_OPERATIONS
from outrider.server.status_routes import STATUS_OPERATIONS
from outrider.server.telemetry_operations import TELEMETRY_OPERATIONS
from outrider.server.unmeasured_routes import UNMEASURED_OPERATIONS
from outrider.server.view_operations import VIEW_OPERATIONS
from outrider.server.viewer import guarded_route
from outrider.telemetry_store import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.routing import Route

    from outrider.dashboard import Sources
    from outrider.server.viewer import Authorise

log = structlog.get_logger("outrider.api")

VERSION = "1"
_MOST_DIGITS = 18


def api_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of the API, its description among them."""
    document = json.dumps(api_document()).encode()
    routes = [guarded_route(f"{ROOT}/openapi.json", lambda request: _with_etag(request, document), authorise)]
    for operation in OPERATIONS:
        role = operation.role if isinstance(operation.role, Role) else operation.role(sources)
        routes.append(guarded_route(operation.route, _answering(operation, sources), authorise, role=role))
    return routes


def api_document() -> dict[str, Any]:
    """Return what `openapi.json` says."""
    reading = [operation.description for operation in OPERATIONS]
    return openapi_document([*reading, *action_descriptions(), *SETTING_CHANGES], VERSION)


def _answering(operation: Operation, sources: Sources) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        try:
            value = operation.answer(sources, request)
        except (StoreError, TelemetryError, UsageError) as error:
            return _problem(error)
        if isinstance(value, Response):
            return value
        body = json.dumps(printable_json(json.loads(json.dumps(asdict(value)))), ensure_ascii=False).encode()
        return _with_etag(request, body)

    return answer


def _problem(error: StoreError | TelemetryError | UsageError) -> Response:
    if isinstance(error, BadParameter):
        return problem(400, "a parameter cannot be read", error.slug, error.what)
    if isinstance(error, QueryError):
        return problem(400, "the query cannot be understood", error.slug, error.what, column=error.column)
    if isinstance(error, StoreError | TelemetryUnavailable):
        log.warning("api.store", why=error.what)
        title = "the store cannot be read now" if isinstance(error, StoreError) else "telemetry cannot be read now"
        return problem(503, title, error.slug, error.what)
    if error.slug in BUSY:
        return problem(503, "this is not ready yet", error.slug, error.what)
    return problem(404, "there is no such thing", error.slug, error.what)


def _with_etag(request: Request, body: bytes) -> Response:
    """Answer with JSON, or with 304 where the client has the same."""
    headers = {"ETag": f'"{sha256(body).hexdigest()[:24]}"', "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match", "")
    if headers["ETag"] in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _checks(sources: Sources, request: Request) -> CheckPage:
    fields = [text_of(request, name) for name in ("q", "tag", "environment", "location", "state")]
    wanted = Filter(text=fields[0], tag=fields[1], environment=fields[2], location=fields[3], state=fields[4])
    return api_checks(sources, wanted, after=text_of(request, "after"), limit=limit_of(request))


def _runs(sources: Sources, request: Request) -> RunPage:
    before = text_of(request, "before")
    position = read_position(before)
    if before and position is None:
        raise bad_parameter("before", f"is {before[:40]!r}", "the `next` of another page")
    outcome = choice_of(request, "outcome", {"": None, **{outcome.value: outcome for outcome in Outcome}})
    return api_runs(sources, text_of(request, "check"), position, outcome=outcome, limit=limit_of(request))


def _incidents(sources: Sources, request: Request) -> IncidentPage:
    only_open = choice_of(request, "state", {"": False, "all": False, "open": True})
    return api_incidents(sources, only_open=only_open, before=moment_in(request, "after"), limit=limit_of(request))


def _changes(sources: Sources, request: Request) -> ChangePage:
    before = text_of(request, "before")
    if before and not (before.isascii() and before.isdigit() and len(before) <= _MOST_DIGITS):
        raise bad_parameter("before", f"is {before[:40]!r}", "the `next` of another page")
    return api_changes(sources.store.audit, before, limit_of(request))


_OUTCOME = {"type": "string", "enum": [outcome.value for outcome in Outcome]}

OPERATIONS = (
    *CHECK_OPERATIONS,
    *GATE_OPERATIONS,
    *ISSUE_OPERATIONS,
    *ANNOTATION_OPERATIONS,
    *VIEW_OPERATIONS,
    *ON_CALL_OPERATIONS,
    *EXPORT_OPERATIONS,
    *HISTORY_OPERATIONS,
    *REPORT_OPERATIONS,
    *UNMEASURED_OPERATIONS,
    *SEARCH_OPERATIONS,
    *SETTING_OPERATIONS,
    *STATUS_OPERATIONS,
    *TELEMETRY_OPERATIONS,
    *REAL_USER_OPERATIONS,
    *REPLAY_OPERATIONS,
    *LOG_EXPORT_OPERATIONS,
    *DASHBOARD_OPERATIONS,
    Operation(
        Description(f"{ROOT}/checks", "Checks that are switched on, by id.", CheckPage, (
            Parameter("q", "Part of a title, an id or a reason.", TEXT),
            Parameter("tag", "With this tag only.", TEXT),
            Parameter("environment", "Of this environment only.", TEXT),
            Parameter("location", "Of this location only.", TEXT),
            Parameter("state", "In this state only, or `attention`.", TEXT),
            AFTER, LIMIT,
        )),
        _checks,
    ),
    Operation(
        Description(f"{ROOT}/checks/{{check}}", "One check, by its id or a former one.", CheckBody, (
            in_path("check", "Its id, percent-encoded."),
        )),
        lambda sources, request: api_check(sources, request.path_params["check"]),
    ),
    Operation(
        Description(f"{ROOT}/runs", "Runs, the latest due first.", RunPage, (
            Parameter("check", "Of this check only: its id, or a former one.", TEXT),
            Parameter("outcome", "That ended so only.", _OUTCOME),
            MOMENT_BEFORE, LIMIT,
        )),
        _runs,
    ),
    Operation(
        Description(f"{ROOT}/runs/{{run}}", "One run, by its id or a unique part of it.", RunBody, (
            in_path("run", "Its id."),
        )),
        lambda sources, request: api_run(sources, request.path_params["run"]),
    ),
    Operation(
        Description(f"{ROOT}/incidents", "Incidents of the last ninety days, the latest first.", IncidentPage, (
            Parameter("state", "Open ones only, or all.", {"type": "string", "enum": ["open", "all"]}),
            MOMENT_AFTER, LIMIT,
        )),
        _incidents,
    ),
    Operation(
        Description(f"{ROOT}/incidents/{{incident}}", "One incident, by its id or a unique part of it.", IncidentBody, (
            in_path("incident", "Its id."),
        )),
        lambda sources, request: api_incident(sources, request.path_params["incident"]),
    ),
    Operation(
        Description(f"{ROOT}/audit", "Who changed what, the latest first; for operators.", ChangePage, (
            KEY_BEFORE, LIMIT,
        )),
        _changes,
        Role.OPERATOR,
    ),
)  # fmt: skip
