"""Checks by pattern, among those that the store knows: no test has to be collected for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import UsageError
from outrider.workspace import Names, matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import CheckId
    from outrider.store import Store


def chosen(store: Store, patterns: Sequence[str]) -> tuple[CheckId, ...]:
    """Return the checks that any of the patterns means.

    Raises:
        UsageError: unknown-check.
    """
    known = [(one.id, Names(one.id, one.path or "", one.name or "")) for one in store.checks.all()]
    for pattern in patterns:
        if not any(matches(pattern, names) for _, names in known):
            fix = "outrider ls shows the checks; outrider up or run makes new ones known"
            raise UsageError(f'no known check matches "{pattern}"', slug="unknown-check", fix=fix)
    return tuple(check for check, names in known if any(matches(pattern, names) for pattern in patterns))
