"""Probes of kind api: several requests in order, each of which may use what earlier ones brought."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pycurl

from outrider.model import Sample, Step, StepKind
from outrider.probes.exchange import Log, exchange
from outrider.probes.expectations import Query, as_pattern, as_query
from outrider.probes.findings import Blame, Exhibit, Failure, Findings
from outrider.probes.hosts import host_of, origin_of
from outrider.probes.http import exhibits, judge_exchange, samples_of
from outrider.probes.judging import PATTERN_S, find_values, parse_json, shown
from outrider.probes.requests import Request, read_request
from outrider.workspace import Refused, as_flag, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import regex

    from outrider.probes.answers import Answer
    from outrider.probes.exchange import Exchanged
    from outrider.probes.probe_table import ProbeTable
    from outrider.probes.tools import Tools
    from outrider.workspace import Table

_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class Extraction:
    """A value taken from an answer: exactly one of the places is given."""

    name: str
    path: Query | None = None
    pattern: regex.Pattern[str] | None = None
    header: str | None = None
    secret: bool = False

    def find(self, answer: Answer) -> str | None:
        """Return the value as text, or None if it is not there."""
        if self.header is not None:
            return answer.headers.get(self.header.lower())
        if self.pattern is not None:
            return _found(self.pattern, answer.text)
        return _queried(self.path, answer.text) if self.path else None


@dataclass(frozen=True, slots=True)
class Stage:
    """A request and what is taken from its answer."""

    request: Request
    extractions: tuple[Extraction, ...] = ()


@dataclass(slots=True)
class _Course:
    """How an attempt goes on; what earlier requests brought."""

    began_s: float = field(default_factory=time.perf_counter)
    values: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    exhibits: list[Exhibit] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    asked: dict[str, None] = field(default_factory=dict)
    address: str = ""

    def now_ms(self) -> float:
        return (time.perf_counter() - self.began_s) * 1000


@dataclass(frozen=True, slots=True)
class ApiProbe:
    """Requests in order; they share cookies, and the first that fails is the last."""

    host: str
    stages: tuple[Stage, ...]

    async def attempt(self, tools: Tools, limit_s: float, *, evidence: bool) -> Findings:
        """Make the requests and judge their answers."""
        course, curl = _Course(), pycurl.Curl()  # a handle of its own: it keeps cookies
        try:
            for number, stage in enumerate(self.stages):
                left_s = limit_s - course.now_ms() / 1000
                await self._make(tools, curl, stage, course, left_s=left_s, evidence=evidence, first=number == 0)
                if course.failures:
                    break
        finally:
            curl.close()
        duration_ms = sum(step.duration_ms or 0.0 for step in course.steps)
        return Findings(
            duration_ms=duration_ms,
            failures=tuple(course.failures),
            samples=(Sample("", "duration_ms", duration_ms), *course.samples),
            steps=tuple(course.steps),
            attributes=course.attributes,
            exhibits=tuple(course.exhibits),
            address=course.address,
            secrets=tuple(course.secrets),
        )

    @staticmethod
    async def _make(
        tools: Tools, curl: pycurl.Curl, stage: Stage, course: _Course, *, left_s: float, evidence: bool, first: bool
    ) -> None:
        request, title = stage.request, stage.request.title
        try:
            filled = request.filled(course.values)
        except Refused as refused:
            course.failures.append(Failure(Blame.TARGET, f"url, with what was extracted, {refused.what}", title))
            return
        offset_ms, log = course.now_ms(), Log() if evidence else None
        curl.reset()
        exchanged = await exchange(
            tools.transfers, curl, _keeping_cookies(request, first=first), filled, limit_s=left_s, log=log
        )
        answer = exchanged.answer
        wrong = _wrong(exchanged, stage, course)
        course.failures += [Failure(one.blame, one.reason, title) for one in wrong]
        course.steps.append(
            Step(title, title, StepKind.NAMED, offset_ms, answer.total_ms, error=wrong[0].reason if wrong else None)
        )
        course.samples += () if exchanged.failure else samples_of(answer, title)
        course.address = exchanged.url
        course.asked[origin_of(exchanged.url)] = None
        asked = " ".join(course.asked)
        course.attributes = {"remote": answer.remote, "protocol": answer.protocol, "asked": asked}
        if wrong or evidence:
            course.exhibits += exhibits(answer, log, title)


def read_api(entry: ProbeTable) -> ApiProbe:
    """Read a probe of kind api; problems are left with its table."""
    stages: list[Stage] = []
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
        stages.append(Stage(request, extractions))
        later |= {one.name for one in extractions}
    first = stages[0].request.url if stages else None
    return ApiProbe(host_of(first.fill({})) if first and not first.names else "", tuple(stages))


def _keeping_cookies(request: Request, *, first: bool) -> Request:
    """Return the request, which does not clear the cookies unless it is the first."""
    options = tuple(one for one in request.options if first or one[0] != pycurl.COOKIELIST)
    return replace(request, options=options)


def _wrong(exchanged: Exchanged, stage: Stage, course: _Course) -> Sequence[Failure]:
    """Return what was wrong with an exchange; what its answer brought is taken if nothing was."""
    wrong = judge_exchange(exchanged, stage.request)
    if wrong:
        return wrong
    for one in stage.extractions:
        value = one.find(exchanged.answer)
        if value is None:
            return [Failure(Blame.TARGET, f"there is no {one.name} in the answer: {shown(exchanged.answer.text)}")]
        course.values[one.name] = value
        if one.secret and len(value) >= _SHORTEST_SECRET:
            course.secrets.append(value)
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


def _found(pattern: regex.Pattern[str], text: str) -> str | None:
    try:
        match = pattern.search(text, timeout=PATTERN_S)
    except TimeoutError:
        return None
    return (match[1] if match.re.groups else match[0]) if match else None


def _queried(query: Query | None, text: str) -> str | None:
    if query is None:
        return None
    try:
        found = find_values(query, parse_json(text))
    except ValueError:
        return None
    return None if not found else found[0] if isinstance(found[0], str) else json.dumps(found[0], ensure_ascii=False)
