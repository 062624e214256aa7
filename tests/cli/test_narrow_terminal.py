"""At a terminal of eighty columns no line of a command is wider, however long the names in it are."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from tests.builders import new_store, run_of
from tests.cli.conftest import Desk
from tests.dashboard.error_scene import declined

from outrider.alerts import Incident, Phase
from outrider.alerts.finding import Facts, Problem
from outrider.alerts.incident_records import stored_incident
from outrider.cli.printable_console import PrintableConsole
from outrider.cli.service_tables import hosts_table
from outrider.model import AlertChanges, ErrorRecord, ErrorSource, HostReading, Measurement, Outcome, Step, StepKind

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 80
END = "end-apart"
LONG = "支払い" * 30 + "long-" * 20 + END
NOW_US = time.time_ns() // 1_000
TERMINAL = {"FORCE_COLOR": "1", "TERM": "dumb", "COLUMNS": str(WIDTH)}


@pytest.fixture
def place(tmp_path: Path) -> Desk:
    """A workspace in which everything has a long name."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", '[workspace]\ntimezone = "America/Argentina/Buenos_Aires"\n')
    check = f"probe:{LONG}"
    measurement = Measurement(
        Outcome.FAILED, LONG, NOW_US, 200.0,
        steps=(Step(LONG, LONG, StepKind.NAMED, 20.0, 1.0, error=LONG, source=LONG),),
        errors=(ErrorRecord(ErrorSource.PAGE, LONG),), attributes={"variant": LONG},
    )  # fmt: skip
    incident = Incident(
        "0" * 32, Problem.FAILURE, NOW_US, NOW_US, Facts(LONG, since_us=NOW_US), phase=Phase.OPEN, opened_us=NOW_US,
        checks=(check,), check_count=1, events=((NOW_US, f"opened by {LONG}"),), assigned_to=LONG,
    )  # fmt: skip
    with new_store(desk.root / ".outrider/outrider.db", artifacts=desk.root / ".outrider/artifacts") as store:
        good = replace(measurement, outcome=Outcome.PASSED, started_us=NOW_US - 60_000_000, errors=())
        store.runs.record(run_of(good, check, environment=LONG))
        store.runs.record(run_of(measurement, check, environment=LONG))
        store.incidents.record(AlertChanges(incidents=(stored_incident(incident),)))
        store.errors.add([declined(transaction=LONG, release=LONG)])
    assert desk.outrider("errors", "assign", "1", "--to", LONG).returncode == 0
    assert desk.outrider("settings", "set", "capabilities.load", "false", "--by", LONG).returncode == 0
    assert desk.outrider("project", "add", LONG).returncode == 0
    return desk


def widest(text: str) -> int:
    """Return how many columns the widest line takes."""
    return max(cell_len(line) for line in text.splitlines())


@pytest.mark.parametrize(
    ("command", "has_name"),
    [
        (("show", "latest"), True),
        (("show", "latest", "--against", "last-good"), True),
        (("status",), True),
        (("incidents", "0000"), True),
        (("errors",), True),
        (("errors", "show", "1"), False),
        (("settings",), False),
        (("project", "list"), True),
    ],
)
def test_no_line_is_wider_and_the_end_of_a_name_stays(place: Desk, command: tuple[str, ...], has_name: bool) -> None:
    """A name is in one line, shortened from the left; in a file it is whole."""
    shown = place.outrider(*command, **TERMINAL)
    written = place.outrider(*command)

    lines = [line for line in shown.stdout.splitlines() if str(place.root) not in line]  # a path is whole, to be copied
    assert widest("\n".join(lines)) <= WIDTH
    assert not has_name or any("…" in line and END in line for line in lines)
    assert widest(written.stdout) > WIDTH
    assert not any(line.endswith(" ") for line in written.stdout.splitlines())


def test_a_host_is_a_line_whatever_its_zone_and_name_are() -> None:
    """The title with the zone's name is wider than the time below it."""
    row = HostReading(LONG, NOW_US, 1.0, 1.0, 1.0, "/", 100.25, 1_234_560_000.0, (LONG,))
    out = io.StringIO()
    console = PrintableConsole(file=out, width=WIDTH, force_terminal=True, color_system=None)

    console.print(hosts_table([row], "America/Argentina/Buenos_Aires"))

    title, line = out.getvalue().splitlines()
    assert widest(title) <= WIDTH
    assert widest(line) <= WIDTH
    assert "1234.56 MB" in line
