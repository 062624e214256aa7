"""Stored runs are judged, run by run, as a replay of the same samples would."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.builders import new_store, run_of

from outrider.baselines import Condition, Settings, Signal, replay
from outrider.model import (
    CheckId,
    Checkpoint,
    Measurement,
    Outcome,
    Release,
    Run,
    Sample,
    Step,
    StepKind,
)
from outrider.runs import GATE_SUFFIX, METRIC, Judge, Judgement, primary_series, step_statuses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store

CHECK = CheckId("journey:buy")
START_US = 1_780_000_000_000_000
CADENCE_US = 300_000_000
CALM = 1_200  # runs: four days, long enough to have learned


def make_run(number: int, pay_ms: float, outcome: Outcome = Outcome.PASSED, environment: str = "production") -> Run:
    """Return a run with one primary step."""
    due_us = START_US + number * CADENCE_US
    good = outcome is Outcome.PASSED
    steps = (Step("pay", "pay", StepKind.NAMED, 0.0, pay_ms),)
    samples = (Sample("pay", METRIC, pay_ms),) if good else ()
    measurement = Measurement(outcome, "" if good else "why", due_us, pay_ms, steps, samples)
    return run_of(measurement, CHECK, measured=good, environment=environment)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


def durations(slow_from: int) -> list[float]:
    """Return durations of the calm and what follows, three times as slow from a run on."""
    rng = np.random.default_rng(7)
    values = 300 * np.exp(rng.normal(0, 0.08, CALM + 40))
    values[slow_from:] *= 3
    return [float(value) for value in values]


RELEASES = {"2.0": 10, "2.1": 20, "2.2": 30, "2.3": 40}
STEADY = Signal(Condition.STEADY, None, 12, 100.0, 90.0, 110.0, 1.0, None, 0.1, False, "as expected")


def feed(store: Store, judge: Judge, values: list[float], first: int) -> list[Judgement]:
    """Store and judge runs one by one, and return what was said of each."""
    judgements = []
    for number, value in enumerate(values, first):
        run = make_run(number, value)
        store.runs.record(run)
        judgements += [judgement for judgement in judge.judge(run) if judgement.step]
    return judgements


@pytest.mark.slow
def test_run_by_run_gives_what_a_replay_gives(store: Store) -> None:
    """Each run is judged from a checkpoint; the states are those of the whole history in one go."""
    values = durations(slow_from=CALM + 10)
    store.runs.record_many([make_run(number, value) for number, value in enumerate(values[:CALM])])
    store.judgements.record_release(Release("2.1", "production", START_US + (CALM + 9) * CADENCE_US))

    judgements = feed(store, Judge(store, Settings()), values[CALM:], CALM)

    at = (START_US + np.arange(len(values)) * CADENCE_US) // 1_000_000
    whole = replay(at.astype("datetime64[s]"), np.array(values))
    open_now = [judged.signal.condition is Condition.DEGRADED for judged in judgements]
    assert open_now == whole[CALM:].tolist()
    assert open_now[-1]
    assert not any(open_now[:10])
    assert (judgements[-1].step, judgements[-1].release) == ("pay", "2.1")


@pytest.mark.parametrize(
    ("began_us", "release", "later"),
    [(None, "2.2", ""), (10, "2.0", "2.2"), (20, "2.1", "2.2"), (29, "2.1", "2.2"), (30, "2.2", ""), (9, "", "2.2")],
)
def test_only_a_release_before_the_deviation_explains_it(began_us: int | None, release: str, later: str) -> None:
    """One that came afterwards is named as such; one after the run is not known yet."""
    releases = [Release(name, "production", at_s * 1_000_000) for name, at_s in RELEASES.items()]
    signal = replace(STEADY, since=began_us)

    judgement = Judgement.of("pay", signal, releases, 35 * 1_000_000)

    assert (judgement.release, judgement.later_release) == (release, later)
    assert judgement.recent_release == (release if began_us is not None else "")


def test_a_step_that_takes_no_time_is_judged(store: Store) -> None:
    """Zero is a value: what is not worth a microsecond today may take seconds tomorrow."""
    run = make_run(0, 0.0)
    store.runs.record(run)

    judgements = Judge(store, Settings()).judge(run)

    assert [judgement.step for judgement in judgements] == ["", "pay"]
    assert "1 run and" in judgements[1].signal.reason


@pytest.mark.slow
def test_what_the_judge_knew_is_rebuilt_from_samples(store: Store) -> None:
    """A damaged checkpoint costs time and no knowledge."""
    values = durations(slow_from=CALM + 5)
    store.runs.record_many([make_run(number, value) for number, value in enumerate(values[: CALM + 20])])
    (series,) = primary_series(store, CHECK)
    store.judgements.record_checkpoints([Checkpoint(series, START_US, "steady", "", b"damaged")])

    judgements = feed(store, Judge(store, Settings()), values[CALM + 20 : CALM + 21], CALM + 20)

    assert [judged.signal.condition for judged in judgements] == [Condition.DEGRADED]
    assert store.judgements.checkpoints([series])[0].condition == "degraded"


@pytest.mark.slow
def test_an_accepted_release_makes_its_level_the_new_normal(store: Store) -> None:
    """What was degraded before is learned anew, even if the release is accepted afterwards."""
    values = durations(slow_from=CALM + 5)
    store.runs.record_many([make_run(number, value) for number, value in enumerate(values[: CALM + 38])])
    judge = Judge(store, Settings())
    (before,) = feed(store, judge, values[CALM + 38 : CALM + 39], CALM + 38)

    store.judgements.record_release(Release("2.1", "production", START_US + (CALM + 5) * CADENCE_US, accepted=True))
    (after,) = feed(store, judge, values[CALM + 39 :], CALM + 39)

    assert before.signal.condition is Condition.DEGRADED
    assert after.signal.condition is not Condition.DEGRADED


def test_failing_runs_give_no_numbers_and_are_judged_as_failures(store: Store) -> None:
    """After a calm past a row of failures is more than chance; what says nothing about the target is passed over."""
    judge = Judge(store, Settings())
    store.runs.record_many([make_run(number, 300.0) for number in range(200)])

    judged_runs = []
    for number in range(200, 204):
        run = make_run(number, 300.0, Outcome.FAILED)
        store.runs.record(run)
        judged_runs += judge.judge(run)
    ours = make_run(204, 300.0, Outcome.INCONCLUSIVE)
    store.runs.record(ours)

    assert [judged.step for judged in judged_runs] == [""] * 4
    assert judged_runs[0].signal.condition is Condition.STEADY
    assert judged_runs[-1].signal.condition is Condition.DEGRADED
    assert judge.judge(ours) == []


def test_the_same_run_judged_twice_says_the_same(store: Store) -> None:
    """Nothing is folded twice."""
    judge, run = Judge(store, Settings()), make_run(1, 300.0)
    store.runs.record(run)

    first, second = judge.judge(run), judge.judge(run)

    assert [(judged.step, judged.signal.condition, judged.signal.reason) for judged in first] == [
        (judged.step, judged.signal.condition, judged.signal.reason) for judged in second
    ]
    assert {judged.signal.condition for judged in first} == {Condition.LEARNING}


def test_a_check_stands_where_its_last_judgement_left_it(store: Store) -> None:
    """In each place that is watched; a failure after the last run that passed changes nothing about its speed."""
    store.runs.record_many(
        [
            *(make_run(number, 300.0) for number in range(5)),
            *(make_run(number, 300.0, environment="staging") for number in range(7)),
            *(make_run(number, 300.0, environment=f"production{GATE_SUFFIX}") for number in range(9)),
            make_run(20, 300.0, Outcome.FAILED),
        ]
    )
    judge = Judge(store, Settings())

    first, again = step_statuses(store, judge, CHECK), step_statuses(store, judge, CHECK)

    assert [(judged.environment, judged.judgement.step, judged.at_us) for judged in first] == [
        ("production", "", START_US + 4 * CADENCE_US),
        ("production", "pay", START_US + 4 * CADENCE_US),
        ("staging", "", START_US + 6 * CADENCE_US),
        ("staging", "pay", START_US + 6 * CADENCE_US),
    ]
    assert {judged.environment for judged in primary_series(store, CHECK)} == {"production", "staging"}
    assert [judged.judgement.signal.reason for judged in again] == [judged.judgement.signal.reason for judged in first]
    assert "7 runs" in first[-1].judgement.signal.reason


@pytest.mark.slow
def test_a_run_that_comes_late_is_judged_in_its_place(store: Store) -> None:
    """A worker that was cut off brings its runs afterwards: the answer is that of all of them in the order of time."""
    values = durations(slow_from=CALM + 5)
    late = make_run(CALM + 9, values[CALM + 9])
    store.runs.record_many([make_run(number, value) for number, value in enumerate(values[:CALM])])
    judge = Judge(store, Settings())
    feed(store, judge, values[CALM : CALM + 9], CALM)
    feed(store, judge, values[CALM + 10 : CALM + 12], CALM + 10)

    store.runs.record(late)
    (judgements,) = [judgement.signal for judgement in judge.judge(late) if judgement.step]

    with_all = [make_run(number, value) for number, value in enumerate(values[: CALM + 12])]
    whole = replay(
        np.array([run.due_us // 1_000_000 for run in with_all]).astype("datetime64[s]"), np.array(values[: CALM + 12])
    )
    assert (judgements.condition is Condition.DEGRADED) == whole[-1]
    (checkpoint,) = store.judgements.checkpoints(primary_series(store, CHECK))
    assert checkpoint.at_us == with_all[-1].due_us
