"""Findings of a run and its judgements: facts, possible causes and labels of each subject. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.location_votes import Votes
from outrider.baselines import Condition, Signal
from outrider.charts import milliseconds
from outrider.model import Kind, Outcome, counted, per_cent, title_of
from outrider.runs import WHOLE_REQUEST, deciding_attempt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.model import Attempt, Check, Run
    from outrider.runs import Judgement

CERTIFICATE = "certificate_days"
RAISED = "raised"
"""Attribute of a measurement whose script raised an error of its own."""
FAILED_FOR = "failed_for"
"""Attribute of a measurement that failed for one metric alone: its name."""
_OWN_NETWORK = "own_network"
_CHANGED = "the target or its data changed, since this very script passed before"

_MOST_ERRORS = 3
_UNJUDGED_RUNS = 10
_LINE = 300
_MOST_TIMES = 10_000.0  # the usual value that a change is told in: more means that it was next to nothing
_SAYS_NOTHING = {Outcome.INCONCLUSIVE, Outcome.SETUP_ERROR, Outcome.SKIPPED, Outcome.MISSED}
_VARIABLE = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?|\"[^\"]*\"|'[^']*'", re.IGNORECASE)


_ALONE = Votes(needed=0)


@dataclass(frozen=True, slots=True)
class FindingContext:
    """What is known of checks beside their runs.

    Attributes:
        checks: By id.
        certificate_days: A certificate that is valid for fewer days is a problem.
        artifacts: Where the artifacts of the run lie, for a reader.
        passed_before: The run's script raised an error, and passed before from the very same snapshot.
        votes: What the locations of its check say; any failure is the check's where nobody asked them.
    """

    checks: Mapping[str, Check] = field(default_factory=dict)
    certificate_days: float = 14.0
    artifacts: tuple[str, ...] = ()
    passed_before: bool = False
    votes: Votes = _ALONE


def findings(run: Run, judgements: Sequence[Judgement], context: FindingContext) -> list[Finding]:
    """Return the findings of a run; subjects that it gives no evidence of have none."""
    evidence = _RunEvidence(run, context)
    return [
        *evidence.network(),
        *evidence.coverage(),
        *evidence.setup(),
        *evidence.unjudged(),
        *evidence.failure(),
        *(finding for judgement in judgements if judgement.step for finding in evidence.degradation(judgement)),
        *(finding for judgement in judgements if not judgement.step for finding in evidence.failure_share(judgement)),
        *evidence.certificate(),
    ]


class _RunEvidence:
    """What one run shows."""

    def __init__(self, run: Run, context: FindingContext) -> None:
        self._run = run
        self._context = context
        self._check = context.checks.get(run.check)
        self._attempt = _deciding_attempt(run)
        self._hosts = _hosts(self._attempt)

    def network(self) -> Iterator[Finding]:
        last = _last_attempt(self._run)
        lost = last.measurement.attributes.get(_OWN_NETWORK, "") if last else ""
        if lost or self._run.outcome not in _SAYS_NOTHING:
            yield self._finding(Problem.NETWORK, bool(lost), Facts(lost or "our own network"), ("own network",))

    def coverage(self) -> Iterator[Finding]:
        if self._run.outcome is not Outcome.SKIPPED:
            missed = self._run.outcome is Outcome.MISSED
            facts = self._facts(self._run.reason if missed else "")
            yield self._finding(Problem.COVERAGE, missed, facts, ("coverage",))

    def setup(self) -> Iterator[Finding]:
        """A run that could not be made because script, configuration or browser are wrong."""
        if self._run.outcome not in {Outcome.SKIPPED, Outcome.MISSED, Outcome.INCONCLUSIVE}:
            wrong = self._run.outcome is Outcome.SETUP_ERROR and not self._context.passed_before
            facts = self._facts(self._run.reason)
            yield self._finding(Problem.OUTRIDER, wrong, facts, (f"fault:{_normalised(facts.what)}",))

    def unjudged(self) -> Iterator[Finding]:
        """A run that says nothing of the target, since the prober was slow or broken; many in a row watch nothing.

        A set-up error, which says nothing either, has a finding of its own.
        """
        if self._run.outcome not in {Outcome.SKIPPED, Outcome.MISSED, Outcome.SETUP_ERROR}:
            silent = self._run.outcome is Outcome.INCONCLUSIVE
            facts = self._facts(f"{_UNJUDGED_RUNS} inconclusive runs in a row: {self._run.reason}" if silent else "")
            yield self._finding(Problem.UNJUDGED, silent, facts, ("unjudged",), least_bad=_UNJUDGED_RUNS)

    def failure(self) -> Iterator[Finding]:
        changed = self._context.passed_before
        if self._run.outcome in _SAYS_NOTHING and not changed:
            return
        failed = changed or (self._run.outcome is Outcome.FAILED and not only_ends_soon(self._run))
        step = self._failed_step() if failed else ""
        reason = self._run.reason or "failed"
        votes = self._context.votes
        places = f"{votes.summary}: " if failed and votes.summary else ""
        facts = self._facts(f"{places}{_CHANGED}: {reason}" if changed else f"{places}{reason}", step=step)
        causes = list(self._by_host())
        if step and not self._run.check.startswith(Kind.PROBE):
            causes.append(f"step:{step}")
        is_down = failed and (changed or votes.are_enough)
        yield self._finding(Problem.FAILURE, is_down, facts, (*causes, f"fault:{_normalised(reason)}"), fault=reason)
        if self._check is not None and len(self._check.policy.locations) > 1:
            where = replace(facts, predicate=f"fails in {self._run.location}")
            causes = [f"location:{self._run.location}"]
            yield self._finding(Problem.LOCATION, failed and not is_down, where, tuple(causes), fault=reason)

    def degradation(self, judgement: Judgement) -> Iterator[Finding]:
        """A step that is slower than usual; one that is being learned is well, which ends a provisional judgement."""
        signal = judgement.signal
        if not isinstance(signal, Signal) or signal.ignored:
            return
        facts = self._facts(
            amount_of(signal),
            step=judgement.step,
            predicate=self._slow_step(judgement.step),
            **band_of(signal),
            since_us=None if signal.since is None else signal.since * 1_000_000,
            release=judgement.release,
            later_release=judgement.later_release,
            recent_release=judgement.recent_release,
        )
        causes = list(self._by_host())
        if not self._run.check.startswith(Kind.PROBE):
            causes.append(f"step:{judgement.step}")
        degraded = signal.condition is Condition.DEGRADED
        finding = self._finding(Problem.DEGRADATION, degraded, facts, tuple(causes), step=judgement.step)
        yield replace(finding, chance_months=chance_of(signal), release_share=judgement.release_share)

    def failure_share(self, judgement: Judgement) -> Iterator[Finding]:
        """More runs fail than is normal, though perhaps never two in a row.

        The share falls slowly after an outage; good runs in a row end the problem all the same.
        """
        signal = judgement.signal
        if isinstance(signal, Signal):
            return
        last = f" ({self._run.reason.partition('; ')[0]})" if self._run.reason else ""
        facts = self._facts(
            f"{signal.reason}{last}",
            predicate="fails too often",
            observed=f"{per_cent(signal.observed_rate)} of runs",
            expected=per_cent(signal.normal_rate),
            release=judgement.release,
            later_release=judgement.later_release,
        )
        failed = self._run.outcome is not Outcome.PASSED and not only_ends_soon(self._run)
        present = failed and signal.condition is Condition.DEGRADED
        yield self._finding(Problem.FAILURE, present, facts, self._by_host(), step="share of failures", once=True)

    def certificate(self) -> Iterator[Finding]:
        if (left := _certificate_days(self._attempt)) is not None:
            own_limit = left >= self._context.certificate_days and only_ends_soon(self._run)
            facts = self._facts(
                self._run.reason if own_limit else f"its certificate is valid for {counted(round(left), 'more day')}",
                observed=f"{left:.1f} days",
                expected="" if own_limit else f"{self._context.certificate_days:g} days or more",
            )
            soon = own_limit or left < self._context.certificate_days
            yield self._finding(Problem.CERTIFICATE, soon, facts, self._by_host(), once=True)

    def _by_host(self) -> tuple[str, ...]:
        return tuple(f"host:{host}" for host in self._hosts[:1])

    def _failed_step(self) -> str:
        if self._attempt is None:
            return ""
        broken = [step for step in self._attempt.measurement.steps if step.error is not None]
        return broken[0].title if broken else ""

    def _facts(self, what: str, **more: object) -> Facts:
        shared = {
            "run": self._run.id,
            "release": self._run.circumstances.release,
            "artifacts": self._context.artifacts,
            "errors": self._errors(),
            "title": self._check.title if self._check else title_of(self._run.check),
            "address": self._address(),
        }
        return Facts(what[:_LINE], **{**shared, **{name: value for name, value in more.items() if value}})  # type: ignore[arg-type]

    def _errors(self) -> tuple[str, ...]:
        if self._attempt is None or self._run.outcome.is_good:
            return ()
        lines = dict.fromkeys(
            f"{error.source.value}: {error.message.splitlines()[0] if error.message else ''}"[:_LINE]
            for error in self._attempt.measurement.errors
            if error.message and error.message not in self._run.reason
        )
        rest = len(lines) - _MOST_ERRORS
        return (*tuple(lines)[:_MOST_ERRORS], *([f"and {counted(rest, 'more error')}"] if rest > 0 else []))

    def _finding(
        self,
        problem: Problem,
        present: bool,
        facts: Facts,
        causes: tuple[str, ...],
        *,
        step: str = "",
        once: bool = False,
        least_bad: int = 1,
        fault: str = "",
    ) -> Finding:
        run = self._run
        key = FindingKey(problem, run.check, run.environment, run.location, step)
        labels = {
            **problem_labels(problem),
            **(check_labels(self._check) if self._check else {}),
            "check": run.check,
            "kind": self._check.kind.value if self._check else run.check.partition(":")[0],
            "environment": run.environment,
            "location": run.location,
            "host": self._hosts[0] if self._hosts else "",
            "step": facts.step,
            "fault": _normalised(fault or facts.what),
        }
        labels = {name: value for name, value in labels.items() if value}
        all_causes = (*causes, f"check:{run.check}")
        return Finding(key, present, run.due_us, facts, all_causes, labels, once, least_bad, run.due_count)

    def _address(self) -> str:
        if self._attempt is None:
            return ""
        measurement = self._attempt.measurement
        asked = measurement.attributes.get("address") or measurement.attributes.get("asked", "").partition(" ")[0]
        return _bare_address(next((error.url for error in measurement.errors if error.url), asked))

    def _slow_step(self, step: str) -> str:
        """Return what a slow step makes its check: a probe of one request has no step worth naming."""
        return "is slow" if step == WHOLE_REQUEST else f"is slow in {step}"


def only_ends_soon(run: Run) -> bool:
    """Return whether a run failed for a valid certificate's days alone: its target works."""
    attempt = _deciding_attempt(run)
    left = _certificate_days(attempt)
    if attempt is None or left is None or left <= 0:
        return False
    return run.outcome is Outcome.FAILED and attempt.measurement.attributes.get(FAILED_FOR) == CERTIFICATE


def _deciding_attempt(run: Run) -> Attempt | None:
    return deciding_attempt(run.attempts) if _last_attempt(run) else None


def _last_attempt(run: Run) -> Attempt | None:
    return next((attempt for attempt in reversed(run.attempts) if not attempt.evidence), None)


def _certificate_days(attempt: Attempt | None) -> float | None:
    samples = attempt.measurement.samples if attempt else ()
    return min((sample.value for sample in samples if sample.metric == CERTIFICATE), default=None)


def check_labels(check: Check) -> dict[str, str]:
    """Return the labels that a check gives its incidents: its own, and those that say which it is."""
    tags = ",".join(sorted(check.policy.tags | check.marks))
    return {**check.policy.labels, "check": str(check.id), "kind": check.kind.value, "tags": tags}


def _hosts(attempt: Attempt | None) -> list[str]:
    """Return the hosts that an attempt reported errors of, then those that it asked; the likeliest cause first."""
    if attempt is None:
        return []
    measurement = attempt.measurement
    asked = [measurement.attributes.get(name, "") for name in ("asked", "remote")]
    places = [*(error.url for error in measurement.errors), *asked]
    return list(dict.fromkeys(host for place in places for part in place.split() if (host := _host(part))))


def _bare_address(url: str) -> str:
    """Return an address without what may be secret or differs from run to run: credentials, query and fragment."""
    try:
        parts = urlsplit(url)
        place = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{place}{port}{parts.path}"[:_LINE] if parts.scheme and place else url[:_LINE]


def _host(place: str) -> str:
    """Return the host of a URL or an address."""
    try:
        return urlsplit(place if "://" in place else f"//{place}").hostname or ""
    except ValueError:
        return ""


def _normalised(what: str) -> str:
    """Return a reason without what differs from run to run."""
    return _VARIABLE.sub("#", what.splitlines()[0] if what else "").strip()[:_LINE]


def amount_of(signal: Signal) -> str:
    """Return by how much a step is slower than usual: "390 ms, usually 120 to 170 (2.7x)", or what else it does.

    The ratio is to what is told: to the middle of a band, and to a limit where there is no more than that.
    """
    if math.isnan(signal.observed):
        return signal.reason
    if not signal.is_level or signal.ratio > _MOST_TIMES or signal.expected_high <= 0:
        return f"{signal.observed_text}, usually {signal.expected_text}"
    observed, low, high = map(milliseconds, (signal.observed, signal.expected_low, signal.expected_high))
    if signal.expected_low <= 0:  # no time is negative
        return f"{observed}, usually at most {high} ({signal.observed / signal.expected_high:.1f}x)"
    if len({text.rpartition(" ")[2] for text in (observed, low, high)}) == 1:
        low, high = (end.rpartition(" ")[0] for end in (low, high))
    return f"{observed}, usually {low} to {high} ({signal.ratio:.1f}x)"


def chance_of(signal: Signal) -> float | None:
    """Return in how many months chance alone brings a series such evidence; None where the judge does not say."""
    return None if math.isnan(signal.chance_months) else signal.chance_months


def band_of(signal: Signal) -> dict[str, str]:
    """Return what was observed and expected, in words; nothing while the judge has no number."""
    if math.isnan(signal.observed):
        return {}
    return {"observed": signal.observed_text, "expected": signal.expected_text}
