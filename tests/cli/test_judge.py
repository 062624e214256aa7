"""What the judge says of numbers that no run measured, on the command line and in the Python API."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.builders import new_store
from tests.cli.conftest import first_message, interrupt, invoke, start

import outrider
from outrider.app import SilentListener, find_workspace, judge_steps, open_store
from outrider.model import AggregateSample, Retention, Subject, SubjectKind

if TYPE_CHECKING:
    from pathlib import Path

BEGIN_US = 1_790_000_000_000_000
CADENCE_US = 300_000_000
DAY_US = 86_400_000_000
CALM, SLOW = 1_200, 12
CHECKOUT = Subject.of(SubjectKind.SERVICE, "checkout")
HOME = Subject.of(SubjectKind.PAGE, "home")


def aggregates(subject: Subject, step: str, values: np.ndarray, metric: str = "duration_ms") -> list[AggregateSample]:
    return [
        AggregateSample(subject, step, metric, "production", "", BEGIN_US + number * CADENCE_US, value)
        for number, value in enumerate(values.tolist())
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace without checks: a service whose payments are slow of late, its errors, and a page that is as ever."""
    (tmp_path / "outrider.toml").touch()
    calm, pay = (80 * np.exp(np.random.default_rng(seed).normal(0, 0.08, CALM + SLOW)) for seed in (1, 2))
    pay[CALM:] *= 3
    with stored(tmp_path) as store:
        store.aggregates.record(
            [
                *aggregates(CHECKOUT, "POST /pay", pay),
                *aggregates(CHECKOUT, "", np.zeros(3), "error_rate"),
                *aggregates(HOME, "", calm),
            ]
        )
    return tmp_path


def stored(root: Path) -> Any:
    return new_store(root / ".outrider/outrider.db", artifacts=root / ".outrider/artifacts")


def test_aggregates_are_judged_as_any_series_is(root: Path) -> None:
    """What deviates comes first: subject, step and metric, since when, and why; what inform only is named."""
    shown = invoke(root, "judge")
    rows = json.loads(invoke(root, "judge", "service:*", "--json").stdout)

    first, last = shown.stdout.splitlines()[1:]
    assert first.startswith("degraded   service:checkout  POST /pay duration_ms  production  2026-")
    assert last.startswith("steady     page:home         duration_ms            production  2026-")
    assert "usually at most" in first
    assert shown.stderr == "stored and not judged: error_rate; of aggregates duration_ms is judged\n"
    (row,) = rows
    named = ("subject", "check", "step", "metric", "condition", "environment")
    assert [row[name] for name in named] == [
        CHECKOUT, CHECKOUT, "POST /pay", "duration_ms", "degraded", "production"
    ]  # fmt: skip
    assert row["since_us"] == (BEGIN_US + CALM * CADENCE_US)
    assert row["at_us"] == BEGIN_US + (CALM + SLOW - 1) * CADENCE_US


def test_reasons_tell_times_of_the_workspace(root: Path) -> None:
    """As every table does; the same moment stands in `since_us`."""
    (root / "outrider.toml").write_text('[workspace]\ntimezone = "Europe/Berlin"\n')

    (row,) = json.loads(invoke(root, "judge", "service:*", "--json").stdout)

    began = datetime.fromtimestamp(row["since_us"] / 1_000_000, ZoneInfo("Europe/Berlin"))
    assert row["reason"].endswith(f", since {began:%Y-%m-%d %H:%M} CEST")


def test_the_python_api_tells_of_aggregates(root: Path) -> None:
    """A subject stands where a check does."""
    with outrider.open_workspace(root) as workspace:
        judged = workspace.judgements()

    assert [(status.subject, status.metric, status.judgement.signal.condition) for status in judged] == [
        (CHECKOUT, "duration_ms", "degraded"), (HOME, "duration_ms", "steady"),
    ]  # fmt: skip


def test_the_status_tells_what_was_judged_last(root: Path) -> None:
    """It judges nothing itself, and says so."""
    before = json.loads(invoke(root, "status", "--json").stdout)["aggregates"]
    invoke(root, "judge", "page:*")

    after = json.loads(invoke(root, "status", "--json").stdout)["aggregates"]
    shown = invoke(root, "status").stdout

    assert [(row["subject"], row["at_us"], row["reason"]) for row in before] == [
        (HOME, None, "not judged yet"), (CHECKOUT, None, "not judged yet"),
    ]  # fmt: skip
    assert [(row["condition"], row["reason"]) for row in after] == [("steady", "as expected"), ("", "not judged yet")]
    assert "page:home         duration_ms            production  steady" in shown


def test_a_subject_that_is_unknown_is_a_wrong_argument(root: Path) -> None:
    """With the nearest that there is."""
    done = invoke(root, "judge", "service:chekout")

    assert done.returncode == 2
    assert 'no stored check or subject has the id "service:chekout"; did you mean "service:checkout"?' in done.stderr
    assert "[unknown-check]" in done.stderr


def test_aggregates_whose_samples_are_pruned_are_left_out(root: Path) -> None:
    """Before they were ever judged, there is nothing to say."""
    with stored(root) as store:
        store.prune(BEGIN_US + 4_000 * DAY_US, Retention())

    done = invoke(root, "judge")

    assert (done.returncode, done.stdout) == (0, "no runs that passed yet: outrider run makes some\n")


class Impatient(SilentListener):
    """Presses Ctrl-C before the second subject."""

    def counted(self, done: int, total: int, what: str) -> None:
        if done:
            raise KeyboardInterrupt


def test_an_interrupted_judge_keeps_the_subjects_that_it_has_judged(root: Path) -> None:
    """Whole, so that the next one goes on with the others and says what it would have said."""
    workspace = find_workspace(root)
    with open_store(workspace) as store, pytest.raises(KeyboardInterrupt):
        judge_steps(workspace, store, listener=Impatient())

    kept = json.loads(invoke(root, "status", "--json").stdout)["aggregates"]
    conditions = [row["condition"] for row in json.loads(invoke(root, "judge", "--json").stdout)]

    assert [row["condition"] for row in kept] == ["steady", ""]
    assert conditions == ["degraded", "steady"]


@pytest.mark.slow
def test_ctrl_c_ends_a_long_calibration_that_says_how_far_it_is(tmp_path: Path) -> None:
    """A series of three weeks takes longer than two seconds, after which progress is told."""
    (tmp_path / "outrider.toml").touch()
    with stored(tmp_path) as store:
        store.aggregates.record(aggregates(HOME, "", np.random.default_rng(1).lognormal(4, 0.1, 21 * 288)))
    process = start(tmp_path, "calibrate")
    first = first_message(process)
    stdout, stderr = interrupt(process)

    assert first == "1/1 page:home\n"
    assert (process.returncode, stdout, stderr.strip()) == (130, "", "interrupted")
