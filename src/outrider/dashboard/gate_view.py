"""The history of the gate: decisions by commit, and one with its comparisons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.page_addresses import write_moment
from outrider.dashboard.page_templates import render
from outrider.model import UsageError, per_cent

if TYPE_CHECKING:
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import Excerpt, StoredComparison, StoredGate

VERDICTS = ("pass", "fail", "inconclusive", "setup error")
PAGE_GATES = 50
_TONES = {"pass": "good", "fail": "bad", "inconclusive": "warn", "setup error": "bad"}
_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class GateQuery:
    """Which decisions are asked for.

    Attributes:
        verdict: Of this one only; empty for all.
        commit: Of commits that begin so only.
        before: Earlier than this time and id only.
    """

    verdict: str = ""
    commit: str = ""
    before: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class ComparisonItem:
    """A step of a check, or its failures (`step` is empty): median ms, or share of runs that failed."""

    check: str
    step: str
    verdict: str
    decides: bool
    base: float
    candidate: float
    ratio: float | None
    low: float | None
    high: float | None
    samples: int
    reason: str


@dataclass(frozen=True, slots=True)
class GateItem:
    """A decision of the gate; `counts` are of comparisons that decide, `notable` the first of those that did not pass.

    A line of `notable` is check, step and verdict.
    """

    id: str
    at: str | None
    commit: str
    verdict: str
    against: str
    took_s: float
    shard: str
    counts: dict[str, int]
    notable: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class GatePage:
    """Decisions of the gate, the latest first; `next` is the cursor of the page after this one, null on the last."""

    items: tuple[GateItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class GateBody:
    """A decision of the gate with its comparisons, the gravest first."""

    gate: GateItem
    notes: tuple[str, ...]
    wrong: tuple[str, ...]
    comparisons: tuple[ComparisonItem, ...]


def gate_history(sources: Sources, query: GateQuery, limit: int = PAGE_GATES) -> Excerpt[StoredGate]:
    """Return decisions of the gate, the latest first."""
    return sources.store.gates.search(verdict=query.verdict, commit=query.commit, before=query.before, limit=limit)


def gate_decision(sources: Sources, name: str) -> StoredGate:
    """Return a decision by its id.

    Raises:
        UsageError: unknown-gate.
    """
    gate = sources.store.gates.get(name) if _ID.fullmatch(name) else None
    if gate is None:
        fix = "the history of the gate lists those that are kept"
        raise UsageError(f'no decision of the gate has the id "{name[:80]}"', slug="unknown-gate", fix=fix)
    return gate


def gates_page(sources: Sources, query: GateQuery, context: PageContext) -> str:
    """Return the history of the gate as a page."""
    gates = gate_history(sources, query)
    values = {"gates": gates, "query": query, "verdicts": VERDICTS, "tones": _TONES, "next": _next(gates)}
    return render("gates.html", context, values)


def gate_page(gate: StoredGate, context: PageContext) -> str:
    """Return a decision of the gate as a page."""
    left_out = sum(gate.counts.values()) - sum(compared.decides for compared in gate.comparisons)
    values = {"gate": gate, "tones": _TONES, "left_out": max(left_out, 0), "change": _change}
    return render("gate.html", context, values)


def api_gates(sources: Sources, query: GateQuery, limit: int) -> GatePage:
    """Return decisions for the API."""
    gates = gate_history(sources, query, limit)
    return GatePage(tuple(map(_item, gates)), _next(gates) or None)


def api_gate(sources: Sources, name: str) -> GateBody:
    """Return a decision for the API.

    Raises:
        UsageError: unknown-gate.
    """
    gate = gate_decision(sources, name)
    compared = tuple(
        ComparisonItem(
            item.check, item.step, item.verdict, item.decides, item.base, item.candidate, item.ratio, item.low,
            item.high, item.samples, item.reason,
        )
        for item in gate.comparisons
    )  # fmt: skip
    return GateBody(_item(gate), gate.notes, gate.wrong, compared)


def _next(gates: Excerpt[StoredGate]) -> str:
    return "" if gates.is_complete else write_moment(gates[-1].at_us, gates[-1].id)


def _item(gate: StoredGate) -> GateItem:
    return GateItem(
        gate.id, instant(gate.at_us), gate.commit, gate.verdict, gate.against, gate.took_s, gate.shard,
        dict(gate.counts), gate.notable,
    )  # fmt: skip


def _change(compared: StoredComparison) -> str:
    """Return by how much a duration changed, with its interval: "+12 % (+3 % to +21 %)"."""
    if not compared.step or compared.ratio is None:
        return ""
    change = per_cent(compared.ratio - 1, "+.0f")
    if compared.low is None or compared.high is None:
        return change
    low, high = (per_cent(bound - 1, "+.0f") for bound in (compared.low, compared.high))
    return f"{change} ({low} to {high})"
