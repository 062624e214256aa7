"""Checks by pattern, among those that the store knows: no test is collected for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import UsageError
from outrider.workspace import Names, is_match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import CheckId, CheckRegistry


def select_stored(registry: CheckRegistry, patterns: Sequence[str]) -> tuple[CheckId, ...]:
    """Return the stored checks that any of the patterns matches.

    Raises:
        UsageError: unknown-check if a pattern matches none.
    """
    names = {check.id: Names(check.id, check.path or "", check.name or "") for check in registry.all()}
    wanted = []
    for pattern in patterns:
        if (is_meant := is_match(pattern, names.values())) is None:
            fix = "outrider ls shows the checks; outrider up or run makes new ones known"
            raise UsageError(f'no known check matches "{pattern}"', slug="unknown-check", fix=fix)
        wanted.append(is_meant)
    return tuple(check for check, candidate in names.items() if any(is_meant(candidate) for is_meant in wanted))


def display_name(check: str) -> str:
    """Return a check's id without the kind that most have."""
    return check.removeprefix("journey:")
