"""Decide the outcome of a load and its reason from the facts of target, generator and locustfile. Pure."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import accumulate
from typing import TYPE_CHECKING

from outrider.load.profile import Expectation
from outrider.load.wire import ASSERTION, Ready
from outrider.model import Outcome, altogether, bounded, bucket_of, counted, merged, per_cent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.load.profile import Profile
    from outrider.load.wire import Ended
    from outrider.model import EndpointLoad, FailureGroup, LoadInterval, LoadResult
    from outrider.workspace import LoadSettings

Conclusion = tuple[Outcome, str]

_STARVED_SHARE = 0.2  # of the seconds, from which on a generator counts as saturated
_STARVED_LEAST = 2
_REACHED = 0.95
_LATE_S = 1.0
_LATELY = 2
_QUOTED = 3  # kinds of exceptions in a reason
_QUOTE_CHARACTERS = 300
_EXITS = "sys.exit() ends Locust whole; to end one user raise StopUser"
_INTERRUPT = KeyboardInterrupt.__name__
_HANG_FACTOR = 3
_WHOLE_S = 1.0  # by which a window may begin before the load, since seconds do not begin with it
_FEWEST = 20  # requests, below which no share of them stops a load
_ERROR = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Exit|Interrupt|Warning)\b.*|^\S+: error: .*", re.MULTILINE)
_NOTHING = Expectation()
_UNKNOWN = Ready(own_shape=False)
_STILL = "Timeout (0:00:04)!"  # of `faulthandler`
_FRAME = re.compile(r'^  File "([^"]+)", line (\d+) in (\w+)', re.MULTILINE)
_THREAD = re.compile(r"^Thread 0x", re.MULTILINE)
_CALM = re.compile(r"^\[.*/(?:DEBUG|INFO|WARNING)/[\w.]+: ")
_LOGGED = re.compile(r"\bERROR/[^:]*: (?P<text>.*)")


class End(Enum):
    """How a load came to its end."""

    TIME = auto()
    ITSELF = auto()
    ABORTED = auto()
    ENOUGH = auto()
    INTERRUPTED = auto()
    OVERDUE = auto()
    DIED = auto()
    REFUSED = auto()
    AWAY = auto()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a load is over.

    Attributes:
        abort: What the abort rule says, if it stopped the load.
        away: Why workers of locations did not join it, where it did not begin.
        started: Whether the load began at all.
        took_s: From its beginning to its end; None takes that of the result.
        workers: Generating processes that were there at last.
        spawned: The most users that were asked for and all began.
        lost: Names of those that fell silent.
        unheard: How many never reported.
        code: Locust's exit code; negative for the signal that killed it, None if it did not end.
        ended: What Locust says when it is done, or None.
        log: What Locust printed.
        activities: How many users were doing what, where none asked anything.
        ready: What Locust says of the locustfile.
    """

    profile: Profile
    settings: LoadSettings
    result: LoadResult
    end: End
    abort: str = ""
    away: str = ""
    started: bool = True
    took_s: float | None = None
    workers: int = 1
    spawned: int = 0
    lost: tuple[str, ...] = ()
    unheard: int = 0
    refused: tuple[str, ...] = ()
    code: int | None = 0
    ended: Ended | None = None
    log: str = ""
    activities: Mapping[str, int] = field(default_factory=dict)
    ready: Ready = _UNKNOWN

    @property
    def asked_code(self) -> int | None:
        """The exit code that the locustfile asks for."""
        return self.ended.asked_code if self.ended else None


def assess(facts: Facts) -> Conclusion:
    """Return the outcome of a load and its reason: first whether the generator can be believed, and the target last.

    The reason of a failed load quotes the exceptions of the user's code, too.
    """
    outcome, reason = _decided(facts)
    _, raised = _raised(facts) or (None, "")
    is_unsaid = outcome is Outcome.FAILED and raised not in reason
    return outcome, f"{reason}; {raised}" if is_unsaid else reason


def _decided(facts: Facts) -> Conclusion:
    rules = (
        _refused,
        _not_started,
        _exited,
        _hanging,
        _died,
        _silent,
        _interrupted,
        _lost,
        _signalled,
        _saturated,
        _aborted,
        _unanswered,
        _not_reached,
        _broken,
        _raised,
        _exit_code,
        _cut_short,
    )
    return next((conclusion for rule in rules if (conclusion := rule(facts))), (Outcome.PASSED, ""))


def abort_reason(intervals: Sequence[LoadInterval], profile: Profile) -> str:
    """Return why a load is to be stopped before its time, by its latest intervals; empty if it is not."""
    rule = profile.abort
    if rule is None or not intervals:
        return ""
    begin_s = intervals[-1].offset_s + intervals[-1].length_s - rule.window_s
    shares = asked_shares(intervals, profile)
    window = [place for place, interval in enumerate(intervals) if interval.offset_s + interval.length_s > begin_s]
    seconds = [intervals[place] for place in window]
    total = altogether(part for interval in seconds for part in interval.endpoints)
    limits = rule.limits if total.requests >= _FEWEST else Expectation()
    violations = [*_quality(total, limits)]
    if begin_s > -_WHOLE_S:
        violations += _floor_violations(seconds, [shares[place] for place in window], rule.limits.requests_per_s)
    return f"{'; '.join(violations)} within {rule.window_s:g} s" if violations else ""


def asked_shares(intervals: Sequence[LoadInterval], profile: Profile) -> list[float]:
    """Return how much of the whole load was asked for in each interval, 0 to 1."""
    most_users = max((interval.users for interval in intervals), default=0)
    levels = accumulate(intervals, _asked_level, initial=0)
    next(levels)
    return [
        profile.asked_share(interval.offset_s + interval.length_s / 2, users, most_users)
        for interval, users in zip(intervals, levels, strict=True)
    ]


def _asked_level(before: int, interval: LoadInterval) -> int:
    """Return how many users are asked for: it rises with those that begin, and falls when fewer are wanted.

    Users that end though they are wanted do not make it fall.
    """
    wanted = before if interval.asked_users is None else min(before, interval.asked_users)
    return max(interval.users, wanted)


def _floor_violations(window: Sequence[LoadInterval], shares: Sequence[float], least: float | None) -> list[str]:
    """Judge the rate of a whole window: where all of the load is asked for, or where nothing is answered at all."""
    if least is None:
        return []
    length_s = sum(interval.length_s for interval in window)
    total = altogether(part for interval in window for part in interval.endpoints)
    expected = sum(least * share * interval.length_s for interval, share in zip(window, shares, strict=True))
    if total.requests == total.unanswered.total and expected >= 1:
        return [f"no request was answered, at least {expected:.0f} expected"]
    rate = total.succeeded.total / max(length_s, 1e-9)
    if min(shares) < 1 or rate >= least:
        return []
    return [f"{rate:.1f} requests/s succeeded, at least {least:g} expected"]


def _refused(facts: Facts) -> Conclusion | None:
    if not facts.refused:
        return None
    hosts = ", ".join(facts.refused)
    fix = "if it is yours to load, name it in allowed_hosts below [load] in outrider.toml"
    return Outcome.SETUP_ERROR, f"the locustfile asked for {hosts}, where no load may go: {fix}"


def _not_started(facts: Facts) -> Conclusion | None:
    if facts.started:
        return None
    if facts.end is End.INTERRUPTED:
        return Outcome.INCONCLUSIVE, "interrupted before the load began"
    if facts.away or facts.workers < facts.profile.workers:
        return Outcome.INCONCLUSIVE, facts.away or f"{facts.workers} of {facts.profile.workers:,} workers connected"
    if facts.end is End.OVERDUE:
        return Outcome.SETUP_ERROR, "the load had not begun when its time was up"
    if raised := _raised(facts):
        return raised
    why = complaint(facts.log, facts.profile.file)
    return Outcome.SETUP_ERROR, why or f"Locust ended before the load began (exit code {facts.code}) and gave no reason"


def _hanging(facts: Facts) -> Conclusion | None:
    """Judge requests without an answer; while a generator stood still itself it could not have read one."""
    still_ms = max((interval.lag_ms for interval in facts.result.intervals), default=0.0)
    after_ms = (facts.profile.hang_after_s or facts.settings.hang_after_s) * 1000
    endpoints = facts.result.endpoints
    total = altogether(endpoints)
    hanging = {part.endpoint: _hanging_count(part, total, after_ms + still_ms) for part in endpoints}
    count = sum(hanging.values())
    whole = [part for part in endpoints if hanging[part.endpoint] and hanging[part.endpoint] == part.requests]
    if not whole and count < max(1, facts.settings.hang_share * total.requests):
        return None
    name = whole[0].endpoint if whole else max(hanging, key=lambda endpoint: hanging[endpoint])
    oldest_ms = max(part.unanswered.quantile(1.0) or 0.0 for part in endpoints)
    share = f"{count:,} of {total.requests:,} requests had no answer, for up to {oldest_ms / 1000:.0f} s"
    return Outcome.FAILED, f"{name} hangs: {share}"


def _hanging_count(part: EndpointLoad, total: EndpointLoad, after_ms: float) -> int:
    """Return how many requests of an endpoint wait longer than that, and than thrice the p99 of the answered."""
    answered = merged((part.succeeded, part.failed))
    if not answered.total:
        answered = merged((total.succeeded, total.failed))
    least = bucket_of(max(after_ms, _HANG_FACTOR * (answered.quantile(0.99) or 0.0)))
    return sum(count for bucket, count in part.unanswered.counts.items() if bucket > least)


def _unanswered(facts: Facts) -> Conclusion | None:
    total = altogether(facts.result.endpoints)
    if not total.requests or total.unanswered.total < total.requests:
        return None
    length = f"{facts.result.length_s:.0f} s"
    return Outcome.INCONCLUSIVE, f"none of {total.requests:,} requests had an answer after {length}: lengthen the load"


def _silent(facts: Facts) -> Conclusion | None:
    if any(endpoint.requests for endpoint in facts.result.endpoints):
        return None
    if facts.end is End.INTERRUPTED:
        return Outcome.INCONCLUSIVE, f"interrupted after {facts.result.length_s:.0f} s, before any request"
    _, raised = _raised(facts) or (None, "")
    why = raised or _still(facts) or _errors(facts.log)
    doing = [f"{count} {'user was' if count == 1 else 'users were'} {what}" for what, count in facts.activities.items()]
    more = f" and {counted(len(doing) - _QUOTED, 'other thing')}" if len(doing) > _QUOTED else ""
    if not (why or doing or _began(facts)):
        length = f"{facts.result.length_s:.0f} s"
        return Outcome.INCONCLUSIVE, f"no user began within {length}: lengthen the load, or give it a less busy host"
    because = why or ", ".join(doing[:_QUOTED]) + more
    return Outcome.SETUP_ERROR, f"no request was made{f': {because}' if because else ''}"


def _began(facts: Facts) -> int:
    """Return the most users that have begun."""
    return max(facts.result.most_users, facts.spawned)


def _still(facts: Facts) -> str:
    """Return where the event loop stood still, from what the child wrote down then; empty if it did not."""
    dumps = facts.log.split(_STILL)
    threads = _THREAD.split(dumps[-1]) if len(dumps) > 1 else [""]
    frames = _FRAME.findall(threads[-1])  # the main thread stands last
    own = [frame for frame in frames if frame[0].endswith(f"/{facts.profile.file}")] or frames
    if not own:
        return ""
    file, line, function = own[0]
    return f"the event loop is blocked in {function} ({file.rpartition('/')[2]}:{line}), which lets no other user run"


def _interrupted(facts: Facts) -> Conclusion | None:
    if facts.end is not End.INTERRUPTED:
        return None
    return Outcome.INCONCLUSIVE, f"interrupted after {facts.result.length_s:.0f} s: these are partial results"


def _died(facts: Facts) -> Conclusion | None:
    after = f"after {facts.result.length_s:.0f} s"
    if facts.end is End.OVERDUE:
        return Outcome.INCONCLUSIVE, f"was still running {after} and was stopped: set its duration, or a longer timeout"
    if facts.end is not End.DIED:
        return None
    is_raised = any(group.message.startswith(_INTERRUPT) for group in _own_errors(facts.result))
    if facts.code == -signal.SIGINT and is_raised:  # Python ends itself by that signal
        return _raised(facts)
    if facts.code is not None and facts.code < 0:
        return Outcome.INCONCLUSIVE, f"Locust was killed by signal {-facts.code} {after}"
    why = f"exit code {facts.code}: {_EXITS}"
    return Outcome.SETUP_ERROR, f"the locustfile ended Locust {after} ({why})"


def _exited(facts: Facts) -> Conclusion | None:
    if not facts.ended or not facts.ended.exited:
        return None
    workers = f"{len(facts.ended.exited)} of {facts.profile.generators:,} workers"
    return Outcome.SETUP_ERROR, f"the locustfile ended {workers}: {_EXITS}"


def _lost(facts: Facts) -> Conclusion | None:
    of_all = f"of {facts.profile.generators:,} workers"
    if lost := len(facts.lost) + facts.unheard:
        return Outcome.INCONCLUSIVE, f"{lost} {of_all} were lost during the load"
    if facts.ended and facts.ended.unreported:
        return Outcome.INCONCLUSIVE, f"{len(facts.ended.unreported)} {of_all} did not report at the end of the load"
    return None


def _signalled(facts: Facts) -> Conclusion | None:
    if facts.end is not End.ITSELF or not facts.ended or not facts.ended.signal:
        return None
    return Outcome.INCONCLUSIVE, f"Locust was ended by signal {facts.ended.signal} after {facts.result.length_s:.0f} s"


def _saturated(facts: Facts) -> Conclusion | None:
    seconds, settings = facts.result.intervals, facts.settings
    busy = [interval for interval in seconds if interval.cpu_share > settings.busy_above]
    late = [interval for interval in seconds if interval.lag_ms > settings.late_s * 1000]
    starved = [interval for interval in seconds if interval in busy or interval in late]
    if len(starved) < max(_STARVED_LEAST, _STARVED_SHARE * len(seconds)):
        return None
    if len(busy) >= len(late):
        symptom = f"used {per_cent(max(interval.cpu_share for interval in busy), '.0f')} of a processor"
    else:
        symptom = f"was up to {max(interval.lag_ms for interval in late):.0f} ms late"
    share = len(starved) / len(seconds)
    return (
        Outcome.INCONCLUSIVE,
        f"the generator was saturated in {per_cent(share, '.0f')} of the time: it {symptom}; add processes",
    )


def _aborted(facts: Facts) -> Conclusion | None:
    if facts.end is not End.ABORTED:
        return None
    return Outcome.FAILED, f"stopped after {facts.result.length_s:.0f} s: {facts.abort}"


def _not_reached(facts: Facts) -> Conclusion | None:
    profile, result = facts.profile, facts.result
    if facts.end in {End.ENOUGH, End.ITSELF}:
        return None
    wanted, began = profile.wanted_users, _began(facts)
    if wanted and (profile.shape or not facts.ready.own_shape) and began < _REACHED * wanted:
        return Outcome.INCONCLUSIVE, f"the load was not reached: {began} of {wanted:,} users"
    late_s = max((interval.late_s for interval in result.intervals[-_LATELY:]), default=0.0)
    if late_s > _LATE_S:
        busy = f"all {result.most_users} users were busy"
        return Outcome.INCONCLUSIVE, f"the rate was not reached: at the end tasks began {late_s:.1f} s late, {busy}"
    return None


def _broken(facts: Facts) -> Conclusion | None:
    result = facts.result
    by_name = {endpoint.endpoint: endpoint for endpoint in result.endpoints}
    rates, asked = result.rates, _asked_share(facts)
    overall = facts.profile.expect.get("", _NOTHING)
    violations = [*_quality(altogether(result.endpoints), overall), *_slow_rate(sum(rates.values()), asked, overall)]
    for name, expected in facts.profile.expect.items():
        if name and name in by_name:
            texts = (*_quality(by_name[name], expected), *_slow_rate(rates.get(name, 0.0), asked, expected))
            violations += (f"{name}: {text}" for text in texts)
        elif name:
            violations.append(f"{name}: was never requested")
    if violations:
        return Outcome.FAILED, f"{'; '.join(violations)}{_most_frequent(facts.result.failures)}"
    if facts.asked_code:
        return Outcome.FAILED, f"the locustfile asks for exit code {facts.asked_code}"
    return None


def _raised(facts: Facts) -> Conclusion | None:
    own = _own_errors(facts.result)
    if not own:
        return None
    quoted = "; ".join(f"{group.count} x {_first_line(group)}" for group in own[:_QUOTED])
    more = f"; and {counted(len(own) - _QUOTED, 'other exception')}" if len(own) > _QUOTED else ""
    count = sum(group.count for group in own)
    times = "once" if count == 1 else f"{count} times"
    if facts.started and all(group.message.startswith(ASSERTION) for group in own):
        return Outcome.FAILED, f"assertions of the locustfile failed {times}: {quoted}{more}"
    return Outcome.SETUP_ERROR, f"the locustfile's own code raised {times}: {quoted}{more}"


def _exit_code(facts: Facts) -> Conclusion | None:
    """Account for an end that failed requests, which have limits of their own, do not explain."""
    if facts.ended is None and facts.end in {End.TIME, End.ENOUGH}:
        return _unended(facts)
    code = facts.code
    explained = {0, None, facts.asked_code, *([facts.ready.failure_code] if facts.result.failures else [])}
    if code is None or code in explained:
        return None
    if code < 0:
        return Outcome.INCONCLUSIVE, f"Locust was killed by signal {-code} at the end of the load"
    error = _errors(facts.log)
    return Outcome.SETUP_ERROR, f"Locust ended with exit code {code}{f': {error}' if error else ''}"


def _unended(facts: Facts) -> Conclusion:
    """Judge a Locust that did not say its last words: what it measured in the end is unknown."""
    if facts.code is None:
        why = _still(facts) or "on_stop, or a listener of test_stop or quitting, takes longer"
        return Outcome.SETUP_ERROR, f"Locust did not end when the load was over, and was killed: {why}"
    if facts.code < 0:
        return Outcome.INCONCLUSIVE, f"Locust was killed by signal {-facts.code} at the end of the load"
    return Outcome.SETUP_ERROR, f"the locustfile ended Locust (exit code {facts.code}) before it had reported all"


def _own_errors(result: LoadResult) -> list[FailureGroup]:
    """Return the exceptions of the user's code."""
    return [group for group in result.failures if not group.endpoint]


def _cut_short(facts: Facts) -> Conclusion | None:
    if facts.end not in {End.ITSELF, End.TIME}:
        return None
    took_s = facts.result.length_s if facts.took_s is None else facts.took_s
    is_own_shape = facts.ready.own_shape and not facts.profile.shape
    if is_own_shape and facts.ended and not facts.ended.is_shape_over:
        return Outcome.INCONCLUSIVE, f"the locustfile ended the load after {took_s:.0f} s, before its shape did"
    asked_s = facts.profile.duration_s or facts.ready.run_time_s
    if facts.ended and facts.ended.is_time_up and not facts.profile.duration_s:
        return None
    if is_own_shape or not asked_s or took_s >= _REACHED * asked_s:
        return None
    return Outcome.INCONCLUSIVE, f"the locustfile ended the load after {took_s:.0f} of {asked_s:g} s"


def _quality(part: EndpointLoad, expected: Expectation) -> Iterator[str]:
    """Yield what of failures and times is not as expected."""
    most = expected.failure_share
    if most is not None and part.failure_share > most:
        failed, allowed = (per_cent(share, ".3g") for share in (part.failure_share, most))
        yield f"{failed} of {part.requests:,} requests failed, at most {allowed} may"
    for share, limit_ms in expected.quantiles.items():
        measured_ms = part.times.quantile(share)
        if measured_ms is not None and measured_ms > limit_ms:
            yield f"p{share * 100:g} is {measured_ms:.0f} ms, {limit_ms:.0f} ms allowed"


def _slow_rate(rate: float, asked: float, expected: Expectation) -> Iterator[str]:
    """Yield that a rate is lower than expected, as far as the whole load was asked for."""
    least = expected.requests_per_s
    if least is not None and rate < least * asked:
        whole = "" if asked >= _REACHED else f" ({least:g} at the whole load)"
        yield f"{rate:.1f} requests/s succeeded, at least {least * asked:.3g} expected{whole}"


def _asked_share(facts: Facts) -> float:
    """Return how much of the whole load was asked for on average, 0 to 1."""
    intervals = facts.result.intervals
    shares = asked_shares(intervals, facts.profile)
    asked_s = sum(share * interval.length_s for share, interval in zip(shares, intervals, strict=True))
    return asked_s / max(facts.result.length_s, 1e-9)


def complaint(log: str, file: str) -> str:
    """Return the last error of Locust or Python, with the line of the locustfile where the log has it."""
    lines = (line.strip() for line in reversed(log.splitlines()) if not _CALM.search(line))
    error = _errors(log) or next(filter(None, lines), "")
    places = re.findall(rf'File "[^"]*{re.escape(file)}", line (\d+)', log) if file else []
    return f"{file}:{places[-1]}: {error}" if places and error else error


def _errors(log: str) -> str:
    """Return the last error that Python or Locust logged; empty if there is none."""
    errors = [match.group().strip() for match in _ERROR.finditer(log)]
    logged = [match["text"].strip() for match in _LOGGED.finditer(log)]
    return (errors or logged or [""])[-1]


def _most_frequent(failures: Sequence[FailureGroup]) -> str:
    if not failures:
        return ""
    first = failures[0]
    return f" ({first.count} x {f'{first.endpoint}: ' if first.endpoint else ''}{_first_line(first)})"


def _first_line(group: FailureGroup) -> str:
    return bounded((group.samples[0] if group.samples else group.message).partition("\n")[0], _QUOTE_CHARACTERS)
