"""What people and programs do: the same actions as forms of pages, which lead back to their page, and in the API."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import RedirectResponse, Response

from outrider.dashboard import (
    SilenceForm,
    check_path,
    incident_path,
    issue_path,
    saved_view_path,
    silences_page,
    status_page_page,
)
from outrider.model import MOST_TEXT_CHARACTERS, AuditEntry, OutriderError, Role, StoreError, UsageError, printable_json
from outrider.server.actions import TEXT_CHARACTERS, Action, ActionBody, Asked
from outrider.server.actions import text_field as _text
from outrider.server.base_path import base_of
from outrider.server.openapi_document import Description, Parameter
from outrider.server.page_answer import page_answer
from outrider.server.refusal import is_of_api, refusal
from outrider.server.viewer import guarded_route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.routing import Route

    from outrider.dashboard import PageContext, Sources
    from outrider.server.actions import Actions
    from outrider.server.request_body import RequestBody
    from outrider.server.viewer import Authorise, Viewer

log = structlog.get_logger("outrider.actions")

API_ROOT = "/api/v1"
_COMMENT_CHARACTERS = 4_000
_LOG_CHARACTERS = 60_000
_QUERY_CHARACTERS = 4_000
_RETRY_S = 10
_UNKNOWN = frozenset(
    {
        "unknown-check",
        "unknown-incident",
        "unknown-silence",
        "unknown-annotation",
        "unknown-status-incident",
        "unknown-issue",
        "unknown-view",
    }
)
_BY_NAME = "{name:path}"
_FIXED_IN = _text("in", 'The release that has the fix, or "next"; at once if absent.')
_IGNORED_UNTIL = (
    _text("for", "For how long, such as 7d."), _text("events", "Until so many further events."),
    _text("users", "Until so many users were met in all."),
    _text("escalates", 'Until an hour has far more events than were usual: "yes".'),
)  # fmt: skip
_ASSIGNEE = _text("assignee", "Who works on it.")
_STATUS_FIELDS = (
    _text("text", "What the public reads.", minLength=1, maxLength=MOST_TEXT_CHARACTERS),
    _text("state", "Where it is: investigating, identified, monitoring or resolved."),
    _text("impact", "What it makes of its components: none, degraded or down."),
    _text("components", "Names of components that it affects, one a line."),
)


def _on(path: Callable[[str], str]) -> Callable[[Asked], str]:
    """Lead back to the page of what an action was done to."""
    return lambda asked: path(asked.name)


def _issue_action(action: str, summary: str, *fields: Parameter) -> Action:
    """Return an action on one issue, which its page has a form for."""
    return Action(
        f"/errors/{{name}}/{action}", summary, f"issue-{action}", fields,
        lambda actions, asked: actions.change_issues(
            action, [asked.name, *asked.lines("others")], asked.inputs, asked.author, asked.note
        ),
        _on(issue_path),
    )  # fmt: skip


ACTIONS = (
    Action(
        "/errors", "Do something to several issues.", "issue-bulk",
        (
            _text("issues", "Their numbers, one a line.", minLength=1, maxLength=20_000),
            _text("action", "resolve, ignore, reopen, assign or merge, which puts all into the first.", minLength=1),
            _FIXED_IN, *_IGNORED_UNTIL, _ASSIGNEE,
        ),
        lambda actions, asked: actions.change_issues(
            asked.inputs.get("action", ""), asked.lines("issues"), asked.inputs, asked.author, asked.note
        ),
        lambda _: "/errors",
    ),
    _issue_action("resolve", "Say that an issue is fixed: what comes later is a regression.", _FIXED_IN),
    _issue_action("ignore", "Ignore an issue, until one of these happens.", *_IGNORED_UNTIL),
    _issue_action("reopen", "Take back that an issue is resolved or ignored."),
    _issue_action("assign", "Assign an issue; without a name, to nobody.", _ASSIGNEE),
    _issue_action(
        "comment", "Comment on an issue.",
        _text("text", "What its history shows.", minLength=1, maxLength=_COMMENT_CHARACTERS),
    ),
    _issue_action(
        "merge", "Put other issues of its project into an issue.", _text("others", "Their numbers, one a line."),
    ),
    _issue_action("split", "Make an issue of its own of what one of several keys led to.", _text("key", "The key.")),
    Action(
        f"/checks/{_BY_NAME}/run", "Run a check at once, before all that waits.", "run",
        (_text("location", "One of its locations; the first if absent."),),
        lambda actions, asked: actions.run(asked.name, asked.inputs.get("location", ""), asked.note), _on(check_path),
    ),
    Action(
        f"/checks/{_BY_NAME}/pause", "Pause a check: nothing of it is due until it is resumed.", "pause",
        (_text("reason", "Why; shown with its state."),),
        lambda actions, asked: actions.pause(asked.name, asked.inputs.get("reason", ""), asked.note), _on(check_path),
    ),
    Action(
        f"/checks/{_BY_NAME}/resume", "Resume a check.", "resume", (),
        lambda actions, asked: actions.resume(asked.name, asked.note), _on(check_path),
    ),
    Action(
        "/incidents/{name}/acknowledge", "Acknowledge an incident, which stops its escalation and reminders.",
        "acknowledge", (),
        lambda actions, asked: actions.acknowledge(asked.name, asked.author, asked.note, resolve=False),
        _on(incident_path),
    ),
    Action(
        "/incidents/{name}/resolve", "Resolve an incident: the same problem opens a new one from now on.",
        "resolve", (),
        lambda actions, asked: actions.acknowledge(asked.name, asked.author, asked.note, resolve=True),
        _on(incident_path),
    ),
    Action(
        "/incidents/{name}/assign", "Assign an incident that lasts; without a name, to nobody.", "assign",
        (_text("assignee", "Who works on it."),),
        lambda actions, asked: actions.assign(asked.name, asked.inputs.get("assignee", ""), asked.author, asked.note),
        _on(incident_path),
    ),
    Action(
        "/incidents/{name}/comment", "Comment on an incident, lasting or resolved.", "comment",
        (_text("text", "What its time line shows.", minLength=1, maxLength=_COMMENT_CHARACTERS),),
        lambda actions, asked: actions.comment(asked.name, asked.inputs.get("text", ""), asked.author, asked.note),
        _on(incident_path),
    ),
    Action(
        "/silences", "Silence the incidents whose labels fulfil all matchers.", "silence",
        (
            _text("matchers", "label=value, label!=value, label=~pattern or label!~pattern, one a line.", minLength=1),
            _text("for", "For how long, such as 2h.", default="1h"), _text("comment", "Why."),
        ),
        lambda actions, asked: actions.silence(
            asked.lines("matchers"), asked.inputs.get("for") or "1h", asked.author, asked.inputs.get("comment", ""),
            asked.note,
        ),
        lambda _: "/silences",
    ),
    Action(
        "/silences/{name}/end", "End a silence now.", "end", (),
        lambda actions, asked: actions.end_silence(asked.name, asked.note), lambda _: "/silences",
    ),
    Action(
        "/releases", "Mark a deploy that is live from now on.", "release",
        (
            _text("name", "Of the release.", minLength=1),
            _text("environment", "Where; the workspace's default if absent."),
            _text("accept", 'Learn the level since then as the new normal: "yes".'),
            _text("commits", "What it consists of, as git log --name-only prints it.", maxLength=_LOG_CHARACTERS),
        ),
        lambda actions, asked: actions.mark_release(
            asked.inputs.get("name", ""), asked.inputs.get("environment", ""), asked.note,
            accept=asked.is_on("accept"), commits=asked.inputs.get("commits", ""),
        ),
        lambda _: "/releases", lambda actions, asked: actions.environment_note(asked.inputs.get("environment", "")),
    ),
    Action(
        "/annotations", "Note what happened at a time, on the trends of checks.", "annotate",
        (
            _text("text", "What happened.", minLength=1), _text("at", "When, ISO 8601; now if absent."),
            _text("matchers", "Which labels its checks have, a matcher a line; all checks if absent."),
        ),
        lambda actions, asked: actions.annotate(
            asked.inputs.get("text", ""), asked.lines("matchers"), asked.inputs.get("at", ""), asked.author, asked.note
        ),
        lambda _: "/annotations",
    ),
    Action(
        "/annotations/{name}/remove", "Remove an annotation.", "unannotate", (),
        lambda actions, asked: actions.remove_annotation(asked.name, asked.note), lambda _: "/annotations",
    ),
    Action(
        "/views", "Save a query of a page under a name, for all who see it.", "view",
        (
            _text("page", "logs, traces or errors.", minLength=1), _text("name", "Of the view.", minLength=1),
            _text("query", "As the page takes it.", maxLength=_QUERY_CHARACTERS),
        ),
        lambda actions, asked: actions.save_view(
            asked.inputs.get("page", ""), asked.inputs.get("name", ""), asked.inputs.get("query", ""), asked.author,
            asked.note,
        ),
        lambda asked: saved_view_path(asked.inputs.get("page", ""), asked.inputs.get("query", "")),
    ),
    Action(
        f"/views/{_BY_NAME}/remove", "Remove a saved view.", "unview", (),
        lambda actions, asked: actions.remove_view(asked.name, asked.note),
        lambda asked: saved_view_path(asked.name.partition("/")[0]),
    ),
    Action(
        "/status-page/incidents", "Open an incident on the public status page.", "status-open",
        (_text("title", "What is wrong, for the public.", minLength=1), *_STATUS_FIELDS),
        lambda actions, asked: actions.open_status_incident(asked.inputs, asked.lines("components"), asked.note),
        lambda _: "/status-page",
    ),
    Action(
        "/status-page/incidents/{name}/updates", "Add an update to an incident of the public status page.",
        "status-update", (_text("title", "Its title from now on; as before if absent."), *_STATUS_FIELDS),
        lambda actions, asked: actions.update_status_incident(
            asked.name, asked.inputs, asked.lines("components"), asked.note
        ),
        lambda _: "/status-page",
    ),
)  # fmt: skip


def action_descriptions() -> list[Description]:
    """Return what the API says of actions."""
    return [_description(action) for action in ACTIONS]


def _description(action: Action) -> Description:
    path = f"{API_ROOT}{action.path}".replace(":path}", "}")
    named = (Parameter("name", "Its id, percent-encoded.", {"type": "string"}, is_in_path=True),)
    return Description(
        path, action.summary, ActionBody, named if "{" in path else (), method="post", fields=action.fields
    )


def action_routes(sources: Sources, actions: Actions | None, authorise: Authorise) -> list[Route]:
    """Return the routes of actions, and of the page of silences."""
    routes = [
        guarded_route("/silences", _Silences(sources, actions).page, authorise),
        guarded_route("/status-page", _StatusPage(sources, actions).page, authorise),
    ]
    for action in ACTIONS:
        perform = _Performing(action, sources, actions).answer
        routes += [
            guarded_route(path, perform, authorise, methods=["POST"], role=Role.OPERATOR)
            for path in (action.path, f"{API_ROOT}{action.path}")
        ]
    return routes


class _Performing:
    """Answers requests for one action."""

    def __init__(self, action: Action, sources: Sources, actions: Actions | None) -> None:
        self._action = action
        self._sources = sources
        self._actions = actions

    def answer(self, request: Request) -> Response:
        """Do it, and lead back, or say what is wrong."""
        try:
            asked, made, warning = self._perform(request)
        except StoreError as error:
            headers = {"Retry-After": str(_RETRY_S)}
            title = "the store cannot be written now"
            return refusal(request, 503, title, slug=error.slug, detail=error.what, headers=headers)
        except OutriderError as error:
            status = 404 if error.slug in _UNKNOWN else 400
            return refusal(request, status, "this cannot be done", slug=error.slug, detail=f"{error.what}. {error.fix}")
        if is_of_api(request):
            viewer: Viewer = request.state.viewer
            done = ActionBody(self._action.done, made or "", viewer.change(0, "", "").actor, warning)
            return Response(json.dumps(printable_json(asdict(done))), media_type="application/json")
        back = self._action.back(asked)
        done_word = f"done={self._action.done}{'-warned' if warning else ''}"
        address = f"{base_of(request.scope)}{back}{'&' if '?' in back else '?'}{done_word}"
        return RedirectResponse(address, 303, {"Cache-Control": "no-store"})

    def _perform(self, request: Request) -> tuple[Asked, str | None, str]:
        if self._actions is None:
            raise UsageError("the workspace is being loaded", slug="not-loaded", fix="try again in a moment")
        viewer: Viewer = request.state.viewer

        def note(action: str, subject: str, detail: str = "") -> AuditEntry:
            return viewer.change(self._sources.now_us(), action, subject, detail)

        inputs = _inputs(request.state.body, self._action.fields)
        author = note("", "").actor
        asked = Asked(request.path_params.get("name", ""), inputs, author, note)
        made = self._action.perform(self._actions, asked)
        log.info("action.done", action=self._action.done, by=author, name=request.path_params.get("name", ""))
        return asked, made, self._action.warn(self._actions, asked)


class _Silences:
    """Answers with the silences, and what another one would mute."""

    def __init__(self, sources: Sources, actions: Actions | None) -> None:
        self._sources = sources
        self._actions = actions

    def page(self, request: Request) -> Response:
        """Answer with the page; `matchers`, one a line, are previewed."""
        asked = {name: request.query_params.get(name, "")[:TEXT_CHARACTERS] for name in ("matchers", "for", "comment")}
        matchers = [line.strip() for line in asked["matchers"].splitlines() if line.strip()]

        def make(context: PageContext) -> str:
            effect, problem = None, ""
            if matchers and self._actions is not None:
                try:
                    effect = self._actions.preview(matchers)
                except UsageError as error:
                    problem = f"{error.what}. {error.fix}"
            silences = self._actions.silences() if self._actions is not None else ()
            form = SilenceForm(asked["matchers"], asked["for"] or "1h", asked["comment"], effect, problem)
            return silences_page(silences, form, replace(context, refresh_s=0))

        return page_answer(request, self._sources, "/silences", make)


class _StatusPage:
    """Answers with what the public status page says, and forms that write on it."""

    def __init__(self, sources: Sources, actions: Actions | None) -> None:
        self._sources = sources
        self._actions = actions

    def page(self, request: Request) -> Response:
        """Answer with the page."""

        def make(context: PageContext) -> str:
            status = self._actions.status_page() if self._actions is not None else None
            return status_page_page(status, replace(context, refresh_s=0))

        return page_answer(request, self._sources, "/incidents", make)


def _inputs(body: RequestBody, fields: Sequence[Parameter]) -> dict[str, str]:
    """Return what was sent, by name: of a form, or of a JSON object; a list is joined by lines.

    Raises:
        UsageError: bad-argument, for a field that does not exist, or a value that is none.
    """
    if body.document is not None and not isinstance(body.document, dict):
        raise _bad("the body", "is no JSON object", 'send {"name": "value"}')
    sent: Mapping[str, Any] = body.document if isinstance(body.document, dict) else body.fields
    known = {field.name: field.schema.get("maxLength") for field in fields}
    inputs = {}
    for name, value in sent.items():
        if name not in known:
            if body.document is not None:
                raise _bad(name[:80], "is no field of this action", f"it has {', '.join(sorted(known)) or 'none'}")
            continue  # a form's own, such as its token
        most = known[name]
        inputs[name] = _word(name, value, most if isinstance(most, int) else TEXT_CHARACTERS)
    return inputs


def _word(name: str, value: object, most: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = "\n".join(value)
    if value is None or not isinstance(value, str):
        raise _bad(name, "is no text", "send a string")
    if len(value) > most:
        raise _bad(name, f"has {len(value)} characters", f"at most {most}")
    return value


def _bad(name: str, what: str, fix: str) -> UsageError:
    return UsageError(f"{name} {what}", slug="bad-argument", fix=fix)
