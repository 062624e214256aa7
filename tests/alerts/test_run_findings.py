"""What runs say of their subjects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.alerts.conftest import NOW_US
from tests.builders import run_of

from outrider.alerts import FindingContext, findings
from outrider.baselines import Condition, Part, RateSignal, Signal
from outrider.model import (
    Attempt,
    Check,
    CheckId,
    Circumstances,
    ErrorRecord,
    ErrorSource,
    Kind,
    Measurement,
    Outcome,
    Policy,
    Run,
    RunId,
    Sample,
    Step,
    StepKind,
)
from outrider.runs import Judgement

if TYPE_CHECKING:
    from outrider.alerts import Finding

SLOW = Signal(Condition.DEGRADED, Part.LEVEL if hasattr(Part, "LEVEL") else next(iter(Part)), 5, 812.0, 300.0, 360.0,
              2.4, NOW_US // 1_000_000, 1.2, False, "812 ms where 300 to 360 ms are usual", "812 ms",
              "300 ms to 360 ms")  # fmt: skip


def failing_step(title: str) -> Step:
    return Step(title, title, StepKind.NAMED, 0.0, 9.0, error="no")


def make_run(outcome: Outcome = Outcome.PASSED, check: str = "journey:pay", reason: str = "", **more: Any) -> Run:
    measurement = Measurement(outcome, reason, NOW_US, 100.0, **more)
    run = run_of(measurement, check, id=RunId("run-1"), circumstances=Circumstances(release="2.1"))
    return replace(run, attempts=()) if outcome is Outcome.MISSED else run


def by_name(run: Run, *judgements: Judgement, **known: Any) -> dict[str, Finding]:
    return {
        f"{finding.key.problem.value}{finding.key.step and ' ' + finding.key.step}": finding
        for finding in findings(run, judgements, FindingContext(**known))
    }


def test_a_script_that_passed_before_as_it_is_tells_of_its_target() -> None:
    """It calls people as a failure does, and says what must have changed; nothing of Outrider's own is wrong."""
    run = make_run(Outcome.SETUP_ERROR, reason="KeyError: 'total' (journeys/test_pay.py:7)")

    findings_by_name = by_name(run, passed_before=True)

    assert {name for name, finding in findings_by_name.items() if finding.present} == {"failure"}
    changed = "the target or its data changed, since this very script passed before"
    assert findings_by_name["failure"].facts.what == f"{changed}: KeyError: 'total' (journeys/test_pay.py:7)"


@pytest.mark.parametrize(
    ("outcome", "present", "absent"),
    [
        (Outcome.PASSED, set(), {"network", "coverage", "outrider", "unjudged", "failure"}),
        (Outcome.PASSED_ON_RETRY, set(), {"network", "coverage", "outrider", "unjudged", "failure"}),
        (Outcome.FAILED, {"failure"}, {"network", "coverage", "outrider", "unjudged"}),
        (Outcome.INCONCLUSIVE, {"unjudged"}, {"coverage"}),
        (Outcome.SETUP_ERROR, {"outrider"}, {"coverage"}),
        (Outcome.MISSED, {"coverage"}, set()),
        (Outcome.SKIPPED, set(), set()),
    ],
)
def test_each_outcome_says_what_it_can(outcome: Outcome, present: set[str], absent: set[str]) -> None:
    """What says nothing of a subject neither opens nor closes its incident."""
    findings_by_name = by_name(make_run(outcome, reason="why"))

    assert {name for name, finding in findings_by_name.items() if finding.present} == present
    assert {name for name, finding in findings_by_name.items() if not finding.present} == absent


def test_a_failure_names_its_step_host_and_fault() -> None:
    """So that many checks that fail for one reason are one incident."""
    steps = (Step("pay", "Pay", StepKind.NAMED, 0.0, 9.0, error="no"),)
    error = ErrorRecord(ErrorSource.PAGE, "TypeError: x is undefined\nat pay.js", url="https://shop.example:8443/pay")
    run = make_run(Outcome.FAILED, reason="waited 30000 ms for 'Thanks'", steps=steps, errors=(error,))

    finding = by_name(run)["failure"]

    causes = ("host:shop.example", "step:Pay", "fault:waited # ms for #", "check:journey:pay")
    assert finding.causes == causes
    assert (finding.facts.step, finding.facts.release, finding.facts.run) == ("Pay", "2.1", "run-1")
    assert finding.facts.errors == ("page: TypeError: x is undefined",)
    assert finding.labels["host"] == "shop.example"


@pytest.mark.parametrize(
    ("outcome", "attributes"), [(Outcome.INCONCLUSIVE, {}), (Outcome.FAILED, {"cut_short": "by the time-out"})]
)
def test_step_and_reason_of_a_failure_are_of_the_same_attempt(outcome: Outcome, attributes: dict[str, str]) -> None:
    """A retry that takes the failure not back tells nothing of it: it ended elsewhere."""
    run = make_run(Outcome.FAILED, reason="/checkout answered 502 (step: pay)", steps=(failing_step("pay"),))
    retry = Measurement(outcome, "too late", NOW_US, 100.0, steps=(failing_step("sign in"),), attributes=attributes)

    failure = by_name(replace(run, attempts=(*run.attempts, Attempt(2, False, False, retry))))["failure"]

    assert failure.facts.step == "pay"
    assert "step:pay" in failure.causes


def test_a_degradation_says_how_much_against_which_band_since_when() -> None:
    """The judge has the numbers."""
    finding = by_name(make_run(), Judgement("pay", SLOW, "2.0", "2.1", recent_release="2.0"))["degradation pay"]

    assert finding.present
    assert (finding.facts.observed, finding.facts.expected) == ("812 ms", "300 ms to 360 ms")
    assert (finding.facts.since_us, finding.facts.release, finding.facts.later_release) == (NOW_US, "2.0", "2.1")
    assert finding.facts.recent_release == "2.0"
    assert "step:pay" in finding.causes


def test_a_judge_that_still_learns_opens_nothing_and_ends_what_it_opened() -> None:
    """A provisional judgement may open an incident, and is over before the baseline is learned."""
    learning = replace(SLOW, condition=Condition.LEARNING)
    rate = RateSignal(Condition.LEARNING, 0.01, float("nan"), 0.0, "waits")

    findings_by_name = by_name(make_run(), Judgement("pay", learning), Judgement("", rate))

    assert not findings_by_name["degradation pay"].present
    assert not findings_by_name["failure share of failures"].present


def test_failing_too_often_is_trouble_though_never_twice_in_a_row() -> None:
    """The judge of failures counts what X of Y overlooks; good runs are well, though the share falls slowly."""
    rate = RateSignal(Condition.DEGRADED, 0.01, 0.2, 1.0, "8 of 40 runs failed, usually 1 in 100")

    bad = by_name(make_run(Outcome.FAILED), Judgement("", rate))["failure share of failures"]
    good = by_name(make_run(), Judgement("", rate))["failure share of failures"]
    told = by_name(make_run(Outcome.FAILED, reason="status 500; no body"), Judgement("", rate))
    assert told["failure share of failures"].facts.what == "8 of 40 runs failed, usually 1 in 100 (status 500)"

    assert (bad.present, bad.once, good.present) == (True, True, False)
    assert bad.facts.observed == "20.0 % of runs"


def test_errors_beyond_the_first_three_are_counted() -> None:
    """A message stays short and says what it leaves out."""
    errors = tuple(ErrorRecord(ErrorSource.PAGE, f"error {number}") for number in range(5))

    finding = by_name(make_run(Outcome.FAILED, reason="refused", errors=errors))["failure"]

    assert finding.facts.errors == ("page: error 0", "page: error 1", "page: error 2", "and 2 more errors")


def test_our_own_network_is_told_by_the_probe() -> None:
    """It says nothing of the target then."""
    run = make_run(Outcome.INCONCLUSIVE, "probe:home", attributes={"own_network": "our own network is down: no route"})

    findings_by_name = by_name(run)

    assert findings_by_name["network"].present
    assert "failure" not in findings_by_name


@pytest.mark.parametrize(("days", "present"), [(3.0, True), (40.0, False)])
def test_a_certificate_is_trouble_before_it_expires(days: float, *, present: bool) -> None:
    """Whatever the probe itself demands."""
    run = make_run(check="probe:tls", samples=(Sample("", "certificate_days", days),))

    finding = by_name(run)["certificate"]

    assert (finding.present, finding.once) == (present, True)


@pytest.mark.parametrize(
    ("days", "failed_for", "present"),
    [
        (7.0, "certificate_days", {"certificate"}),
        (20.0, "certificate_days", {"certificate"}),
        (-1.0, "certificate_days", {"certificate", "failure", "failure share of failures"}),
        (7.0, "", {"certificate", "failure", "failure share of failures"}),
        (20.0, "", {"failure", "failure share of failures"}),
    ],
)
def test_a_run_that_fails_for_its_certificate_alone_has_one_problem(
    days: float, failed_for: str, present: set[str]
) -> None:
    """A certificate that is valid calls nobody out of bed, whichever limit it is below; one that is over does."""
    samples = (Sample("", "certificate_days", days),)
    attributes = {"failed_for": failed_for}
    run = make_run(Outcome.FAILED, "probe:tls", "too few days", samples=samples, attributes=attributes)
    rate = RateSignal(Condition.DEGRADED, 0.01, 0.5, 0.0, "half of the runs fail")

    findings_by_name = by_name(run, Judgement("", rate))

    assert {name for name, finding in findings_by_name.items() if finding.present} == present


def test_tags_of_a_check_are_labels() -> None:
    """Marks of the script and tags of the schedule alike."""
    check = Check(CheckId("journey:pay"), Kind.JOURNEY, "a.py", "pay", "a.py", Policy(tags=frozenset({"money"})),
                  marks=frozenset({"slow"}))  # fmt: skip

    assert by_name(make_run(), checks={"journey:pay": check})["failure"].labels["tags"] == "money,slow"


def test_a_check_that_is_never_judged_is_confirmed_after_ten_runs() -> None:
    """Whatever the thresholds are, a few inconclusive runs call nobody; one that says something begins again."""
    from outrider.alerts.confirmation import Confirmation, Thresholds, seen

    def confirmed(*outcomes: Outcome) -> bool:
        confirmation = Confirmation("key")
        for number, outcome in enumerate(outcomes):
            finding = by_name(make_run(outcome, "probe:home", "the prober was late"))["unjudged"]
            confirmation = seen(confirmation, replace(finding, at_us=number), Thresholds(2, 3, 3))
        return confirmation.confirmed

    silent, judged = Outcome.INCONCLUSIVE, Outcome.FAILED
    assert confirmed(*[silent] * 10)
    assert not confirmed(*[silent] * 9)
    assert not confirmed(*[silent] * 9, judged, *[silent] * 9)
    assert not confirmed(*[silent] * 10, *[judged] * 3)


def test_no_duration_is_usually_negative() -> None:
    """The band of a noisy step may reach below zero; what people read does not, and the ratio is to the limit told."""
    noisy = replace(SLOW, expected_low=-1.1, is_level=True)

    findings_by_name = by_name(make_run(), Judgement("pay", noisy, ""))

    assert findings_by_name["degradation pay"].facts.what.startswith("812 ms, usually at most 360 ms (2.3x)")


def test_a_rise_from_nothing_is_told_without_a_ratio() -> None:
    """Fifty milliseconds are no finite multiple of zero."""
    risen = replace(
        SLOW, observed=50.0, expected_low=0.0, expected_high=5.0, ratio=float("inf"),
        observed_text="50 ms", expected_text="0 ms to 5.00 ms",
    )  # fmt: skip

    finding = by_name(make_run(), Judgement("pay", risen))["degradation pay"]

    assert finding.facts.what == "50 ms, usually 0 ms to 5.00 ms"


def test_a_deviation_that_follows_a_release_says_how_rare_that_is() -> None:
    """The finding carries it to the incident."""
    finding = by_name(make_run(), Judgement("pay", SLOW, "2.0", release_share=0.01))["degradation pay"]

    assert finding.release_share == 0.01
