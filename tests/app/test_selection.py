"""Checks of a store, chosen by patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store

from outrider.app.access.selection import select_stored
from outrider.app.access.workspace_access import register_checks
from outrider.model import Check, CheckId, Kind, UsageError
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store

PAY = Check(CheckId("journey:journeys/test_pay.py::test_pay"), Kind.JOURNEY, "journeys/test_pay.py", "test_pay", "Pay")
HOME = Check(CheckId("probe:probes/shop.toml::home"), Kind.PROBE, "probes/shop.toml", "home", "home")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as opened:
        register_checks(opened.checks, Workspace(root=tmp_path, name="t"), [PAY, HOME])
        yield opened


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([PAY.id], [PAY.id]),
        (["probes/shop.toml"], [HOME.id]),
        (["home"], [HOME.id]),
        (["*"], [PAY.id, HOME.id]),
        (["probes/*.toml"], [HOME.id]),
        (["hom[e]"], [HOME.id]),
        (["shop"], [HOME.id]),
        (["shop", "pay"], [PAY.id, HOME.id]),
    ],
)
def test_a_stored_check_is_named_by_id_file_name_or_a_part_of_its_id(
    store: Store, patterns: list[str], expected: list[CheckId]
) -> None:
    """In the order of ids, whatever the patterns' is."""
    assert list(select_stored(store.checks, patterns)) == expected


def test_a_pattern_that_matches_no_stored_check_is_refused(store: Store) -> None:
    """Even beside one that does."""
    with pytest.raises(UsageError, match='"basket"') as raised:
        select_stored(store.checks, ["pay", "basket"])

    assert (raised.value.slug, bool(raised.value.fix)) == ("unknown-check", True)


def test_a_renamed_check_takes_its_history_along_once_it_is_there(store: Store, tmp_path: Path) -> None:
    """An alias to a check that the workspace does not have renames nothing."""
    new, absent = CheckId("journey:journeys/test_pay.py::test_checkout"), CheckId("probe:probes/shop.toml::index")
    renamed = Check(new, Kind.JOURNEY, "journeys/test_pay.py", "test_checkout", "Pay")
    workspace = Workspace(root=tmp_path, name="t", aliases={PAY.id: new, HOME.id: absent})

    register_checks(store.checks, workspace, [renamed])

    assert [check.id for check in store.checks.all()] == [new, HOME.id]
