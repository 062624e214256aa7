"""An incident is named by a part of its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.alerts.conftest import NOW_US
from tests.builders import new_store

from outrider.alerts.finding import Facts, Problem
from outrider.alerts.incident import Incident, Phase
from outrider.alerts.incident_records import stored_incident
from outrider.app import find_incident
from outrider.model import AlertChanges, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store

IDS = [f"a{number:02}-incident-{number:02}z" for number in range(20)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with twenty incidents that last."""
    incidents = [
        Incident(name, Problem.FAILURE, NOW_US, NOW_US, Facts("refused"), phase=Phase.OPEN, opened_us=NOW_US)
        for name in IDS
    ]
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as opened:
        opened.incidents.record(AlertChanges(tuple(stored_incident(incident) for incident in incidents)))
        yield opened


@pytest.mark.parametrize("text", [IDS[7], "a07", "07z"])
def test_the_beginning_or_the_end_of_an_id_is_enough(store: Store, text: str) -> None:
    """People copy what they see of it."""
    assert find_incident(store.incidents, text).id == IDS[7]


@pytest.mark.parametrize(
    ("text", "what"), [("z", '"z" is the beginning or end of 20'), ("b", '"b" is no incident that lasts')]
)
def test_what_names_none_or_several_is_answered_with_some_of_those_there_are(
    store: Store, text: str, what: str
) -> None:
    """And with how many more."""
    with pytest.raises(UsageError) as raised:
        find_incident(store.incidents, text)

    listed = sum(name[-8:] in raised.value.fix for name in IDS)
    assert raised.value.what == what
    assert 0 < listed < len(IDS)
    assert f" and {len(IDS) - listed} more;" in raised.value.fix
