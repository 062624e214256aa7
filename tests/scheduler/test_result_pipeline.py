"""What follows a stored run, when something in it breaks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.scheduler.conftest import NOW_US, Ears, check, made
from tests.waiting import until

from outrider.baselines import Condition, RateSignal
from outrider.model import QueueEntry, RunId, StoreError, new_run_id
from outrider.runs import Judgement
from outrider.scheduler import Health, ResultPipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Run


class Broken(Ears):
    """A judge and listener that breaks."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def learn(self, runs: Sequence[Run]) -> None:
        raise self.error

    def judge(self, run: Run) -> list[Judgement]:
        raise self.error

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        raise self.error

    def ticked(self, now_us: int) -> None:
        raise self.error


def run() -> Run:
    return made(QueueEntry(RunId(new_run_id(NOW_US)), check().id, "local", NOW_US), check(), NOW_US)


@pytest.mark.parametrize("error", [StoreError("locked", slug="store-locked"), KeyError("locked")])
def test_a_listener_that_breaks_keeps_no_other_from_hearing(error: Exception) -> None:
    """Reports that cannot be made must not cost an alert."""
    ears, health = Ears(), Health()
    pipeline = ResultPipeline(None, [Broken(error), ears], health)
    finished = run()
    pipeline.ticked(NOW_US)
    pipeline.stored([finished])
    pipeline.close(60)

    assert ears.runs == [finished]
    assert list(health.problems) == ["listener Broken"]


@pytest.mark.parametrize("error", [StoreError("locked", slug="store-locked"), KeyError("locked")])
def test_a_judge_that_breaks_keeps_nobody_from_hearing(error: Exception) -> None:
    """A failed run is an alert whatever the judge thinks of its durations."""
    ears, health = Ears(), Health()
    pipeline = ResultPipeline(Broken(error), [ears], health)
    finished = [run() for _ in range(5)]
    pipeline.stored(finished)
    pipeline.close(60)

    assert ears.runs == finished
    assert list(health.problems) == ["judging"]


class Away(Ears):
    """A judge and listener whose store is away the first times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.tries = [times, times]

    def learn(self, runs: Sequence[Run]) -> None:
        raise StoreError("away", slug="store-unreachable")

    def judge(self, run: Run) -> list[Judgement]:
        self._ask(0)
        return [Judgement("pay", RateSignal(Condition.STEADY, 0.0, 0.0, 0.0, ""))]

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        self._ask(1)
        super().run_finished(run, judgements)
        self.judged = judgements

    def _ask(self, what: int) -> None:
        self.tries[what] -= 1
        if self.tries[what] >= 0:
            raise StoreError("away", slug="store-unreachable")


def test_stored_runs_wait_for_a_store_that_is_away() -> None:
    """They are judged, and told of once, in the order of storing."""
    away, ears, health = Away(3), Ears(), Health()
    pipeline = ResultPipeline(away, [away, ears], health, again_s=0.01)
    runs = [run(), run()]
    pipeline.stored(runs)
    until(lambda: len(ears.runs) == 2, "both are told of")
    pipeline.close(60)

    assert away.runs == ears.runs == runs
    assert [judgement.step for judgement in away.judged] == ["pay"]
    assert health.problems == {}


class Busy(Ears):
    """A judge that is held up at its first run, and cannot learn one of the others."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun, self.goes_on = threading.Event(), threading.Event()
        self.learned: list[Sequence[Run]] = []
        self.judged: list[Run] = []

    def learn(self, runs: Sequence[Run]) -> None:
        self.learned.append(runs)
        raise ValueError("one of them is damaged")

    def judge(self, run: Run) -> list[Judgement]:
        self.has_begun.set()
        assert self.goes_on.wait(60)
        self.judged.append(run)
        return []


def test_what_waits_is_learned_together_and_judged_run_by_run() -> None:
    """In its order, whatever becomes of learning; time passes in between for those who listen."""
    busy, ears = Busy(), Ears()
    pipeline = ResultPipeline(busy, [ears], Health())
    first, *rest = (run() for _ in range(250))
    pipeline.stored([first])
    assert busy.has_begun.wait(60)
    pipeline.stored(rest[:50])
    pipeline.ticked(NOW_US)
    pipeline.stored(rest[50:])
    backlog = pipeline.backlog
    busy.goes_on.set()
    pipeline.close(60)

    assert backlog == 251
    assert busy.judged == ears.runs == [first, *rest]
    assert ears.ticks == [NOW_US]
    assert [made for runs in busy.learned for made in runs] == rest
    assert [len(runs) for runs in busy.learned] == [99, 100, 50]
