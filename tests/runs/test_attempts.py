"""When another attempt is made, and what all of them say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import run_of

from outrider.model import ArtifactFile, ArtifactKind, Attempt, Measurement, Outcome, Policy
from outrider.runs.attempts import SHORTEST_ATTEMPT_S, Plan, is_measured, next_attempt, run_outcome, shown_attempt

if TYPE_CHECKING:
    from pathlib import Path

PASSED, FAILED, UNSURE, WRONG, SKIPPED = (
    Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.SETUP_ERROR, Outcome.SKIPPED,
)  # fmt: skip


def attempts(*outcomes: Outcome, evidence: Outcome | None = None) -> list[Attempt]:
    """Return attempts that ended so, the reason telling which one it was, and perhaps one for evidence."""
    made = [
        Attempt(number, number == 1, evidence=False, measurement=Measurement(outcome, f"{outcome} {number}", 0, 1.0))
        for number, outcome in enumerate(outcomes, 1)
    ]
    if evidence is not None:
        made.append(Attempt(len(made) + 1, False, True, Measurement(evidence, "evidence", 0, 1.0)))
    return made


@pytest.mark.parametrize(
    ("made", "retries", "plan"),
    [
        ([], 0, Plan(1)),
        ([], 2, Plan(1)),
        (attempts(PASSED), 2, None),
        (attempts(SKIPPED), 2, None),
        (attempts(WRONG), 2, None),
        (attempts(FAILED), 2, Plan(2)),
        (attempts(UNSURE), 2, Plan(2)),
        (attempts(FAILED, PASSED), 2, None),
        (attempts(FAILED, FAILED), 2, Plan(3)),
        (attempts(FAILED, FAILED), 1, Plan(3, evidence=True)),
        (attempts(FAILED, UNSURE), 1, Plan(3, evidence=True)),
        (attempts(UNSURE, UNSURE), 1, None),
        (attempts(FAILED), 0, None),
        (attempts(UNSURE), 0, None),
        (attempts(FAILED, FAILED, evidence=FAILED), 1, None),
        (attempts(FAILED, FAILED, evidence=PASSED), 1, None),
    ],
)
def test_another_attempt_is_made_as_long_as_it_can_tell_more(
    made: list[Attempt], retries: int, plan: Plan | None
) -> None:
    """Retries come first, then evidence of a failure; a check without retries is never made twice."""
    policy = Policy(retries=retries)

    planned = next_attempt(made, policy, 30.0)

    assert planned == plan


@pytest.mark.parametrize(
    ("took_s", "left_s", "records"),
    [(30.0, 30.0, True), (4.0, 6.0, True), (4.0, 13.0, True), (4.0, 14.0, False), (0.5, 30.0, False)],
)
def test_a_retry_that_leaves_no_time_for_another_records_the_evidence_itself(
    took_s: float, left_s: float, records: bool
) -> None:
    """It counts as any retry does; what fails by an action's time-out has its evidence all the same."""
    slow = [Attempt(1, True, evidence=False, measurement=Measurement(FAILED, "time-out", 0, took_s * 1000))]

    planned = next_attempt(slow, Policy(retries=1), left_s)

    assert planned == Plan(2, records=records)
    assert next_attempt(slow, Policy(retries=1, evidence=False), left_s) == Plan(2)


def test_evidence_is_recorded_once(tmp_path: Path) -> None:
    """A retry that has a video needs no attempt for evidence."""
    made = attempts(FAILED, FAILED)
    video = ArtifactFile(ArtifactKind.VIDEO, "video.webm", "video/webm", tmp_path / "video.webm")
    made[1] = replace(made[1], measurement=replace(made[1].measurement, artifacts=(video,)))

    planned = next_attempt(made, Policy(retries=1), 30.0)

    assert planned is None


def test_evidence_can_be_turned_off() -> None:
    """The run is over after its last retry."""
    policy = Policy(retries=1, evidence=False)

    planned = next_attempt(attempts(FAILED, FAILED), policy, 30.0)

    assert planned is None


@pytest.mark.parametrize(
    ("made", "left_s", "is_made"),
    [
        ([], 0.0, True),
        (attempts(FAILED), SHORTEST_ATTEMPT_S, True),
        (attempts(FAILED), SHORTEST_ATTEMPT_S - 0.01, False),
        (attempts(FAILED), -1.0, False),
        (attempts(FAILED, FAILED), 0.5, False),
    ],
)
def test_the_time_out_bounds_the_whole_run(made: list[Attempt], left_s: float, is_made: bool) -> None:
    """The first attempt is always made; no other one starts without a second to go."""
    policy = Policy(retries=1)

    planned = next_attempt(made, policy, left_s)

    assert (planned is not None) == is_made


@pytest.mark.parametrize(("plan", "measured"), [(Plan(1), True), (Plan(2), False), (Plan(2, evidence=True), False)])
def test_only_the_first_attempt_is_measured(plan: Plan, measured: bool) -> None:
    """A retry meets warm caches, evidence is recorded at a cost."""
    given = plan

    answer = is_measured(given)

    assert answer == measured


@pytest.mark.parametrize(
    ("first", "last", "outcome"),
    [
        (FAILED, FAILED, (FAILED, "failed 1")),
        (FAILED, WRONG, (FAILED, "failed 1")),
        (UNSURE, FAILED, (FAILED, "failed 2")),
        (UNSURE, WRONG, (WRONG, "setup error 2")),
    ],
)
def test_a_retry_that_was_cut_short_takes_no_failure_back(
    first: Outcome, last: Outcome, outcome: tuple[Outcome, str]
) -> None:
    """It had less time than the attempt before it: where it stood then says less than how that one ended."""
    made = attempts(first, last)
    made[1] = replace(made[1], measurement=replace(made[1].measurement, attributes={"cut_short": "by the time-out"}))

    decided = run_outcome(made)

    assert decided == outcome


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (attempts(PASSED), (PASSED, "passed 1")),
        (attempts(FAILED), (FAILED, "failed 1")),
        (attempts(FAILED, PASSED), (Outcome.PASSED_ON_RETRY, "attempt 1: failed 1")),
        (attempts(FAILED, UNSURE, PASSED), (Outcome.PASSED_ON_RETRY, "attempt 2: inconclusive 2")),
        (attempts(UNSURE, PASSED), (PASSED, "attempt 1: inconclusive 1")),
        (attempts(FAILED, FAILED), (FAILED, "failed 2")),
        (attempts(UNSURE, FAILED), (FAILED, "failed 2")),
        (attempts(FAILED, UNSURE), (FAILED, "failed 1")),
        (attempts(UNSURE, UNSURE), (UNSURE, "inconclusive 2")),
        (attempts(FAILED, WRONG), (WRONG, "setup error 2")),
        (attempts(SKIPPED), (SKIPPED, "skipped 1")),
        (attempts(FAILED, FAILED, evidence=PASSED), (FAILED, "failed 2")),
        (attempts(FAILED, UNSURE, evidence=WRONG), (FAILED, "failed 1")),
    ],
)
def test_the_verdict_is_the_last_attempt_s_unless_an_earlier_one_knew_more(
    made: list[Attempt], outcome: tuple[Outcome, str]
) -> None:
    """An inconclusive retry takes nothing back, and evidence is left aside."""
    given = made

    decided = run_outcome(given)

    assert decided == outcome


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (attempts(PASSED), 1),
        (attempts(FAILED, PASSED), 1),
        (attempts(UNSURE, FAILED), 2),
        (attempts(FAILED, FAILED), 2),
        (attempts(FAILED, UNSURE), 1),
        (attempts(FAILED, UNSURE, evidence=WRONG), 1),
    ],
)
def test_the_steps_that_are_shown_are_of_the_attempt_that_gave_the_reason(made: list[Attempt], shown: int) -> None:
    """Of a good run they are those of what did not pass at first."""
    outcome, reason = run_outcome(made)
    run = replace(run_of(made[0].measurement), outcome=outcome, reason=reason, attempts=tuple(made))

    attempt = shown_attempt(run)

    assert attempt.number == shown
    assert reason.endswith(attempt.measurement.reason)
