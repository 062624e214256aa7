"""What is judged from memory is what is judged from the store."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store, run_of
from tests.statements import noted_statements

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


def test_a_past_that_is_stored_after_a_run_is_judged_with_it(tmp_path: Path) -> None:
    """As by an import; runs that come later are not, since they wait to be judged themselves."""
    past, first, last = [run(number) for number in range(380)], run(380), run(381)
    with (
        new_store(tmp_path / "a.db", artifacts=tmp_path / "a") as ordered,
        new_store(tmp_path / "b.db", artifacts=tmp_path / "b") as imported,
    ):
        ordered.runs.record_many(past)
        judge, live = Judge(ordered, Settings()), LiveJudge(imported, Settings())
        for some in ([first], past, [last]):
            imported.runs.record_many(some)
        live.learn([first, last])
        for made in (first, last):
            ordered.runs.record(made)
            judged, expected = live.judge(made), judge.judge(made)

            assert [repr(own.signal) for own in judged if own.step == "pay"] == [
                repr(own.signal) for own in expected if own.step == "pay"
            ]


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


def test_a_run_that_a_restored_store_does_not_have_is_judged_by_itself(tmp_path: Path) -> None:
    """It was the only one of its check, and came after the backup."""
    with new_store(tmp_path / "a.db", artifacts=tmp_path / "a") as store:
        failed = replace(run(0), outcome=Outcome.FAILED)

        live, anew = (judge(store, Settings()).judge(failed) for judge in (LiveJudge, Judge))

    assert list(map(repr, live)) == list(map(repr, anew)) != []


def of_check(number: int, check: str) -> Run:
    made = run(number)
    return replace(made, check=CheckId(check), id=new_run_id(made.due_us))


def test_many_new_series_are_learned_by_few_statements(tmp_path: Path) -> None:
    """However many wait: a server that is asked for each of them does not keep pace."""
    with new_store(tmp_path / "a.db", artifacts=tmp_path / "a") as store:
        runs = [of_check(number, f"probe:{number}") for number in range(100)]
        store.runs.record_many(runs)
        judge = LiveJudge(store, Settings())

        with noted_statements() as learning:
            judge.learn(runs)
        with noted_statements() as judging:
            judged = [judge.judge(made) for made in runs]

        assert len(learning) <= 14, learning
        assert judging == []
        assert [[judgement.step for judgement in judgements] for judgements in judged[:49]] == [["", "pay"]] * 49


def test_runs_that_wait_together_are_judged_in_their_order(tmp_path: Path) -> None:
    """What is stored already and judged later is not seen before its turn, and counts once."""
    order = [of_check(number, f"probe:{number % 3}") for number in range(40, 130)]
    settings = Settings()
    with (
        new_store(tmp_path / "a.db", artifacts=tmp_path / "a") as stored,
        new_store(tmp_path / "b.db", artifacts=tmp_path / "b") as lived,
    ):
        judge, live, alone = Judge(stored, settings), LiveJudge(lived, settings), LiveJudge(lived, settings)
        lived.runs.record_many(order)
        live.learn(order)
        for made in order:
            stored.runs.record(made)
            expected = list(map(repr, judge.judge(made)))

            assert list(map(repr, live.judge(made))) == expected
            assert list(map(repr, alone.judge(made))) == expected


def test_more_points_than_are_read_at_once_are_learned_series_by_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that starts on a long history must not read it whole."""
    order = [of_check(number, f"probe:{number % 2}") for number in range(20)]
    with new_store(tmp_path / "a.db", artifacts=tmp_path / "a") as store:
        store.runs.record_many(order)
        whole, parts = LiveJudge(store, Settings()), LiveJudge(store, Settings())
        whole.learn(order[-2:])
        monkeypatch.setattr("outrider.runs.run_judge._READ_AT_ONCE", 15)
        parts.learn(order[-2:])

        for made in order[-2:]:
            assert list(map(repr, parts.judge(made))) == list(map(repr, whole.judge(made)))
