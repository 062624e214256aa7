"""A workspace's files and store, and what its settings say to other rooms."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.app.access.signing_key import SIGNING_KEY, share_key
from outrider.model import ConfigError, Retention
from outrider.store import Store
from outrider.workspace import ErrorSettings, find_root, load, store_address
from outrider.workspace import init as write_scaffold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.baselines import Settings
    from outrider.model import Check, CheckRegistry, Pruner
    from outrider.workspace import Scaffold, Workspace


ARTIFACT_CACHE = "artifact-cache"
"""Where copies of remote artifacts lie, below the workspace's state."""

BASELINES = "baselines"
"""The folder of accepted baselines, below the workspace."""


def find_workspace(start: Path | None = None) -> Workspace:
    """Return the workspace that a folder lies in.

    Args:
        start: The folder; the current one if absent. Nothing else in this room looks at the current folder.

    Raises:
        ConfigError: If there is none.
        ConfigErrors: If its files are wrong.
    """
    return load(find_root(start or Path.cwd()))


def find_workspace_if_any(start: Path | None = None) -> Workspace | None:
    """Return the workspace that a folder (the current one if absent) lies in; None if it lies in none.

    Raises:
        ConfigErrors: If its files are wrong.
    """
    try:
        root = find_root(start or Path.cwd())
    except ConfigError:
        return None
    return load(root)


def create_workspace(folder: Path, *, force: bool = False) -> Scaffold:
    """Write a minimal workspace that runs at once; files that exist stay as they are.

    Raises:
        UsageError: If the folder lies within another workspace, unless forced.
    """
    return write_scaffold(folder, force=force)


def open_store(workspace: Workspace, *, to_write: bool = False) -> Store:
    """Open the workspace's store; close it, or use it as a context.

    Args:
        to_write: Whether to refuse one that can only be read now, and not when something is written first.

    Raises:
        ConfigError: If a variable of its address has no value.
        StoreError: Why it cannot be opened.
    """
    store = Store.open(
        store_address(workspace, os.environ),
        artifacts=workspace.artifacts_url,
        artifact_cache=workspace.state / ARTIFACT_CACHE,
        to_write=to_write,
    )
    if store.is_shared:
        try:
            share_key(workspace.state, partial(store.shared_key, SIGNING_KEY))
        except BaseException:
            store.close()
            raise
    return store


def try_artifacts(workspace: Workspace) -> tuple[str, int]:
    """Write, read and remove a small file where artifacts are kept; return where, and how many wait to go there.

    Raises:
        StoreError: Why they cannot be kept there.
    """
    with open_store(workspace, to_write=True) as store:
        return store.artifacts.where, store.artifacts.check()


def register_checks(registry: CheckRegistry, workspace: Workspace, checks: Sequence[Check]) -> None:
    """Write the checks to the registry, and move the history of those that have been renamed to their present ids."""
    at_us = now_us()
    registry.record(checks, at_us)
    present = {check.id for check in checks}
    for alias in workspace.aliases:
        if (current := workspace.current(alias)) in present:
            registry.rename(type(current)(alias), current, at_us)


def prune_expired(store: Pruner, workspace: Workspace) -> None:
    """Prune data that is older than the workspace's retention.

    Raises:
        StoreError: If the store cannot be written.
    """
    store.prune(now_us(), retention(workspace))


def retention(workspace: Workspace) -> Retention:
    """Return for how long the workspace wants its results kept."""
    settings = workspace.retention
    return Retention(
        passed_artifacts_s=settings.passed_artifacts_s,
        last_good_s=settings.last_good_s,
        artifacts_s=settings.evidence_s,
        others_s=settings.other_samples_s,
        details_s=settings.samples_s,
        hours_s=settings.hours_s,
        days_s=settings.days_s,
        runs_s=settings.runs_s,
        errors_s=settings.errors_s,
        source_maps_s=settings.source_maps_s,
        source_maps_bytes=(workspace.errors or ErrorSettings()).source_map_bytes,
        attachments_bytes=(workspace.errors or ErrorSettings()).attachment_bytes,
        replays_s=settings.replays_s,
        replays_bytes=(workspace.errors or ErrorSettings()).replay_bytes,
    )


def judge_settings(workspace: Workspace) -> Settings:
    """Return how the workspace wants its series judged; the months are those of a whole check."""
    from outrider.baselines import Settings  # noqa: PLC0415 - most commands do not judge

    wanted = workspace.baselines
    return Settings.of(
        {
            "direction": wanted.direction,
            "tz": workspace.timezone,
            "months": wanted.months_per_false_alert,
            "floor_ms": wanted.floor_ms,
        }
    )


def now_us() -> int:
    """Return the time, microseconds UTC."""
    return time.time_ns() // 1000
