"""What the report of a run says first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders import run_of

from outrider.baselines import Quantile
from outrider.model import Attempt, Measurement, Outcome, Run, Step, StepKind
from outrider.reports.run_summary import attempt_note, run_sentences
from outrider.reports.step_run import StepRun
from outrider.reports.time_text import Clock

NOW_US = 1_800_000_000_000_000
UTC = Clock("UTC")


def measured(outcome: Outcome, reason: str = "", *, pay_ms: float | None = 120.0, thanks: bool = True) -> Measurement:
    """Return what an attempt gave that opened, paid and perhaps was thanked; without a duration it failed to pay."""
    error = None if pay_ms is not None else "no answer"
    steps = [
        Step("open", "Open", StepKind.NAMED, 0.0, 50.0),
        Step("pay", "Pay", StepKind.NAMED, 50.0, pay_ms, error=error),
    ]
    steps += [Step("thanks", "Thanks", StepKind.NAMED, 170.0, 20.0)] if thanks else []
    return Measurement(outcome, reason, NOW_US, 300.0, tuple(steps))


GOOD = run_of(measured(Outcome.PASSED), due_us=NOW_US - 600_000_000)
FAILS = measured(Outcome.FAILED, "/pay answered 500; then: time-out", pay_ms=None, thanks=False)
AGAINST = (
    "Unlike in the last good run (Fri 15 Jan 07:50, 10 min before): Pay failed, 120 ms then; "
    "Thanks was not reached, 20 ms then."
)


def run(outcome: Outcome, *measurements: Measurement, reason: str = "") -> Run:
    """Return a run of some attempts, none of which is evidence."""
    attempts = tuple(
        Attempt(number, measurement.outcome is Outcome.PASSED and number == 1, False, measurement)
        for number, measurement in enumerate(measurements, start=1)
    )
    return replace(GOOD, due_us=NOW_US, outcome=outcome, reason=reason, attempts=attempts)


@pytest.mark.parametrize(
    ("told", "good", "sentences"),
    [
        (
            run(Outcome.FAILED, FAILS, FAILS, reason=FAILS.reason),
            GOOD,
            ("Failed in Pay: /pay answered 500; then: time-out.", "Both attempts failed in Pay.", AGAINST),
        ),
        (
            run(Outcome.PASSED_ON_RETRY, FAILS, measured(Outcome.PASSED), reason="attempt 1: /pay answered 500"),
            GOOD,
            (
                "Attempt 1 failed in Pay: /pay answered 500; then: time-out.",
                "Attempt 1 failed in Pay, attempt 2 passed.",
                AGAINST,
            ),
        ),
        (
            run(Outcome.FAILED, FAILS, reason=FAILS.reason),
            None,
            ("Failed in Pay: /pay answered 500; then: time-out.", "No run of it has passed at once here before."),
        ),
        (
            run(Outcome.INCONCLUSIVE, measured(Outcome.INCONCLUSIVE), reason="the host was busy"),
            GOOD,
            ("Inconclusive: the host was busy.",),
        ),
        (run(Outcome.MISSED, reason="the service was down"), GOOD, ("Missed: the service was down.",)),
        (run(Outcome.PASSED, measured(Outcome.PASSED)), GOOD, ()),
    ],
    ids=["failed twice", "passed on retry", "never passed before", "inconclusive", "missed", "passed, unknown pace"],
)
def test_a_report_begins_with_the_cause(told: Run, good: Run | None, sentences: tuple[str, ...]) -> None:
    """Then it tells the attempts one by one, and what differs from the last good run."""
    assert run_sentences(told, (), good, UTC) == sentences


def test_a_run_that_passed_tells_which_steps_were_slow() -> None:
    """With what is usual."""
    usual = Quantile(120.0, 118.0, 122.0, 200)
    open_, pay = (
        StepRun(name, 0.0, took_ms, "", usual, 100.0, 140.0, 200) for name, took_ms in (("Open", 130.0), ("Pay", 340.0))
    )
    passed = run(Outcome.PASSED, measured(Outcome.PASSED))

    quick = replace(open_, duration_ms=90.0)
    assert run_sentences(passed, (open_,), GOOD, UTC) == ("No step is outside its usual spread.",)
    assert run_sentences(passed, (open_, quick), GOOD, UTC) == ("No step took longer than its usual spread.",)
    assert run_sentences(passed, (open_, pay), GOOD, UTC) == (
        "1 of 2 steps took longer than usual: Pay 340 ms, usually 100 ms to 140 ms.",
    )


def test_an_error_of_five_megabytes_is_one_sentence() -> None:
    """As is a step's name of many lines."""
    huge = replace(FAILS, reason="x\n" * 2_500_000)

    sentences = run_sentences(run(Outcome.FAILED, huge, reason=huge.reason), (), GOOD, UTC)

    assert max(map(len, sentences)) < 400
    assert all("\n" not in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("attempt", "note"),
    [
        (Attempt(1, True, False, measured(Outcome.PASSED)), ""),
        (Attempt(1, False, False, FAILS), "times of failed attempts are not judged"),
        (Attempt(2, False, False, measured(Outcome.PASSED)), "times of retries are not judged"),
        (Attempt(3, False, True, FAILS), "evidence, not a measurement"),
    ],
)
def test_an_attempt_says_why_its_times_are_not_judged(attempt: Attempt, note: str) -> None:
    """A first attempt that failed is no retry."""
    assert attempt_note(attempt) == note
