"""What the calls of a job and its silence say."""

from __future__ import annotations

from datetime import datetime

import pytest

from outrider.model import Beat, Beats, CallKind, Outcome
from outrider.probes.call_rhythm import Rhythm, judge_beats
from outrider.probes.probe_outcome import ProberState, assess
from outrider.workspace import Cron

PASSED, FAILED, SKIPPED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.INCONCLUSIVE
HOUR_US = 3_600_000_000
MINUTE_US = HOUR_US // 60
ALWAYS = ((0, 10_000 * HOUR_US),)
DAILY = Rhythm(period_s=86_400, grace_s=3_600)
AT_THREE = Rhythm(cron=Cron("0 3 * * *", "UTC"), grace_s=3_600, schedule="0 3 * * *")
RUNNING = Beat(5 * HOUR_US, kind=CallKind.START)


def judged(beats: Beats, hours: float, rhythm: Rhythm = DAILY) -> tuple[Outcome, str]:
    return assess(judge_beats(beats, round(hours * HOUR_US), rhythm), ProberState(late_s=9.0, late_above_s=0.05))


@pytest.mark.parametrize(
    ("beats", "hours", "outcome", "words"),
    [
        (Beats(0, None, listening=ALWAYS), 2, SKIPPED, "waits for the first call, for another 23h"),
        (Beats(0, None, listening=ALWAYS), 26, FAILED, "has never called, in 1d2h"),
        (Beats(None, None, listening=ALWAYS), 26, SKIPPED, "waits for the first call"),
        (Beats(0, Beat(0), listening=ALWAYS), 25, PASSED, ""),
        (Beats(0, Beat(HOUR_US), listening=ALWAYS), 27, FAILED, "silent for 1d2h, expected every 1d and 1h of grace"),
        (Beats(0, Beat(0, 3, "disk full"), listening=ALWAYS), 1, FAILED, "the job reports exit code 3: disk full"),
        (Beats(0, Beat(5 * HOUR_US), listening=ALWAYS), 1, PASSED, ""),
    ],
)
def test_silence_is_judged(beats: Beats, hours: int, outcome: Outcome, words: str) -> None:
    """A job that calls once a day, and may be an hour late; the prober's own lateness is no matter."""
    actual, reason = judged(beats, hours)
    assert (actual, words in reason) == (outcome, True), reason


@pytest.mark.parametrize(
    ("listening", "hours", "outcome"),
    [
        ((), 26, INCONCLUSIVE),
        ((), 24, PASSED),
        (((0, 24 * HOUR_US),), 26, INCONCLUSIVE),
        (((0, 26 * HOUR_US),), 26.01, FAILED),
        (((0, 23 * HOUR_US), (24 * HOUR_US, 99 * HOUR_US)), 26, INCONCLUSIVE),
        (((0, 23 * HOUR_US), (24 * HOUR_US, 99 * HOUR_US)), 48.9, INCONCLUSIVE),
        (((0, 23 * HOUR_US), (24 * HOUR_US, 99 * HOUR_US)), 49.1, FAILED),
        (((0, 23 * HOUR_US), (23 * HOUR_US + MINUTE_US, 99 * HOUR_US)), 26, FAILED),
        (((0, 2 * HOUR_US), (4 * HOUR_US, 99 * HOUR_US)), 26, FAILED),
        (((0, 26 * HOUR_US), (27 * HOUR_US, 99 * HOUR_US)), 28, FAILED),
        (((0, 20 * HOUR_US), (22 * HOUR_US, 40 * HOUR_US), (46 * HOUR_US, 99 * HOUR_US)), 50, INCONCLUSIVE),
    ],
    ids=[
        "nobody ever", "not overdue yet", "nobody since", "listening until now", "a pause when it was due",
        "until it would be due again", "and then", "a pause of a minute", "a pause long before it was due",
        "a pause after it was overdue", "two pauses",
    ],
)  # fmt: skip
def test_silence_says_nothing_of_times_when_nobody_listened(
    listening: tuple[tuple[int, int], ...], hours: float, outcome: Outcome
) -> None:
    """If the call may have come then; one that was due much later, or much earlier, did not."""
    actual, reason = judged(Beats(0, Beat(0), listening=listening), hours)

    assert actual == outcome, reason


@pytest.mark.parametrize(
    ("last_hour", "hours", "outcome"),
    [(3.2, 27.9, PASSED), (3.2, 28.1, FAILED), (2.0, 3.9, PASSED), (2.0, 4.1, FAILED)],
)
def test_a_cron_says_when_a_call_is_due(last_hour: float, hours: float, outcome: Outcome) -> None:
    """At three each day, an hour late at most."""
    last = Beat(round(last_hour * HOUR_US))

    actual, reason = judged(Beats(0, last, listening=ALWAYS), hours, AT_THREE)

    assert actual == outcome, reason
    assert outcome == PASSED or 'expected by "0 3 * * *" and 1h of grace' in reason


def test_a_cron_follows_the_clocks_of_its_zone() -> None:
    """Three o'clock in New York is eight o'clock UTC in winter."""
    rhythm = Rhythm(cron=Cron("0 3 * * *", "America/New_York"), schedule="0 3 * * *")
    beats = Beats(0, Beat(4 * HOUR_US), listening=ALWAYS)

    assert [judged(beats, hours, rhythm)[0] for hours in (7.9, 8.1)] == [PASSED, FAILED]


def test_a_pause_when_a_cron_was_not_due_is_no_matter() -> None:
    """The call was due at three, and nobody listened between noon and one."""
    listening = ((0, 12 * HOUR_US), (13 * HOUR_US, 99 * HOUR_US))

    assert judged(Beats(0, Beat(4 * HOUR_US), listening=listening), 29, AT_THREE)[0] == FAILED


def test_a_failure_that_no_run_has_seen_fails_in_spite_of_the_success_after_it() -> None:
    """Its time and its note are told."""
    unseen = (Beat(HOUR_US, 137, "killed"), Beat(2 * HOUR_US))

    outcome, reason = judged(Beats(0, unseen[-1], unseen=unseen, listening=ALWAYS), 2.5)

    assert (outcome, reason) == (FAILED, "the job reported, at 1970-01-01 01:00:00 UTC, exit code 137: killed")


def test_a_failure_that_is_the_last_word_is_told_once() -> None:
    """It is both what no run has seen and what holds now."""
    last = Beat(HOUR_US, 1, "disk full")

    assert judged(Beats(0, last, unseen=(last,), listening=ALWAYS), 2)[1] == "the job reports exit code 1: disk full"


@pytest.mark.parametrize(
    ("longest_s", "hours", "outcome", "words"),
    [
        (7_200.0, 6.9, PASSED, ""),
        (7_200.0, 7.1, FAILED, "has been running for 2h6m, expected at most 2h"),
        (None, 24.9, PASSED, ""),
        (None, 25.1, FAILED, "silent for"),
    ],
)
def test_a_run_of_the_job_has_a_limit(longest_s: float | None, hours: float, outcome: Outcome, words: str) -> None:
    """While it runs, it is not silent."""
    rhythm = Rhythm(period_s=86_400, grace_s=3_600, longest_s=longest_s)

    actual, reason = judged(Beats(0, Beat(0), started=RUNNING, listening=ALWAYS), hours, rhythm)

    assert (actual, words in reason) == (outcome, True), reason


def test_the_duration_of_a_run_of_the_job_is_a_sample_once() -> None:
    """Of a success that no run has seen yet; the step is judged as those of journeys are."""
    ended = Beat(9 * HOUR_US, duration_us=90_000_000)
    failed = Beat(8 * HOUR_US, 1, duration_us=1_000_000)

    fresh = judge_beats(Beats(0, ended, unseen=(failed, ended), listening=ALWAYS), 10 * HOUR_US, DAILY)
    known = judge_beats(Beats(0, ended, listening=ALWAYS), 10 * HOUR_US, DAILY)

    assert [(step.key, step.duration_ms) for step in fresh.steps] == [("job", 90_000.0)]
    assert [(sample.step, sample.metric, sample.value) for sample in fresh.samples] == [
        ("job", "duration_ms", 90_000.0),
        ("", "silence_ms", 3_600_000.0),
    ]
    assert known.steps == ()


BERLIN = "Europe/Berlin"
NIGHTLY = Rhythm(cron=Cron("30 2 * * *", BERLIN), grace_s=3_600, timezone=BERLIN, schedule="30 2 * * *")
HOURLY = Rhythm(cron=Cron("0 * * * *", BERLIN), grace_s=600, timezone=BERLIN, schedule="0 * * * *")
MINUTELY = Rhythm(cron=Cron("* * * * *", BERLIN), timezone=BERLIN, schedule="* * * * *")
CALLS = [
    (NIGHTLY, "2027-10-31T02:35+02:00", "2027-10-31T03:31+01:00", PASSED),  # at the first of both times only
    (NIGHTLY, "2027-10-31T02:35+02:00", "2027-11-01T03:29+01:00", PASSED),
    (NIGHTLY, "2027-10-31T02:35+02:00", "2027-11-01T03:31+01:00", FAILED),
    (NIGHTLY, "2027-10-30T02:35+02:00", "2027-10-31T03:29+01:00", PASSED),  # it may still come at the second
    (NIGHTLY, "2027-10-30T02:35+02:00", "2027-10-31T03:31+01:00", FAILED),
    (NIGHTLY, "2027-10-31T02:35+01:00", "2027-11-01T03:29+01:00", PASSED),
    (NIGHTLY, "2027-03-27T02:35+01:00", "2027-03-28T04:29+02:00", PASSED),  # due at 03:30, as 02:30 is skipped
    (NIGHTLY, "2027-03-27T02:35+01:00", "2027-03-28T04:31+02:00", FAILED),
    (HOURLY, "2027-10-31T02:00+02:00", "2027-10-31T02:11+01:00", FAILED),  # it goes on through the hour
    (HOURLY, "2027-10-31T02:01+02:00", "2027-10-31T02:09+01:00", PASSED),
    (NIGHTLY, "2027-06-02T02:29:10+02:00", "2027-06-03T03:29+02:00", PASSED),  # a clock that is 50 s ahead
    (NIGHTLY, "2027-06-02T02:28:50+02:00", "2027-06-02T03:31+02:00", FAILED),
    (MINUTELY, "2027-06-02T02:00:20+02:00", "2027-06-02T02:01:01+02:00", FAILED),
    (MINUTELY, "2027-06-02T02:00:50+02:00", "2027-06-02T02:01:30+02:00", PASSED),
]


@pytest.mark.parametrize(("rhythm", "last", "now", "outcome"), CALLS)
def test_a_call_is_due_by_the_clocks_of_the_job(rhythm: Rhythm, last: str, now: str, outcome: Outcome) -> None:
    """Once in an hour that clocks repeat, later where they skip it; a clock a little ahead is no silence."""
    last_us, now_us = (round(datetime.fromisoformat(text).timestamp() * 1_000_000) for text in (last, now))

    actual, reason = judged(Beats(0, Beat(last_us), listening=((0, now_us),)), now_us / HOUR_US, rhythm)

    assert actual == outcome, reason
