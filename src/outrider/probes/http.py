"""Probes of kind http: one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import Sample
from outrider.probes.assertions import judge
from outrider.probes.authorized_exchange import authorized_exchange
from outrider.probes.exchange import Exchanged, ExchangeLog
from outrider.probes.host_addresses import address_of, host_of, origin_of
from outrider.probes.http_request import Request, read_request
from outrider.probes.probe_result import Evidence, Failure, ProbeResult, only_step

if TYPE_CHECKING:
    from outrider.probes.answers import Answer
    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable
    from outrider.probes.redirects import Hop

STEP = "request"


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """One request, redirects followed."""

    host: str
    request: Request
    hop: Hop

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        """Make the request and judge its answer."""
        curl = context.transfers.borrow()
        log = ExchangeLog() if evidence else None
        try:
            authorized = await authorized_exchange(context, curl, self.request, self.hop, limit_s=limit_s, log=log)
        finally:
            context.transfers.give_back(curl)
        exchanged = authorized.exchanged
        answer = exchanged.answer
        failures = await judge_exchange(exchanged, self.request, context.evaluator, limit_s=limit_s)
        return ProbeResult(
            duration_ms=answer.total_ms,
            failures=failures,
            steps=only_step(STEP, answer.total_ms, failures),
            samples=() if exchanged.failure else (*samples_of(answer, STEP), *authorized.samples(STEP)),
            attributes={
                **attributes_of(answer),
                "asked": origin_of(exchanged.url),
                "address": address_of(self.hop.url),
            },
            evidence_files=evidence_files(answer, log) if failures or evidence else (),
            address=exchanged.url,
            secrets=authorized.secrets
            if failures or evidence
            else (),  # of what passed nothing is kept that shows them
            trace_id=context.trace_id_of(self.hop),
        )


def read_http(entry: ProbeTable) -> HttpProbe:
    """Read a probe of kind http; report problems to its table."""
    request = read_request(entry)
    hop = request.filled({})
    return HttpProbe(host_of(hop.url), request, hop)


async def judge_exchange(
    exchanged: Exchanged, request: Request, evaluator: Evaluator, *, limit_s: float
) -> tuple[Failure, ...]:
    """Return what is wrong with an exchange: that it failed, or else what its answer is not."""
    if exchanged.failure:
        return (exchanged.failure,)
    left_s = limit_s - exchanged.answer.total_ms / 1000
    return await judge(exchanged.answer, request.expect, evaluator, limit_s=left_s)


def attributes_of(answer: Answer) -> dict[str, str]:
    """Return what describes an answer, with each redirect and its time."""
    hops = [f"{hop.status} {hop.address} {hop.total_ms:.1f} ms" for hop in answer.hops]
    status = {"status": str(answer.status)} if answer.status else {}
    redirects = {"redirects": ", ".join(hops)} if hops else {}
    return {"remote": answer.remote, "protocol": answer.protocol, **status, **redirects}


def samples_of(answer: Answer, step: str) -> tuple[Sample, ...]:
    """Return the numbers of an answer: phases in ms, bytes on the wire, days that the certificate is still valid."""
    samples = [Sample(step, "duration_ms", answer.total_ms)]
    samples += [Sample(step, f"{phase}_ms", took) for phase, took in answer.phases_ms.items()]
    samples.append(Sample(step, "transfer_bytes", answer.body_bytes))
    if answer.certificate_days is not None:
        samples.append(Sample(step, "certificate_days", answer.certificate_days))
    return tuple(samples)


def evidence_files(answer: Answer, log: ExchangeLog | None, step: str = "") -> tuple[Evidence, ...]:
    """Return what is worth keeping of an exchange that went wrong."""
    prefix = f"{step}-" if step else ""
    kept = []
    if answer.body:
        media_type = answer.headers.get("content-type", "").partition(";")[0] or "application/octet-stream"
        kept.append(Evidence(f"{prefix}body", media_type, answer.body, left_out_bytes=answer.left_out_bytes))
    if answer.raw_headers:
        kept.append(Evidence(f"{prefix}headers.txt", "text/plain", answer.raw_headers))
    if log is not None and log.content.tell():
        kept.append(
            Evidence(f"{prefix}exchange.log", "text/plain", log.content.getvalue(), left_out_bytes=log.left_out_bytes)
        )
    return tuple(kept)
