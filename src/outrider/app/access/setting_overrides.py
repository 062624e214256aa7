"""Settings that hold in the place of those in `outrider.toml`, while the service runs: set on a page or by command."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, NoReturn, Protocol

from outrider.app.access.audit_trail import command_line_change, current_user
from outrider.app.access.workspace_access import now_us
from outrider.model import ConfigError, SettingOverride, UsageError
from outrider.workspace import (
    CHANGEABLE,
    SETTINGS_FILE,
    SettingState,
    Value,
    accepted_value,
    load,
    read_document,
    read_workspace,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from outrider.app.access.audit_trail import Note
    from outrider.model import AuditLog, OverrideLog
    from outrider.workspace import ChangeableSetting, Document, Workspace


class SettingRecords(Protocol):
    """Settings that hold in the place of the file's, and who changed what."""

    @property
    def overrides(self) -> OverrideLog:
        """Settings that hold in the place of those in files."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""
        ...


class WorkspaceSettings:
    """The switches and levels of a workspace that can be changed while its service runs; any thread may use it.

    Args:
        root: The workspace, whose file says what holds otherwise.
        records: Where changes are kept.
    """

    def __init__(self, root: Path, records: SettingRecords) -> None:
        self._root = root
        self._records = records

    def all(self) -> tuple[SettingState, ...]:
        """Return all of them."""
        return setting_states(self._root, self._records.overrides.all())

    def change(
        self,
        name: str,
        value: object,
        *,
        instead_of: object = None,
        author: str = "",
        note: Note = command_line_change,
    ) -> None:
        """Set a value beside the file; the service takes it up within a minute.

        Args:
            name: Of the setting.
            value: Of the kind of its default.
            instead_of: What held when somebody decided on this; None for whatever holds.
            author: Who sets it; the user of this process if absent.
            note: Makes the entry of the audit log.

        Raises:
            UsageError: unknown-override; bad-override for a value that the file could not have either; setting-changed
                if another value holds than the one that was seen.
        """
        accepted = accepted_value(name, value)
        stored = self._records.overrides.all()
        self._check_seen(name, instead_of, stored)
        values = _values(stored)
        before = set(map(str, read_workspace(self._root, values)[1]))
        for problem in read_workspace(self._root, {**values, name: accepted})[1]:
            if str(problem) not in before:
                raise UsageError(problem.what, slug="bad-override", fix=problem.fix)
        written = json.dumps(accepted)
        override = SettingOverride(name, written, now_us(), author or current_user())
        with self._records.audit.alongside(note("setting.set", name, written)):
            if instead_of is None:
                self._records.overrides.put(override)
                return
            seen = next((known for known in stored if known.name == name), None)
            if self._records.overrides.replace(override, seen):
                return
        self._refuse(name, self._records.overrides.all())

    def reset(self, name: str, *, note: Note = command_line_change) -> None:
        """Let the file decide again.

        Raises:
            UsageError: unknown-override, if nothing was set beside the file.
        """
        if name not in {override.name for override in self._records.overrides.all()}:
            what = f'"{name[:80]}" is not set beside the file'
            raise UsageError(what, slug="unknown-override", fix="outrider settings lists what is")
        with self._records.audit.alongside(note("setting.unset", name, "")):
            self._records.overrides.remove(name)

    def _check_seen(self, name: str, seen: object, stored: Sequence[SettingOverride]) -> None:
        if seen is not None and json.dumps(seen) != json.dumps(self._state(name, stored).value):
            self._refuse(name, stored)

    def _state(self, name: str, stored: Sequence[SettingOverride]) -> SettingState:
        return next(state for state in setting_states(self._root, stored) if state.name == name)

    def _refuse(self, name: str, stored: Sequence[SettingOverride]) -> NoReturn:
        state = self._state(name, stored)
        by = f", set by {state.author}" if state.author else f", as {SETTINGS_FILE} says"
        what = f"{name} has changed meanwhile: it is {json.dumps(state.value)} now{by}"
        raise UsageError(what, slug="setting-changed", fix="look at what holds now, and decide again")


def override_values(log: OverrideLog) -> dict[str, Value]:
    """Return the values that are set in the place of the file's; those that no longer can be changed are left out."""
    return _values(log.all())


def load_overridden(root: Path, log: OverrideLog) -> Workspace:
    """Load a workspace with what was set beside its file.

    A file that has come to contradict what was set decides alone, and its own problems are the ones that are reported.

    Raises:
        ConfigErrors: With every problem of the files.
    """
    workspace, problems = read_workspace(root, override_values(log))
    return load(root) if problems else workspace


def setting_states(root: Path, overrides: Sequence[SettingOverride]) -> tuple[SettingState, ...]:
    """Return the changeable settings of a workspace, with what is set beside its file."""
    document, problem = _read_settings_file(root), _contradiction(root, overrides)
    by_name = {override.name: override for override in overrides}
    return tuple(_state(setting, document, by_name.get(name), problem) for name, setting in CHANGEABLE.items())


def overridden_settings(root: Path, overrides: Sequence[SettingOverride]) -> tuple[SettingState, ...]:
    """Return the settings that are set beside a workspace's file."""
    return tuple(state for state in setting_states(root, overrides) if state.at_us is not None) if overrides else ()


def override_note(state: SettingState) -> str:
    """Return what is set beside the file, by whom, and what of it holds."""
    in_file = f"{json.dumps(state.in_file)} ({state.place or 'default'})"
    if state.problem:
        return f"{state.name} was set by {state.author}, and the file decides, since both contradict: {state.problem}"
    return f"{state.name} = {json.dumps(state.value)}, set by {state.author}, holds in the place of {in_file}"


def _contradiction(root: Path, overrides: Sequence[SettingOverride]) -> str:
    """Return why nothing holds that is set beside the file; empty if it holds, or if the file is wrong by itself."""
    values = _values(overrides)
    try:
        problems = read_workspace(root, values)[1] if values else ()
        return problems[0].what if problems and not read_workspace(root)[1] else ""
    except ConfigError:  # the folder is gone
        return ""


def _values(overrides: Iterable[SettingOverride]) -> dict[str, Value]:
    return {override.name: json.loads(override.value) for override in overrides if override.name in CHANGEABLE}


def _read_settings_file(root: Path) -> Document | None:
    """Return the settings file; None if it cannot be read, which whoever loads the workspace says."""
    try:
        return read_document(root / SETTINGS_FILE, SETTINGS_FILE)
    except ConfigError:
        return None


def _state(
    setting: ChangeableSetting, document: Document | None, override: SettingOverride | None, problem: str
) -> SettingState:
    in_file, place = setting.default, ""
    table, _, key = setting.name.partition(".")
    section = document.data.get(table) if document is not None else None
    if document is not None and isinstance(section, dict) and key in section:
        in_file, place = _shown(section[key]), str(document.place((table, key)))
    if override is None:
        return SettingState(setting.name, setting.meaning, in_file, place, in_file)
    value = in_file if problem else json.loads(override.value)
    return SettingState(setting.name, setting.meaning, value, place, in_file, override.author, override.at_us, problem)


def _shown(written: object) -> Value:
    """Return what a file says as a value; as text what no setting can be."""
    is_value = isinstance(written, bool | int | str) or (isinstance(written, float) and math.isfinite(written))
    return written if is_value else str(written)  # type: ignore[return-value]
