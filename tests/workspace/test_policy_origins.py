"""Where each value of a policy comes from: the file and line that set it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from outrider.model import Check, CheckId, Kind, Place, Policy
from outrider.workspace import Workspace, policy_origins, resolve
from outrider.workspace.workspace_settings import Pattern, PolicyOverrides, Rule

ID = CheckId("journey:journeys/test_shop.py::test_buy")


def rule(pattern: str, line: int, **values: Any) -> Rule:
    place = Place("scheduler/schedule.toml", line)
    return Rule((Pattern(pattern, place),), PolicyOverrides(**values), place)


def origins(workspace: Workspace, own: PolicyOverrides) -> dict[str, str]:
    """Return the origins of a check that was resolved as the workspace does it."""
    policy = resolve(workspace, ID, path="journeys/test_shop.py", name="test_buy", own=own)
    check = Check(ID, Kind.JOURNEY, "journeys/test_shop.py", "test_buy", "x::test_buy", policy, line=12)
    return dict(policy_origins(workspace, check))


def test_each_value_names_the_nearest_place_that_set_it() -> None:
    """The check's own file, the last rule that matches, the defaults of the workspace, or none of them."""
    workspace = Workspace(
        Path("/w"),
        "w",
        defaults=Policy(every_s=600.0, retries=3),
        schedule=(
            rule("journeys/*", 2, every_s=60.0, timeout_s=9.0),
            rule("probes/*", 5, timeout_s=1.0),
            rule("test_buy", 8, timeout_s=30.0),
        ),
    )

    found = origins(workspace, PolicyOverrides(environment="staging"))

    assert found["environment"] == "journeys/test_shop.py:12"
    assert found["timeout_s"] == "scheduler/schedule.toml:8"
    assert found["every_s"] == "scheduler/schedule.toml:2"
    assert found["retries"] == "outrider.toml [defaults]"
    assert found["locations"] == "default"


def test_labels_of_several_files_name_them_all() -> None:
    """They add up; tags do not."""
    workspace = Workspace(
        Path("/w"), "w", schedule=(rule("*", 2, labels={"team": "shop"}), rule("test_buy", 6, labels={"tier": "1"}))
    )

    found = origins(workspace, PolicyOverrides(labels={"page": "pay"}, tags=frozenset({"slow"})))

    assert found["labels"] == "scheduler/schedule.toml:2, scheduler/schedule.toml:6, journeys/test_shop.py:12"
    assert found["tags"] == "journeys/test_shop.py:12"


def test_a_rule_for_a_tag_counts_where_the_check_has_it_itself() -> None:
    """As when the policy was resolved."""
    workspace = Workspace(Path("/w"), "w", schedule=(rule("tag:slow", 4, timeout_s=99.0),))

    with_tag = origins(workspace, PolicyOverrides(tags=frozenset({"slow"})))
    without = origins(workspace, PolicyOverrides())

    assert with_tag["timeout_s"] == "scheduler/schedule.toml:4"
    assert without["timeout_s"] == "default"
