"""What shares the cause of a more severe incident notifies nobody, and does once that is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.alerts.conftest import MINUTE_US, NOW_US

from outrider.alerts.finding import Facts, Problem, Severity
from outrider.alerts.incident import Incident, Phase
from outrider.alerts.shared_cause import consequences_of, root_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.alerts.conftest import Story


def incident(name: str, problem: Problem = Problem.FAILURE, **changes: Any) -> Incident:
    """Return an incident of checks in production that is open."""
    opened = Incident(
        name, problem, NOW_US, NOW_US, Facts("status 500"), labels={"environment": "production"}, phase=Phase.OPEN,
        severity=Severity.CRITICAL, opened_us=NOW_US,
    )  # fmt: skip
    return replace(opened, **changes)


CHECK = incident("check", named=("service:pay", "issue:17"))
SERVICE = incident("service", checks=("service:front", "service:pay"), opened_us=NOW_US + 1)
ISSUE = incident(
    "issue", Problem.ISSUE, checks=("issue:17",), labels={}, severity=Severity.WARNING, opened_us=NOW_US - 9
)


def test_the_root_is_the_more_severe_one_of_two_the_earlier() -> None:
    """A service and an issue that the traces of a check's runs name follow from the check."""
    lasting = (ISSUE, SERVICE, CHECK)

    assert [root.id if (root := root_of(own, lasting)) else "" for own in lasting] == ["check", "check", ""]
    assert consequences_of(CHECK, lasting) == (ISSUE, SERVICE)
    assert consequences_of(SERVICE, lasting) == ()


def test_what_names_a_thing_of_its_own_is_joined_by_who_names_both() -> None:
    """A page and a slow service share nothing but the errors of one release; a page of another environment not even."""
    page = incident("page", checks=("page:shop /cart",), named=("issue:17", "release:v2"), opened_us=NOW_US + 2)
    slow = incident("slow", Problem.DEGRADATION, named=("release:v2",), severity=Severity.WARNING)
    away = replace(page, id="away", labels={"environment": "staging"})
    lasting = (CHECK, page, slow, away)

    assert [root.id if (root := root_of(own, lasting)) else "" for own in lasting] == ["", "check", "check", ""]
    assert root_of(slow, (CHECK, slow)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"checks": ("service:payments",)},
        {"began_us": NOW_US + 16 * MINUTE_US},
        {"labels": {"environment": "staging"}},
        {"problem": Problem.COVERAGE},
        {"checks": ()},
    ],
)
def test_what_shares_too_little_stands_for_itself(changes: dict[str, Any]) -> None:
    """A service named like another, another time or environment, a problem of another kind, one that names nothing."""
    other = replace(SERVICE, **changes)

    assert root_of(other, (CHECK, other)) is None


def test_what_disturbs_nobody_is_no_root() -> None:
    """Weak evidence hides nothing."""
    assert root_of(SERVICE, (replace(CHECK, pages=False), SERVICE)) is None


@pytest.mark.parametrize(
    ("folds", "kinds"), [(True, ["trigger", "resolved", "trigger"]), (False, ["trigger"] * 2 + ["resolved"])]
)
def test_a_consequence_notifies_once_its_root_is_over(
    story: Callable[..., Story], folds: bool, kinds: list[str]
) -> None:
    """If it still lasts; `fold = false` lets both notify."""
    followed = story(folds=folds)
    for name in ("a", "b"):
        followed.run("xx", f"probe:{name}", every_s=1, what=f"fault {name}")
        *_, opened = followed.tracker.incidents.values()
        followed.tracker.explain(opened.id, (), ("service:pay",))
        followed.wait(8)

    first, second = followed.tracker.incidents.values()
    why = followed.tracker.why_muted(second, followed.now_us)
    followed.run("...", "probe:a", every_s=1)
    followed.wait(600)

    assert followed.kinds == kinds
    assert why == (f"it has the cause of incident {first.id[-8:]}, which notifies: fault a" if folds else "")
