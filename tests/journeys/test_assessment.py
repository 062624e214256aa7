"""What happened in an attempt decides its outcome and its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from outrider.journeys.assessment import MAX_REASON, Facts, assess, headline
from outrider.journeys.error_kind import ErrorKind
from outrider.journeys.worker_messages import Phase
from outrider.model import HostLoad, Outcome

FINE = Phase("setup", "passed", 1.0)
PASSED = Phase("call", "passed", 100.0)
PLAYWRIGHT = "playwright._impl._errors.Error"
TIMEOUT = "playwright._impl._errors.TimeoutError"
INVALID_URL = "Protocol error (Page.navigate): Cannot navigate to invalid URL"
BUSY = HostLoad(processors=4, load_1m=9.0, own_share=0.1, other_share=0.87, memory_available_bytes=10**9)


KINDS = {
    "builtins.AssertionError": ErrorKind.ASSERTION,
    "builtins.Failed": ErrorKind.ASSERTION,
    TIMEOUT: ErrorKind.TIMEOUT,
    PLAYWRIGHT: ErrorKind.NAVIGATION,
    "builtins.TimeoutError": ErrorKind.NETWORK,
    "builtins.ConnectionError": ErrorKind.NETWORK,
}


def failed(error_type: str, message: str, when: str = "call", kind: ErrorKind | None = None, **fields: Any) -> Phase:
    """Return a phase that failed."""
    known = str(kind or KINDS.get(error_type, ErrorKind.SCRIPT)) if error_type else ""
    return Phase(when, "failed", 5.0, error_type=error_type, message=message, detail=message, kind=known, **fields)


def facts(*phases: Phase) -> Facts:
    """Return what an attempt of these phases shows when nothing else is odd."""
    return Facts(phases=[FINE, *phases] if phases[0].when == "call" else phases)


def test_an_attempt_without_a_fault_has_passed() -> None:
    """Nothing speaks against it, so there is no reason to tell."""
    shown = facts(PASSED, Phase("teardown", "passed", 1.0))

    verdict = assess(shown)

    assert verdict == (Outcome.PASSED, "")


@pytest.mark.parametrize(
    ("error_type", "message", "reason"),
    [
        ("builtins.AssertionError", "assert 1 == 2", "assert 1 == 2"),
        (
            "builtins.AssertionError",
            "Locator expected to have text 'Paid'\nActual value: Pending\nCall log:",
            "Locator expected to have text 'Paid' (actual value: Pending)",
        ),
        (TIMEOUT, "Locator.click: Timeout 5000ms exceeded.\nCall log:", "Locator.click: Timeout 5000ms exceeded."),
        ("builtins.Failed", "the basket is empty", "the basket is empty"),
    ],
)
def test_a_failure_names_its_step(error_type: str, message: str, reason: str) -> None:
    """In the test's body, a broken expectation is the target's failure, told in one line with the step."""
    shown = replace(facts(failed(error_type, message)), step="pay")

    verdict = assess(shown)

    assert verdict == (Outcome.FAILED, f"{reason} (step: pay)")


@pytest.mark.parametrize(("step", "where"), [("", "journeys/test_shop.py:17"), ("pay", "step: pay")])
def test_a_failure_names_the_line_of_the_file_where_no_step_failed(step: str, where: str) -> None:
    """A plain assertion is no call of Playwright: its line is what its author looks for."""
    broken = failed("builtins.AssertionError", "assert '' == 'Shop'", place="journeys/test_shop.py:17")

    _, reason = assess(replace(facts(broken), step=step))

    assert reason == f"assert '' == 'Shop' ({where})"


def test_a_failure_outside_any_step_names_none() -> None:
    """The reason is then the error alone."""
    shown = facts(failed("builtins.AssertionError", "assert False"))

    verdict = assess(shown)

    assert verdict == (Outcome.FAILED, "assert False")


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        (failed("builtins.NameError", "name 'pag' is not defined"), "NameError: name 'pag' is not defined"),
        (failed("builtins.ImportError", "cannot import x"), "ImportError: cannot import x"),
        (failed("builtins.ModuleNotFoundError", "No module named 'x'"), "ModuleNotFoundError: No module named 'x'"),
        (failed("builtins.SyntaxError", "invalid syntax"), "SyntaxError: invalid syntax"),
        (failed("", "E   ImportError: no x", "collect"), "E   ImportError: no x"),
        (failed("builtins.KeyError", "'USER'", "setup"), "KeyError in a fixture's set-up: 'USER'"),
        (failed("builtins.OSError", "disk full", "teardown"), "OSError in a fixture's tear-down: disk full"),
        (
            failed("_pytest.fixtures.FixtureLookupError", "fixture 'pag' not found", "setup"),
            "FixtureLookupError in a fixture's set-up: fixture 'pag' not found",
        ),
        (
            failed("builtins.NameError", "name 'x' is not defined", "setup"),
            "NameError in a fixture's set-up: name 'x' is not defined",
        ),
        (
            failed("builtins.KeyError", "'total'", place="journeys/test_a.py:7"),
            "KeyError: 'total' (journeys/test_a.py:7)",
        ),
        (
            failed(PLAYWRIGHT, "It looks like you are using Playwright Sync API inside …", kind=ErrorKind.SCRIPT),
            "Error: It looks like you are using Playwright Sync API inside …",
        ),
        (failed(PLAYWRIGHT, "Executable doesn't exist", "setup", ErrorKind.SCRIPT), "Error in a fixture's set-up: "),
        (failed(PLAYWRIGHT, 'Unknown engine "txt"', kind=ErrorKind.SCRIPT), 'Error: Unknown engine "txt"'),
        (failed(PLAYWRIGHT, "strict mode violation", kind=ErrorKind.AMBIGUOUS), "Error: strict mode violation"),
        (
            failed(
                PLAYWRIGHT,
                f'Page.goto: {INVALID_URL}\nCall log:\n  - navigating to "/", waiting until "load"',
                kind=ErrorKind.SCRIPT,
                place="j/test_a.py:3",
            ),
            'Error: Page.goto: cannot open "/": it is relative, and no base URL is set (j/test_a.py:3)',
        ),
        (
            failed(
                PLAYWRIGHT,
                f'Page.goto: {INVALID_URL}\nCall log:\n  - navigating to "http://", waiting until "load"',
                kind=ErrorKind.SCRIPT,
            ),
            'Error: Page.goto: cannot open "http://"',
        ),
        (
            failed(
                "builtins.AssertionError",
                "Locator expected to have text 'A'\nActual value: None\n"
                'Error: strict mode violation: get_by_role("button") resolved to 2 elements:\n  1) <button>',
                kind=ErrorKind.AMBIGUOUS,
            ),
            'AssertionError: strict mode violation: get_by_role("button") resolved to 2 elements:',
        ),
        (
            failed("p.TargetClosedError", "closed", kind=ErrorKind.CLOSED, closed_by="test", place="j/test_a.py:3"),
            "TargetClosedError: the test uses what it has closed: closed (j/test_a.py:3)",
        ),
    ],
)
def test_a_wrong_script_is_a_setup_error(phase: Phase, reason: str) -> None:
    """What cannot be the target's doing is told as the script's, with the error's kind and place."""
    shown = replace(facts(phase), step="pay")

    outcome, why = assess(shown)

    assert outcome == Outcome.SETUP_ERROR
    assert why.startswith(reason)


@pytest.mark.parametrize("when", ["setup", "teardown"])
@pytest.mark.parametrize(
    "error_type",
    ["builtins.AssertionError", TIMEOUT, PLAYWRIGHT, "builtins.Failed", "builtins.TimeoutError",
     "builtins.ConnectionError"],
)  # fmt: skip
def test_a_fixture_that_meets_a_broken_target_has_failed(when: str, error_type: str) -> None:
    """A log-in fixture that the target turns away is the target's failure, not the script's."""
    shown = replace(facts(failed(error_type, "no answer", when)), step="log in")

    verdict = assess(shown)

    assert verdict == (Outcome.FAILED, "no answer (step: log in)")


def test_a_test_that_is_not_there_is_a_setup_error() -> None:
    """No phase at all means that nothing was found to run."""
    shown = Facts(phases=[])

    verdict = assess(shown)

    assert verdict == (Outcome.SETUP_ERROR, "no such test")


@pytest.mark.parametrize("when", ["setup", "call"])
def test_a_skipped_test_is_skipped_even_if_it_touched_nothing(when: str) -> None:
    """The test's own reason is kept."""
    shown = Facts(phases=[Phase(when, "skipped", 1.0, message="only on weekdays")], touched=False)

    verdict = assess(shown)

    assert verdict == (Outcome.SKIPPED, "only on weekdays")


def test_an_expected_failure_has_passed() -> None:
    """The test said that it would fail, and it did."""
    shown = facts(Phase("call", "skipped", 5.0, expected=True, error_type="builtins.AssertionError", message="known"))

    verdict = assess(shown)

    assert verdict == (Outcome.PASSED, "")


def test_an_unexpected_pass_of_a_strict_mark_has_failed() -> None:
    """pytest reports it as a failure without an exception."""
    shown = facts(Phase("call", "failed", 5.0, message="[XPASS(strict)] known", detail="[XPASS(strict)] known"))

    verdict = assess(shown)

    assert verdict == (Outcome.FAILED, "[XPASS(strict)] known")


BROKEN = (
    ({"crashed": True}, "the page's process crashed"),
    ({"disconnected": True}, "the browser went away"),
    ({"own_network": "net::ERR_NETWORK_CHANGED"}, "our own network is down (net::ERR_NETWORK_CHANGED)"),
)


@pytest.mark.parametrize("when", ["setup", "call", "teardown"])
@pytest.mark.parametrize(("fact", "reason"), BROKEN)
def test_what_broke_on_our_side_says_nothing_of_the_target(when: str, fact: dict[str, Any], reason: str) -> None:
    """A crash, a vanished browser and a lost network are inconclusive in every phase, whatever the error's words."""
    shown = replace(facts(failed("builtins.AssertionError", "Frame was detached", when)), step="pay", **fact)

    verdict = assess(shown)

    assert verdict == (Outcome.INCONCLUSIVE, f"{reason}: Frame was detached (step: pay)")


@pytest.mark.parametrize(("fact", "reason"), BROKEN)
def test_a_break_that_the_test_lived_with_changes_nothing(fact: dict[str, Any], reason: str) -> None:
    """A test that passed has seen what it wanted to see."""
    shown = replace(facts(PASSED), **fact)

    verdict = assess(shown)

    assert verdict == (Outcome.PASSED, ""), reason


@pytest.mark.parametrize(
    "message",
    [
        "Page.goto: Page crashed", "Target crashed", "Target page, context or browser has been closed",
        "Connection closed while reading", "browser has disconnected", "net::ERR_INTERNET_DISCONNECTED",
        "net::ERR_NETWORK_CHANGED", "Unknown engine", "Invalid URL", "Executable doesn't exist",
    ],
)  # fmt: skip
@pytest.mark.parametrize("error_type", ["builtins.AssertionError", TIMEOUT, PLAYWRIGHT])
def test_the_words_of_an_error_decide_nothing(error_type: str, message: str) -> None:
    """A page can write anything, and an error quotes it."""
    shown = facts(failed(error_type, message))

    outcome, reason = assess(shown)

    assert (outcome, reason) == (Outcome.FAILED, message)


@pytest.mark.parametrize(
    ("closed_by", "outcome", "reason"),
    [
        ("page", Outcome.FAILED, "the page closed itself: closed"),
        ("test", Outcome.SETUP_ERROR, "TargetClosedError: the test uses what it has closed: closed"),
        ("", Outcome.INCONCLUSIVE, "the connection to the browser was lost: closed"),
    ],
)
def test_who_closed_the_page_is_to_blame(closed_by: str, outcome: Outcome, reason: str) -> None:
    """If neither the page nor the test did, it was our own part."""
    shown = facts(failed("p.TargetClosedError", "closed", kind=ErrorKind.CLOSED, closed_by=closed_by))

    verdict = assess(shown)

    assert verdict == (outcome, reason)


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        (
            failed(TIMEOUT, "Locator.fill: Timeout 5000ms exceeded."),
            'time-out waiting for get_by_label("User")',
        ),
        (
            failed("builtins.AssertionError", "Locator expected to be visible"),
            "Locator expected to be visible",
        ),
    ],
)
def test_what_led_to_a_failure_stands_first(phase: Phase, reason: str) -> None:
    """The time-out is where it ended; the server's answer is why."""
    causes = ["/login answered 500", 'page error "x"', "a", "b"]
    shown = replace(facts(phase), awaited='get_by_label("User")', step="log in", causes=causes)

    verdict = assess(shown)

    assert verdict == (
        Outcome.FAILED,
        f'/login answered 500; page error "x"; a (and 1 more); then: {reason} (step: log in)',
    )


def test_a_navigation_that_failed_is_its_own_cause() -> None:
    """Its document is not told twice."""
    shown = replace(facts(failed(PLAYWRIGHT, "Page.goto: net::ERR_X at http://x/")), causes=["/ failed (net::ERR_X)"])

    verdict = assess(shown)

    assert verdict == (Outcome.FAILED, "Page.goto: net::ERR_X at http://x/")


def test_a_refused_connection_is_the_target_s() -> None:
    """Of the network's errors, only those of our own interface are ours."""
    shown = facts(failed(PLAYWRIGHT, "Page.goto: net::ERR_CONNECTION_REFUSED at http://x/"))

    outcome, _ = assess(shown)

    assert outcome == Outcome.FAILED


@pytest.mark.parametrize("phase", [PASSED, failed("builtins.AssertionError", "assert False")])
def test_a_dead_browser_makes_any_attempt_inconclusive(phase: Phase) -> None:
    """It did not answer afterwards, so neither a pass nor a failure is believed."""
    shown = replace(facts(phase), browser_alive=False)

    verdict = assess(shown)

    assert verdict == (Outcome.INCONCLUSIVE, "the browser died during the run")


@pytest.mark.parametrize(
    ("shown", "meanwhile"),
    [
        (facts(PASSED), ""),
        (facts(failed("builtins.AssertionError", "assert False")), "; meanwhile: AssertionError: assert False"),
        (facts(failed("builtins.KeyError", "'NOPE'")), "; meanwhile: KeyError: 'NOPE'"),
        (replace(facts(failed("x.Overdue", "time is up")), overdue=True, waiting="click"), ""),
        (Facts(phases=[], overdue=True, waiting="click"), ""),
    ],
    ids=["passed", "failed", "script", "interrupted", "killed"],
)
def test_an_attempt_on_a_starved_host_is_inconclusive(shown: Facts, meanwhile: str) -> None:
    """Other programs took the processors: what was slow or failed may be ours, and is told all the same."""
    starved = replace(shown, host=BUSY, starved_above=0.5)

    verdict = assess(starved)

    reason = f"this host was starved: other programs used 87 % of its processors{meanwhile}"
    assert verdict == (Outcome.INCONCLUSIVE, reason)


def test_a_busy_host_below_the_bound_changes_nothing() -> None:
    """The bound itself is not above the bound."""
    shown = replace(facts(PASSED), host=BUSY, starved_above=BUSY.other_share)

    outcome, _ = assess(shown)

    assert outcome == Outcome.PASSED


def test_a_pass_that_touched_nothing_is_a_setup_error() -> None:
    """A test without a page or a request measures nothing, and must not be green."""
    shown = replace(facts(PASSED), touched=False)

    verdict = assess(shown)

    assert verdict == (
        Outcome.SETUP_ERROR,
        "the test opened no page and sent no request: nothing was measured",
    )


@pytest.mark.parametrize(
    "phases",
    [
        [],
        [FINE],
        [FINE, failed("outrider.journeys.error_classification.Overdue", "time is up", kind=ErrorKind.OVERDUE)],
        [FINE, failed(PLAYWRIGHT, "Target page, context or browser has been closed", kind=ErrorKind.CLOSED)],
    ],
    ids=["killed", "killed in the body", "interrupted", "closed by the interrupt"],
)
@pytest.mark.parametrize(
    ("waiting", "verdict"),
    [
        ("goto /cart", (Outcome.FAILED, "time-out after 2.5 s, waiting for: goto /cart")),
        ("", (Outcome.SETUP_ERROR, "time-out after 2.5 s while the test itself was busy or stuck")),
    ],
)
def test_a_time_out_is_blamed_on_what_was_waited_for(
    phases: list[Phase], waiting: str, verdict: tuple[Outcome, str]
) -> None:
    """Waiting for the target is its failure; a busy test is the script's. How it was stopped does not matter."""
    shown = Facts(phases=phases, overdue=True, waiting=waiting, timeout_s=2.5)

    actual = assess(shown)

    assert actual == verdict


def test_a_failure_before_the_time_out_is_what_counts() -> None:
    """A click that timed out on a page which never comes to rest has failed, though the clean-up did not end."""
    shown = replace(facts(failed(TIMEOUT, "Locator.click: Timeout 500ms exceeded.")), overdue=True, awaited="b")

    verdict = assess(shown)

    assert verdict == (Outcome.FAILED, "time-out waiting for b")


@pytest.mark.parametrize(
    ("busy", "verdict"),
    [
        (False, (Outcome.FAILED, "click b timed out; then the test did not end within 3 s")),
        (True, (Outcome.SETUP_ERROR, "time-out after 3 s while the test itself was busy or stuck")),
    ],
)
def test_a_call_that_timed_out_last_is_to_blame_unless_the_test_was_busy(
    busy: bool, verdict: tuple[Outcome, str]
) -> None:
    """Its end is on record; where the interrupt met the test's own code, the test had gone on."""
    shown = Facts(phases=[], overdue=True, timed_out="click b", busy=busy, timeout_s=3)

    actual = assess(shown)

    assert actual == verdict


@pytest.mark.parametrize("overdue", [False, True])
def test_a_worker_that_died_is_a_setup_error_in_its_own_words(overdue: bool) -> None:
    """Nothing else that was seen counts then."""
    shown = Facts(phases=[], overdue=overdue, worker="the worker ended: killed by signal 9", browser_alive=False)

    verdict = assess(shown)

    assert verdict == (Outcome.SETUP_ERROR, "the worker ended: killed by signal 9")


def test_an_attempt_that_could_not_begin_in_time_is_inconclusive() -> None:
    """A host too slow to start a worker says nothing of the target."""
    shown = Facts(phases=[], unready="the journey worker did not get ready within 2 s")

    verdict = assess(shown)

    assert verdict == (Outcome.INCONCLUSIVE, "the journey worker did not get ready within 2 s")


def test_a_reason_is_bounded() -> None:
    """A target cannot make the reason long."""
    shown = facts(failed("builtins.AssertionError", "x" * 10_000))

    _, reason = assess(shown)

    assert reason.startswith("x" * 400)
    assert reason.endswith("… [cut: 10000 characters]")
    assert len(reason) <= MAX_REASON


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", "no message"),
        ("\n \n", "no message"),
        ("\n  first \nsecond", "first"),
        ("AssertionError: Page title\nReceived: 'Error'", "Page title (received: 'Error')"),
        ("Title\nExpected: 'a'\nReceived: 'b'", "Title (received: 'b')"),
        ("Title\n1\n2\nReceived: too far", "Title"),
    ],
)
def test_a_headline_is_one_line_with_the_actual_value(message: str, line: str) -> None:
    """What stood there instead is told where the error has it close by."""
    given = message

    actual = headline(given)

    assert actual == line


def test_what_failed_before_any_page_is_the_reason() -> None:
    """An option or variable that the suite wants is named, rather than that nothing was measured."""
    missing = failed("builtins.AssertionError", "SHOP_URL is not set", "setup")

    outcome, reason = assess(Facts(phases=[missing], touched=False))

    assert (outcome, reason) == (Outcome.SETUP_ERROR, "before any page or request: SHOP_URL is not set")
