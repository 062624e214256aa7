"""Everything that is wrong with a workspace and its checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.alert_configuration import alert_settings
from outrider.app.runtime import browser_or_error, open_runtime
from outrider.model import BrowserError, ConfigErrors, OutriderError
from outrider.workspace import find_root, load

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Validation:
    """How many checks a workspace has, and all of its problems."""

    checks: int
    problems: tuple[OutriderError, ...]


def validate_workspace(start: Path) -> Validation:
    """Load the workspace that a folder lies in, collect its checks, and return all problems.

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
    problems: list[OutriderError] = [*discovery.problems]
    browser = browser_or_error(workspace)
    if isinstance(browser, BrowserError) and discovery.journeys:
        problems.append(browser)
    try:
        alert_settings(workspace)
    except ConfigErrors as errors:
        problems += errors.problems
    return Validation(len(discovery.checks), tuple(problems))
