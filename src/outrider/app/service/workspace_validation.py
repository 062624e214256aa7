"""Everything that is wrong with a workspace, its checks, its store and its browser."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.app.access.setting_overrides import overridden_settings, override_note
from outrider.app.execution.declared_checks import probes_of
from outrider.app.execution.discovery import discover
from outrider.app.execution.runtime import browser_or_error, open_runtime
from outrider.app.service.examination import examine
from outrider.load import Catalogue as LoadCatalogue
from outrider.model import BrowserError, ConfigError, ConfigErrors, OutriderError
from outrider.store import TRIED_DATABASES, check_addresses, store_problems, stored_overrides
from outrider.workspace import (
    SETTINGS_FILE,
    available_secrets,
    find_option_conflicts,
    find_root,
    read_document,
    read_workspace,
    series_sources,
    store_address,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from outrider.app.execution.discovery import Discovery
    from outrider.model import Place
    from outrider.workspace import Workspace

_UNREAD: Final = frozenset({"unreadable-file", "not-utf8", "broken-toml"})
_CAUSES: Final = {
    "unknown-variable": ("secrets", "env"),
    "missing-secret": ("secrets",),
    "unknown-session": ("sessions",),
    "host-not-allowed": ("load",),
    "snapshot-too-large": ("workspace", "store"),
    "link-outside": ("workspace", "store"),
}
"""Problems of other files by the tables of `outrider.toml` that they may follow from."""


@dataclass(frozen=True, slots=True)
class Validation:
    """How many checks a workspace has, and all of its problems.

    Attributes:
        notes: Hints on what works but is not supported fully, or has no effect.
    """

    checks: int
    problems: tuple[OutriderError, ...]
    notes: tuple[str, ...] = ()


def validate_workspace(start: Path) -> Validation:
    """Read all files of the workspace that a folder lies in, collect its checks, and return all that is wrong.

    Where settings are wrong, the other files are read with defaults in their place; what follows from that alone is no
    problem of its own.

    Raises:
        ConfigError: If the folder lies in no workspace.
    """
    from outrider.dashboard import DashboardShelf, dashboard_problems  # noqa: PLC0415 - `suite_notes`, of every list, needs none of it

    workspace, wrong = read_workspace(find_root(start))
    is_unread = any(problem.slug in _UNREAD and _file(problem) == SETTINGS_FILE for problem in wrong)
    discovery, uncollected = _discovery(workspace, is_unread=is_unread)
    examination = examine(workspace, discovery)
    is_known = not (uncollected or examination.problems or wrong)
    shelf = DashboardShelf(workspace.root, series_sources(workspace.sources))
    boards = dashboard_problems(shelf, discovery.checks if is_known else None)
    missing = _missing_browser(workspace) if discovery.journeys else ()
    wrong_store, notes = ((), ()) if is_unread else _store(workspace)
    others = (*uncollected, *examination.problems, *missing, *examination.refusals, *boards, *wrong_store)
    consequences = _Consequences.of(wrong, is_unread=is_unread)
    own = dict.fromkeys(problem for problem in others if not consequences.hold(problem))
    rules = () if wrong or uncollected else examination.notes
    return Validation(len(discovery.checks), (*wrong, *own), (*suite_notes(workspace), *rules, *notes))


@dataclass(frozen=True, slots=True)
class _Consequences:
    """What follows from settings that are wrong, and is no problem of its own.

    Attributes:
        places: Of the problems of settings.
        tables: Those of `outrider.toml` that hold a problem; all of them where the file cannot be read.
    """

    places: frozenset[Place]
    tables: frozenset[str]

    @classmethod
    def of(cls, wrong: Iterable[ConfigError], *, is_unread: bool) -> _Consequences:
        settings = (problem for problem in wrong if _file(problem) == SETTINGS_FILE)
        tables = frozenset(re.split(r"[. ]", problem.what, maxsplit=1)[0] for problem in settings)
        every = frozenset(table for tables in _CAUSES.values() for table in tables)
        return cls(frozenset(problem.where for problem in wrong if problem.where), every if is_unread else tables)

    def hold(self, problem: OutriderError) -> bool:
        """Return whether a problem stands where another one is already, or may come from a setting that is wrong."""
        if problem.slug == "missing-secret" and _file(problem) == SETTINGS_FILE:
            return problem.where in self.places
        return problem.where in self.places or not self.tables.isdisjoint(_CAUSES.get(problem.slug, ()))


def _file(problem: OutriderError) -> str:
    return problem.where.file if problem.where else ""


def _discovery(workspace: Workspace, *, is_unread: bool) -> tuple[Discovery, tuple[OutriderError, ...]]:
    """Return the checks, and why tests and loads were not looked at; without settings nobody knows where they are."""
    causes: tuple[OutriderError, ...] = ()
    if not is_unread:
        try:
            with open_runtime(workspace) as runtime:
                return runtime.discover(), ()
        except ConfigErrors as errors:
            causes = errors.problems
        except OutriderError as error:
            causes = (error,)
    probes = probes_of(workspace, available_secrets(workspace, os.environ))
    return discover(workspace, probes, LoadCatalogue(), is_whole=False), causes


def _missing_browser(workspace: Workspace) -> tuple[BrowserError, ...]:
    browser = browser_or_error(workspace)
    return (browser,) if isinstance(browser, BrowserError) else ()


def suite_notes(workspace: Workspace) -> tuple[str, ...]:
    """Return what is solved for a workspace's suite under Outrider, and has to be written down for plain pytest."""
    if not workspace.capabilities.journeys:
        return ()
    return tuple(map(str, find_option_conflicts(workspace.root)))


def _store(workspace: Workspace) -> tuple[tuple[OutriderError, ...], tuple[str, ...]]:
    """Return what is wrong with the store, where a file says so with the line, and a note on what is experimental."""
    url, unfilled = workspace.store_url, None
    try:
        url = store_address(workspace, os.environ)
    except ConfigError as error:
        unfilled = error
    problems: dict[str, OutriderError] = {**store_problems(url, artifacts=workspace.artifacts_url)}
    if unfilled is not None:
        problems["url"] = unfilled
    document = read_document(workspace.root / SETTINGS_FILE, SETTINGS_FILE)
    for key, problem in problems.items():
        if ("store", key) in document.lines:
            problem.where = document.place(("store", key))
    notes = () if "url" in problems else (*_experimental(url), *_overrides(workspace.root, url))
    return tuple(problems.values()), notes


def _overrides(root: Path, url: str) -> tuple[str, ...]:
    """Return what is set beside `outrider.toml`, and how to undo it."""
    settings = overridden_settings(root, stored_overrides(url))
    return tuple(f"{override_note(state)}: outrider settings unset {state.name} undoes it" for state in settings)


def _experimental(url: str) -> tuple[str, ...]:
    kind = check_addresses(url, artifacts=".")
    if kind in TRIED_DATABASES:
        return ()
    return (f"store.url: {kind} is experimental; SQLite and PostgreSQL are tried and measured",)
