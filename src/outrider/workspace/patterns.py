"""Patterns over checks: a glob on id, path or name, a folder, or `tag:x`; on a command line a part of an id, too."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from outrider.model import ConfigError, Place, UsageError
from outrider.workspace.keyword_expression import keyword_filter
from outrider.workspace.suggestions import nearest, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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


def select(checks: Sequence[Check], patterns: Sequence[str], keyword: str = "") -> tuple[Check, ...]:
    """Return the checks that any of `patterns` matches, in their own order; all of them if there is no pattern.

    A pattern that matches none as it is stands for all whose id holds it.

    Args:
        checks: To choose from.
        patterns: What `matches` understands.
        keyword: An expression over names that holds for those that are chosen; empty for none.

    Raises:
        UsageError: unknown-check if a pattern or the expression matches no check, bad-expression.
    """
    named = [(check, names_of(check)) for check in checks]
    wanted = [_test_of(pattern, named, checks) for pattern in patterns]
    chosen = [(check, names) for check, names in named if not patterns or any(is_meant(names) for is_meant in wanted)]
    if not keyword:
        return tuple(check for check, _ in chosen)
    has_words = keyword_filter(keyword)
    kept = tuple(check for check, names in chosen if has_words(" ".join((names.id, names.name, *names.tags))))
    if not kept and chosen:
        raise UsageError(f'no check matches -k "{keyword}"', slug="unknown-check", fix=_advice(keyword, checks))
    return kept


def is_match(pattern: str, names: Iterable[Names]) -> Callable[[Names], bool] | None:
    """Return the test for what a pattern on a command line means: itself, or else a part of an id; None for neither."""
    candidates = tuple(names)
    if any(matches(pattern, candidate) for candidate in candidates):
        return partial(matches, pattern)
    part = pattern.removeprefix("./")
    if part and not part.startswith(_TAG) and any(part in candidate.id for candidate in candidates):
        return lambda candidate: part in candidate.id
    return None


def _test_of(pattern: str, named: Sequence[tuple[Check, Names]], checks: Sequence[Check]) -> Callable[[Names], bool]:
    is_meant = is_match(pattern, (names for _, names in named))
    if is_meant is None:
        raise UsageError(f'no check matches "{pattern}"', slug="unknown-check", fix=_advice(pattern, checks))
    return is_meant


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


def unmatched_windows(workspace: Workspace, checks: Iterable[Check]) -> tuple[str, ...]:
    """Return in words each pattern of a maintenance window of the schedule that matches no check."""
    named = [names_of(check) for check in checks]
    return tuple(
        f'{pattern.place}: [[maintenance]] "{pattern.text}" matches no check; '
        f"{nearest(pattern.text, sorted({names.id for names in named}))}"
        for window in workspace.maintenance
        for pattern in window.patterns
        if not any(matches(pattern.text, names) for names in named)
    )


def unmatched_components(workspace: Workspace, checks: Iterable[Check]) -> tuple[str, ...]:
    """Return in words each pattern of a component of the status page that matches no check."""
    named = [names_of(check) for check in checks]
    components = workspace.status_page.components if workspace.status_page is not None else ()
    return tuple(
        f'{place}: the component "{component.name}" of the status page: "{pattern}" matches no check; '
        f"{nearest(pattern, sorted({names.id for names in named}))}"
        for component in components
        for pattern, place in zip(component.patterns, component.places, strict=True)
        if not any(matches(workspace.current(pattern), names) for names in named)
    )


def cron_place(workspace: Workspace, check: Check) -> Place:
    """Return where the cron of a check is written: in the last matching rule that sets it, or else in its own file."""
    names = names_of(check)
    places = [
        rule.cron_place
        for rule in workspace.schedule
        if rule.overrides.cron == check.policy.cron and any(matches(pattern.text, names) for pattern in rule.patterns)
    ]
    return (places[-1] if places else None) or Place(check.path, check.line)


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


def _advice(pattern: str, checks: Iterable[Check]) -> str:
    """Return what somebody who wrote `pattern` may have meant: a tag, an id, or a part of one."""
    if pattern.startswith(_TAG):
        return nearest(pattern, sorted({f"{_TAG}{tag}" for check in checks for tag in names_of(check).tags}))
    ids = sorted({check.id for check in checks})
    return nearest(pattern, ids, sorted(parts_of(ids)))
