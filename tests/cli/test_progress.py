"""Lines about runs: of whom they speak, and of how long."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from tests.builders import run_of
from tests.waiting import until

from outrider.cli.load_tables import LoadProgress
from outrider.cli.progress import Progress
from outrider.cli.run_tables import step_table, turn_text
from outrider.model import (
    Attempt,
    Check,
    CheckId,
    Claim,
    EndpointLoad,
    Histogram,
    HostTurn,
    Kind,
    LoadInterval,
    Measurement,
    Outcome,
    Policy,
    Step,
    StepKind,
)

if TYPE_CHECKING:
    import pytest

NOW_US = 1_800_000_000_000_000
FAILED = Measurement(Outcome.FAILED, "no button", NOW_US, 2000.0)
SHOP = Check(CheckId("load:shop"), Kind.LOAD, "shop.py", "shop", "shop", Policy())
FIRST = HostTurn(Claim(f"journey:{'folder/' * 30}test_shop.py::test_pay"), "/shop", 7, NOW_US)


def test_the_step_that_failed_is_marked_without_colours() -> None:
    """In a log, too; a table in which no step failed has no such column."""
    step = Step("pay", "Pay", StepKind.NAMED, 0.0, 12.0)
    out = StringIO()
    for steps in ((step,), (step, replace(step, key="send", title="Send", error="no button"))):
        Console(file=out, width=200).print(step_table(Attempt(1, True, False, replace(FAILED, steps=steps))))

    lines = [line.split() for line in out.getvalue().splitlines()]

    assert lines == [
        ["ms", "step", "source"], ["12", "Pay"],
        ["ms", "step", "source", "outcome"], ["12", "Pay"], ["12", "Send", "failed"],
    ]  # fmt: skip


def test_the_time_of_several_attempts_is_called_that(capsys: pytest.CaptureFixture[str]) -> None:
    """It is not the time in the table, which is of the first attempt; as there, no time of set-up is in it."""
    run = replace(run_of(FAILED), started_us=NOW_US - 5_000_000)
    again = (*run.attempts, Attempt(2, False, False, FAILED))

    with Progress() as progress:
        progress.finished(run)
        progress.finished(replace(run, attempts=again))

    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(" 2000 ms")
    assert second.endswith(" 4000 ms for 2 attempts")


def test_a_load_waits_as_one_of_one_and_says_so_once(capsys: pytest.CaptureFixture[str]) -> None:
    """That the same turn begins is no news; another turn is."""
    with LoadProgress() as progress:
        progress.waiting(SHOP, [FIRST])
        progress.waiting(SHOP, [replace(FIRST, began_us=NOW_US + 1)])
        progress.waiting(SHOP, [replace(FIRST, pid=8)])

    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" waits ")[0].strip() for line in lines] == ["1/1 shop", "1/1 shop"]


def test_a_long_name_of_another_workspace_is_cut_at_its_beginning() -> None:
    """Its end says which test it is."""
    name = turn_text(FIRST, "UTC").split(" of ")[0]

    assert len(name) == 60
    assert name.startswith("…")
    assert name.endswith("test_shop.py::test_pay")


def test_long_work_says_how_much_is_done_after_two_seconds_and_then_every_ten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a log, and only what is new; what is done sooner is silent."""
    times = iter([0.0, 1.9, 2.0, 11.9, 12.0, 30.0])

    with Progress(lambda: next(times)) as progress:
        for done in (0, 1, 2, 3, 3):
            progress.counted(done, 4, "service:checkout")

    assert capsys.readouterr().err.splitlines() == ["2/4 service:checkout", "4/4 service:checkout"]


def test_a_log_says_what_is_being_done_where_it_would_be_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """As whatever the work is, with the time that it takes; a terminal has a spinner."""
    seen = ""

    def is_said() -> bool:
        nonlocal seen
        seen += capsys.readouterr().err
        return bool(seen)

    with Progress(lambda: 0.0, silent_s=0.01) as progress:
        progress.progress("collecting checks")
        until(is_said)

    assert seen == "collecting checks, 0 s so far\n"


def test_one_user_is_no_users(capsys: pytest.CaptureFixture[str]) -> None:
    """The live line counts in the singular."""
    part = EndpointLoad("GET /", Histogram({100: 400}), Histogram())

    with LoadProgress() as progress:
        progress.load_started(SHOP)
        progress.second([LoadInterval(0.0, 1.0, 1, 1, 0.1, 1.0, 0.0, (part,))], 10.0)

    assert capsys.readouterr().err.startswith("shop: 1 user, ")
