"""Projects that errors are sent to, and their keys: made, listed, changed, rotated, revoked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from outrider.app.access.audit_trail import command_line_change, current_user
from outrider.app.access.workspace_access import now_us
from outrider.model import (
    ErrorProject,
    KeyPurpose,
    ProjectKey,
    UsageError,
    printable,
)
from outrider.workspace import ErrorSettings, Refused, as_origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import ProjectRecords
    from outrider.workspace import Workspace

EVENTS_A_DAY: Final = 100_000
EVENTS_A_MINUTE: Final = 10_000
_OF_AN_ADDRESS: Final = 300
_KEY_BYTES: Final = 16
_LONGEST_NAME: Final = 200
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What a key is to be.

    Attributes:
        origins: Of pages that may send; a key with origins is one for browsers.
        per_address: Events a minute of one address; None for the usual.
    """

    origins: tuple[str, ...] = ()
    per_minute: int = EVENTS_A_MINUTE
    per_address: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with what a client is configured with."""

    key: ProjectKey
    dsn: str


_USUAL_KEY: Final = KeyRequest()


def add_project(
    records: ProjectRecords, workspace: Workspace, service: str, environment: str, *, per_day: int, key: KeyRequest
) -> IssuedKey:
    """Make a project with its first key.

    Raises:
        UsageError: bad-project, bad-url, project-exists.
    """
    for name in (service, environment):
        if not 0 < len(name) <= _LONGEST_NAME or printable(name) != name or "\n" in name:
            what = f"{name[:40]!r} is no name of a service or an environment"
            raise UsageError(what, slug="bad-project", fix=f"write 1 to {_LONGEST_NAME} printable characters")
    first = _new_key(key, 0)
    wanted = ErrorProject(0, service, environment, first.created_us, per_day)
    with records.audit.alongside(command_line_change("project.add", service, f"{environment}, {first.purpose}")):
        project = records.projects.add(wanted, first)
    if project is None:
        raise UsageError(
            f"there is a project of {service} in {environment} already",
            slug="project-exists",
            fix="outrider project list shows it, and outrider project add-key makes a further key",
        )
    return _issued(replace(first, project=project.id), workspace)


def limit_project(records: ProjectRecords, number: int, per_day: int) -> ErrorProject:
    """Change how many events a project takes a day.

    Raises:
        UsageError: unknown-project.
    """
    changed = replace(_project(records, number), per_day=per_day)
    with records.audit.alongside(command_line_change("project.limit", str(number), f"{per_day} a day")):
        records.projects.change(changed)
    return changed


def add_project_key(
    records: ProjectRecords, workspace: Workspace, number: int, request: KeyRequest = _USUAL_KEY
) -> IssuedKey:
    """Make a further key of a project.

    Raises:
        UsageError: unknown-project, bad-url.
    """
    key = _new_key(request, _project(records, number).id)
    with records.audit.alongside(command_line_change("project.add-key", str(number), f"{key.purpose} {key.id}")):
        records.projects.add_key(key)
    return _issued(key, workspace)


def rotate_project_key(records: ProjectRecords, workspace: Workspace, key_id: str, overlap_s: float) -> IssuedKey:
    """Make a key like another, which ends after a while: clients take up the new one meanwhile.

    Raises:
        UsageError: unknown-project-key.
    """
    old = _valid_key(records, key_id)
    key = replace(old, id=secrets.token_hex(_KEY_BYTES), created_us=now_us(), author=current_user(), expires_us=None)
    detail = f"{old.id} by {key.id}"
    with records.audit.alongside(command_line_change("project.rotate", str(old.project), detail)):
        records.projects.add_key(key)
    records.projects.expire_key(old.id, key.created_us + round(overlap_s * _SECOND_US))
    return _issued(key, workspace)


def revoke_project_key(records: ProjectRecords, key_id: str) -> ProjectKey:
    """End a key at once.

    Raises:
        UsageError: unknown-project-key.
    """
    key = _valid_key(records, key_id)
    with records.audit.alongside(command_line_change("project.revoke", str(key.project), key.id)):
        records.projects.expire_key(key.id, now_us())
    return key


def list_projects(records: ProjectRecords) -> tuple[ErrorProject, ...]:
    """Return all projects, by their numbers."""
    return records.projects.all()


def project_of(projects: Iterable[ErrorProject], service: str, environment: str) -> ErrorProject | None:
    """Return the project of a service in an environment, else its first; None if it has none."""
    own = [project for project in projects if project.service == service]
    return next((project for project in own if project.environment == environment), own[0] if own else None)


def list_project_keys(records: ProjectRecords, workspace: Workspace, number: int) -> tuple[IssuedKey, ...]:
    """Return the keys of a project, the oldest first.

    Raises:
        UsageError: unknown-project.
    """
    project = _project(records, number)
    return tuple(_issued(key, workspace) for key in records.projects.all_keys() if key.project == project.id)


def _new_key(request: KeyRequest, project: int) -> ProjectKey:
    purpose = KeyPurpose.BROWSER if request.origins else KeyPurpose.SERVER
    usual = _OF_AN_ADDRESS if purpose is KeyPurpose.BROWSER else 0
    return ProjectKey(
        id=secrets.token_hex(_KEY_BYTES),
        project=project,
        purpose=purpose,
        created_us=now_us(),
        author=current_user(),
        origins=_origins(request.origins),
        per_minute=request.per_minute,
        per_address=usual if request.per_address is None else request.per_address,
    )


def _origins(texts: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(text if text == "*" else as_origin(text) for text in texts)
    except Refused as refused:
        raise UsageError(f"an origin {refused.what}", slug=refused.slug, fix=refused.fix) from None


def _project(records: ProjectRecords, number: int) -> ErrorProject:
    projects = records.projects.all()
    project = next((project for project in projects if project.id == number), None)
    if project is None:
        known = ", ".join(f"{project.id} ({project.service})" for project in projects[:20]) or "none"
        raise UsageError(f"there is no project {number}", slug="unknown-project", fix=f"there are: {known}")
    return project


def _valid_key(records: ProjectRecords, key_id: str) -> ProjectKey:
    valid = [key for key in records.projects.all_keys() if key.is_valid(now_us())]
    matches = [key for key in valid if key_id and key.id.startswith(key_id)]
    if len(matches) != 1:
        what = f'"{key_id}" is not the beginning of exactly one valid key'
        raise UsageError(what, slug="unknown-project-key", fix="outrider project keys PROJECT lists them")
    return matches[0]


def _issued(key: ProjectKey, workspace: Workspace) -> IssuedKey:
    scheme, _, rest = (workspace.errors or ErrorSettings()).origin.partition("://")
    return IssuedKey(key, f"{scheme}://{key.id}@{rest}/{key.project}")
