"""Everything that is wrong with a workspace, its checks, its store and its browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.examination import examine
from outrider.app.runtime import browser_or_error, open_runtime
from outrider.model import BrowserError, ConfigErrors, OutriderError
from outrider.store import SQLITE, check_addresses, store_problems
from outrider.workspace import find_option_conflicts, find_root, load

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.workspace import Workspace


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
    """Load the workspace that a folder lies in, collect its checks, and return all that the service refuses.

    Raises:
        ConfigError: If the folder lies in no workspace.
    """
    root = find_root(start)
    try:
        workspace = load(root)
        with open_runtime(workspace) as runtime:
            discovery = runtime.discover()
    except ConfigErrors as errors:
        return Validation(0, errors.problems)
    except OutriderError as error:
        return Validation(0, (error,))
    examination = examine(workspace, discovery)
    missing = _missing_browser(workspace) if discovery.journeys else ()
    wrong_store, notes = _store(workspace)
    problems = (*examination.problems, *missing, *examination.refusals, *wrong_store)
    return Validation(len(discovery.checks), problems, (*suite_notes(workspace), *examination.notes, *notes))


def _missing_browser(workspace: Workspace) -> tuple[BrowserError, ...]:
    browser = browser_or_error(workspace)
    return (browser,) if isinstance(browser, BrowserError) else ()


def suite_notes(workspace: Workspace) -> tuple[str, ...]:
    """Return what is solved for a workspace's suite under Outrider, and has to be written down for plain pytest."""
    if not workspace.capabilities.journeys:
        return ()
    return tuple(map(str, find_option_conflicts(workspace.root)))


def _store(workspace: Workspace) -> tuple[tuple[OutriderError, ...], tuple[str, ...]]:
    try:
        kind = check_addresses(workspace.store_url, artifacts=workspace.artifacts_url)
    except OutriderError as error:
        return (error,), ()
    problems = store_problems(workspace.store_url, artifacts=workspace.artifacts_url)
    return problems, () if kind == SQLITE else (
        f"store.url: {kind} is experimental; what is tested and measured is SQLite",
    )
