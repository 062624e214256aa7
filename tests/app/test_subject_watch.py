"""A service of the system under test is judged while Outrider runs: from aggregates to an incident, and to its end."""

from __future__ import annotations

import queue
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.alerts.conftest import NOW_US, SECOND_US
from tests.builders import new_store
from tests.waiting import until

import outrider
from outrider.alerts import AlertSettings, Phase, read_incident
from outrider.app import now_us, open_workspace
from outrider.app.access.workspace_access import find_workspace, open_store
from outrider.app.alerting.alert_service import AlertService
from outrider.app.service.subject_watch import SubjectWatch
from outrider.app.service.workspace_service import WorkspaceService
from outrider.baselines import Settings
from outrider.model import AggregateSample, Subject, SubjectKind
from outrider.runs import LiveJudge, SubjectJudgement
from outrider.scheduler import Health, ResultPipeline
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.model import Run
    from outrider.runs import Judgement
    from outrider.store import Store

CHECKOUT = Subject.of(SubjectKind.SERVICE, "checkout")
CADENCE_US = 300 * SECOND_US
CALM, SLOW, LATER = 1_200, 12, 30
WAIT_S = 60.0


def aggregates(begin_us: int, values: np.ndarray, subject: Subject = CHECKOUT) -> list[AggregateSample]:
    return [
        AggregateSample(subject, "POST /pay", "duration_ms", "production", "", begin_us + number * CADENCE_US, value)
        for number, value in enumerate(values.tolist())
    ]


def history(begin_us: int) -> list[AggregateSample]:
    """Return four calm days of a service, an hour in which it is slow, and two and a half hours that are calm again."""
    values = 80 * np.exp(np.random.default_rng(7).normal(0, 0.08, CALM + SLOW + LATER))
    values[CALM : CALM + SLOW] *= 3
    return aggregates(begin_us, values)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


class Ticks:
    """A listener that says when all listeners before it have worked through a tick."""

    def __init__(self) -> None:
        self.seen: queue.SimpleQueue[int] = queue.SimpleQueue()

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Ignore runs."""

    def ticked(self, now_us: int) -> None:
        """Note the tick."""
        self.seen.put(now_us)


@pytest.fixture
def tick(store: Store) -> Iterator[Callable[[int], None]]:
    """Return what lets a service's pipeline work through one tick."""
    alerts, ticks = AlertService(store, lambda: True), Ticks()
    alerts.use(Workspace(root=Path(), name="t"), [], AlertSettings())
    watch = SubjectWatch(store.aggregates, alerts.subject_judged, judge_s=WAIT_S)
    watch.judge = LiveJudge(store, Settings())
    pipeline = ResultPipeline(None, [watch, alerts, ticks], Health())

    def work(at_us: int) -> None:
        pipeline.ticked(at_us)
        assert ticks.seen.get(timeout=WAIT_S) == at_us

    yield work
    pipeline.close(WAIT_S)
    alerts.close()


def phase(store: Store) -> str:
    """Return the phase of the one incident that is more than a suspicion; empty if there is none."""
    phases = [incident.phase for incident in store.incidents.search(since_us=0) if incident.phase != Phase.PENDING]
    return phases[0] if phases else ""


@pytest.mark.slow
def test_a_service_that_gets_slower_opens_an_incident_that_is_resolved_later(
    store: Store, tick: Callable[[int], None]
) -> None:
    """Aggregates are judged at the next tick, whoever wrote them."""
    samples = history(NOW_US)
    store.aggregates.record(samples[:CALM])
    tick(samples[CALM].at_us)
    assert phase(store) == ""

    phases = []
    for sample in samples[CALM:]:
        store.aggregates.record([sample])
        tick(sample.at_us + SECOND_US)
        phases.append(phase(store))

    assert store.aggregates.unjudged(1) == ()
    assert phases[SLOW - 1] == Phase.OPEN
    assert phases[-1] == Phase.RESOLVED
    (incident,) = store.incidents.search(since_us=0)
    assert read_incident(incident).labels["subject"] == "service:checkout"
    assert read_incident(incident).began_us == samples[CALM].at_us


def test_judging_works_in_bounded_batches_and_goes_on_at_the_next_tick(store: Store) -> None:
    """A service with no time to judge takes a place at each tick; all steps of a place are judged together."""
    subjects = [Subject.of(SubjectKind.PAGE, f"page-{number}") for number in range(3)]
    for number, subject in enumerate(subjects):
        sample = aggregates(NOW_US + number, np.ones(1), subject)[0]
        store.aggregates.record([sample, replace(sample, step="other")])
    judged: list[SubjectJudgement] = []
    watch = SubjectWatch(store.aggregates, lambda judgement, _: judged.append(judgement), judge_s=0.0)
    watch.judge = LiveJudge(store, Settings())

    for count in (1, 2, 3, 3):
        watch.ticked(NOW_US)
        assert len(judged) == count

    assert [judgement.subject for judgement in judged] == subjects
    assert {judgement.step for judgement in judged[0].judgements} == {"POST /pay", "other"}


def test_what_nobody_watches_is_not_judged(store: Store) -> None:
    """What a gate measured is kept apart, and a service whose judging is off leaves everything for later."""
    sample = aggregates(NOW_US, np.ones(1))[0]
    judged: list[SubjectJudgement] = []
    watch = SubjectWatch(store.aggregates, lambda judgement, _: judged.append(judgement))
    store.aggregates.record([sample, replace(sample, environment="production-gate")])
    watch.ticked(NOW_US)
    assert len(store.aggregates.unjudged(9)) == 2

    watch.judge = LiveJudge(store, Settings())
    watch.ticked(NOW_US)

    assert [judgement.environment for judgement in judged] == ["production"]
    assert store.aggregates.unjudged(9) == ()


def test_what_follows_a_judgement_may_break_and_is_done_again(store: Store) -> None:
    """A series is struck off after what its judgement leads to: a full disk in between costs no incident."""
    store.aggregates.record(aggregates(NOW_US, np.ones(1)))
    judged: list[SubjectJudgement] = []

    def take(judgement: SubjectJudgement, _: int) -> None:
        judged.append(judgement)
        if len(judged) == 1:
            raise OSError("no space left")

    watch = SubjectWatch(store.aggregates, take)
    watch.judge = LiveJudge(store, Settings())
    with pytest.raises(OSError, match="no space left"):
        watch.ticked(NOW_US)

    watch.ticked(NOW_US)
    watch.ticked(NOW_US)

    assert len(judged) == 2


@pytest.mark.slow
def test_aggregates_that_another_process_writes_are_judged_by_the_running_service(tmp_path: Path) -> None:
    """The whole service: an `outrider.OpenWorkspace` writes, and the service judges at its next tick."""
    (tmp_path / "outrider.toml").write_text('[workspace]\nname = "shop"\n')
    samples = history(now_us() - (CALM + SLOW + LATER) * CADENCE_US)
    settings = find_workspace(tmp_path)
    with open_store(settings) as own_store, open_workspace(tmp_path) as workspace:
        service = WorkspaceService(settings, own_store)
        serving = threading.Thread(target=service.serve)
        serving.start()
        try:
            first, *later = (samples[: CALM + SLOW - 2], *([sample] for sample in samples[CALM + SLOW - 2 :]))
            opened = resolved = False
            for batch in (first, *later):
                assert workspace.record_aggregates(batch).stored == len(batch)
                until(lambda: not own_store.aggregates.unjudged(1))
                opened = opened or phase(own_store) == Phase.OPEN
                resolved = phase(own_store) == Phase.RESOLVED
                if resolved:
                    break
        finally:
            service.stop()
            serving.join(WAIT_S)

    assert (opened, resolved) == (True, True)


def test_the_public_names_make_an_aggregate() -> None:
    """Whoever writes aggregates needs nothing but `outrider`."""
    subject = outrider.Subject.of(outrider.SubjectKind.SERVICE, "checkout")

    sample = outrider.AggregateSample(subject, "POST /pay", "duration_ms", "production", "", NOW_US, 81.5)

    assert sample.subject == CHECKOUT
