"""Only our signature makes traffic synthetic: not a claim, not a state of another trace, not one that has ended."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model import Origin, TraceContext, begin_trace, grant_traces, new_run_id, origin_of

KEY = secrets.token_bytes(32)
UNTIL_S = 1_790_000_000
RUN = new_run_id(1)


def begun(origin: Origin = Origin.SYNTHETIC) -> TraceContext:
    return begin_trace(KEY, origin, RUN, attempt=2, until_s=UNTIL_S)


def test_the_headers_are_those_of_the_standards() -> None:
    """Each request has a span of its own in the trace of the attempt, sampled; the state names run and attempt."""
    trace = begun()
    first, second = dict(trace.headers()), dict(trace.headers())

    assert re.fullmatch(f"00-{trace.trace_id}-[0-9a-f]{{16}}-01", first["traceparent"])
    assert re.fullmatch(f"{trace.trace_id}-[0-9a-f]{{16}}-1", first["sentry-trace"])
    assert first["traceparent"] != second["traceparent"]
    assert first["tracestate"].startswith(f"outrider=s-{RUN.replace('-', '')}-2-{UNTIL_S}-")
    assert len(first["tracestate"]) < 256
    assert f"sentry-trace_id={trace.trace_id}" in first["baggage"]


@pytest.mark.parametrize("origin", [Origin.SYNTHETIC, Origin.LOAD])
def test_a_signature_of_ours_says_whose_traffic_it_is(origin: Origin) -> None:
    """Until it ends, and beside what other vendors wrote into the state."""
    trace = begun(origin)
    state = f"other=1, outrider={trace.state} ,third=x"

    assert origin_of(KEY, trace.trace_id, state, UNTIL_S) is origin
    assert origin_of(KEY, trace.trace_id, state, UNTIL_S + 1) is Origin.USER


def test_what_only_claims_to_be_synthetic_is_a_user() -> None:
    """A state of another trace, of another key, that was changed, or that is none."""
    trace = begun()
    claims = [
        (KEY, begun().trace_id, trace.state),
        (secrets.token_bytes(32), trace.trace_id, trace.state),
        (KEY, trace.trace_id, trace.state.replace("s-", "l-", 1)),
        (KEY, trace.trace_id, trace.state.replace(f"-2-{UNTIL_S}", f"-2-{UNTIL_S + 9}")),
        (KEY, trace.trace_id, "s"),
        (KEY, trace.trace_id, ""),
    ]

    assert {origin_of(key, trace_id, f"outrider={state}", 1.0) for key, trace_id, state in claims} == {Origin.USER}
    assert origin_of(KEY, trace.trace_id, f"other={trace.state}", 1.0) is Origin.USER


@given(st.text(max_size=120))
def test_any_state_is_read(text: str) -> None:
    """Whatever a client writes there, nothing but the signature counts."""
    assert origin_of(KEY, "ab" * 16, f"outrider={text}", 1.0) is Origin.USER


def test_a_grant_begins_traces_of_its_attempt_alone() -> None:
    """Its key is derived: it signs no other claim, and does not tell the workspace's key."""
    grant = grant_traces(KEY, Origin.LOAD, RUN, attempt=1, until_s=UNTIL_S)
    first, second = grant.begin(), grant.begin()
    forged = replace(grant, claim=grant.claim.replace(f"-1-{UNTIL_S}", f"-1-{UNTIL_S + 9}")).begin()

    assert first.trace_id != second.trace_id
    assert origin_of(KEY, first.trace_id, f"outrider={first.state}", 1.0) is Origin.LOAD
    assert origin_of(KEY, second.trace_id, f"outrider={second.state}", 1.0) is Origin.LOAD
    assert origin_of(KEY, forged.trace_id, f"outrider={forged.state}", 1.0) is Origin.USER
    assert grant.key not in repr(grant)
    assert KEY.hex() != grant.key


def test_a_huge_or_crowded_state_is_read_in_bounded_time() -> None:
    """A client may send what it likes: thousands of members, and none of them is ours."""
    trace = begun()
    crowd = ",".join(f"outrider={trace.state[:-1]}{number % 10}" for number in range(20_000))

    assert origin_of(KEY, "ab" * 16, crowd, 1.0) is Origin.USER
    assert origin_of(KEY, trace.trace_id, "outrider=" + "s" * 1_000_000, 1.0) is Origin.USER
