"""What a service logs of its runs."""

from __future__ import annotations

from dataclasses import replace

from structlog.testing import capture_logs
from tests.alerts.test_run_findings import SLOW, make_run

from outrider.app.service.run_log_lines import RunLogLines
from outrider.baselines import Condition
from outrider.model import Outcome
from outrider.runs import Judgement


def test_every_run_is_logged_with_its_duration() -> None:
    """An outcome, its reason, and milliseconds."""
    run = make_run(Outcome.FAILED, "probe:home", "refused")
    run = replace(run, finished_us=run.started_us + 812_345)

    with capture_logs() as lines:
        RunLogLines().run_finished(run, [])

    assert lines == [
        {
            "event": "run.stored", "log_level": "info", "run": run.id, "check": "probe:home", "location": run.location,
            "outcome": "failed", "reason": run.reason, "duration_ms": 812,
        }
    ]  # fmt: skip


def test_a_step_that_deviates_is_logged_with_its_reason() -> None:
    """Slower or quicker; what is usual, or still being learned, is no line of its own."""
    judgements = [Judgement(condition.value, replace(SLOW, condition=condition)) for condition in Condition]

    with capture_logs() as lines:
        RunLogLines().run_finished(make_run(), judgements)

    assert [(line["event"], line["step"], line["reason"]) for line in lines[1:]] == [
        ("step.deviates", "degraded", SLOW.reason), ("step.deviates", "improved", SLOW.reason),
    ]  # fmt: skip


def test_a_step_that_goes_on_to_deviate_is_logged_once() -> None:
    """And again once it has been as usual in between; another place is another step."""
    conditions = [Condition.DEGRADED, Condition.DEGRADED, Condition.STEADY, Condition.DEGRADED, Condition.DEGRADED]
    lines = RunLogLines()

    with capture_logs() as logs:
        for condition in conditions:
            lines.run_finished(make_run(), [Judgement("pay", replace(SLOW, condition=condition))])
        lines.run_finished(replace(make_run(), location="rome"), [Judgement("pay", SLOW)])

    assert [line["event"] for line in logs].count("step.deviates") == 3


def test_missed_runs_are_counted_in_one_line_a_second() -> None:
    """By reason: after half a day without the service there are many."""
    run = replace(make_run(Outcome.MISSED, "probe:home", "Outrider was not running"), due_count=60)
    lines = RunLogLines()

    with capture_logs() as logs:
        for _ in range(1_000):
            lines.run_finished(run, [])
        lines.ticked(0)
        lines.ticked(1)

    assert logs == [{"event": "runs.missed", "log_level": "warning", "count": 60_000, "reason": run.reason}]
