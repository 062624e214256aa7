"""The comparison of an HTTP answer with its expectations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.probes.probe_result import CERTIFICATE_METRIC, Blame, Failure
from outrider.probes.text_evaluation import shown
from outrider.workspace import is_credential_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.probes.answers import Answer
    from outrider.probes.evaluator import Evaluation, Evaluator
    from outrider.probes.expectations import Expectation
    from outrider.probes.text_checks import TextChecks

_NAMES = {
    "redirects": "the redirects", "dns": "the name lookup", "connect": "connecting", "tls": "the TLS handshake",
    "upgrade": "the upgrade", "first_byte": "the first byte", "first_message": "the first message",
    "transfer": "the transfer", "query": "the query", "total": "the whole request",
}  # fmt: skip


async def judge(
    answer: Answer, expectation: Expectation, evaluator: Evaluator, *, limit_s: float
) -> tuple[Failure, ...]:
    """Return everything about `answer` that is not as expected."""
    failures = [Failure(Blame.TARGET, reason) for reason in _status(answer, expectation)]
    if expectation.headers:
        failures += await _headers(answer.headers, expectation, evaluator, limit_s)
    if expectation.body:
        failures += (await evaluate_body(answer, expectation.body, evaluator, limit_s=limit_s)).failures
    if expectation.certificate_days is not None:
        failures += judge_certificate(answer.certificate_days, expectation.certificate_days)
    if expectation.within_ms:
        failures += judge_times({**answer.phases_ms, "total": answer.total_ms}, expectation.within_ms)
    return tuple(failures)


async def evaluate_body(answer: Answer, checks: TextChecks, evaluator: Evaluator, *, limit_s: float) -> Evaluation:
    """Evaluate checks on the body of an answer."""
    return await evaluator.evaluate(checks, answer.body, answer.charset, limit_s=limit_s)


def judge_times(phases_ms: Mapping[str, float], within_ms: Mapping[str, float]) -> list[Failure]:
    """Return a failure for each phase that took longer than it may."""
    return [
        Failure(Blame.SLOW, f"{_NAMES[phase]} took {phases_ms[phase]:.0f} ms, more than {limit_ms:g} ms")
        for phase, limit_ms in within_ms.items()
        if phases_ms.get(phase, 0.0) > limit_ms
    ]


def _status(answer: Answer, expectation: Expectation) -> Iterator[str]:
    if not any(answer.status in allowed for allowed in expectation.status):
        wanted = " or ".join(_named(allowed) for allowed in expectation.status)
        yield f"status {answer.status}, not {wanted}"


def _named(allowed: range) -> str:
    return str(allowed.start) if len(allowed) == 1 else f"{allowed.start} to {allowed.stop - 1}"


async def _headers(
    headers: Mapping[str, str], expectation: Expectation, evaluator: Evaluator, limit_s: float
) -> list[Failure]:
    failures: list[Failure] = []
    for name, checks in expectation.headers:
        value = headers.get(name)
        if value is None:
            failures.append(Failure(Blame.TARGET, f"there is no header {name}"))
            continue
        evaluation = await evaluator.evaluate(checks, value.encode("utf-8", "replace"), limit_s=limit_s)
        seen = "***" if is_credential_name(name) else shown(value)
        failures += [Failure(failure.blame, f"{failure.reason}: {seen}") for failure in evaluation.failures]
    return failures


def judge_certificate(days: float | None, least: float) -> Iterator[Failure]:
    """Yield what is wrong with how long a certificate is still valid; None without TLS."""
    if days is None:
        yield Failure(Blame.TARGET, "there is no certificate: the answer came without TLS")
    elif days < least:
        reason = f"the certificate is valid for {days:.1f} more days, not {least:g}"
        yield Failure(Blame.TARGET, reason, metric=CERTIFICATE_METRIC)
