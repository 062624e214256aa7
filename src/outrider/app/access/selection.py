"""Stored checks, and other names of the store, chosen by what somebody typed."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from outrider.model import Selection, UsageError
from outrider.runs import is_kept_apart, judged_aggregates
from outrider.workspace import Names, is_match, nearest, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import CheckId, CheckRegistry, ReportHistory, SeriesReader, Subject, TableReader
    from outrider.workspace import Workspace


def select_stored(registry: CheckRegistry, patterns: Sequence[str]) -> tuple[CheckId, ...]:
    """Return the stored checks that any of the patterns matches.

    Raises:
        UsageError: unknown-check if a pattern matches none.
    """
    names = {check.id: Names(check.id, check.path or "", check.name or "") for check in registry.all()}
    wanted = []
    for pattern in patterns:
        if (is_meant := is_match(pattern, names.values())) is None:
            new = "outrider ls shows the checks; outrider up or run makes new ones known"
            fix = f"{nearest(pattern, names, sorted(parts_of(names)))}\n  {new}" if names else new
            raise UsageError(f'no known check matches "{pattern}"', slug="unknown-check", fix=fix)
        wanted.append(is_meant)
    return tuple(check for check, candidate in names.items() if any(is_meant(candidate) for is_meant in wanted))


def one_check(registry: CheckRegistry, pattern: str) -> CheckId:
    """Return the one stored check that a pattern matches.

    Raises:
        UsageError: unknown-check, or ambiguous-check if it matches several.
    """
    return only_check(select_stored(registry, [pattern]), pattern)


def only_check(checks: Sequence[CheckId], pattern: str) -> CheckId:
    """Return the one check that a pattern matches.

    Raises:
        UsageError: ambiguous-check if it matches several.
    """
    if len(checks) != 1:
        what = f'"{pattern}" means several checks'
        raise UsageError(what, slug="ambiguous-check", fix=f"type one of: {', '.join(checks)}")
    return checks[0]


def stored_checks(registry: CheckRegistry, pattern: str = "*") -> list[CheckId]:
    """Return the stored checks whose id or former id fits a pattern: `*` and `?` stand for any characters."""
    return [
        check.id for check in registry.all() if any(_fits(identity, pattern) for identity in (check.id, *check.aliases))
    ]


def unknown_check_note(registry: CheckRegistry, pattern: str) -> str:
    """Return that none of the stored checks fits a pattern, and what may have been meant; empty otherwise."""
    stored = registry.all()
    if not stored or stored_checks(registry, pattern):
        return ""
    return _unknown_id("stored check has the id", pattern, [check.id for check in stored])


def stored_subjects(reader: SeriesReader, pattern: str = "*") -> list[Subject]:
    """Return the subjects of aggregates that are judged and whose id fits a pattern, by id."""
    subjects = dict.fromkeys(series.subject for series in judged_aggregates(reader))
    return [subject for subject in subjects if _fits(subject, pattern)]


def refuse_unknown(store: ReportHistory, pattern: str) -> None:
    """Refuse a pattern that fits none of the stored checks, and no subject of aggregates, if there are any.

    Raises:
        UsageError: unknown-check, with what may have been meant.
    """
    checks = [check.id for check in store.checks.all()]
    subjects = stored_subjects(store.series)
    if not (checks or subjects) or stored_checks(store.checks, pattern) or stored_subjects(store.series, pattern):
        return
    what = "stored check or subject has the id" if subjects else "stored check has the id"
    raise UsageError(_unknown_id(what, pattern, [*checks, *subjects]), slug="unknown-check")


def empty_export_note(tables: TableReader, pattern: str, metric: str) -> str:
    """Return which name is the reason that a selection has no samples; empty if both stand for some."""
    metrics = {series.metric for series in tables.series(Selection(pattern))}
    if metrics:
        return _unknown("such sample has the metric", metric, metrics) if metric and metric not in metrics else ""
    subjects = {series.subject for series in tables.series(Selection())}
    return _unknown_id("sample is of a check with the id", pattern, subjects) if subjects else ""


def unknown_location_note(workspace: Workspace, tables: TableReader, location: str) -> str:
    """Return that nothing ran or is to run at a location, and what may have been meant; empty if something does."""
    known = {*workspace.defaults.locations, *(series.location for series in tables.series(Selection()))}
    known.update(*(rule.overrides.locations or () for rule in workspace.schedule))
    return "" if location in known else _unknown("check ran so far in the location", location, known)


def unknown_environment_note(workspace: Workspace, tables: TableReader, environment: str) -> str:
    """Return that nothing ran or is to run in an environment, and what may have been meant; empty if something does."""
    known = {workspace.defaults.environment, *(series.environment for series in tables.series(Selection()))}
    known |= {rule.overrides.environment for rule in workspace.schedule if rule.overrides.environment}
    shown = {place for place in known if not is_kept_apart(place)}
    return "" if environment in known else _unknown("check ran so far in the environment", environment, shown)


def _fits(identity: str, pattern: str) -> bool:
    return identity == pattern or fnmatchcase(identity, pattern.replace("[", "[[]"))


def _unknown(what: str, word: str, known: Iterable[str]) -> str:
    return f'no {what} "{word}"; {nearest(word, sorted(known))}'


def _unknown_id(what: str, pattern: str, known: Iterable[str]) -> str:
    ids = sorted(known)
    if any(pattern in identity for identity in ids):
        return f'no {what} "{pattern}"; did you mean "*{pattern}*"?'
    parts = {f"*{part}*" for part in parts_of(ids)}
    return f'no {what} "{pattern}"; {nearest(pattern, ids, sorted(parts))}'


def display_name(check: str) -> str:
    """Return a check's id without the kind that most have."""
    return check.removeprefix("journey:")
