"""Incidents of a store: listed, and named by a part of their ids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.alerts.conftest import NOW_US
from tests.builders import new_store

from outrider.alerts.finding import Facts, Problem
from outrider.alerts.incident import Incident, Phase
from outrider.alerts.incident_records import stored_incident
from outrider.app import (
    SilentListener,
    acknowledge_incident,
    find_incident,
    find_stored_incident,
    list_incidents,
    now_us,
)
from outrider.app.alerting.stored_incidents import Undelivered, stored_incident_rows
from outrider.model import AlertChanges, Notification, Silence, Status, UsageError
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.model import OutriderError
    from outrider.store import Store

DAY_US = 86_400_000_000
WORKSPACE = Workspace(root=Path("/nowhere"), name="t")
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


def record(store: Store, name: str, began_us: int, phase: Phase = Phase.OPEN, **fields: Any) -> Incident:
    """Store an incident of one check; one that is resolved ended a second after it began."""
    ended_us = began_us + 1_000_000 if phase is Phase.RESOLVED else None
    incident = Incident(
        name, Problem.FAILURE, began_us, began_us, Facts(f"{name} is refused"), phase=phase, opened_us=began_us,
        ended_us=ended_us, checks=("pay", "home"), check_count=2, labels={"check": name},
    )  # fmt: skip
    incident = replace(incident, **fields)
    store.incidents.record(AlertChanges((stored_incident(incident),)))
    return incident


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "empty.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


def test_what_is_resolved_is_listed_on_request_and_for_some_days(empty: Store) -> None:
    """The latest first; what lasts is listed however old it is."""
    at_us = now_us()
    record(empty, "lasting", at_us - 90 * DAY_US)
    record(empty, "recent", at_us - 2 * DAY_US, Phase.RESOLVED)
    record(empty, "old", at_us - 8 * DAY_US, Phase.RESOLVED)

    def names(**options: Any) -> list[str]:
        return [incident.id for incident in list_incidents(WORKSPACE, empty, **options).incidents]

    assert names() == ["lasting"]
    assert names(include_resolved=True, days=7) == ["recent", "lasting"]
    assert names(include_resolved=True, days=9) == ["recent", "old", "lasting"]
    assert names(include_resolved=True, days=1) == ["lasting"]


def test_a_list_says_what_is_muted_undelivered_and_left_out(empty: Store) -> None:
    """So that nobody believes that somebody was called."""
    at_us = now_us()
    record(empty, "pay", at_us - 2)
    record(empty, "home", at_us - 1)
    record(empty, "gone", at_us - 3, Phase.RESOLVED)
    empty.silences.record(Silence("s", at_us - 1, at_us + DAY_US, ("check=pay",), "ada", "a drill"))
    empty.silences.record(Silence("over", at_us - 9, at_us - 1, ("check=home",), "ada", "a drill"))
    lost = Notification("n", "ops", "t", "trigger", at_us, at_us, "{}", Status.UNDELIVERED, 3, at_us, "refused")
    empty.outbox.add(lost)

    listed = list_incidents(WORKSPACE, empty, include_resolved=True)
    cut = list_incidents(WORKSPACE, empty, include_resolved=True, limit=2)

    assert listed.muted == {"pay": "silenced by ada: a drill", "home": ""}
    assert listed.undelivered == {"ops": Undelivered(1, "refused")}
    assert (listed.is_complete, cut.is_complete, len(cut.incidents)) == (True, False, 2)


def test_alert_settings_that_cannot_be_read_leave_a_list_and_a_problem(empty: Store, tmp_path: Path) -> None:
    """Who wants to know what is wrong is told that, too."""
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler/alerts.toml").write_text("[route]\nreceivers = 3\n")
    record(empty, "pay", now_us())
    problems: list[OutriderError] = []

    class Listener(SilentListener):
        def problem(self, error: OutriderError) -> None:
            problems.append(error)

    listed = list_incidents(Workspace(root=tmp_path, name="t"), empty, listener=Listener())

    assert [incident.id for incident in listed.incidents] == ["pay"]
    assert len(problems) == 1


def test_what_is_resolved_is_named_by_a_part_of_its_id_and_what_is_pending_is_not(empty: Store) -> None:
    """A suspicion is no incident; one that is over cannot be acknowledged, and can be shown."""
    record(empty, "aa-over", NOW_US, Phase.RESOLVED)
    record(empty, "bb-lasting", NOW_US)
    record(empty, "cc-suspected", NOW_US, Phase.PENDING)

    assert find_stored_incident(empty.incidents, "aa").id == "aa-over"
    assert find_stored_incident(empty.incidents, "bb").id == "bb-lasting"
    assert find_incident(empty.incidents, "bb").id == "bb-lasting"
    for find, text in ((find_stored_incident, "cc"), (find_incident, "aa"), (find_incident, "cc")):
        with pytest.raises(UsageError) as raised:
            find(empty.incidents, text)
        assert raised.value.slug == "unknown-incident"


def test_rows_are_of_incidents_that_began_in_the_time_asked_for(empty: Store) -> None:
    """From its first microsecond to before its last, in the order of time."""
    for name, began_us in (("c", 30), ("a", 10), ("b", 20), ("late", 40)):
        record(empty, name, NOW_US + began_us, acknowledged_by="ada" if name == "b" else "")

    rows = stored_incident_rows(empty.incidents, NOW_US + 20, NOW_US + 40)

    assert [(row["incident"], row["check"], row["check_count"], row["acknowledged_by"]) for row in rows] == [
        ("b", "pay", 2, "ada"), ("c", "pay", 2, ""),
    ]  # fmt: skip
    assert [row["begin_us"] for row in stored_incident_rows(empty.incidents, None, None)] == [
        NOW_US + at_us for at_us in (10, 20, 30, 40)
    ]


def test_an_acknowledgement_names_incident_action_and_author(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of this process where nobody else is named."""
    monkeypatch.setenv("OUTRIDER_USER", "grace")

    acknowledged = acknowledge_incident(store, "a07")
    acknowledge_incident(store, "a08", author="ada", resolve=True)

    assert acknowledged.id == IDS[7]
    assert [(row.incident, row.action, row.author) for row in store.incidents.acknowledgements()] == [
        (IDS[7], "acknowledge", "grace"), (IDS[8], "close", "ada"),
    ]  # fmt: skip
    entries = [(entry.actor, entry.action, entry.subject) for entry in store.audit.search()]
    assert entries == [("ada", "incident.resolve", IDS[8]), ("grace", "incident.acknowledge", IDS[7])]
    assert store.audit.search()[0].origin.endswith("by grace")
