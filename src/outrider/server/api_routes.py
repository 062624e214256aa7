"""The routes of the read API: JSON with ETags, cursors, and problem details (RFC 9457)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import Response

from outrider.dashboard import (
    CheckBody,
    CheckPage,
    Filter,
    IncidentBody,
    IncidentPage,
    RunBody,
    RunPage,
    api_check,
    api_checks,
    api_incident,
    api_incidents,
    api_run,
    api_runs,
    read_position,
)
from outrider.model import Outcome, StoreError, UsageError, printable_json
from outrider.server.openapi_document import Description, Parameter, Problem, openapi_document
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from outrider.dashboard import Sources
    from outrider.server.viewer import Authorise

log = structlog.get_logger("outrider.api")

ROOT = "/api/v1"
VERSION = "1"
USUAL_LIMIT, MOST_LIMIT = 100, 200
_TEXT_CHARACTERS = 1_000
_RETRY_S = 10


class BadParameter(UsageError):
    """A parameter of an address cannot be read."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is said of an operation, and what answers it."""

    description: Description
    answer: Callable[[Sources, Request], Any]

    @property
    def route(self) -> str:
        """Its path as Starlette writes it: ids may hold slashes."""
        return self.description.path.replace("{check}", "{check:path}")


def api_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes of the API, its description among them."""
    document = json.dumps(openapi_document([operation.description for operation in OPERATIONS], VERSION)).encode()
    routes = [guarded_route(f"{ROOT}/openapi.json", lambda request: _with_etag(request, document), authorise)]
    answering = [(operation.route, _answering(operation, sources)) for operation in OPERATIONS]
    routes += [guarded_route(path, answer, authorise) for path, answer in answering]
    return [*routes, guarded_route(f"{ROOT}/{{rest:path}}", _nothing, authorise)]


def _nothing(_: Request) -> Response:
    detail = f"{ROOT}/openapi.json lists all"
    return _problem(404, "there is no such address", slug="unknown-address", detail=detail)


def _answering(operation: Operation, sources: Sources) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        try:
            value = operation.answer(sources, request)
        except BadParameter as error:
            return _problem(400, "a parameter cannot be read", error.slug, error.what)
        except StoreError as error:
            log.warning("api.store", why=error.what)
            return _problem(503, "the store cannot be read now", error.slug, error.what)
        except UsageError as error:
            return _problem(404, "there is no such thing", error.slug, error.what)
        body = json.dumps(printable_json(json.loads(json.dumps(asdict(value)))), ensure_ascii=False).encode()
        return _with_etag(request, body)

    return answer


def _with_etag(request: Request, body: bytes) -> Response:
    """Answer with JSON, or with 304 where the client has the same."""
    headers = {"ETag": f'"{sha256(body).hexdigest()[:24]}"', "Cache-Control": "no-cache"}
    known = request.headers.get("if-none-match", "")
    if headers["ETag"] in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _problem(status: int, title: str, slug: str, detail: str) -> Response:
    body = asdict(Problem(f"docs/errors.md#{slug}", title, status, detail[:_TEXT_CHARACTERS]))
    headers = {"Retry-After": str(_RETRY_S)} if status == 503 else {}
    return Response(json.dumps(printable_json(body)), status, media_type="application/problem+json", headers=headers)


def _text(request: Request, name: str) -> str:
    text = request.query_params.get(name, "")
    if len(text) > _TEXT_CHARACTERS:
        raise _bad(name, f"has {len(text)} characters", f"at most {_TEXT_CHARACTERS}")
    return text


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(USUAL_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_LIMIT):
        raise _bad("limit", f"is {text[:40]!r}", f"a number from 1 to {MOST_LIMIT}")
    return int(text)


def _choice(request: Request, name: str, known: Mapping[str, Any]) -> Any:
    text = request.query_params.get(name, "")
    if text not in known:
        raise _bad(name, f"is {text[:40]!r}", f"one of {', '.join(word for word in known if word)}")
    return known[text]


def _bad(name: str, what: str, wanted: str) -> BadParameter:
    return BadParameter(f"{name} {what}; it is {wanted}", slug="bad-parameter", fix="see /api/v1/openapi.json")


def _checks(sources: Sources, request: Request) -> CheckPage:
    fields = [_text(request, name) for name in ("q", "tag", "environment", "location", "state")]
    wanted = Filter(text=fields[0], tag=fields[1], environment=fields[2], location=fields[3], state=fields[4])
    return api_checks(sources, wanted, after=_text(request, "after"), limit=_limit(request))


def _runs(sources: Sources, request: Request) -> RunPage:
    before = _text(request, "before")
    position = read_position(before)
    if before and position is None:
        raise _bad("before", f"is {before[:40]!r}", "the `next` of another page")
    outcome = _choice(request, "outcome", {"": None, **{outcome.value: outcome for outcome in Outcome}})
    return api_runs(sources, _text(request, "check"), position, outcome=outcome, limit=_limit(request))


def _incidents(sources: Sources, request: Request) -> IncidentPage:
    only_open = _choice(request, "state", {"": False, "all": False, "open": True})
    return api_incidents(sources, only_open=only_open, after=_text(request, "after"), limit=_limit(request))


_TEXT = {"type": "string", "maxLength": _TEXT_CHARACTERS}
_LIMIT = Parameter(
    "limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": USUAL_LIMIT}
)
_AFTER = Parameter("after", "The `next` of the page before.", _TEXT)
_OUTCOME = {"type": "string", "enum": [outcome.value for outcome in Outcome]}

OPERATIONS = (
    Operation(
        Description(f"{ROOT}/checks", "Checks that are switched on, by id.", CheckPage, (
            Parameter("q", "Part of a title, an id or a reason.", _TEXT),
            Parameter("tag", "With this tag only.", _TEXT),
            Parameter("environment", "Of this environment only.", _TEXT),
            Parameter("location", "Of this location only.", _TEXT),
            Parameter("state", "In this state only, or `attention`.", _TEXT),
            _AFTER, _LIMIT,
        )),
        _checks,
    ),
    Operation(
        Description(f"{ROOT}/checks/{{check}}", "One check, by its id or a former one.", CheckBody, (
            Parameter("check", "Its id, percent-encoded.", {"type": "string"}, is_in_path=True),
        )),
        lambda sources, request: api_check(sources, request.path_params["check"]),
    ),
    Operation(
        Description(f"{ROOT}/runs", "Runs, the latest due first.", RunPage, (
            Parameter("check", "Of this check only: its id, or a former one.", _TEXT),
            Parameter("outcome", "That ended so only.", _OUTCOME),
            Parameter("before", "The `next` of the page before.", _TEXT), _LIMIT,
        )),
        _runs,
    ),
    Operation(
        Description(f"{ROOT}/runs/{{run}}", "One run, by its id or a unique part of it.", RunBody, (
            Parameter("run", "Its id.", {"type": "string"}, is_in_path=True),
        )),
        lambda sources, request: api_run(sources, request.path_params["run"]),
    ),
    Operation(
        Description(f"{ROOT}/incidents", "Incidents of the last ninety days, the latest first.", IncidentPage, (
            Parameter("state", "Open ones only, or all.", {"type": "string", "enum": ["open", "all"]}),
            _AFTER, _LIMIT,
        )),
        _incidents,
    ),
    Operation(
        Description(f"{ROOT}/incidents/{{incident}}", "One incident, by its id or a unique part of it.", IncidentBody, (
            Parameter("incident", "Its id.", {"type": "string"}, is_in_path=True),
        )),
        lambda sources, request: api_incident(sources, request.path_params["incident"]),
    ),
)  # fmt: skip
