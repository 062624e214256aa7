"""Patterns over checks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model import Check, CheckId, Kind, Place, Policy, UsageError
from outrider.workspace import (
    Names,
    Pattern,
    PolicyOverrides,
    Rule,
    Workspace,
    duplicate_checks,
    matches,
    select,
    unmatched_patterns,
)

NAMES = Names(
    "journey:journeys/shop/test_checkout.py::test_pay[chromium-10]",
    "journeys/shop/test_checkout.py",
    "test_pay[chromium-10]",
    frozenset({"slow", "money"}),
)


def check(name: str, path: str = "journeys/test_shop.py", line: int = 0, **kwargs: frozenset[str]) -> Check:
    """Return a journey with a usual id."""
    marks, tags = kwargs.get("marks", frozenset()), kwargs.get("tags", frozenset())
    return Check(
        CheckId(f"journey:{path}::{name}"), Kind.JOURNEY, path, name, name, Policy(tags=tags), line=line, marks=marks
    )


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("journey:journeys/shop/test_checkout.py::test_pay[chromium-10]", True),
        ("journeys/shop/test_checkout.py", True),
        ("journeys/shop/test_checkout.py::test_pay[chromium-10]", True),
        ("test_pay[chromium-10]", True),
        ("test_pay*", True),
        ("*checkout*", True),
        ("journey:*", True),
        ("journeys", True),
        ("journeys/", True),
        ("./journeys/shop", True),
        (".", True),
        ("tag:slow", True),
        ("tag:mon*", True),
        ("tag:fast", False),
        ("tag:", False),
        ("test_pay", False),
        ("TEST_PAY*", False),
        ("journeys/sh", False),
        ("probe:*", False),
        ("journeys/*.py", True),
    ],
)
def test_a_pattern_means_names_paths_folders_and_tags(pattern: str, matched: bool) -> None:
    """Globs are case-sensitive; a star also crosses slashes, as in fnmatch."""
    assert matches(pattern, NAMES) is matched


@given(st.text(st.characters(exclude_characters="/"), min_size=1).filter(lambda name: not name.startswith("tag:")))
def test_every_check_is_selected_by_its_own_id(name: str) -> None:
    """Brackets, stars and blanks in the names of parametrised tests are no globs then."""
    wanted, other = check(name), check("other", path="journeys/test_other.py")

    assert wanted in select([wanted, other], [wanted.id])


@given(st.text(max_size=20))
def test_no_pattern_breaks_matching(pattern: str) -> None:
    """Half-open brackets and the like match or do not."""
    assert matches(pattern, NAMES) in {True, False}


def test_selection_keeps_the_order_of_checks_and_no_pattern_means_all() -> None:
    """A check that two patterns mean comes once."""
    first, two, three = check("one"), check("two"), check("three", marks=frozenset({"slow"}))

    assert select([first, two, three], ["tag:slow", "one", "o*"]) == (first, three)
    assert select([first, two], []) == (first, two)


@pytest.mark.parametrize(
    ("patterns", "keyword", "chosen"),
    [
        (["shop.py::pay"], "", ["pay", "pay_later"]),  # a part of two ids ...
        (["pay"], "", ["pay"]),  # ... unless it is a name as it stands
        (["sear"], "", ["search"]),
        ([], "pay and not later", ["pay"]),
        ([], "SLOW or search", ["pay_later", "search"]),
        (["pay*"], "later", ["pay_later"]),
    ],
)
def test_a_part_of_an_id_and_an_expression_choose_checks(patterns: list[str], keyword: str, chosen: list[str]) -> None:
    """A pattern that matches nothing as it stands is a part of ids; an expression narrows what patterns chose."""
    checks = [check("pay"), check("pay_later", marks=frozenset({"slow"})), check("search")]

    assert [matching.name for matching in select(checks, patterns, keyword)] == chosen


def test_an_expression_that_fits_no_check_says_so() -> None:
    """Exit code 2; an empty choice would otherwise pass."""
    with pytest.raises(UsageError, match='no check matches -k "zzz"') as caught:
        select([check("pay")], [], "zzz")

    assert caught.value.slug == "unknown-check"


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("journey:journeys/test_shop.py::chekout", 'did you mean "journey:journeys/test_shop.py::checkout"?'),
        ("tag:slwo", 'did you mean "tag:slow"?'),
        ("zzz", "known: journey:journeys/test_shop.py::checkout"),
    ],
)
def test_a_pattern_that_means_nothing_names_the_nearest(pattern: str, advice: str) -> None:
    """Somebody mistyped it; exit code 2 says so."""
    with pytest.raises(UsageError) as caught:
        select([check("checkout", tags=frozenset({"slow"}))], ["checkout", pattern])

    assert (caught.value.slug, caught.value.exit_code) == ("unknown-check", 2)
    assert pattern in caught.value.what
    assert advice in caught.value.fix


def test_a_pattern_over_an_empty_workspace_says_that_there_is_nothing() -> None:
    """There is no nearest id then."""
    with pytest.raises(UsageError, match='no check matches "x"') as caught:
        select([], ["x"])

    assert caught.value.fix == "none of this kind is defined yet"


def test_patterns_of_the_schedule_that_mean_nothing_are_problems() -> None:
    """Each has its own place; those that mean something are silent."""
    patterns = tuple(Pattern(text, Place("s.toml", line)) for line, text in enumerate(["one", "onee", "tag:x"], 1))
    workspace = Workspace(root=Path("/"), name="w", schedule=(Rule(patterns, PolicyOverrides()),))

    problems = unmatched_patterns(workspace, [check("one"), check("two")])

    assert [(problem.slug, str(problem.where)) for problem in problems] == [
        ("unmatched-pattern", "s.toml:2"),
        ("unmatched-pattern", "s.toml:3"),
    ]


def test_two_checks_with_one_id_are_a_problem_that_names_both_places() -> None:
    """The second and every further one is told about the first."""
    first, second = check("a", line=3), check("a", line=9)

    problems = duplicate_checks([first, check("b"), second])

    assert [str(problem.where) for problem in problems] == ["journeys/test_shop.py:9"]
    assert "journeys/test_shop.py:3" in problems[0].what
    assert problems[0].slug == "duplicate-check"
