"""At a terminal of eighty columns no line of a command is wider, however long the names in it are."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from tests.builders import new_store, run_of
from tests.cli.conftest import CALM, Desk
from tests.dashboard.error_scene import declined
from tests.gate.conftest import sessions

from outrider.alerts import Incident, Phase
from outrider.alerts.finding import Facts, Problem
from outrider.alerts.incident_records import stored_incident
from outrider.app import Decision, GateResult, Knee, Proof, ProofVerdict
from outrider.baselines import Plan
from outrider.cli.gate_tables import GateOutputs
from outrider.cli.load_tables import print_knee, print_load
from outrider.cli.printable_console import PrintableConsole
from outrider.cli.prove import ProofProgress, proof_finding
from outrider.cli.service_tables import hosts_table
from outrider.gate import Rules, decide
from outrider.model import (
    AlertChanges,
    Check,
    CheckId,
    EndpointLoad,
    ErrorRecord,
    ErrorSource,
    FailureGroup,
    ForegroundRun,
    Histogram,
    HostReading,
    Kind,
    LoadInterval,
    LoadResult,
    Measurement,
    Outcome,
    Policy,
    RunId,
    Step,
    StepKind,
)

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
    desk.write("outrider.toml", f'{CALM}[workspace]\ntimezone = "America/Argentina/Buenos_Aires"\n')
    desk.write("probes/long.toml", f'["{LONG}"]\nkind = "tcp"\naddress = "127.0.0.1:1"\n')
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
        (("run", "probe:*"), True),
    ],
)
def test_no_line_is_wider_and_the_end_of_a_name_stays(place: Desk, command: tuple[str, ...], has_name: bool) -> None:
    """A name is in one line, shortened from the left; in a file it is whole."""
    shown = place.outrider(*command, **TERMINAL)
    written = place.outrider(*command)

    said = (shown.stdout + shown.stderr).splitlines()
    lines = [line for line in said if str(place.root) not in line]  # a path is whole, to be copied
    assert widest("\n".join(lines)) <= WIDTH
    assert not has_name or any("…" in line and END in line for line in lines)
    assert widest(written.stdout) > WIDTH
    assert not any(line.endswith(" ") for line in written.stdout.splitlines())


@pytest.mark.parametrize(
    "command",
    [
        ("runs", f"nothing of {LONG} is {'known ' * 20}"),
        ("gate", "probe:*", "--last", "20"),
        ("runs", "--limit", "x" * 90),
    ],
)
def test_messages_of_errors_are_folded_between_words(place: Desk, command: tuple[str, ...]) -> None:
    """At a terminal each line goes on where it began; in a file a message is a line."""
    shown, written = place.outrider(*command, **TERMINAL).stderr, place.outrider(*command).stderr

    assert shown.split() == written.split()
    assert max(cell_len(line) for line in written.splitlines()) > WIDTH
    assert all(cell_len(line) <= WIDTH or " " not in line.strip() for line in shown.splitlines())


def narrow_console() -> tuple[PrintableConsole, io.StringIO]:
    """Return a terminal of eighty columns, and what was shown on it."""
    out = io.StringIO()
    return PrintableConsole(file=out, width=WIDTH, force_terminal=True, color_system=None), out


def test_a_gate_shows_each_step_in_a_line_with_its_interval_below(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a file the figures are columns."""
    slower = (sessions(10, median_ms=1000, seed=1), sessions(10, median_ms=1300, seed=2))
    check = CheckId(f"journey:{LONG}")
    comparisons = decide({check: slower}, {check: Rules(plan=Plan(looks=(10,)))})
    result = GateResult(Decision(comparisons, (LONG,), (LONG,), LONG, took_s=1.0, check_s={}), {})
    outputs = GateOutputs("inconclusive", as_data=False, junit=None, markdown=None, github=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    outputs.write(result)
    written = capsys.readouterr().out
    for name, value in TERMINAL.items():
        monkeypatch.setenv(name, value)

    outputs.write(result)

    shown = capsys.readouterr().out
    assert widest(shown) <= WIDTH
    assert re.search(rf"^fail +…\S*{END} +pay +\d+ ms +\d+ ms +\+[\d.]+ %$", shown, re.MULTILINE)
    assert re.search(
        r"^  interval \+[\d.]+ % to \+[\d.]+ %, tolerated 5.0 % \(\d+ ms\), sessions 10 *$", shown, re.MULTILINE
    )
    assert "candidate  change  interval" in " ".join(written.splitlines()[0].split()).replace(" ", "  ")


def test_a_load_with_long_names_and_many_levels_fits() -> None:
    """Endpoints, failures, the journey beside it, and the knee."""
    part = EndpointLoad(f"GET /{LONG}", Histogram({100: 400}), Histogram({100: 4}))
    intervals = tuple(
        LoadInterval(float(at), 1.0, at, 1, 0.1, 1.0, 0.0, (part, replace(part, endpoint="b"))) for at in range(9)
    )
    foreground = tuple(ForegroundRun(RunId(str(at)), 0.0, 1000 * at, Outcome.PASSED, {LONG: 1.0}) for at in range(9))
    result = LoadResult(intervals, (FailureGroup(f"GET /{LONG}", LONG, 5, ()),), foreground)
    console, out = narrow_console()

    print_load(console, run_of(Measurement(Outcome.FAILED, LONG, NOW_US, 1.0), f"load:{LONG}"), result)
    print_knee(console, result, Knee(1234.5, 1000.0, 1500.0, 123.0, reached=False, form="x"))

    lines = out.getvalue().splitlines()
    assert widest("\n".join(lines)) <= WIDTH
    assert lines[0].startswith("failed  …")
    assert f"{END}  8 users, 9 s, run" in lines[0]
    assert "8,000 users" in out.getvalue()


def test_a_proof_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason without room stands below its fault."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    console, out = narrow_console()
    check = Check(CheckId(f"journey:{LONG}"), Kind.JOURNEY, LONG, LONG, LONG, Policy())

    with ProofProgress(console) as progress:
        progress.proof_started(check)
        progress.proved(check, Proof("", Outcome.PASSED, noticed=False, reason=""))
        progress.proved(check, Proof("abort", Outcome.FAILED, True, f"{'because ' * 9}{END}", ProofVerdict.NOTICED))
    console.print(proof_finding("vacuous:", check.id, "it passes although the server is dead"))

    lines = out.getvalue().splitlines()
    assert widest("\n".join(lines)) <= WIDTH
    assert lines[1:3] == [
        "  intact                                passed",
        "  abort                noticed          failed",
    ]
    assert lines[-2].startswith("vacuous:  …")
    assert lines[-1].rstrip() == "  it passes although the server is dead"


def test_a_host_is_a_line_whatever_its_zone_and_name_are() -> None:
    """The title with the zone's name is wider than the time below it."""
    row = HostReading(LONG, NOW_US, 1.0, 1.0, 1.0, "/", 100.25, 1_234_560_000.0, (LONG,))
    console, out = narrow_console()

    console.print(hosts_table([row], "America/Argentina/Buenos_Aires"))

    title, line = out.getvalue().splitlines()
    assert widest(title) <= WIDTH
    assert widest(line) <= WIDTH
    assert "1234.56 MB" in line
