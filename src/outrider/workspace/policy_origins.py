"""Where each value of a check's policy comes from. Pure."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from outrider.model import Policy
from outrider.workspace.patterns import Names, matches
from outrider.workspace.workspace_settings import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model import Check
    from outrider.workspace.workspace_settings import Workspace

USUAL = "default"
_NAMES = tuple(field.name for field in fields(Policy))


def policy_origins(workspace: Workspace, check: Check) -> Mapping[str, str]:
    """Return, by the name of a value, the file and line that it comes from, or that it is a default.

    Labels of several places add up, and all are named. A value that a less specific file has, too, counts as that
    one's.
    """
    origins, policy = _shared(workspace, check, frozenset())
    if policy.tags != check.policy.tags:  # its own tags, which rules see
        origins, policy = _shared(workspace, check, check.policy.tags)
    own = f"{check.path}:{check.line}" if check.line else check.path
    for name in _NAMES:
        if getattr(check.policy, name) != getattr(policy, name):
            origins[name] = _added(origins, name, own)
    return origins


def _shared(workspace: Workspace, check: Check, own_tags: frozenset[str]) -> tuple[dict[str, str], Policy]:
    """Return what the workspace's files give a check, and from where."""
    usual, policy = Policy(), workspace.defaults
    defaults = f"{SETTINGS_FILE} [defaults]"
    origins = {name: USUAL if getattr(policy, name) == getattr(usual, name) else defaults for name in _NAMES}
    for rule in workspace.schedule:
        known = Names(check.id, check.path, check.name, check.marks | policy.tags | own_tags)
        place = next((pattern.place for pattern in rule.patterns if matches(pattern.text, known)), None)
        if place is not None:
            given = (name for name in _NAMES if getattr(rule.overrides, name) is not None)
            origins |= {name: _added(origins, name, str(place)) for name in given}
            policy = rule.overrides.over(policy)
    return origins, policy


def _added(origins: Mapping[str, str], name: str, place: str) -> str:
    return f"{origins[name]}, {place}" if name == "labels" and origins[name] != USUAL else place
