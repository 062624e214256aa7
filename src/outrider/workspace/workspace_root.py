"""The folder of the workspace that a folder lies in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import ConfigError
from outrider.workspace.workspace_settings import SETTINGS_FILE

if TYPE_CHECKING:
    from pathlib import Path


def find_root(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that holds an `outrider.toml`.

    Raises:
        ConfigError: If there is none.
    """
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS_FILE).is_file():
            return candidate
    raise no_workspace(folder)


def no_workspace(folder: Path) -> ConfigError:
    """Return the problem that `folder` is in no workspace."""
    return ConfigError(
        f"there is no {SETTINGS_FILE} in {folder} or above it",
        slug="no-workspace",
        fix="go to your workspace, or make one here: outrider init",
    )
