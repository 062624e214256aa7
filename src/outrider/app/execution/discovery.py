"""The checks of a workspace: those that pytest collects, and those that stand in files of probes and loads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from outrider.journeys import Collection, written_tests
from outrider.model import Check, CheckId, ConfigError, ConfigErrors, Kind, Place, UsageError
from outrider.workspace import duplicate_checks, parse_overrides, resolve, unmatched_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.journeys import CollectedTest, WrittenTest
    from outrider.load import Catalogue as LoadCatalogue
    from outrider.probes import ProbeCatalogue
    from outrider.workspace import Workspace

_NO_TESTS = Collection([], [])
MOST_NAMED = 5
_PROBES = ("probe:", "load:", "probes/")


@dataclass(frozen=True, slots=True)
class Discovery:
    """The checks of a workspace, and all that is wrong with them.

    Tests that cannot be collected are checks by what their file's text defines, or else the file is one: running them
    says why they cannot.
    """

    checks: tuple[Check, ...]
    problems: tuple[ConfigError, ...]

    @property
    def journeys(self) -> tuple[Check, ...]:
        """Those of the checks that are journeys."""
        return tuple(check for check in self.checks if check.kind == Kind.JOURNEY)

    def problems_of(self, chosen: Sequence[Check]) -> tuple[ConfigError, ...]:
        """Return the problems that concern the chosen checks or all, and one line about the parts that hold others."""
        others = {check.path for check in self.checks} - {check.path for check in chosen}
        apart = [
            problem
            for problem in self.problems
            if problem.where
            and any(_is_within(path, problem.where.file) for path in others)
            and not any(_is_within(check.path, problem.where.file) for check in chosen)
        ]
        rest = tuple(problem for problem in self.problems if problem not in apart)
        return (*rest, _broken_elsewhere(apart)) if apart else rest


def wants_probes_only(patterns: Sequence[str]) -> bool:
    """Return whether patterns can match nothing but probes and load profiles, by how they begin."""
    return bool(patterns) and all(pattern.removeprefix("./").startswith(_PROBES) for pattern in patterns)


def discover(
    workspace: Workspace,
    catalogue: ProbeCatalogue,
    loads: LoadCatalogue,
    collection: Collection = _NO_TESTS,
    *,
    is_whole: bool = True,
) -> Discovery:
    """Return the checks of a workspace, and what is wrong with them.

    Args:
        workspace: Whose checks.
        catalogue: Its probes.
        loads: Its load profiles.
        collection: Its journeys.
        is_whole: Whether these are all of its checks, so that a rule which matches none of them is a problem.
    """
    problems = [*catalogue.problems, *loads.problems]
    checks = [_check(workspace, test, problems) for test in collection.tests]
    for node, message in collection.errors:
        problems.append(_not_collected(node, message))
        checks += _broken(workspace, node, written_tests(workspace.root, node))
    for path, message in collection.without_tests:
        if written := written_tests(workspace.root, path):
            problems.append(_not_collected(path, message))
            checks += _broken(workspace, path, written)
    checks += (*catalogue.checks, *catalogue.broken, *loads.checks, *loads.broken)
    everything = tuple(checks)
    problems += duplicate_checks(everything)
    if is_whole:
        problems += unmatched_patterns(workspace, everything)
    unique = {check.id: check for check in reversed(everything)}
    return Discovery(tuple(reversed(unique.values())), tuple(problems))


def nothing_to_run(workspace: Workspace, checks: Sequence[Check]) -> UsageError:
    """Return why no check is left: a command that did nothing must not look like one that passed."""
    if checks:
        return UsageError(
            "every check is disabled", slug="no-checks", fix="name one: outrider run PATTERN, or outrider load NAME"
        )
    paths = ", ".join(workspace.journeys.paths)
    return UsageError(
        f"there are no checks: pytest finds no test below {paths}, and there is no probe in probes/",
        slug="no-checks",
        fix='put a pytest-playwright test there, or name your folder: paths = ["tests"] below [journeys]',
    )


def _check(workspace: Workspace, test: CollectedTest, problems: list[ConfigError]) -> Check:
    place = Place(test.path, test.line)
    try:
        own = parse_overrides(test.overrides, place, sessions=workspace.sessions)
    except ConfigErrors as errors:
        problems += errors.problems
        own = parse_overrides({}, place)
    identity = own.id or workspace.current(f"{Kind.JOURNEY}:{test.path}::{test.name}")
    marks = frozenset(test.marks)
    policy = resolve(workspace, identity, path=test.path, name=test.name, marks=marks, own=own)
    return Check(
        id=CheckId(identity),
        kind=Kind.JOURNEY,
        path=test.path,
        name=test.name,
        target=test.target,
        policy=policy,
        line=test.line,
        marks=marks,
    )


def _not_collected(node: str, message: str) -> ConfigError:
    return ConfigError(
        f"cannot be collected:\n{_indented(message)}",
        slug="not-collected",
        fix="correct the file; pytest --collect-only shows the same",
        where=Place(node.partition("::")[0]),
    )


def _broken(workspace: Workspace, node: str, written: Sequence[WrittenTest]) -> Iterator[Check]:
    """Yield a check for each test that a file defines by its text; if there is none, one for the file."""
    path, _, name = node.partition("::")
    tests = [(test.path, test.name, test.line) for test in written] or [(path, name, 0)]
    for file, test, line in tests:
        identity = CheckId(workspace.current(f"{Kind.JOURNEY}:{file}::{test}" if test else f"{Kind.JOURNEY}:{file}"))
        shown = test or Path(file).name
        policy = resolve(workspace, identity, path=file, name=shown)
        target = f"{file}::{test}" if test else file
        yield Check(identity, Kind.JOURNEY, file, shown, target=target, policy=policy, line=line)


def _is_within(path: str, part: str) -> bool:
    return PurePosixPath(path).is_relative_to(part)


def _broken_elsewhere(problems: Sequence[ConfigError]) -> ConfigError:
    """Return one line about parts of the workspace that do not concern what runs."""
    first: dict[str, str] = {}
    for problem in problems:
        if problem.where:
            first.setdefault(problem.where.file, str(problem.where))
    files = list(first.values())
    more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
    return ConfigError(
        f"problems elsewhere in the workspace: {', '.join(files[:MOST_NAMED])}{more}; outrider validate shows them",
        slug="invalid-workspace",
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())
