"""Probes of kind http: one request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import Sample
from outrider.probes.exchange import Exchanged, Log, exchange
from outrider.probes.findings import Exhibit, Failure, Findings, only_step
from outrider.probes.hosts import host_of, origin_of
from outrider.probes.judging import judge
from outrider.probes.requests import Options, Request, read_request

if TYPE_CHECKING:
    from outrider.probes.answers import Answer
    from outrider.probes.probe_table import ProbeTable
    from outrider.probes.tools import Tools

STEP = "request"


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """One request, redirects followed."""

    host: str
    request: Request
    filled: tuple[str, Options] = field(repr=False)

    async def attempt(self, tools: Tools, limit_s: float, *, evidence: bool) -> Findings:
        """Make the request and judge its answer."""
        curl = tools.transfers.borrow()
        log = Log() if evidence else None
        try:
            exchanged = await exchange(tools.transfers, curl, self.request, self.filled, limit_s=limit_s, log=log)
        finally:
            tools.transfers.give_back(curl)
        answer = exchanged.answer
        failures = judge_exchange(exchanged, self.request)
        return Findings(
            duration_ms=answer.total_ms,
            failures=failures,
            steps=only_step(STEP, answer.total_ms, failures),
            samples=() if exchanged.failure else samples_of(answer, STEP),
            attributes={"remote": answer.remote, "protocol": answer.protocol, "asked": origin_of(exchanged.url)},
            exhibits=exhibits(answer, log) if failures or evidence else (),
            address=exchanged.url,
        )


def read_http(entry: ProbeTable) -> HttpProbe:
    """Read a probe of kind http; problems are left with its table."""
    request = read_request(entry)
    filled = request.filled({})
    return HttpProbe(host_of(filled[0]), request, filled)


def judge_exchange(exchanged: Exchanged, request: Request) -> tuple[Failure, ...]:
    """Return what was wrong with an exchange: that it failed, or else what its answer was not."""
    return (exchanged.failure,) if exchanged.failure else judge(exchanged.answer, request.expect)


def samples_of(answer: Answer, step: str) -> tuple[Sample, ...]:
    """Return the numbers of an answer: phases in ms, bytes on the wire, days that the certificate is still valid."""
    samples = [Sample(step, "duration_ms", answer.total_ms)]
    samples += [Sample(step, f"{phase}_ms", took) for phase, took in answer.phases_ms.items()]
    samples.append(Sample(step, "transfer_bytes", answer.body_bytes))
    if answer.certificate_days is not None:
        samples.append(Sample(step, "certificate_days", answer.certificate_days))
    return tuple(samples)


def exhibits(answer: Answer, log: Log | None, step: str = "") -> tuple[Exhibit, ...]:
    """Return what is worth keeping of an exchange that went wrong."""
    prefix = f"{step}-" if step else ""
    kept = []
    if answer.body:
        media_type = answer.headers.get("content-type", "").partition(";")[0] or "application/octet-stream"
        kept.append(Exhibit(f"{prefix}body", media_type, answer.body))
    if answer.raw_headers:
        kept.append(Exhibit(f"{prefix}headers.txt", "text/plain", answer.raw_headers))
    if log is not None and log.content.tell():
        kept.append(Exhibit(f"{prefix}exchange.log", "text/plain", log.content.getvalue()))
    return tuple(kept)
