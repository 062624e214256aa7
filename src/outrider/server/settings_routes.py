"""The routes of settings: their page and its forms, and the API to read and change them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import structlog
from starlette.responses import RedirectResponse, Response

from outrider.dashboard import SettingItem, SettingList, api_setting, api_settings, settings_of, settings_page
from outrider.model import OutriderError, Role, StoreError, UsageError, printable_json
from outrider.server.api_parameters import ROOT, Operation, in_path
from outrider.server.base_path import base_of
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import BUSY, leading_to, page_answer
from outrider.server.refusal import problem, refusal
from outrider.server.viewer import guarded_route
from outrider.workspace import parse_setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.routing import Route

    from outrider.dashboard import SettingControl, Sources
    from outrider.model import AuditEntry
    from outrider.server.request_body import RequestBody
    from outrider.server.viewer import Authorise, Viewer

    Note = Callable[[str, str, str], AuditEntry]
    Act = Callable[[SettingControl, Note], None]

log = structlog.get_logger("outrider.actions")

PATH = "/settings"
_STATUSES = {"unknown-override": 404, "setting-changed": 409, **dict.fromkeys(BUSY, 503)}


class _Settings:
    """Answers about settings, and changes them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def page(self, request: Request, problem: str = "") -> Response:
        """Answer with the page."""
        return page_answer(
            request, self._sources, "/service",
            lambda context: settings_page(settings_of(self._sources).all(), context, problem),
        )  # fmt: skip

    def submit(self, request: Request) -> Response:
        """Set what a form says, and lead back to the page."""
        name, fields = request.path_params["setting"], request.state.body.fields

        def act(control: SettingControl, note: Note) -> None:
            value = parse_setting(name, fields.get("value", ""))
            control.change(name, value, instead_of=_seen(fields.get("instead_of", "")), author=_actor(note), note=note)

        return self._led_back(request, "setting", act)

    def submit_reset(self, request: Request) -> Response:
        """Let the file decide, and lead back to the page."""
        name = request.path_params["setting"]
        return self._led_back(request, "setting-reset", lambda control, note: control.reset(name, note=note))

    def put(self, request: Request) -> Response:
        """Set what a program sends."""
        name = request.path_params["setting"]

        def act(control: SettingControl, note: Note) -> None:
            value, seen = _sent(request.state.body)
            control.change(name, value, instead_of=seen, author=_actor(note), note=note)

        return self._answered(request, act)

    def delete(self, request: Request) -> Response:
        """Let the file decide."""
        name = request.path_params["setting"]
        return self._answered(request, lambda control, note: control.reset(name, note=note))

    def _led_back(self, request: Request, done: str, act: Act) -> Response:
        try:
            self._perform(request, act)
        except StoreError as error:
            return refusal(request, 503, "the store cannot be written now", slug=error.slug, detail=error.what)
        except OutriderError as error:
            answer = self.page(request, f"{error.what}. {error.fix}")
            answer.status_code = max(answer.status_code, _status(error))
            return answer
        address = f"{base_of(request.scope)}{PATH}?done={done}"
        return RedirectResponse(address, 303, {"Cache-Control": "no-store"})

    def _answered(self, request: Request, act: Act) -> Response:
        try:
            self._perform(request, act)
            item = api_setting(settings_of(self._sources), request.path_params["setting"])
        except StoreError as error:
            return problem(503, "the store cannot be written now", error.slug, error.what)
        except OutriderError as error:
            return problem(_status(error), "this cannot be done", error.slug, f"{error.what}. {error.fix}")
        return Response(json.dumps(printable_json(asdict(item))), media_type="application/json")

    def _perform(self, request: Request, act: Act) -> None:
        viewer: Viewer = request.state.viewer
        act(settings_of(self._sources), partial(viewer.change, self._sources.now_us()))
        log.info("setting.changed", by=viewer.name, name=request.path_params["setting"])


def settings_routes(sources: Sources, authorise: Authorise) -> list[Route]:
    """Return the routes: operators read, administrators change."""
    settings, of_api = _Settings(sources), f"{ROOT}{PATH}/{{setting}}"
    return [
        guarded_route(PATH, settings.page, authorise, role=Role.OPERATOR),
        guarded_route(f"{PATH}/{{setting}}", leading_to(PATH), authorise, role=Role.OPERATOR),
        *(
            guarded_route(path, answer, authorise, methods=[method], role=Role.ADMIN)
            for path, method, answer in (
                (f"{PATH}/{{setting}}", "POST", settings.submit),
                (f"{PATH}/{{setting}}/reset", "POST", settings.submit_reset),
                (of_api, "PUT", settings.put),
                (of_api, "DELETE", settings.delete),
            )
        ),
    ]


def _status(error: OutriderError) -> int:
    return _STATUSES.get(error.slug, 400)


def _actor(note: Note) -> str:
    return note("", "", "").actor


def _seen(text: str) -> object:
    """Return the value that a page showed; None if a form does not say."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _sent(body: RequestBody) -> tuple[object, object]:
    """Return the value that a program sends, and the one that it saw; None where it does not say.

    Raises:
        UsageError: bad-argument.
    """
    document, known = body.document, {field.name for field in _FIELDS}
    if not isinstance(document, dict) or "value" not in document or not known.issuperset(document):
        raise UsageError("the body is not what a setting takes", slug="bad-argument", fix='send {"value": false}')
    return document["value"], document.get("instead_of")


_VALUE = {"anyOf": [{"type": "boolean"}, {"type": "number"}, {"type": "string", "maxLength": 1_000}]}
_FIELDS = (
    Parameter("value", "Of the kind of its default.", {**_VALUE, "minLength": 1}),
    Parameter("instead_of", "What held when it was looked at; refused with 409 if another value holds.", _VALUE),
)
_NAMED = (in_path("setting", "Its table and key, such as capabilities.load."),)
_ADDRESS = f"{ROOT}{PATH}/{{setting}}"
SETTING_OPERATIONS = (
    Operation(
        Description(f"{ROOT}{PATH}", "Switches and levels that can be changed; for operators.", SettingList),
        lambda sources, _: api_settings(sources), Role.OPERATOR,
    ),
    Operation(
        Description(_ADDRESS, "One of them; for operators.", SettingItem, _NAMED),
        lambda sources, request: api_setting(settings_of(sources), request.path_params["setting"]), Role.OPERATOR,
    ),
)  # fmt: skip
SETTING_CHANGES = (
    Description(
        _ADDRESS, "Set it beside the file, while the service runs; for administrators.", SettingItem, _NAMED,
        method="put", fields=_FIELDS, conflict="Another value holds than the one that was seen.",
    ),
    Description(
        _ADDRESS, "Let the file decide on it again; for administrators.", SettingItem, _NAMED, method="delete"
    ),
)  # fmt: skip
