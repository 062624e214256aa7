"""A run beside the last good one: steps, requests and pictures. Values in, values out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from outrider.reports.report_page import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from outrider.model import Attempt, Run, Step

MOST_REQUESTS = 50
_SLOWER_RATIO = 2.0
_SLOWER_MS = 100.0
_ERROR_STATUS = 400


@dataclass(frozen=True, slots=True)
class RequestTiming:
    """A request on the wire; `status` is zero or below if there was no answer, and `failure` says why."""

    method: str
    url: str
    status: int
    duration_ms: float
    failure: str = ""


@dataclass(frozen=True, slots=True)
class StepPair:
    """A step of both runs; None is a duration that one of them has not.

    Attributes:
        difference: "failed", "not reached", "new", "slower" or empty.
    """

    name: str
    good_ms: float | None
    bad_ms: float | None
    difference: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class RequestPair:
    """The requests of one method and address in both runs: how many, the worst answer, and the slowest.

    Attributes:
        good, bad: What was answered, such as "200" or "no answer: net::ERR_FAILED"; empty if it was not requested.
        difference: "fails", "answers otherwise", "missing", "new", "slower"; empty if nothing differs.
    """

    method: str
    address: str
    good: str
    bad: str
    good_ms: float | None
    bad_ms: float | None
    difference: str


@dataclass(frozen=True, slots=True)
class RunComparison:
    """A run beside the last good one.

    Attributes:
        requests: Those that differ, the worst first.
        alike: How many addresses are alike in both, or were left out by the limit.
        pictures: Of the run and of the good one, as data addresses; empty if there is none.
        picture_us: When the good picture's run was due.
        notes: What is missing, and why.
    """

    run: Run
    good: Run
    steps: tuple[StepPair, ...]
    requests: tuple[RequestPair, ...]
    alike: int
    pictures: tuple[str, str]
    notes: tuple[str, ...]
    workspace: str
    timezone: str
    picture_us: int | None = None


def pair_steps(attempt: Attempt, good: Attempt) -> tuple[StepPair, ...]:
    """Return the steps on the first level of both attempts, in the good one's order, new ones where they came."""
    before = {step.key: step for step in good.measurement.steps if step.parent is None}
    now = {step.key: step for step in attempt.measurement.steps if step.parent is None}
    pairs = []
    new = [key for key in now if key not in before]
    for key, step in before.items():
        pairs.append(_step_pair(now.get(key), step))
    return (*pairs, *(_step_pair(now[key], None) for key in new))


def _step_pair(step: Step | None, good: Step | None) -> StepPair:
    known = step or good
    assert known is not None
    good_ms, bad_ms = good.duration_ms if good else None, step.duration_ms if step else None
    error = step.error or "" if step else ""
    if step is None:
        difference = "not reached"
    elif step.error is not None or step.duration_ms is None:
        difference = "failed"
    elif good is None:
        difference = "new"
    else:
        difference = "slower" if _is_slower(bad_ms, good_ms) else ""
    return StepPair(known.title, good_ms, bad_ms, difference, error)


def pair_requests(
    requests: Iterable[RequestTiming], good: Iterable[RequestTiming]
) -> tuple[tuple[RequestPair, ...], int]:
    """Return the requests that differ, at most `MOST_REQUESTS`, the worst first, and how many addresses are not shown.

    Requests are the same by method and address without its query.
    """
    now, before = _by_address(requests), _by_address(good)
    pairs = [_request_pair(key, now.get(key, []), before.get(key, [])) for key in {**before, **now}]
    differing = sorted((pair for pair in pairs if pair.difference), key=_rank)[:MOST_REQUESTS]
    return tuple(differing), len(pairs) - len(differing)


_RANKS = {"fails": 0, "answers otherwise": 1, "missing": 2, "new": 3, "slower": 4}


def _rank(pair: RequestPair) -> tuple[int, float]:
    return _RANKS[pair.difference], -(pair.bad_ms or 0.0)


def _by_address(requests: Iterable[RequestTiming]) -> Mapping[tuple[str, str], list[RequestTiming]]:
    grouped: dict[tuple[str, str], list[RequestTiming]] = defaultdict(list)
    for request in requests:
        parts = urlsplit(request.url)
        grouped[request.method, f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"].append(request)
    return grouped


def _request_pair(key: tuple[str, str], now: Sequence[RequestTiming], before: Sequence[RequestTiming]) -> RequestPair:
    good, bad = _answer(before), _answer(now)
    good_ms, bad_ms = _slowest_ms(before), _slowest_ms(now)
    return RequestPair(*key, good, bad, good_ms, bad_ms, _difference((good, bad), (good_ms, bad_ms), now))


def _difference(
    answers: tuple[str, str], slowest_ms: tuple[float | None, float | None], now: Sequence[RequestTiming]
) -> str:
    good, bad = answers
    if not now:
        return "missing"
    if any(_is_failed(request) for request in now) and good != bad:
        return "fails"
    if not good:
        return "new"
    if good != bad:
        return "answers otherwise"
    return "slower" if _is_slower(slowest_ms[1], slowest_ms[0]) else ""


def _is_failed(request: RequestTiming) -> bool:
    return bool(request.failure) or request.status <= 0 or request.status >= _ERROR_STATUS


def _answer(requests: Sequence[RequestTiming]) -> str:
    """Return the worst answer of some requests."""
    if not requests:
        return ""
    worst = max(requests, key=lambda request: (_is_failed(request), bool(request.failure), request.status))
    return f"no answer: {worst.failure}" if worst.failure else str(worst.status)


def _slowest_ms(requests: Sequence[RequestTiming]) -> float | None:
    return max((request.duration_ms for request in requests), default=None)


def _is_slower(now_ms: float | None, before_ms: float | None) -> bool:
    if now_ms is None or before_ms is None:
        return False
    return now_ms >= before_ms * _SLOWER_RATIO and now_ms >= before_ms + _SLOWER_MS


def comparison_html(comparison: RunComparison, root: Path | None = None) -> str:
    """Return a page that needs no network.

    Raises:
        ConfigError: bad-template.
    """
    values = {"comparison": comparison, "run": comparison.run, "good": comparison.good}
    return fill("comparison.html", values, comparison.timezone, root, interactive=False)


def comparison_json(comparison: RunComparison) -> dict[str, Any]:
    """Return a comparison as plain data, without pictures."""
    return {
        "run": comparison.run.id,
        "good": comparison.good.id,
        "steps": [
            {
                "name": step.name, "good_ms": step.good_ms, "bad_ms": step.bad_ms, "difference": step.difference,
                "error": step.error,
            }
            for step in comparison.steps
        ],
        "requests": [
            {
                "method": pair.method, "address": pair.address, "good": pair.good, "bad": pair.bad,
                "good_ms": pair.good_ms, "bad_ms": pair.bad_ms, "difference": pair.difference,
            }
            for pair in comparison.requests
        ],
        "alike": comparison.alike,
        "notes": list(comparison.notes),
    }  # fmt: skip
