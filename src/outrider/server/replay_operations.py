"""What the API answers of replays: for a role of its own; who reads one is noted in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.dashboard import ReplayBody, ReplayPage, api_replay, api_replays, replay_lines, replay_parts
from outrider.model import ReplayQuery
from outrider.server.api_parameters import (
    LIMIT,
    MOMENT_BEFORE,
    ROOT,
    TEXT,
    Operation,
    in_path,
    limit_of,
    moment_in,
    text_of,
    whole_number,
)
from outrider.server.export_operation import begin_export
from outrider.server.openapi_document import Description, Parameter
from outrider.server.telemetry_operations import TIMES, time_range

if TYPE_CHECKING:
    from starlette.requests import Request

    from outrider.dashboard import Sources
    from outrider.model import Role
    from outrider.server.export_operation import ExportResponse
    from outrider.server.viewer import Viewer

_MOST_PROJECT: Final = 2**31 - 1
_JSON_LINES: Final = "application/jsonl"


def _role(sources: Sources) -> Role:
    return sources.replay_role


def _replays(sources: Sources, request: Request) -> ReplayPage:
    since_us, until_us = time_range(sources, request)
    project = whole_number(request, "project", 1, _MOST_PROJECT) if "project" in request.query_params else 0
    query = ReplayQuery(since_us, until_us, text_of(request, "page"), project, moment_in(request, "before"))
    return api_replays(sources.store.replays, query, limit_of(request))


def _replay(sources: Sources, request: Request) -> ReplayBody:
    return api_replay(replay_parts(sources.store.replays, request.path_params["session"]))


def _events(sources: Sources, request: Request) -> ExportResponse:
    session = request.path_params["session"]
    parts = replay_parts(sources.store.replays, session)
    viewer: Viewer = request.state.viewer
    sources.store.audit.record(viewer.change(sources.now_us(), "replay.watch", session))
    return begin_export(replay_lines(sources.store.artifacts, parts), _JSON_LINES, f"replay-{session[:32]}.jsonl")


_SESSION: Final = (in_path("session", "Of the visit: 32 hexadecimal digits."),)

REPLAY_OPERATIONS: Final = (
    Operation(
        Description(
            f"{ROOT}/replays",
            "Replays of sessions, the latest begun first; as all of replays for the role of `[server] replays`.",
            ReplayPage, (
                Parameter("page", "With this text in an address of a page.", TEXT),
                Parameter("project", "Of this project.", {"type": "integer", "minimum": 1, "maximum": _MOST_PROJECT}),
                *TIMES, MOMENT_BEFORE, LIMIT,
            ),
        ),
        _replays,
        _role,
    ),
    Operation(
        Description(f"{ROOT}/replays/{{session}}", "A replay, part by part.", ReplayBody, _SESSION), _replay, _role
    ),
    Operation(
        Description(
            f"{ROOT}/replays/{{session}}/events",
            "The events of the parts of a replay that can be played, as rrweb's player takes them, an event a line; "
            "each look is audited.",
            str, _SESSION, media_types=(_JSON_LINES,),
        ),
        _events,
        _role,
    ),
)  # fmt: skip
