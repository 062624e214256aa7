"""Which spans are kept: what is notable always, the rest by rate, whole traces at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.telemetry.test_spool import MOST, SPAN, Store

from outrider.model import Origin
from outrider.telemetry.digestion import Digestion
from outrider.telemetry.limits import Tally
from outrider.telemetry.otlp_body import SignalKind
from outrider.telemetry.span_sampler import KeepRules, SpanSampler, trace_share
from outrider.telemetry.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.model import Span

PLAIN = SPAN._replace(status="Ok", duration_ns=5_000_000, events=(), links=())


def traces(count: int, **changes: Any) -> list[Span]:
    """Return spans of traces whose ids are counted up."""
    return [PLAIN._replace(trace_id=f"{number:032x}", **changes) for number in range(count)]


def test_the_share_of_a_trace_is_even_and_the_same_in_every_process() -> None:
    """Ids that are counted up spread evenly; a stated value holds for other processes and releases."""
    shares = [trace_share(f"{number:032x}") for number in range(10_000)]

    assert sum(share < 0.1 for share in shares) == pytest.approx(1_000, abs=100)  # three standard deviations are 90
    assert trace_share("4bf92f3577b34da6a3ce929d0e0e4736") == pytest.approx(SHARE)


SHARE = 0.15039768


@pytest.mark.parametrize(
    "changes",
    [{"status": "Error"}, {"origin": Origin.SYNTHETIC}, {"origin": Origin.LOAD},
     {"name": "job", "duration_ns": 2 * 10**9}, {"name": "GET /cart", "duration_ns": 10**8}],
)  # fmt: skip
def test_a_notable_span_keeps_its_whole_trace(changes: dict[str, Any]) -> None:
    """Errors, slow spans overall or by operation, and probers' spans take the others of their trace along."""
    sampler = SpanSampler(KeepRules(0.0, slow_operations_s={"GET /cart": 0.05, "GET /": 60}))
    trace, other = [PLAIN, PLAIN._replace(**changes)], PLAIN._replace(trace_id="0" * 31 + "1", duration_ns=2 * 10**9)

    kept, counted = sampler.divide([*trace, other])

    assert kept == trace
    assert counted == [other]  # an operation with a bound of its own is not slow by the bound of all


def test_services_with_a_higher_rate_keep_the_traces_of_those_with_a_lower_one() -> None:
    """A trace through both is whole as far as the lower rate goes; what is kept says for how many it stands."""
    rules = KeepRules(1.0, {"front": 0.5, "cart": 0.1})
    front, cart = traces(2_000, service="front"), traces(2_000, service="cart")

    kept, counted = SpanSampler(rules).divide([*front, *cart, PLAIN])

    ids = {name: {span.trace_id for span in kept if span.service == name} for name in ("front", "cart")}
    assert ids["cart"] < ids["front"]
    assert len(kept) + len(counted) == 4_001
    assert {(span.service, span.sample_rate) for span in kept} == {("front", 2), ("cart", 10), ("shop", 1)}
    assert sum(span.sample_rate for span in kept if span.service == "cart") == pytest.approx(2_000, rel=0.25)


def test_everything_is_kept_unless_a_rate_says_otherwise() -> None:
    """The usual rules leave nothing out."""
    assert SpanSampler(KeepRules()).divide([PLAIN]) == ([PLAIN], [])


def test_what_is_not_kept_is_counted_under_a_token_of_its_own(tmp_path: Path) -> None:
    """Rates and durations of services stay exact, and a repeat of the segment counts nothing twice."""
    spool, store, tally = Spool(tmp_path, MOST), Store(), Tally()
    spool.write(SignalKind.TRACES, [SPAN, PLAIN._replace(trace_id="9" * 32)])

    assert Digestion(spool, store, tally, sampler=SpanSampler(KeepRules(0.0))).digest()

    token, counted = sorted(store.inserted)
    assert counted == f"{token}-counted"
    assert (store.inserted[token], len(store.inserted[counted])) == ([SPAN], 1)
    assert tally.counts() == {"traces stored": 2, "traces counted, not kept, by rate": 1}
