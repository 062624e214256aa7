"""Checks by pattern, among those that the store knows: no test is collected for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import UsageError
from outrider.workspace import Names, matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import CheckId, CheckRegistry


def select_stored(registry: CheckRegistry, patterns: Sequence[str]) -> tuple[CheckId, ...]:
    """Return the stored checks that any of the patterns matches.

    Raises:
        UsageError: unknown-check if a pattern matches none.
    """
    names = {check.id: Names(check.id, check.path or "", check.name or "") for check in registry.all()}
    for pattern in patterns:
        if not any(matches(pattern, candidate) for candidate in names.values()):
            fix = "outrider ls shows the checks; outrider up or run makes new ones known"
            raise UsageError(f'no known check matches "{pattern}"', slug="unknown-check", fix=fix)
    return tuple(
        check for check, candidate in names.items() if any(matches(pattern, candidate) for pattern in patterns)
    )


def display_name(check: str) -> str:
    """Return a check's id without the kind that most have."""
    return check.removeprefix("journey:")
