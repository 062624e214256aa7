"""Steps and requests of two runs, paired."""

from __future__ import annotations

from outrider.model import Attempt, Measurement, Outcome, Step, StepKind
from outrider.reports import RequestTiming, pair_requests, pair_steps


def attempt(*steps: tuple[str, float | None, str | None]) -> Attempt:
    made = tuple(Step(key, key.title(), StepKind.NAMED, 0.0, took, error=error) for key, took, error in steps)
    return Attempt(1, True, False, Measurement(Outcome.PASSED, "", 0, 1.0, made))


def request(url: str, status: int = 200, took_ms: float = 10.0, failure: str = "") -> RequestTiming:
    return RequestTiming("GET", url, status, took_ms, failure)


def test_steps_are_paired_by_identity_and_told_apart() -> None:
    """As usual, slower, failed, never reached, and new."""
    good = attempt(("open", 100.0, None), ("search", 100.0, None), ("pay", 50.0, None), ("thanks", 10.0, None))
    bad = attempt(("open", 150.0, None), ("search", 250.0, None), ("popup", 5.0, None), ("pay", None, "no answer"))

    pairs = pair_steps(bad, good)

    assert [(pair.name, pair.good_ms, pair.bad_ms, pair.difference, pair.error) for pair in pairs] == [
        ("Open", 100.0, 150.0, "", ""),
        ("Search", 100.0, 250.0, "slower", ""),
        ("Pay", 50.0, None, "failed", "no answer"),
        ("Thanks", 10.0, None, "not reached", ""),
        ("Popup", None, 5.0, "new", ""),
    ]


def test_requests_that_differ_come_worst_first() -> None:
    """By method and address without its query; several of one address count by the worst."""
    site = "https://shop.example"
    good = [
        request(f"{site}/"), request(f"{site}/api?page=1"), request(f"{site}/api?page=2"), request(f"{site}/old"),
        request(f"{site}/slow", took_ms=50.0), request(f"{site}/moved"), request(f"{site}/always", 404),
    ]  # fmt: skip
    bad = [
        request(f"{site}/?utm=1"), request(f"{site}/api?page=1"), request(f"{site}/api?page=2", 503),
        request(f"{site}/new"), request(f"{site}/slow", took_ms=500.0), request(f"{site}/moved", 302),
        request(f"{site}/always", 404), request("https://cdn.example/x.js", -1, failure="net::ERR_FAILED"),
    ]  # fmt: skip

    pairs, alike = pair_requests(bad, good)

    assert [(pair.address.rpartition("/")[2], pair.good, pair.bad, pair.difference) for pair in pairs] == [
        ("api", "200", "503", "fails"),
        ("x.js", "", "no answer: net::ERR_FAILED", "fails"),
        ("moved", "200", "302", "answers otherwise"),
        ("old", "200", "", "missing"),
        ("new", "", "200", "new"),
        ("slow", "200", "200", "slower"),
    ]
    assert alike == 2


def test_a_run_of_a_thousand_new_requests_is_bounded() -> None:
    """What the limit leaves out is counted."""
    pairs, rest = pair_requests([request(f"https://shop.example/{number}") for number in range(1_000)], [])

    assert (len(pairs), rest) == (50, 950)
