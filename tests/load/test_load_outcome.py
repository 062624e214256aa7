from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrider.load.load_outcome import End, Facts, abort_reason, assess, complaint
from outrider.load.profile import AbortRule, Expectation, Profile
from outrider.load.shapes import Arrivals, Ramp, Soak
from outrider.load.wire import Ended, Ready
from outrider.model import EndpointLoad, FailureGroup, Histogram, LoadInterval, LoadResult, Outcome, bucket_of
from outrider.workspace import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.load.shapes import Shape


def interval(
    at: int, *, users: int = 5, cpu: float = 0.2, lag: float = 2.0, good: int = 50, bad: int = 0
) -> LoadInterval:
    part = EndpointLoad("GET /", Histogram({100: good}), Histogram({100: bad} if bad else {}))
    return LoadInterval(float(at), 1.0, 5, 1, cpu, lag, 0.0, (part,))


CALM = tuple(interval(at) for at in range(10))
FACTS = Facts(Profile("x.py", users=5, duration_s=10.0), LoadSettings(), LoadResult(CALM), End.TIME, ended=Ended(None))


def busy(seconds: int, **changes: float) -> LoadResult:
    return LoadResult((*(interval(at, **changes) for at in range(seconds)), *CALM[seconds:]))  # type: ignore[arg-type]


SILENT = tuple(replace(second, endpoints=()) for second in CALM)


def open_for(age_ms: float, count: int, endpoint: str = "GET /") -> LoadResult:
    """Return a load at whose end some requests have been open for so long."""
    return LoadResult(CALM, tail=(EndpointLoad(endpoint, unanswered=Histogram({bucket_of(age_ms): count})),))


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({}, Outcome.PASSED, ""),
        ({"refused": ("a.test", "b.test")}, Outcome.SETUP_ERROR, "asked for a.test, b.test"),
        ({"started": False, "code": 7}, Outcome.SETUP_ERROR, "before the load began (exit code 7)"),
        ({"started": False, "end": End.INTERRUPTED}, Outcome.INCONCLUSIVE, "before the load began"),
        (
            {"started": False, "profile": Profile("x.py", workers=3), "workers": 1},
            Outcome.INCONCLUSIVE,
            "1 of 3 workers",
        ),
        ({"end": End.DIED, "code": -9}, Outcome.INCONCLUSIVE, "killed by signal 9 after 10 s"),
        (
            {"result": LoadResult(tuple(replace(calm, endpoints=()) for calm in CALM))},
            Outcome.SETUP_ERROR,
            "no request",
        ),
        ({"lost": ("a",)}, Outcome.INCONCLUSIVE, "1 of 1 workers were lost"),
        ({"unheard": 1}, Outcome.INCONCLUSIVE, "1 of 1 workers were lost"),
        ({"result": busy(1, cpu=0.99)}, Outcome.PASSED, ""),
        (
            {"result": busy(3, cpu=0.99)},
            Outcome.INCONCLUSIVE,
            "in 30 % of the time: it used 99 % of a processor",
        ),
        ({"result": busy(4, lag=900.0)}, Outcome.INCONCLUSIVE, "it was up to 900 ms late"),
        ({"result": busy(4, lag=900.0), "end": End.ABORTED}, Outcome.INCONCLUSIVE, "saturated"),
        ({"result": open_for(12_000, 10)}, Outcome.PASSED, ""),
        ({"result": open_for(12_000, 40)}, Outcome.FAILED, "GET / hangs: 40 of 540 requests had no answer, for up to"),
        ({"result": open_for(9_000, 400)}, Outcome.PASSED, ""),
        ({"result": open_for(12_000, 1, "GET /slow")}, Outcome.FAILED, "GET /slow hangs: 1 of 501 requests"),
        ({"result": open_for(12_000, 40), "lost": ("a",)}, Outcome.FAILED, "GET / hangs"),
        (
            {"result": open_for(12_000, 40), "profile": Profile("x.py", users=5, hang_after_s=30.0)},
            Outcome.PASSED,
            "",
        ),
        ({"result": open_for(12_000, 40), "settings": LoadSettings(hang_share=0.1)}, Outcome.PASSED, ""),
        (
            {"result": LoadResult(busy(3, lag=9000.0).intervals, tail=open_for(12_000, 40).tail)},
            Outcome.INCONCLUSIVE,
            "the generator was saturated",
        ),
        (
            {"result": LoadResult(busy(1, lag=6000.0).intervals, tail=open_for(40_000, 40).tail)},
            Outcome.FAILED,
            "GET / hangs: 40 of",
        ),
        (
            {"result": LoadResult(busy(1, lag=6000.0).intervals, tail=open_for(14_000, 40).tail)},
            Outcome.PASSED,
            "",
        ),
        ({"end": End.TIME, "profile": Profile("x.py", duration_s=20.0)}, Outcome.INCONCLUSIVE, "after 10 of 20 s"),
        ({"ended": Ended(None, exited=("a",)), "profile": Profile("x.py", processes=2)}, Outcome.SETUP_ERROR, "1 of 2"),
        (
            {
                "result": LoadResult(SILENT),
                "log": 'Timeout (0:00:04)!\nThread 0x2 (most recent call first):\n  File "/pool.py", line 3 in wait\n'
                '\nThread 0x1 (most recent call first):\n  File "/lib/z.py", line 8 in parse\n',
            },
            Outcome.SETUP_ERROR,
            "the event loop is blocked in parse (z.py:8)",
        ),
        (
            {"result": LoadResult(SILENT, tail=open_for(2_000, 5).tail)},
            Outcome.INCONCLUSIVE,
            "none of 5 requests had an answer after 10 s",
        ),
        (
            {"result": LoadResult(tuple(replace(second, users=0) for second in SILENT))},
            Outcome.INCONCLUSIVE,
            "no user began within 10 s",
        ),
        (
            {
                "result": LoadResult(SILENT),
                "log": 'Timeout (0:00:04)!\nThread 0x1 (most recent call first):\n  File "/lib/y.py", line 3 in wait\n'
                '  File "/w/x.py", line 9 in look\n\nmore\n',
            },
            Outcome.SETUP_ERROR,
            "no request was made: the event loop is blocked in look (x.py:9)",
        ),
        ({"end": End.ABORTED, "abort": "too slow"}, Outcome.FAILED, "stopped after 10 s: too slow"),
        ({"profile": Profile("x.py", users=9)}, Outcome.INCONCLUSIVE, "5 of 9 users"),
        ({"profile": Profile("x.py", users=9), "end": End.ENOUGH}, Outcome.PASSED, ""),
        ({"result": busy(10, bad=5)}, Outcome.FAILED, "9.09 % of 550 requests failed, at most 1 % may"),
        ({"ended": Ended(2), "code": 2}, Outcome.FAILED, "exit code 2"),
        ({"ended": Ended(0)}, Outcome.PASSED, ""),
        ({"ended": Ended(0), "code": 7}, Outcome.SETUP_ERROR, "Locust ended with exit code 7"),
        ({"code": 2}, Outcome.SETUP_ERROR, "Locust ended with exit code 2"),
        ({"code": -9}, Outcome.INCONCLUSIVE, "Locust was killed by signal 9 at the end"),
        ({"ended": None, "code": None}, Outcome.SETUP_ERROR, "Locust did not end when the load was over"),
        ({"ended": None, "code": -9}, Outcome.INCONCLUSIVE, "Locust was killed by signal 9 at the end"),
        ({"ended": None, "code": 0}, Outcome.SETUP_ERROR, "(exit code 0) before it had reported all"),
        ({"ended": Ended(None, unreported=("a",))}, Outcome.INCONCLUSIVE, "1 of 1 workers did not report at the end"),
        ({"ended": Ended(None, signal=15), "end": End.ITSELF}, Outcome.INCONCLUSIVE, "ended by signal 15 after 10 s"),
        ({"ended": Ended(None, signal=15)}, Outcome.PASSED, ""),
        (
            {"ended": Ended(None, is_shape_over=False), "end": End.ITSELF, "ready": Ready(own_shape=True)},
            Outcome.INCONCLUSIVE,
            "after 10 s, before its shape did",
        ),
        (
            {"profile": Profile("x.py"), "end": End.ITSELF, "ready": Ready(own_shape=False, run_time_s=20.0)},
            Outcome.INCONCLUSIVE,
            "ended the load after 10 of 20 s",
        ),
        (
            {"result": LoadResult(CALM, (FailureGroup("", "KeyError: 'a'", 50, ("KeyError: 'a'",)),)), "code": 1},
            Outcome.SETUP_ERROR,
            "own code raised 50 times: 50 x KeyError: 'a'",
        ),
        (
            {"result": LoadResult(CALM, (FailureGroup("GET /", "HTTPError: 500", 1, ()),)), "code": 1},
            Outcome.PASSED,
            "",
        ),
        (
            {"result": LoadResult(CALM, (FailureGroup("GET /", "HTTPError: 500", 1, ()),)), "code": 2},
            Outcome.SETUP_ERROR,
            "Locust ended with exit code 2",
        ),
        (
            {"result": LoadResult(CALM, (FailureGroup("", "AssertionError: 3 items", 5, ()),)), "code": 1},
            Outcome.FAILED,
            "assertions of the locustfile failed 5 times: 5 x AssertionError: 3 items",
        ),
        (
            {
                "result": LoadResult(
                    CALM, (FailureGroup("", "AssertionError: 3", 5, ()), FailureGroup("", "KeyError: 'a'", 1, ()))
                ),
                "code": 1,
            },
            Outcome.SETUP_ERROR,
            "own code raised 6 times: 5 x AssertionError: 3; 1 x KeyError: 'a'",
        ),
        ({"result": LoadResult(CALM, (FailureGroup("others", "others", 9, ()),)), "code": 1}, Outcome.PASSED, ""),
        (
            {"result": LoadResult(CALM, (FailureGroup("", "others", 9, ()),)), "code": 1},
            Outcome.SETUP_ERROR,
            "own code raised 9 times",
        ),
    ],
)
def test_every_way_to_end_has_its_outcome(changes: dict[str, object], outcome: Outcome, reason: str) -> None:
    actual, why = assess(replace(FACTS, **changes))  # type: ignore[arg-type]

    assert actual == outcome, why
    assert reason in why
    assert bool(why) == (actual != Outcome.PASSED)


def test_a_failed_load_quotes_exceptions_of_the_locustfile_too() -> None:
    """They may be what failed requests led to, or the cause of what else is missing."""
    result = LoadResult(busy(10, bad=50).intervals, (FailureGroup("", "KeyError: 'token'", 29, ()),))

    actual, why = assess(replace(FACTS, result=result))

    assert actual is Outcome.FAILED
    assert why.endswith("; the locustfile's own code raised 29 times: 29 x KeyError: 'token'")
    assert why.count("own code raised") == 1


def test_an_abort_looks_at_its_window_only() -> None:
    profile = Profile("x.py", abort=AbortRule(Expectation(failure_share=0.5), window_s=3.0))
    failing = tuple(interval(at, good=1, bad=49) for at in range(10, 13))

    assert abort_reason(CALM, profile) == ""
    assert abort_reason((*CALM, failing[0]), profile) == ""
    assert abort_reason((*CALM, *failing), profile).startswith("98 % of 150 requests failed")


FLOOR = AbortRule(Expectation(requests_per_s=40.0), window_s=5.0)


@pytest.mark.parametrize(
    ("shape", "rates", "reason"),
    [
        (Ramp(100, 20.0), range(1, 16), ""),
        (Ramp(100, 5.0), [10] * 12, "10.0 requests/s succeeded, at least 40 expected within 5 s"),
        (Ramp(100, 20.0), [5] * 5 + [0] * 5, "no request was answered, at least 76 expected within 5 s"),
        (Soak(100, 5.0, 20.0), [50] * 15 + [9] * 5, ""),
        (Arrivals(50.0, 9, ramp_s=20.0), [9] * 15, ""),
        (Arrivals(50.0, 9), [9] * 15, "9.0 requests/s succeeded"),
        (None, [0] * 3, ""),
        (None, [0] * 6, "no request was answered, at least 200 expected within 5 s"),
    ],
)
def test_an_abort_floor_is_judged_where_all_of_the_load_is_asked_for(
    shape: Shape | None, rates: Sequence[int], reason: str
) -> None:
    """A rate that is still growing stops no load, and a total stall always does."""
    profile = Profile("x.py", users=5, shape=shape, abort=FLOOR)
    seconds = tuple(interval(at, good=rate) for at, rate in enumerate(rates))

    stopped_by = abort_reason(seconds, profile)

    assert stopped_by.startswith(reason)
    assert bool(stopped_by) == bool(reason)


@pytest.mark.parametrize(
    ("users", "asked", "rates", "reason"),
    [
        ([10] * 5 + [2] * 6, [10] * 5 + [2] * 6, [80] * 5 + [9] * 6, ""),
        ([10] * 5 + [0] * 6, [10] * 5 + [0] * 6, [80] * 5 + [0] * 6, ""),
        ([10] * 5 + [2] * 6, [10] * 11, [80] * 5 + [9] * 6, "9.0 requests/s succeeded"),
        ([10] * 5 + [0] * 6, [10] * 11, [80] * 5 + [0] * 6, "no request was answered, at least 200 expected"),
        ([10] * 3 + [1, 3, 5, 7], [10] * 3 + [1, 10, 10, 10], [80] * 3 + [1, 3, 5, 7], ""),
    ],
)
def test_a_floor_follows_the_users_that_the_locustfiles_own_shape_asks_for(
    users: Sequence[int], asked: Sequence[int], rates: Sequence[int], reason: str
) -> None:
    """Fewer users that are wanted are no violation, and users that end though they are wanted are."""
    seconds = tuple(
        replace(interval(at, good=rate), users=count, asked_users=wanted)
        for at, (count, wanted, rate) in enumerate(zip(users, asked, rates, strict=True))
    )

    stopped_by = abort_reason(seconds, Profile("x.py", abort=FLOOR))

    assert stopped_by.startswith(reason)
    assert bool(stopped_by) == bool(reason)


@pytest.mark.parametrize(
    ("shape", "least", "reason"),
    [
        (None, 49.0, ""),
        (None, 51.0, "50.0 requests/s succeeded, at least 51 expected"),
        (Ramp(10, 10.0), 90.0, ""),
        (Ramp(10, 10.0), 120.0, "50.0 requests/s succeeded, at least 66 expected (120 at the whole load)"),
    ],
)
def test_a_floor_is_judged_against_the_load_asked_for(shape: Shape | None, least: float, reason: str) -> None:
    """Half of the load has to bring half of the rate; failed requests bring none."""
    failing = LoadResult(tuple(interval(at, bad=50, users=10) for at in range(10)))
    profile = Profile("x.py", users=5, shape=shape, expect={"": Expectation(requests_per_s=least)})

    outcome, why = assess(replace(FACTS, profile=profile, result=failing, spawned=10))

    assert why == reason
    assert outcome == (Outcome.FAILED if reason else Outcome.PASSED)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("Traceback\n  File \"/x/shop.py\", line 3, in <module>\nKeyError: 'A'\n", "shop.py:3: KeyError: 'A'"),
        ("[2026] host/ERROR/locust.main: No User class found!\n", "No User class found!"),
        ("usage: locust\nlocust: error: unrecognized arguments: --x\n", "locust: error: unrecognized arguments: --x"),
        ("something else\n\n", "something else"),
        ("", ""),
    ],
)
def test_finds_what_locust_complains_of(log: str, expected: str) -> None:
    assert complaint(log, "shop.py") == expected
