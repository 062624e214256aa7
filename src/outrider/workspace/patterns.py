"""Patterns over checks: a glob on id, path or name, a folder, or `tag:x`."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from outrider.model import ConfigError, Place, UsageError
from outrider.workspace.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import Check
    from outrider.workspace.workspace_settings import Workspace

_TAG = "tag:"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a check that patterns match."""

    id: str
    path: str
    name: str
    tags: frozenset[str] = frozenset()


def names_of(check: Check) -> Names:
    """Return the names of `check` that patterns match."""
    return Names(check.id, check.path, check.name, check.marks | check.policy.tags)


def matches(pattern: str, names: Names) -> bool:
    """Return whether `pattern` matches the check with these names.

    Exact names come before globs, since the names of parametrised tests hold brackets; a path also stands for all that
    is below it, and `path::name` for one test, as in pytest.
    """
    if pattern.startswith(_TAG):
        return any(fnmatchcase(tag, pattern.removeprefix(_TAG)) for tag in names.tags)
    path = pattern.removeprefix("./").rstrip("/")
    if names.path.startswith(f"{path}/") or path in {"", "."}:
        return True
    known = (names.id, names.path, names.name, f"{names.path}::{names.name}")
    return path in known or any(fnmatchcase(handle, path) for handle in known)


def select(checks: Sequence[Check], patterns: Sequence[str]) -> tuple[Check, ...]:
    """Return the checks that any of `patterns` matches, in their own order; all of them if there is no pattern.

    Raises:
        UsageError: If a pattern matches no check.
    """
    named = [(check, names_of(check)) for check in checks]
    for pattern in patterns:
        if not any(matches(pattern, names) for _, names in named):
            raise UsageError(
                f'no check matches "{pattern}"', slug="unknown-check", fix=nearest(pattern, _handles(pattern, checks))
            )
    return tuple(check for check, names in named if not patterns or any(matches(text, names) for text in patterns))


def unmatched_patterns(workspace: Workspace, checks: Iterable[Check]) -> tuple[ConfigError, ...]:
    """Return a problem for each pattern of the schedule that matches no check."""
    named = [names_of(check) for check in checks]
    return tuple(
        ConfigError(
            f'no check matches "{pattern.text}"',
            slug="unmatched-pattern",
            fix=f"correct or remove it; {nearest(pattern.text, sorted({names.id for names in named}))}",
            where=pattern.place,
        )
        for rule in workspace.schedule
        for pattern in rule.patterns
        if not any(matches(pattern.text, names) for names in named)
    )


def duplicate_checks(checks: Iterable[Check]) -> tuple[ConfigError, ...]:
    """Return a problem for each check whose id another one before it has."""
    first: dict[str, Check] = {}
    problems = []
    for check in checks:
        other = first.setdefault(check.id, check)
        if other is not check:
            problems.append(
                ConfigError(
                    f'"{check.id}" is the id of another check already, at {Place(other.path, other.line)}',
                    slug="duplicate-check",
                    fix="give one of the two an id of its own",
                    where=Place(check.path, check.line),
                )
            )
    return tuple(problems)


def _handles(pattern: str, checks: Iterable[Check]) -> list[str]:
    """Return the words that somebody who wrote `pattern` may have meant."""
    if pattern.startswith(_TAG):
        return sorted({f"{_TAG}{tag}" for check in checks for tag in names_of(check).tags})
    return sorted({check.id for check in checks})
