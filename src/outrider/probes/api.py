"""Probes of kind api: several requests in order, each of which may use values extracted from earlier answers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pycurl

from outrider.model import Sample, Step, StepKind
from outrider.probes.assertions import evaluate_body
from outrider.probes.authorized_exchange import authorized_exchange
from outrider.probes.exchange import ExchangeLog
from outrider.probes.expectations import as_pattern, as_query
from outrider.probes.host_addresses import host_of, origin_of
from outrider.probes.http import attributes_of, evidence_files, judge_exchange, samples_of
from outrider.probes.http_request import Request, read_request
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult
from outrider.probes.text_checks import Extraction, TextChecks
from outrider.probes.text_evaluation import shown
from outrider.workspace import Refused, as_flag, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.probes.evaluator import Evaluator
    from outrider.probes.exchange import Exchanged
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable
    from outrider.workspace import Table

_SHORTEST_SECRET = 4
_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request and the values to extract from its answer.

    Attributes:
        taken: Those of the extractions that are made from the body.
    """

    request: Request
    extractions: tuple[Extraction, ...] = ()
    taken: TextChecks = field(default_factory=TextChecks)


@dataclass(slots=True)
class _ApiState:
    """The progress of an attempt, and the values extracted so far."""

    began_s: float = field(default_factory=time.perf_counter)
    values: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    evidence_files: list[Evidence] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    asked: dict[str, None] = field(default_factory=dict)
    address: str = ""

    def now_ms(self) -> float:
        return (time.perf_counter() - self.began_s) * 1000


@dataclass(frozen=True, slots=True)
class ApiProbe:
    """Requests in order; they share cookies, and the first that fails is the last."""

    host: str
    requests: tuple[ApiRequest, ...]

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        """Make the requests and judge their answers."""
        state, curl = _ApiState(), pycurl.Curl()  # a handle of its own: it keeps cookies
        try:
            for api_request in self.requests:
                left_s = limit_s - state.now_ms() / 1000
                await self._make(context, curl, api_request, state, left_s=left_s, evidence=evidence)
                if state.failures:
                    break
        finally:
            curl.close()
        duration_ms = sum(step.duration_ms or 0.0 for step in state.steps)
        return ProbeResult(
            duration_ms=duration_ms,
            failures=tuple(state.failures),
            samples=(Sample("", "duration_ms", duration_ms), *state.samples),
            steps=tuple(state.steps),
            attributes=state.attributes,
            evidence_files=tuple(state.evidence_files),
            address=state.address,
            secrets=tuple(state.secrets),
            trace_id=context.trace.trace_id if context.trace is not None else "",
        )

    @staticmethod
    async def _make(
        context: ProbeContext,
        curl: pycurl.Curl,
        api_request: ApiRequest,
        state: _ApiState,
        *,
        left_s: float,
        evidence: bool,
    ) -> None:
        request, title = api_request.request, api_request.request.title
        try:
            filled = request.filled(state.values)
        except Refused as refused:
            state.failures.append(Failure(Blame.TARGET, f"url, with what was extracted, {refused.what}", title))
            return
        offset_ms, log = state.now_ms(), ExchangeLog() if evidence else None
        curl.reset()
        authorized = await authorized_exchange(context, curl, request, filled, limit_s=left_s, log=log)
        state.secrets += authorized.secrets
        exchanged = authorized.exchanged
        answer = exchanged.answer
        wrong = await _wrong(exchanged, api_request, state, context.evaluator, limit_s=left_s)
        state.failures += [replace(failure, step=title) for failure in wrong]
        state.steps.append(
            Step(title, title, StepKind.NAMED, offset_ms, answer.total_ms, error=wrong[0].reason if wrong else None)
        )
        state.samples += () if exchanged.failure else (*samples_of(answer, title), *authorized.samples(title))
        state.address = exchanged.url
        state.asked[origin_of(exchanged.url)] = None
        asked = " ".join(state.asked)
        state.attributes = {**attributes_of(answer), "asked": asked}
        if wrong or evidence:
            state.evidence_files += evidence_files(answer, log, title)


def read_api(entry: ProbeTable) -> ApiProbe:
    """Read a probe of kind api; report problems to its table."""
    requests: list[ApiRequest] = []
    later: frozenset[str] = frozenset()
    titles: set[str] = set()
    tables = entry.table.sections("request")
    if not tables:
        entry.table.report("request", "is missing", "add a [[NAME.request]] with a url", "missing-key")
    for number, table in enumerate(tables, 1):
        title = table.read("name", as_text, f"request {number}")
        if title in titles:
            table.report("name", f'= "{title}" is there twice', "give each request a name of its own", "duplicate-name")
        titles.add(title)
        below = entry.below(table, later)
        request = read_request(below, title)
        extractions = _extractions(below)
        table.close()
        from_body = tuple(extraction for extraction in extractions if extraction.header is None)
        taken = TextChecks(extractions=from_body)
        requests.append(ApiRequest(replace(request, keeps_body=request.keeps_body or bool(taken)), extractions, taken))
        later |= {extraction.name for extraction in extractions}
    first = requests[0].request.url if requests else None
    return ApiProbe(host_of(first.fill({})) if first and not first.names else "", tuple(requests))


async def _wrong(
    exchanged: Exchanged, api_request: ApiRequest, state: _ApiState, evaluator: Evaluator, *, limit_s: float
) -> Sequence[Failure]:
    """Return what is wrong with an exchange; if nothing is, extract the values of its answer."""
    answer = exchanged.answer
    wrong = await judge_exchange(exchanged, api_request.request, evaluator, limit_s=limit_s)
    if wrong or not api_request.extractions:
        return wrong
    evaluation = await evaluate_body(answer, api_request.taken, evaluator, limit_s=limit_s)
    if evaluation.failure:
        return [evaluation.failure]
    for extraction in api_request.extractions:
        in_header = answer.headers.get(extraction.header.lower()) if extraction.header else None
        value = evaluation.values.get(extraction.name, in_header)
        if value is None:
            reason = f"there is no {extraction.name} in the answer: {shown(answer.text[:_SHOWN])}"
            return [Failure(Blame.TARGET, reason)]
        state.values[extraction.name] = value
        if extraction.secret and len(value) >= _SHORTEST_SECRET:
            state.secrets.append(value)
    return ()


def _extractions(entry: ProbeTable) -> tuple[Extraction, ...]:
    table = entry.table.section("extract")
    return tuple(_extraction(name, table.section(name)) for name in table.data)


def _extraction(name: str, table: Table) -> Extraction:
    extraction = Extraction(
        name=name,
        path=table.read("json", as_query, None),
        pattern=table.read("pattern", as_pattern, None),
        header=table.read("header", as_text, None),
        secret=table.read("secret", as_flag, False),
    )
    table.close()
    if sum(key in table.data for key in ("json", "pattern", "header")) != 1:
        fix = 'write exactly one of json = "$.path", pattern = "…(…)…" and header = "name"'
        table.report("json", "does not say where the value is", fix, "extraction-source")
    if not name.isidentifier():
        table.report("json", "belongs to a name that no text can hold", "use letters, digits, underscores", "bad-name")
    return extraction
