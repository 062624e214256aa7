"""Switches and levels that are changed while the service runs: as a page, and as the API answers them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.page_templates import render
from outrider.model import UsageError
from outrider.workspace import CHANGEABLE, SettingState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.setting_control import SettingControl
    from outrider.dashboard.sources import Sources


@dataclass(frozen=True, slots=True)
class SettingItem:
    """A switch or level that can be changed while the service runs.

    `value` holds, `in_file` is what `outrider.toml` says at `place`, or the default where `place` is empty. `author`
    and `at` say who set another value, and when; `problem` says why it does not hold. `read_by` names what takes it up.
    """

    name: str
    meaning: str
    value: bool | float | str
    in_file: bool | float | str
    place: str
    author: str
    at: str | None
    problem: str
    read_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettingList:
    """All switches and levels that can be changed while the service runs."""

    items: tuple[SettingItem, ...]


def settings_page(states: Sequence[SettingState], context: PageContext, problem: str = "") -> str:
    """Return the page; `problem` says why a change was refused."""
    groups = (
        ("Switches", [state for state in states if CHANGEABLE[state.name].is_switch]),
        ("Levels", [state for state in states if not CHANGEABLE[state.name].is_switch]),
    )
    contradiction = next((state.problem for state in states if state.problem), "")
    values = {"groups": groups, "changeable": CHANGEABLE, "problem": problem, "contradiction": contradiction}
    return render("settings.html", replace(context, refresh_s=0, live=""), values)


def api_settings(sources: Sources) -> SettingList:
    """Return all settings for the API."""
    return SettingList(tuple(map(setting_item, settings_of(sources).all())))


def api_setting(control: SettingControl, name: str) -> SettingItem:
    """Return one setting for the API.

    Raises:
        UsageError: unknown-override.
    """
    for state in control.all():
        if state.name == name:
            return setting_item(state)
    what = f'"{name[:80]}" is no setting that can be changed here'
    raise UsageError(what, slug="unknown-override", fix="/api/v1/settings lists those that can")


def settings_of(sources: Sources) -> SettingControl:
    """Return what has the settings.

    Raises:
        UsageError: not-loaded, where no workspace is served.
    """
    if sources.settings is None:
        raise UsageError("the workspace is being loaded", slug="not-loaded", fix="try again in a moment")
    return sources.settings


def setting_item(state: SettingState) -> SettingItem:
    """Return a setting for the API."""
    return SettingItem(
        state.name, state.meaning, state.value, state.in_file, state.place, state.author, instant(state.at_us),
        state.problem, CHANGEABLE[state.name].read_by,
    )  # fmt: skip
