"""What the API answers of real users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.dashboard import (
    LabFieldBody,
    SessionBody,
    SessionsBody,
    VitalsBody,
    api_lab_field,
    api_session,
    api_sessions,
    api_vitals,
    lab_and_field,
)
from outrider.model import UsageError
from outrider.real_users import SessionFilter, ViewFilter, ViewKey
from outrider.server.api_parameters import LIMIT, ROOT, TEXT, Operation, choice_of, in_path, limit_of, text_of
from outrider.server.openapi_document import Description, Parameter
from outrider.server.telemetry_operations import TIMES, time_range
from outrider.server.telemetry_turns import asked_real_users

if TYPE_CHECKING:
    from starlette.requests import Request

    from outrider.dashboard import Sources

_FILTERS: Final = (
    "service", "environment", "page", "device", "power", "browser", "connection", "cache", "country", "release",
)  # fmt: skip
_KEYS: Final = [key.value for key in ViewKey]
_HAS: Final = ["error", "rage click", "dead click", "failed call"]
_ORIGINS: Final = {"": "", "users": "", "robot": "robot", "synthetic": "synthetic", "load": "load"}


def _wanted(sources: Sources, request: Request) -> ViewFilter:
    since_us, until_us = time_range(sources, request)
    filters = {name: text_of(request, name) for name in _FILTERS}
    return ViewFilter(since_us, until_us, origin=choice_of(request, "origin", _ORIGINS), **filters)


def _vitals(sources: Sources, request: Request) -> VitalsBody:
    wanted = _wanted(sources, request)
    by = choice_of(request, "by", {"": ViewKey.PAGE} | {key.value: key for key in ViewKey})
    with asked_real_users(sources) as reader:
        rows = reader.vitals(wanted, by, limit=limit_of(request))
        return api_vitals(wanted, by.value, reader.all_vitals(wanted), rows)


def _lab_field(sources: Sources, request: Request) -> LabFieldBody:
    since_us, until_us = time_range(sources, request)
    filters = {name: text_of(request, name) for name in ("page", "environment")}
    with asked_real_users(sources) as reader:
        wanted = ViewFilter(since_us, until_us, **filters)
        return api_lab_field(wanted, lab_and_field(sources.store, reader, wanted, text_of(request, "check")))


def _sessions(sources: Sources, request: Request) -> SessionsBody:
    wanted = _wanted(sources, request)
    has = choice_of(request, "has", {"": ""} | {name: name for name in _HAS})
    sessions = SessionFilter(wanted, has, text_of(request, "user"), text_of(request, "trace").lower())
    with asked_real_users(sources) as reader:
        return api_sessions(wanted, reader.sessions(sessions, limit=limit_of(request)))


def _session(sources: Sources, request: Request) -> SessionBody:
    session = request.path_params["session"]
    with asked_real_users(sources) as reader:
        views = reader.session_views(session)
    if not views:
        what = f"no view of a session {session[:40]!r} is kept"
        raise UsageError(what, slug="unknown-visit", fix="see /sessions")
    return api_session(session, views)


_WHICH: Final = (
    *TIMES,
    *(Parameter(name, f"Of this {name}.", TEXT) for name in _FILTERS),
    Parameter("origin", "Whose: of users, which is usual, of robots, of journeys or of loads.", {
        "type": "string", "enum": ["users", "robot", "synthetic", "load"],
    }),
    LIMIT,
)  # fmt: skip

REAL_USER_OPERATIONS: Final = (
    Operation(
        Description(f"{ROOT}/vitals", "Vitals of real users' page views, in all and by the values of a key.",
                    VitalsBody, (
            Parameter("by", "By what.", {"type": "string", "enum": _KEYS, "default": "page"}), *_WHICH,
        )),
        _vitals,
    ),
    Operation(
        Description(f"{ROOT}/lab-and-field", "Pages that journeys open beside the same pages at real users, with the"
                    " difference explained.", LabFieldBody, (
            Parameter("check", "Of this journey, by its id.", TEXT), Parameter("page", "Of this page.", TEXT),
            Parameter("environment", "Of this environment.", TEXT), *TIMES,
        )),
        _lab_field,
    ),
    Operation(
        Description(f"{ROOT}/sessions", "Visits of real users, those that began last first.", SessionsBody, (
            Parameter("has", "With at least one of these.", {"type": "string", "enum": _HAS}),
            Parameter("user", "Of the user with this digest.", TEXT),
            Parameter("trace", "In which this trace began.", TEXT),
            *_WHICH,
        )),
        _sessions,
    ),
    Operation(
        Description(f"{ROOT}/sessions/{{session}}", "A visit, view by view, with what happened in each.", SessionBody, (
            in_path("session", "Its id: 32 hexadecimal digits."),
        )),
        _session,
    ),
)  # fmt: skip
