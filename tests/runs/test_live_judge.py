"""What is judged from memory is what is judged from the store."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store, run_of

from outrider.baselines import Settings
from outrider.model import (
    CheckId,
    Measurement,
    Outcome,
    Run,
    Sample,
    Step,
    StepKind,
    StoreError,
    new_run_id,
)
from outrider.runs import Judge, LiveJudge

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.model import SeriesReader
    from outrider.store import Store

NOW_US = 1_800_000_000_000_000
MINUTE_US = 60_000_000


def run(number: int) -> Run:
    due_us = NOW_US + number * 5 * MINUTE_US
    took_ms = (400.0 if number > 380 else 200.0) + (number * 37 % 23)
    outcome = Outcome.FAILED if number % 50 == 49 else Outcome.PASSED
    steps = (Step("pay", "pay", StepKind.NAMED, 0.0, took_ms),)
    measurement = Measurement(outcome, "", due_us, took_ms, steps, (Sample("pay", "duration_ms", took_ms),))
    identity = new_run_id(due_us, number.to_bytes(10))
    return run_of(measurement, "probe:a", measured=outcome is Outcome.PASSED, id=identity)


@pytest.mark.slow
def test_live_judging_says_the_same(tmp_path: Path) -> None:
    """Through learning, failures, a new level, and a restart in between."""
    settings = Settings()
    with (
        new_store(tmp_path / "a.db", artifacts=tmp_path / "a") as stored,
        new_store(tmp_path / "b.db", artifacts=tmp_path / "b") as lived,
    ):
        judge, live = Judge(stored, settings), LiveJudge(lived, settings)
        for number in range(420):
            if number == 200:
                live = LiveJudge(lived, settings)  # a crash: nothing was flushed
            made = run(number)
            stored.runs.record(made)
            lived.runs.record(made)
            judgements, expected = live.judge(made), judge.judge(made)
            assert [(judgement.step, repr(judgement.signal)) for judgement in judgements] == [
                (judgement.step, repr(judgement.signal)) for judgement in expected
            ], number
        live.flush()
        (checkpoint,) = lived.judgements.checkpoints(lived.series.of(CheckId("probe:a"))[:1])
        (other,) = stored.judgements.checkpoints(stored.series.of(CheckId("probe:a"))[:1])
    assert (checkpoint.at_us, checkpoint.condition, checkpoint.state) == (other.at_us, other.condition, other.state)


class Away:
    """A history of which the series cannot be read at times."""

    def __init__(self, store: Store) -> None:
        self.runs, self.judgements, self._series = store.runs, store.judgements, store.series
        self.is_away = False

    @property
    def series(self) -> SeriesReader:
        if self.is_away:
            raise StoreError("away", slug="store-unreachable")
        return self._series


def test_a_run_that_is_judged_again_since_the_store_was_away_counts_once(tmp_path: Path) -> None:
    """Whatever was counted before it broke."""
    settings = Settings()
    with new_store(tmp_path / "a.db", artifacts=tmp_path / "a") as store:
        history = Away(store)
        judge, again = LiveJudge(store, settings), LiveJudge(history, settings)
        for number in range(3):
            made = replace(run(number), outcome=Outcome.PASSED if number < 2 else Outcome.FAILED)
            store.runs.record(made)
            expected = judge.judge(made)
            history.is_away = True
            with suppress(StoreError):  # what is known of before is not read again
                again.judge(made)
            history.is_away = False
            judged = again.judge(made)

            assert [repr(own) for own in judged] == [repr(own) for own in expected], number
